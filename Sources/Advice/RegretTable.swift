package import Cluster
package import Statistics

/// How far each strategy is behind the first on each of several clusters: what it costs to take one strategy for all of them.
package struct RegretTable: Hashable, Sendable {
    /// A strategy on a cluster.
    package struct Cell: Hashable, Sendable {
        /// Seconds until the target is reached, over the seeds; nil where the strategy cannot be on the cluster.
        package let time: SpreadSummary?
        /// The strategy's median time divided by the least of all strategies on the cluster; nil where it does not
        /// reach the target.
        package let ratio: Double?
        /// Why the strategy cannot be on the cluster; nil where it can.
        package let problem: String?
    }

    package let clusters: [ClusterSpec]
    /// A cell for each cluster and strategy, by cluster and then by strategy.
    package let cells: [[Cell]]
    /// Who is first on each cluster, and whether that is shown, by cluster.
    package let standings: [Standing?]

    /// - Parameter clusters: the clusters on which the strategies are priced.
    package init(_ prices: PriceList, over clusters: [ClusterSpec]) {
        self.clusters = clusters
        let requests = clusters.flatMap { cluster in
            prices.strategies.indices.map { PriceList.Request($0, on: cluster) }
        }
        let results = prices.results(requests)
        let count = prices.strategies.count
        var (cells, standings): ([[Cell]], [Standing?]) = ([], [])
        for index in clusters.indices {
            let row = Array(results[index * count..<(index + 1) * count])
            let times = row.map { try? $0.get() }
            let medians = times.map { $0.map { Median.of($0.map(\.value)) } ?? .infinity }
            let least = medians.min() ?? .infinity
            cells.append(
                row.indices.map { strategy in
                    var problem: String?
                    if case .failure(let error) = row[strategy] { problem = "\(error)" }
                    let isReached = medians[strategy].isFinite && least > 0
                    return Cell(
                        time: times[strategy].map { SpreadSummary($0, scale: .logarithmic) },
                        ratio: isReached ? medians[strategy] / least : nil, problem: problem)
                })
            let never = Array(repeating: SteppedValue.never, count: prices.seeds.count)
            standings.append(times.contains { $0 != nil } ? Standing(times.map { $0 ?? never }) : nil)
        }
        (self.cells, self.standings) = (cells, standings)
    }

    /// A strategy's greatest ratio, and the cluster on which it has it; nil where the strategy is missing on a cluster
    /// or does not reach the target there.
    package func worst(of strategy: Int) -> (ratio: Double, cluster: Int)? {
        guard !cells.isEmpty else { return nil }
        var worst: (ratio: Double, cluster: Int)?
        for (cluster, row) in cells.enumerated() {
            guard let ratio = row[strategy].ratio else { return nil }
            if ratio > worst?.ratio ?? 0 { worst = (ratio, cluster) }
        }
        return worst
    }

    /// The strategy whose greatest ratio is the least; nil where every one is missing somewhere.
    package var ifInDoubt: Int? {
        let strategies = cells.first?.indices ?? 0..<0
        return strategies.filter { worst(of: $0) != nil }
            .min { (worst(of: $0)?.ratio ?? 0, $0) < (worst(of: $1)?.ratio ?? 0, $1) }
    }

    /// The clusters that advice without others looks at: from the memory of one machine to phones.
    package static let standardClusters = [
        "workstation", "infiniband", "ethernet-10g", "ethernet-1g", "three-sites", "phones-4g",
    ]
}
