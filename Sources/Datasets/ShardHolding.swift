/// What one client of a partition holds. In files it is a text, the client and its counts: `3: 12 0 45`.
public struct ShardHolding: Hashable, Sendable {
    /// The client's number, from 0.
    public let client: Int
    /// Samples of each class. Data with more than ``mostClasses`` classes have one number, which counts all samples.
    public let counts: [Int]

    /// The most classes that are told apart. With more, as with the next symbols of a text, nobody would read the
    /// counts.
    public static let mostClasses = 36

    /// All samples that the client holds.
    public var samples: Int { counts.reduce(0, +) }

    init(client: Int, counts: [Int]) { (self.client, self.counts) = (client, counts) }

    /// - Parameters:
    ///   - shard: indices into `labels`, `[N]`.
    ///   - classes: labels are below this.
    init(client: Int, _ shard: [Int32], labels: [UInt8], classes: Int) {
        guard (2...Self.mostClasses).contains(classes) else {
            self.init(client: client, counts: [shard.count])
            return
        }
        var counts = [Int](repeating: 0, count: classes)
        for sample in shard { counts[Int(labels[Int(sample)])] += 1 }
        self.init(client: client, counts: counts)
    }
}

extension ShardHolding: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let counts = parts.count == 2 ? parts[1].split(separator: " ").map { Self.count($0) } : []
        guard let client = parts.first.flatMap({ Self.count($0) }), !counts.isEmpty, !counts.contains(nil),
            counts.count <= Self.mostClasses
        else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "'\(text.prefix(60))'; allowed is a client and 1 to \(Self.mostClasses) counts, such as '3: 12 0 45'"
            )
        }
        self.init(client: client, counts: counts.compactMap(\.self))
    }

    /// A whole number written in digits alone, small enough that sums of such numbers do not overflow; nil for other
    /// text.
    private static func count(_ text: Substring) -> Int? {
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("\(client): " + counts.map(String.init).joined(separator: " "))
    }
}
