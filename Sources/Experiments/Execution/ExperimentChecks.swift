import Cluster
import Datasets
import Diagnostics
import Fabrics
internal import Host
import Kernel
import Randomness
import Strategies
import Tasks
import Training

extension Experiment {
    /// Checks what needs neither data nor files: batches, workers and ranks, and the memory of this machine and of the
    /// cluster's machines.
    ///
    /// - Parameter memoryBytes: how much of this machine's memory this process may use.
    package static func check(
        _ plan: ExperimentPlan, memoryBytes: UInt64 = UsableMemory.bytes
    ) throws(ExperimentError) {
        let network = try plan.trainingTask().network
        try plan.checkMetric(of: network)
        try plan.checkDropouts()
        try plan.checkObjectives()
        for strategy in plan.strategies {
            try strategy.check()
            try strategy.check(seeds: plan.seeds)
            try plan.checkHostMemory(for: strategy, network, memoryBytes)
            try strategy.checkMemory(network, seeds: plan.seeds)
        }
    }
}

extension ExperimentPlan {
    /// Checks that this machine can hold the runs of a strategy that are made at the same time.
    fileprivate func checkHostMemory(
        for strategy: StrategyPlan, _ network: any Objective, _ memoryBytes: UInt64
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

    /// Checks that the task's models have values of the metric, and that the target is a possible value.
    fileprivate func checkMetric(of network: any Objective) throws(ExperimentError) {
        if let problem = metric.problem(of: network) { throw ExperimentError("\(task): \(problem)") }
        guard metric.allows(target: target) || metric == .accuracy && target == 0 else {
            throw ExperimentError("the target is \(Format.exact(target)); allowed is \(metric.allowedTargets)")
        }
    }

    /// An AUC tells test samples of label 0 from those of label 1.
    func checkLabels(of split: TrainTestSplit) throws(ExperimentError) {
        guard metric == .auc else { return }
        let labels = Set(split.test.labels)
        guard labels != [0, 1] else { return }
        throw ExperimentError(
            """
            \(task): an AUC needs test samples of label 0 and of label 1, and no others; found are the labels \
            \(labels.sorted().map(String.init).joined(separator: ", "))
            """)
    }

    /// Partitions once, so that options that do not fit the data end the experiment before its first run.
    func checkPartitions(of split: TrainTestSplit, _ network: any Objective) throws {
        for strategy in strategies {
            guard let data = try strategy.make().dataOfRanks else { continue }
            let nodes = try split.nodeObjectives(
                of: strategy.configuration, partition: data.partition, among: data.ranks.count,
                seeds: SeedSequence(seeds[0]), shuffles: shuffles)
            try strategy.checkClientMemory(network, shards: nodes.map(\.shard.count), seed: seeds[0])
        }
    }

    /// How nodes' objectives differ; nil where all nodes are judged alike.
    package var objectives: String? { strategies.first?.configuration.objectives }

    /// Nodes that differ in one row of a table and are alike in another cannot be compared.
    fileprivate func checkObjectives() throws(ExperimentError) {
        guard let other = strategies.first(where: { $0.configuration.objectives != objectives }) else { return }
        throw ExperimentError(
            """
            \(strategies[0].name) has the objectives '\(objectives ?? "none")' and \(other.name) \
            '\(other.configuration.objectives ?? "none")'; allowed are the same for all strategies of an experiment
            """)
    }
}

extension StrategyPlan {
    /// Checks that the strategy can be run with every seed: a random overlay is another one with each.
    fileprivate func check(seeds: [UInt64]) throws(ExperimentError) {
        let strategy = try make()
        for seed in seeds {
            if let problem = strategy.problem(seed: seed) {
                throw ExperimentError("\(name) with seed \(seed): \(problem)")
            }
        }
    }

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
        try checkObjectives(of: strategy)
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

    /// Checks that the objectives can be parsed, and that the strategy has nodes for them.
    private func checkObjectives(of strategy: any Strategy) throws(ExperimentError) {
        guard let text = configuration.objectives else { return }
        let rule: any ObjectiveRule
        do throws(DataError) {
            rule = try Objectives.parse(text)
            guard let nodes = strategy.dataOfRanks?.ranks.count else {
                throw DataError(Self.withoutNodes)
            }
            try rule.check(nodes: configuration.members?.of ?? nodes)
        } catch { throw ExperimentError("\(name): \(error)") }
    }

    /// Why a strategy cannot have objectives.
    package static var withoutNodes: String {
        let allowed = StrategyRegistry.all.filter(\.hasNodes).map(\.name)
        return """
            --objectives are for nodes with data of their own, and its workers draw from all of the data; allowed are \
            \(allowed.joined(separator: ", "))
            """
    }
}

extension StrategyDescription {
    /// Whether the strategy's ranks have data of their own, which `--objectives` can refer to.
    package var hasNodes: Bool { (try? make(.plain, [:]))?.dataOfRanks != nil }
}
