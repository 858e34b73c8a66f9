import Cluster
import Diagnostics
public import Datasets
import Fabrics
public import Foundation
import Kernel
import Randomness
public import Strategies

/// Runs the strategies of a plan, seed by seed, on the same task with the same initial parameters and samples.
public struct Experiment: Sendable {
    public let plan: ExperimentPlan
    public let task: TrainingTask
    private let data: DataDirectory
    private let startFile: ParameterVector?

    /// Checks the plan as far as that is possible without data.
    /// - Throws: ``ExperimentError``, or what the initial parameters' file is wrong with.
    public init(_ plan: ExperimentPlan, data: DataDirectory) throws {
        self.plan = plan
        self.data = data
        task = try TrainingTask.named(plan.task)
        startFile = try plan.initialParametersFile.map {
            try Self.readParameters($0, of: TrainingTask.named(plan.task))
        }
        if plan.compute != "calibrated" { _ = try DeviceProfile.named(plan.compute) }
        try Self.check(plan)
    }

    /// Checks what needs neither data nor files: batches, workers and ranks.
    public static func check(_ plan: ExperimentPlan) throws(ExperimentError) {
        let parameterCount = try TrainingTask.named(plan.task).network.parameterCount
        for strategy in plan.strategies {
            try check(strategy)
            let vectors = try description(of: strategy).make(strategy.configuration).vectorCount
            let (bytes, memory) = (
                Double(vectors) * Double(parameterCount) * 4, Double(ProcessInfo.processInfo.physicalMemory)
            )
            guard bytes < memory else {
                throw ExperimentError(
                    """
                    \(strategy.name): \(vectors) vectors of \(parameterCount) parameters take \(Format.bytes(bytes)); this \
                    machine has \(Format.bytes(memory)) of memory
                    """)
            }
        }
    }

    /// What happens while an experiment runs; called on whichever thread it happens.
    public struct Callbacks: Sendable {
        /// A run begins: which of how many.
        public var began: @Sendable (_ strategy: String, _ seed: UInt64, _ index: Int, _ count: Int) -> Void
        /// A model was evaluated; the share of the run's samples that are done.
        public var evaluated: @Sendable (TrainingRun.Evaluation, _ share: Double) -> Void
        /// A run is finished, with the mean loss of each of its steps and its last parameters.
        public var finished: @Sendable (RunRecord, _ stepLosses: [Double], FinalParameters?) throws -> Void

        public init(
            began: @escaping @Sendable (String, UInt64, Int, Int) -> Void = { _, _, _, _ in },
            evaluated: @escaping @Sendable (TrainingRun.Evaluation, Double) -> Void = { _, _ in },
            finished: @escaping @Sendable (RunRecord, [Double], FinalParameters?) throws -> Void = { _, _, _ in }
        ) {
            self.began = began
            self.evaluated = evaluated
            self.finished = finished
        }
    }

    /// Runs everything. Seeds are the outer loop, so that strategies that are compared run close to each other in time,
    /// and what is finished early is comparable.
    /// - Parameter update: called with all results so far, at the start and after every run.
    public func run(
        machine: MachineDescription, callbacks: Callbacks = Callbacks(), update: @Sendable (Results) -> Void = { _ in }
    ) throws -> Results {
        try BLAS.useOneThreadPerCaller()
        let firstSplit = try load(seed: plan.seeds[0])
        try checkPartitions(firstSplit.training)
        let model = try computeModel(firstSplit.training)
        var results = Results(
            plan: plan, machine: machine, computeModel: model, trainingSamples: firstSplit.training.count,
            tuning: task.defaults.tuning)
        update(results)
        let pool = HostPool(threads: plan.hostThreads)
        let workspaces = WorkspacePool(for: task.network)
        for (seedIndex, seed) in plan.seeds.enumerated() {
            let split = seedIndex == 0 ? firstSplit : try load(seed: seed)
            for (strategyIndex, strategy) in plan.strategies.enumerated() {
                let index = seedIndex * plan.strategies.count + strategyIndex
                callbacks.began(strategy.name, seed, index, plan.seeds.count * plan.strategies.count)
                let (record, run) = try run(strategy, seed, split, model, pool, workspaces, callbacks)
                results.runs.append(record)
                results.isComplete = results.runs.count == plan.seeds.count * plan.strategies.count
                update(results)
                try callbacks.finished(
                    record, run.stepLosses,
                    run.finalParameters.map { FinalParameters(layout: task.network.layout, parameters: $0) })
            }
        }
        return results
    }

    private func run(
        _ plan: StrategyPlan, _ seed: UInt64, _ split: TrainTestSplit, _ model: ComputeModel, _ pool: HostPool,
        _ workspaces: WorkspacePool, _ callbacks: Callbacks
    ) throws -> (RunRecord, TrainingRun.Record) {
        let hostStart = ContinuousClock.now
        let seeds = SeedSequence(seed)
        let strategy = try Self.description(of: plan).make(plan.configuration)
        let budget = plan.configuration.epochs * Double(split.training.count)
        let run = TrainingRun(
            network: task.network, data: split, configuration: plan.configuration,
            initialParameters: startFile ?? task.network.initialParameters(self.plan.initialization, seeds: seeds),
            seeds: seeds, shuffles: self.plan.shuffles, ranks: strategy.rankCount, workspaces: workspaces,
            onEvaluation: { callbacks.evaluated($0, min(1, Double($0.samples) / budget)) })
        let report = try fabric(plan, strategy, seeds, model, pool).run(strategy.program(for: run))
        let result = run.result

        var account = TimeAccount()
        for (rank, part) in report.accounts.enumerated() where rank != strategy.serverRank {
            account.computeSeconds += part.computeSeconds / Double(strategy.concurrentWorkers)
            account.communicationSeconds += part.communicationSeconds / Double(strategy.concurrentWorkers)
        }
        let record = RunRecord(
            strategy: plan.name, seed: seed, outcome: result.divergedAfterSamples == nil ? .completed : .diverged,
            evaluations: result.evaluations, clusterSeconds: report.seconds, computeSeconds: account.computeSeconds,
            communicationSeconds: account.communicationSeconds,
            idleSeconds: max(0, report.seconds - account.computeSeconds - account.communicationSeconds),
            hostSeconds: (ContinuousClock.now - hostStart).inSeconds,
            traffic: RunRecord.Traffic(report.ledger, ranks: strategy.rankCount, server: strategy.serverRank),
            partitionSkew: result.partitionSkew)
        return (record, result)
    }

    private func fabric(
        _ plan: StrategyPlan, _ strategy: any Strategy, _ seeds: SeedSequence, _ model: ComputeModel, _ pool: HostPool
    ) throws -> any Fabric {
        guard let cluster = plan.cluster, plan.fabric != .threads else {
            return try ThreadFabric(ranks: strategy.rankCount)
        }
        let nodes = cluster.nodes(ranks: strategy.rankCount, server: strategy.serverRank)
        if plan.fabric == .emulated {
            return try ThreadFabric(
                ranks: strategy.rankCount,
                emulating: ThreadFabric.Emulation(
                    nodes: nodes, jitter: cluster.jitter, compute: model, allReduce: plan.allReduce, seeds: seeds))
        }
        return SimulatedFabric(
            nodes: nodes, jitter: cluster.jitter, compute: model, allReduce: plan.allReduce, seeds: seeds, pool: pool)
    }

    // MARK: What a run needs

    private func load(seed: UInt64) throws -> TrainTestSplit {
        try task.load(data, SeedSequence(seed), plan.shuffles)
    }

    /// Partitions once, so that options that do not fit the data end the experiment before its first run.
    private func checkPartitions(_ training: Dataset) throws {
        for strategy in plan.strategies where strategy.description?.isFederated == true {
            let federated = strategy.configuration.federated
            _ = try training.partitioned(
                federated.partition, among: federated.clients, seeds: SeedSequence(plan.seeds[0]),
                shuffles: plan.shuffles)
        }
    }

    private func computeModel(_ training: Dataset) throws -> ComputeModel {
        if plan.compute != "calibrated" {
            return ComputeModel(
                try DeviceProfile.named(plan.compute), flopsPerSample: task.network.trainingFlopsPerSample,
                parameters: task.network.parameterCount)
        }
        var sizes: [Int] = []
        for strategy in plan.strategies {
            sizes += try Self.description(of: strategy).make(strategy.configuration).batchSizes
            let federated = strategy.configuration.federated
            if federated.localBatch == nil { sizes.append(training.count / federated.clients) }
        }
        let calibration = Calibration(
            network: task.network, data: training,
            initialParameters: task.network.initialParameters(plan.initialization, seeds: SeedSequence(plan.seeds[0])),
            optimizer: plan.strategies[0].configuration.optimizer)
        return calibration.measure(batchSizes: sizes)
    }

    private static func description(of plan: StrategyPlan) throws(ExperimentError) -> StrategyDescription {
        guard let description = plan.description else { throw ExperimentError("unknown strategy '\(plan.name)'") }
        return description
    }

    private static func check(_ plan: StrategyPlan) throws(ExperimentError) {
        let strategy = try description(of: plan).make(plan.configuration)
        let configuration = plan.configuration
        if try !description(of: plan).isFederated, configuration.batch < strategy.workerCount {
            throw ExperimentError(
                """
                \(plan.name): a batch of \(configuration.batch) cannot be split among \(strategy.workerCount) workers; \
                --batch must be at least --workers
                """)
        }
        if plan.fabric != .simulated, strategy.rankCount > maximumThreadRanks {
            throw ExperimentError(
                """
                \(plan.name): \(strategy.rankCount) ranks as threads of this machine; at most \(maximumThreadRanks) can \
                be, more can only be simulated
                """)
        }
    }

    private static func readParameters(_ file: String, of task: TrainingTask) throws -> ParameterVector {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw ExperimentError("initial parameters: '\(file)' does not exist or cannot be read")
        }
        do {
            return try Safetensors.decode(bytes, task.network.layout)
        } catch {
            throw ExperimentError("initial parameters: \(file): \(error) (task \(task.name))")
        }
    }
}

/// A model at the end of a run, to be saved.
public struct FinalParameters: Sendable {
    let layout: ParameterLayout
    let parameters: ParameterVector

    /// The bytes of a safetensors file.
    public func encoded() throws -> Data { try Safetensors.encode(parameters, layout) }
}
