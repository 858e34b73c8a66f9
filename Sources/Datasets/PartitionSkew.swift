import Foundation
internal import Statistics

/// How uneven a partition is: sizes of the clients' shards, and the mix of labels within them.
public struct PartitionSkew: Hashable, Codable, Sendable {
    /// How many clients there are.
    public let clients: Int
    /// Samples of the smallest shard.
    public let smallestShard: Int
    /// Samples of the median shard.
    public let medianShard: Double
    /// Samples of the largest shard.
    public let largestShard: Int
    /// The mean over clients of the entropy of the client's labels, in bits; log2(10) = 3.32 for ten even classes.
    public let meanLabelEntropyBits: Double
    /// The entropy of the labels of all samples together, in bits: nearly that of every client's labels in an IID
    /// partition.
    public let totalLabelEntropyBits: Double
    /// What clients hold, in their order: all of up to ``mostHoldings``, else so many of them, evenly spread over the order of
    /// their sizes, the smallest and the largest among them. Nil in files of programs that did not record it.
    public let holdings: [ShardHolding]?

    /// Clients of whom is recorded what they hold.
    public static let mostHoldings = 40

    /// The skew of shards of a data set with these labels, `[N]`.
    ///
    /// - Parameter classes: labels are below this number; nil for one above the largest.
    public init(of shards: [[Int32]], labels: [UInt8], classes: Int? = nil) {
        let sizes = shards.map(\.count).sorted()
        clients = shards.count
        smallestShard = sizes.first ?? 0
        largestShard = sizes.last ?? 0
        medianShard = sizes.isEmpty ? 0 : Median.of(sizes.map(Double.init))
        let entropies = shards.map { Self.entropyBits($0.map { labels[Int($0)] }) }
        meanLabelEntropyBits = entropies.reduce(0, +) / Double(max(shards.count, 1))
        totalLabelEntropyBits = Self.entropyBits(shards.flatMap { $0.map { labels[Int($0)] } })
        let classes = classes ?? (labels.max().map { Int($0) + 1 } ?? 0)
        holdings = Self.listed(shards).map { ShardHolding(client: $0, shards[$0], labels: labels, classes: classes) }
    }

    /// The clients that are recorded, in their order.
    private static func listed(_ shards: [[Int32]]) -> [Int] {
        guard shards.count > mostHoldings else { return Array(shards.indices) }
        let bySize = shards.indices.sorted { (shards[$0].count, $0) < (shards[$1].count, $1) }
        let last = mostHoldings - 1
        return (0...last).map { bySize[$0 * (bySize.count - 1) / last] }.sorted()
    }

    private static func entropyBits(_ labels: [UInt8]) -> Double {
        let counts = Dictionary(grouping: labels) { $0 }.sorted { $0.key < $1.key }.map { Double($0.value.count) }
        // Ascending, so that the sum does not depend on which class is which.
        return counts.sorted().reduce(0) { $0 - $1 / Double(labels.count) * log2($1 / Double(labels.count)) }
    }
}
