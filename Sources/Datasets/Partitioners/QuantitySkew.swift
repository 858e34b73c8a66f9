public import Randomness

/// Clients of different sizes and the same mix of labels: shares of the shuffled samples drawn from Dirichlet(beta)
/// (Li, Diao, Chen and He 2022, *Federated Learning on Non-IID Data Silos*, section IV-C).
public struct QuantitySkew: Partitioner {
    static let entry = PartitionerDescription(
        name: "quantity", summary: "clients of different sizes: shares drawn from Dirichlet(beta)",
        parameter: ("beta must be a number above 0", 1.0),
        make: { $0 > 0 ? QuantitySkew(beta: $0) : nil })

    public let beta: Double
    public var description: String { "quantity:\(beta)" }

    public init(beta: Double) {
        precondition(beta > 0, "beta \(beta) must be positive")
        self.beta = beta
    }

    public func partition(
        _ order: [Int32], labels: [UInt8], among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]] {
        try requireSamples(order.count, for: clients)
        var shards = [[Int32]](repeating: [], count: clients)
        cut(order, by: stream.dirichlet(concentration: beta, count: clients)) { shards[$0] = Array($1) }
        fillEmptyClients(&shards)
        return shards
    }
}
