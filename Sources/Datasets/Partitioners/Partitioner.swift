internal import Diagnostics
public import Randomness

/// A way of spreading a training set over clients. Every sample goes to exactly one client and no client is left empty.
///
///     let shards = try LabelShards(perClient: 2).partition(order, labels: labels, among: 100, using: &stream)
public protocol Partitioner: Sendable {
    /// The partitioner as `--partition` takes it, such as `dirichlet:0.5`.
    var description: String { get }

    /// The samples of each client.
    /// - Parameters:
    ///   - order: the indices of all samples, shuffled, or in file order where no shuffling is asked for.
    ///   - labels: `[N]`, by sample index.
    /// - Throws: ``DataError`` if there are too few samples.
    func partition(
        _ order: [Int32], labels: [UInt8], among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]]

    /// The samples of each client, where more than labels decides, such as whose samples they are.
    func partition(
        _ order: [Int32], of data: Dataset, among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]]
}

extension Partitioner {
    /// The samples of each client by the labels alone.
    public func partition(
        _ order: [Int32], of data: Dataset, among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]] {
        try partition(order, labels: data.labels, among: clients, using: &stream)
    }
}

/// A partitioner that can be named on the command line. To add one, write a file like ``IIDPartitioner``'s and append a line to
/// ``Partitioners/all``.
public struct PartitionerDescription: Sendable {
    /// The word in front of the colon.
    public let name: String
    /// What the partitioner does, for lists.
    public let summary: String
    /// The meaning of the number behind the colon, and its default; nil where there is no number.
    let parameter: (meaning: String, default: Double)?
    let make: @Sendable (Double) -> (any Partitioner)?
    /// Makes the partitioner, in place of `make`, from what stands behind the colon, where that is no number or may be
    /// left out.
    var parse: (@Sendable (String?) throws(DataError) -> any Partitioner)?

    init(
        name: String, summary: String, parameter: (meaning: String, default: Double)?,
        make: @escaping @Sendable (Double) -> (any Partitioner)?,
        parse: (@Sendable (String?) throws(DataError) -> any Partitioner)? = nil
    ) {
        (self.name, self.summary, self.parameter) = (name, summary, parameter)
        (self.make, self.parse) = (make, parse)
    }
}

/// The ways to spread a training set over clients that `--partition` takes.
public enum Partitioners {
    /// All partitioners, in the order of lists.
    public static let all = [
        IIDPartitioner.entry, DirichletPartitioner.entry, LabelShards.entry, QuantitySkew.entry,
        NaturalPartitioner.entry,
    ]

    /// Parses `iid`, `dirichlet:0.5`, `shards:2`, `quantity:1.0`, `natural`.
    /// - Throws: ``DataError`` listing what is allowed.
    public static func parse(_ text: String) throws(DataError) -> any Partitioner {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let entry = all.first(where: { $0.name == parts[0] }) else {
            throw DataError(
                UnknownName.message("partitioner", found: String(parts[0]), allowed: all.map(\.name))
                    + "; such as " + all.map(\.usage).joined(separator: ", "))
        }
        if let parse = entry.parse { return try parse(parts.count == 1 ? nil : String(parts[1])) }
        guard let parameter = entry.parameter else {
            guard parts.count == 1, let partitioner = entry.make(0) else {
                throw DataError("partitioner '\(entry.name)' takes no parameter, found '\(text)'")
            }
            return partitioner
        }
        let value = parts.count == 1 ? parameter.default : Double(parts[1])
        guard let value, value.isFinite, let partitioner = entry.make(value) else {
            throw DataError("'\(text)': \(parameter.meaning); write it as \(entry.usage)")
        }
        return partitioner
    }
}

extension PartitionerDescription {
    /// The name with an example of its parameter.
    package var usage: String {
        guard let parameter else { return name }
        let value = parameter.default
        return value == value.rounded() && name == "shards" ? "\(name):\(Int(value))" : "\(name):\(value)"
    }
}

extension Dataset {
    /// The samples of each of `clients` clients, spread as `partition` says, from the seeds' stream.
    /// - Parameter shuffles: whether samples are dealt in random order; if not, in the data set's.
    /// - Throws: ``DataError`` for an unknown partitioner or too few samples.
    public func partitioned(
        _ partition: String, among clients: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [[Int32]] {
        var stream = seeds.stream(.partition)
        var order = [Int32](0..<Int32(count))
        if shuffles { stream.shuffle(&order) }
        return try Partitioners.parse(partition).partition(order, of: self, among: clients, using: &stream)
    }
}

/// Checks that every client can have a sample.
func requireSamples(_ samples: Int, for clients: Int) throws(DataError) {
    guard clients > 0 else { throw DataError("\(clients) clients; at least 1 is needed") }
    guard samples >= clients else {
        throw DataError("\(samples) samples cannot be spread over \(clients) clients: each needs at least one")
    }
}

/// Gives each empty client one sample of the client that has most: random proportions can round to nothing, and a
/// client without data cannot take part.
func fillEmptyClients(_ shards: inout [[Int32]]) {
    for client in shards.indices where shards[client].isEmpty {
        let largest = shards.indices.reduce(0) { shards[$1].count > shards[$0].count ? $1 : $0 }
        if let sample = shards[largest].popLast() { shards[client].append(sample) }
    }
}

/// Cuts `samples` into consecutive parts proportional to `proportions` (which sum to 1) and hands part i to `take`.
func cut(_ samples: [Int32], by proportions: [Double], _ take: (_ client: Int, ArraySlice<Int32>) -> Void) {
    var (start, cumulative) = (0, 0.0)
    for (client, proportion) in proportions.enumerated() {
        cumulative += proportion
        let isLast = client == proportions.count - 1
        let end = isLast ? samples.count : min(samples.count, Int((cumulative * Double(samples.count)).rounded()))
        take(client, samples[start..<max(start, end)])
        start = max(start, end)
    }
}
