import Cluster
import Datasets
import Diagnostics
import Fabrics
internal import Host
import Kernel
import Randomness
import Tasks
import Training

extension Experiment {
    /// Checks what needs neither data nor files: batches, workers and ranks, and the memory of this machine and of the
    /// cluster's.
    ///
    /// - Parameter memoryBytes: what this process may use of this machine's.
    package static func check(
        _ plan: ExperimentPlan, memoryBytes: UInt64 = UsableMemory.bytes
    ) throws(ExperimentError) {
        let network = try TrainingTask.named(plan.task).network
        try plan.checkDropouts()
        for strategy in plan.strategies {
            try strategy.check()
            try plan.checkHostMemory(for: strategy, network, memoryBytes)
            try strategy.checkMemory(network, seeds: plan.seeds)
        }
    }
}

extension ExperimentPlan {
    /// Checks that this machine can hold the runs of a strategy that are made at the same time.
    fileprivate func checkHostMemory(
        for strategy: StrategyPlan, _ network: Network, _ memoryBytes: UInt64
    ) throws(ExperimentError) {
        let (vectors, runs) = (try strategy.make().vectorCount, strategy.fabric == .simulated ? runsSideBySide : 1)
        let (bytes, memory) = (
            Double(runs) * Double(vectors) * Double(network.parameterCount) * 4, Double(memoryBytes)
        )
        guard bytes >= memory else { return }
        let what = "\(vectors) vectors of \(network.parameterCount) parameters"
        throw ExperimentError(
            """
            \(strategy.name): \(what)\(runs > 1 ? " for each of \(runs) runs side by side (--jobs)" : "") take \
            \(Format.bytes(bytes)); this machine has \(Format.bytes(memory)) of memory
            """)
    }

    /// Partitions once, so that options that do not fit the data end the experiment before its first run.
    func checkPartitions(of training: Dataset, _ network: Network) throws {
        for strategy in strategies {
            guard let data = try strategy.make().dataOfRanks else { continue }
            let shards = try training.partitioned(
                data.partition, among: data.ranks.count, seeds: SeedSequence(seeds[0]), shuffles: shuffles)
            try strategy.checkClientMemory(network, shards: shards.map(\.count), seed: seeds[0])
        }
    }
}

extension StrategyPlan {
    /// Checks that the options fit each other and the strategy's machines.
    fileprivate func check() throws(ExperimentError) {
        if let problem = configuration.problem { throw ExperimentError("\(name): \(problem)") }
        let strategy = try make()
        if strategy.sharesBatch, let batch = strategy.stepBatch, batch < strategy.workerCount {
            throw ExperimentError(
                """
                \(name): a batch of \(batch) cannot be split among \(strategy.workerCount) workers; \
                --batch must be at least --workers
                """)
        }
        if let cluster, fabric != .threads {
            do throws(ClusterFileError) {
                try cluster.validate(ranks: strategy.rankCount)
                try cluster.validate(workers: strategy.workerCount)
                if fabric == .emulated { try cluster.validateEmulation() }
            } catch { throw ExperimentError("\(name): \(error)") }
        }
        if fabric == .threads || fabric == .emulated, strategy.rankCount > maximumThreadRanks {
            throw ExperimentError(
                """
                \(name): \(strategy.rankCount) ranks as threads of this machine; at most \(maximumThreadRanks) can \
                be, more can only be simulated
                """)
        }
    }
}
