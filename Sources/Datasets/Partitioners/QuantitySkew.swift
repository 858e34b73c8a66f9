import Randomness

/// Clients of different sizes and the same mix of labels: shares of the shuffled samples drawn from Dirichlet(beta)
/// (Li, Diao, Chen and He 2022, *Federated Learning on Non-IID Data Silos*, section IV-C).
package struct QuantitySkew: Partitioner {
    static let entry = PartitionerDescription(
        name: "quantity", summary: "clients of different sizes: shares drawn from Dirichlet(beta)",
        parameter: ("beta must be a number above 0", 1.0),
        make: { $0 > 0 ? QuantitySkew(beta: $0) : nil })

    package let beta: Double
    package var description: String { "quantity:\(beta)" }

    package init(beta: Double) {
        precondition(beta > 0, "beta \(beta) must be positive")
        self.beta = beta
    }

    package func partition(
        _ order: [Int32], labels: [UInt8], among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]] {
        try requireSamples(order.count, for: clients)
        var shards = [[Int32]](repeating: [], count: clients)
        cut(order, by: stream.dirichlet(concentration: beta, count: clients)) { shards[$0] = Array($1) }
        fillEmptyClients(&shards)
        return shards
    }
}
