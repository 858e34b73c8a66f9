package import Cluster
package import Experiments
package import Fabrics
import Host
import Locking
package import Statistics
import Tasks

/// Recorded runs of several strategies, and when they reach the target on any cluster. Prices are worked out on all
/// cores, and each once.
package final class PriceList: Sendable {
    /// The rows that can be priced, as they were recorded.
    package let strategies: [StrategyPlan]
    /// The seeds that all strategies have, ascending.
    package let seeds: [UInt64]
    /// The value of the task's metric that is to be reached.
    package let target: Target
    package let repricings: [Repricing]

    private struct Key: Hashable {
        let strategy: Int
        let cluster: ClusterSpec
        let seed: UInt64?
    }

    private let known = Guarded<[Key: Result<[SteppedValue], any Error>]>([:])

    /// - Parameters:
    ///   - rows: strategies of the results' plan; each has to have recorded schedules.
    ///   - schedule: returns the schedule of a row and a seed.
    /// - Throws: ``ExperimentError`` where a schedule is not of its run, and where the rows have no seed in common.
    package init(
        _ results: Results, _ rows: [StrategyPlan], schedule: (_ row: String, _ seed: UInt64) throws -> Schedule
    ) throws {
        strategies = rows
        target = results.plan.goal
        repricings = try rows.map { row in try Repricing(results, row) { try schedule(row.name, $0) } }
        var common = Set(repricings.first?.seeds ?? [])
        for repricing in repricings { common.formIntersection(repricing.seeds) }
        seeds = common.sorted()
        guard !seeds.isEmpty else {
            throw ExperimentError(
                "the runs of \(rows.map(\.name).joined(separator: ", ")) have no seed in common; allowed are rows of one run"
            )
        }
    }

    /// The plan of a row on a cluster.
    package func plan(_ strategy: Int, on cluster: ClusterSpec) -> StrategyPlan {
        var plan = strategies[strategy]
        plan.cluster = cluster
        return plan
    }

    // MARK: Prices

    /// One strategy on one cluster.
    package struct Request: Hashable, Sendable {
        package let strategy: Int
        package let cluster: ClusterSpec
        /// The seed whose time is asked for; nil for all seeds.
        package let seed: UInt64?

        package init(_ strategy: Int, on cluster: ClusterSpec, seed: UInt64? = nil) {
            (self.strategy, self.cluster, self.seed) = (strategy, cluster, seed)
        }
    }

    /// When each request's strategy reaches the target: a time for each of ``seeds``, in their order, or one for the
    /// request's seed.
    ///
    /// - Throws: ``ExperimentError`` where a strategy cannot be on a cluster.
    package func times(_ requests: [Request]) throws -> [[SteppedValue]] {
        try results(requests).map { try $0.get() }
    }

    /// When each request's strategy reaches the target, as ``times(_:)``; an error for each that cannot be on its
    /// cluster.
    package func results(_ requests: [Request]) -> [Result<[SteppedValue], any Error>] {
        let keys = requests.map(key)
        var missing: [Key: Request] = [:]
        known.withLock { known in
            for (key, request) in zip(keys, requests) where known[key] == nil && knownFromAll(key, known) == nil {
                missing[key] = request
            }
        }
        // In a fixed order, though none of the results depends on it.
        let work = keys.enumerated().filter { missing.removeValue(forKey: $0.element) != nil }.map(\.offset)
        ParallelLoop.run(work.count) { [self] index in
            let request = requests[work[index]]
            let result = Result { try price(request) }
            known.withLock { $0[keys[work[index]]] = result }
        }
        return known.withLock { known in
            keys.map { key in
                known[key] ?? knownFromAll(key, known) ?? .failure(ExperimentError("a price that was not computed"))
            }
        }
    }

    /// The median time of every strategy on a cluster; infinite where it does not reach the target there.
    package func medians(on cluster: ClusterSpec) throws -> [Double] {
        try times(strategies.indices.map { Request($0, on: cluster) }).map { Median.of($0.map(\.value)) }
    }

    /// Prices that a seed's time is part of.
    private func knownFromAll(
        _ key: Key, _ known: [Key: Result<[SteppedValue], any Error>]
    ) -> Result<[SteppedValue], any Error>? {
        guard let seed = key.seed, let index = seeds.firstIndex(of: seed) else { return nil }
        return known[Key(strategy: key.strategy, cluster: key.cluster, seed: nil)]?.map { [$0[index]] }
    }

    private func price(_ request: Request) throws -> [SteppedValue] {
        let plan = plan(request.strategy, on: request.cluster)
        try request.cluster.validate()
        try request.cluster.validate(ranks: plan.roles.ranks)
        try request.cluster.validate(workers: plan.roles.workers)
        return try repricings[request.strategy].timesToTarget(plan, seeds: request.seed.map { [$0] } ?? Set(seeds))
    }

    /// What times depend on: not on names and prices, and for one rank alone not on any link.
    private func key(_ request: Request) -> Key {
        var cluster = request.cluster
        (cluster.name, cluster.summary, cluster.source) = ("", "", "")
        (cluster.costSource, cluster.hardware) = (nil, nil)
        if strategies[request.strategy].roles.ranks == 1 {
            cluster.worker.link = Link(latencySeconds: 0, bytesPerSecond: 1e9)
            (cluster.jitter, cluster.interconnect, cluster.server) = (.none, nil, nil)
            // Links of a population stay: where there is one, a draw of each figure has a stream of its own.
        }
        return Key(strategy: request.strategy, cluster: cluster, seed: request.seed)
    }

    /// How many messages the dearest of the strategies plays for one price on a cluster.
    package func messagesPerPrice(on cluster: ClusterSpec) throws -> Int {
        try strategies.indices.map { index in
            let request = Request(index, on: cluster)
            _ = try times([request])
            return try repricings[index].messagesPlayed(plan(index, on: cluster))
        }.max() ?? 0
    }
}
