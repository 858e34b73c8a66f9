import Randomness

/// Label skew: the samples of each class are spread over the clients in proportions drawn from Dirichlet(alpha); the
/// smaller alpha, the fewer classes a client sees (Yurochkin et al. 2019, *Bayesian Nonparametric Federated Learning
/// of Neural Networks*, section 4; Hsu, Qi and Brown 2019 for the idea).
package struct DirichletPartitioner: Partitioner {
    static let entry = PartitionerDescription(
        name: "dirichlet", summary: "label skew: each class spread by Dirichlet(alpha) proportions",
        parameter: ("alpha must be a number above 0", 0.5),
        make: { $0 > 0 ? DirichletPartitioner(alpha: $0) : nil })

    package let alpha: Double
    package var description: String { "dirichlet:\(alpha)" }

    package init(alpha: Double) {
        precondition(alpha > 0, "alpha \(alpha) must be positive")
        self.alpha = alpha
    }

    package func partition(
        _ order: [Int32], labels: [UInt8], among clients: Int, using stream: inout RandomStream
    ) throws(DataError) -> [[Int32]] {
        try requireSamples(order.count, for: clients)
        var shards = [[Int32]](repeating: [], count: clients)
        let classes = Dictionary(grouping: order) { labels[Int($0)] }
        for (_, samples) in classes.sorted(by: { $0.key < $1.key }) {
            let proportions = stream.dirichlet(concentration: alpha, count: clients)
            cut(samples, by: proportions) { shards[$0].append(contentsOf: $1) }
        }
        fillEmptyClients(&shards)
        return shards
    }
}
