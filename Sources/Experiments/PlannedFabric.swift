import Cluster
import Fabrics
import Randomness
import Strategies

extension StrategyPlan {
    /// The plan's ranks on a cluster with a virtual clock: for a run, and for what a recorded run would have been there.
    ///
    /// - Parameter seeds: the run's.
    func simulatedFabric(
        _ cluster: ClusterSpec, _ strategy: any Strategy, _ seeds: SeedSequence, _ model: ComputeModel, _ pool: HostPool
    ) -> SimulatedFabric {
        SimulatedFabric(
            nodes: cluster.nodes(ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds),
            jitter: cluster.jitter, interconnect: cluster.network, compute: model,
            slowdowns: cluster.slowdowns(server: strategy.serverRank), allReduce: allReduceInUse,
            allReduceByLength: allReduceByLength, groups: cluster.groups(ranks: strategy.rankCount), seeds: seeds,
            departures: cluster.dropouts?.departures(
                ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds) ?? [],
            detectionSeconds: cluster.dropouts?.detectionSeconds ?? 0, pool: pool)
    }
}
