import Datasets
import Tasks

extension Results {
    /// Checks what clients hold: each client once and in order, with counts of the same classes and no more than its
    /// partition has.
    func validatePartition(of run: RunRecord, _ name: String) throws(ExperimentError) {
        guard let skew = run.partitionSkew, let holdings = skew.holdings else { return }
        let (clients, place) = (holdings.map(\.client), "\(name): partitionSkew.holdings")
        let most = PartitionSkew.mostHoldings
        try require(holdings.count <= most, place, "\(holdings.count) clients", "up to \(most)")
        try require(
            zip(clients, clients.dropFirst()).allSatisfy(<) && clients.allSatisfy { $0 >= 0 && $0 < skew.clients },
            place, "clients \(clients)", "distinct ones from 0 to below \(skew.clients), in their order")
        let classes = Set(holdings.map(\.counts.count)).sorted()
        try require(classes.count <= 1, place, "counts of \(classes) classes", "the same number for all")
        for holding in holdings {
            try require(
                holding.samples >= skew.smallestShard && holding.samples <= skew.largestShard, place,
                "\(holding.samples) samples of client \(holding.client)",
                "\(skew.smallestShard) to \(skew.largestShard), the sizes of the smallest and the largest")
        }
    }
}
