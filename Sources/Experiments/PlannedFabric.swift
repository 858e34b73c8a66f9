import Cluster
import Fabrics
import Randomness
import Tasks
import Training

extension StrategyPlan {
    /// The plan's ranks in the processes of the MPI job that this process is part of.
    ///
    /// - Throws: ``FabricError/mpi(_:)`` where MPI does not start; ``ExperimentError`` where the program is built without.
    func mpiFabric(_ strategy: any Strategy, from start: FabricSnapshot?) throws -> any Fabric {
        #if MPI
            return MPIFabric(try MPIWorld.join(), ranks: strategy.rankCount, from: start)
        #else
            throw ExperimentError(Self.mpiIsMissing)
        #endif
    }

    package static let mpiIsMissing = """
        this bench is built without MPI; './setup.sh --mpi' installs what it needs, and 'swift build -c release --traits \
        MPI' builds it in
        """

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
