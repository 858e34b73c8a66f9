import Cluster
import Fabrics
import Randomness
import Tasks
import Training

/// Makes what carries the ranks of one run: machines of this computer, of an MPI job, or of a described cluster.
package struct FabricFactory {
    private let plan: StrategyPlan
    private let strategy: any Strategy
    private let seeds: SeedSequence
    /// The node of each rank, drawn by the run's seed; empty where threads of this machine, or the processes of an MPI
    /// job, are the cluster.
    package let nodes: [Node]

    /// - Parameter seeds: the seeds of the run.
    package init(_ plan: StrategyPlan, _ strategy: any Strategy, _ seeds: SeedSequence) {
        self.plan = plan
        self.strategy = strategy
        self.seeds = seeds
        nodes = plan.nodes(strategy, seeds)
    }

    /// - Parameters:
    ///   - model: the times that described machines compute with.
    ///   - pool: the threads that compute for simulated ranks.
    ///   - start: the fabric's state in the checkpoint that the run continues from; nil for the beginning.
    /// - Throws: ``FabricError`` or ``ExperimentError`` where this computer cannot carry the ranks.
    func fabric(_ model: ComputeModel, _ pool: HostPool, from start: FabricSnapshot?) throws -> any Fabric {
        switch (plan.fabric, plan.cluster) {
        case (.mpi, _): try mpi(from: start)
        case (.simulated, let cluster?): simulated(on: cluster, model, pool)
        case (.emulated, let cluster?):
            try ThreadFabric(ranks: strategy.rankCount, emulating: emulation(of: cluster, model), from: start)
        case (.threads, _), (_, nil): try ThreadFabric(ranks: strategy.rankCount, from: start)
        }
    }

    /// The ranks on a cluster with a virtual clock: for a run, and for what a recorded run would have been there.
    package func simulated(on cluster: ClusterSpec, _ model: ComputeModel, _ pool: HostPool) -> SimulatedFabric {
        SimulatedFabric(
            nodes: nodes, jitter: cluster.jitter, interconnect: cluster.network, compute: model,
            slowdowns: cluster.slowdowns(server: strategy.serverRank), allReduce: plan.allReduceInUse,
            allReduceByLength: plan.allReduceByLength, groups: cluster.groups(ranks: strategy.rankCount), seeds: seeds,
            departures: cluster.dropouts?.departures(
                ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds) ?? [],
            detectionSeconds: cluster.dropouts?.detectionSeconds ?? 0, pool: pool)
    }

    private func emulation(of cluster: ClusterSpec, _ model: ComputeModel) -> ThreadFabric.Emulation {
        ThreadFabric.Emulation(
            nodes: nodes, jitter: cluster.jitter, compute: model, allReduce: plan.allReduceInUse,
            allReduceByLength: plan.allReduceByLength, groups: cluster.groups(ranks: strategy.rankCount), seeds: seeds)
    }

    /// The ranks in the processes of the MPI job that this process is part of.
    ///
    /// - Throws: ``FabricError/mpi(_:)`` where MPI does not start; ``ExperimentError`` where the program is built without.
    func mpi(from start: FabricSnapshot?) throws -> any Fabric {
        #if MPI
            return MPIFabric(
                try MPIWorld.join(), ranks: strategy.rankCount, hasServer: strategy.serverRank == 0, from: start)
        #else
            throw ExperimentError(StrategyPlan.mpiIsMissing)
        #endif
    }
}

extension StrategyPlan {
    package static let mpiIsMissing = """
        this bench is built without MPI; './setup.sh --mpi' installs what it needs, and 'swift build -c release --traits \
        MPI' builds it in
        """
}
