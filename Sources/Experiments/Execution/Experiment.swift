import Cluster
public import Datasets
import Kernel
import Randomness
import Tasks
import Training

/// Runs the strategies of a plan, seed by seed, on the same task with the same initial parameters and samples.
public struct Experiment: Sendable {
    /// What is run, with all choices that were left open made.
    public private(set) var plan: ExperimentPlan
    /// The plan's task.
    public let task: TrainingTask
    package let data: ExperimentData
    private let startFile: StartFile?
    private let givenModel: ComputeModel?

    /// Checks the plan as far as that is possible without data.
    ///
    /// - Parameters:
    ///   - selection: what accuracy is measured on.
    ///   - computeModel: the step times of simulated machines; nil to determine them as the plan says.
    /// - Throws: ``ExperimentError``, or what is wrong with the file of initial parameters.
    public init(
        _ plan: ExperimentPlan, data: DataDirectory, selection: SelectionSet = .test, computeModel: ComputeModel? = nil
    ) throws {
        let task = try plan.trainingTask()
        try self.init(
            plan, task,
            ExperimentData(of: task, in: data, selection, shuffles: plan.shuffles, objectives: plan.objectives),
            try plan.initialParametersFile.map { try StartFile($0, of: task) }, computeModel)
    }

    /// An experiment on the task, the data and the initial parameters of another one.
    package init(_ plan: ExperimentPlan, like other: Experiment, computeModel: ComputeModel) throws {
        try self.init(plan, other.task, other.data, other.startFile, computeModel)
    }

    private init(
        _ plan: ExperimentPlan, _ task: TrainingTask, _ data: ExperimentData, _ startFile: StartFile?,
        _ computeModel: ComputeModel?
    ) throws {
        self.task = task
        self.data = data
        self.startFile = startFile
        givenModel = computeModel
        if plan.compute != "calibrated" { _ = try DeviceProfile.named(plan.compute) }
        _ = try plan.measuredCompute()
        try Self.check(plan)
        var plan = plan
        let seeds = SeedSequence(plan.seeds[0])
        plan.strategies = try plan.strategies.map { try $0.choosingAllReduce(of: task.network, seeds: seeds) }
        self.plan = plan
    }

    /// SHA-256 of the file that training starts from, in hexadecimal, taken when the experiment was created; nil
    /// without such a file.
    public var initialParametersSHA256: String? { startFile?.sha256 }

    func initialParameters(_ seeds: SeedSequence) -> ParameterVector {
        startFile?.parameters ?? task.network.initialParameters(plan.initialization, seeds: seeds)
    }

    // MARK: Runs

    /// Runs everything; see ``ExperimentPlan/runs`` for the order, and ``ExperimentPlan/jobs`` for what is done at once.
    /// - Parameters:
    ///   - checkpoints: where checkpoints go; nil for none. Runs that an earlier process finished are not made again
    ///     and cause no callbacks; runs that were under way continue.
    ///   - update: called with all results so far, at the start and after every run; an error that it throws ends the
    ///     experiment.
    public func run(
        machine: MachineDescription, callbacks: Callbacks = Callbacks(), checkpoints: (any CheckpointStore)? = nil,
        update: @escaping @Sendable (Results) throws -> Void = { _ in }
    ) throws -> Results {
        let progress = try begin(machine: machine, callbacks: callbacks, checkpoints: checkpoints, update: update)
        try progress.makeAll()
        return progress.results
    }

    /// Gets ready for the first run that is to be made: fits the plan to the data, measures what is not known of machines,
    /// and tells the other processes of a job where it begins.
    package func begin(
        machine: MachineDescription, callbacks: Callbacks = Callbacks(), checkpoints: (any CheckpointStore)? = nil,
        update: @escaping @Sendable (Results) throws -> Void = { _ in }
    ) throws -> ExperimentInProgress {
        let resumed = checkpoints?.resumed
        let (model, split) = try prepare(resumed?.results.computeModel)
        var experiment = self
        experiment.plan = try plan.fitted(toTrainingSamples: split.training.count)
        if let resumed { try split.identity.check(isThatOf: resumed.results) }
        let results =
            resumed?.results
            ?? Results(
                plan: experiment.plan, machine: machine, computeModel: model, trainingSamples: split.training.count,
                testSamples: split.test.count, data: split.identity,
                initialParametersSHA256: initialParametersSHA256, tuning: task.defaults.tuning)
        try update(results)
        let finished = resumed?.finishedRuns ?? 0
        let isShared = plan.strategies.contains { $0.fabric == .mpi }
        if isShared { try JobContents.agree(split, start: initialParameters(SeedSequence(plan.seeds[0]))) }
        try checkpoints?.begin(ExperimentState(finishedRuns: finished, results: results))
        if resumed != nil { try callbacks.resumed(results) }
        if isShared { _ = try RunStart.shareFinished(finished) }
        return ExperimentInProgress(experiment, model, results, finished: finished, callbacks, checkpoints, update)
    }

    /// What the other processes of an MPI job do while the first one runs the experiment: they carry the ranks that are
    /// placed in them. They keep no records, and learn from the first process where runs begin.
    package func follow() throws {
        let split = try checkedData()
        var experiment = self
        experiment.plan = try plan.fitted(toTrainingSamples: split.training.count)
        try JobContents.agree(split, start: initialParameters(SeedSequence(plan.seeds[0])))
        let workspaces = WorkspacePool(for: task.network)
        for run in try experiment.plan.runs.dropFirst(RunStart.shareFinished(0)) {
            let split = try data.split(seed: run.seed)
            let start = try RunStart.shared(nil)
            try RunExecution(run, of: experiment, on: split).follow(from: start, workspaces)
        }
    }

    // MARK: What a run needs

    /// The first seed's data, checked against the plan, and the times that simulated machines compute with.
    ///
    /// - Parameter restored: the compute model of an experiment that continues; nil to determine it.
    package func prepare(_ restored: ComputeModel? = nil) throws -> (model: ComputeModel, split: TrainTestSplit) {
        let split = try checkedData()
        return (try givenModel ?? restored ?? computeModel(split.training), split)
    }

    /// The first seed's data, checked against the plan.
    private func checkedData() throws -> TrainTestSplit {
        try BLAS.useOneThreadPerCaller()
        let split = try data.split(seed: plan.seeds[0])
        try plan.checkTuning(on: split.identity)
        try plan.checkLabels(of: split)
        try plan.checkPartitions(of: split, task.network)
        return split
    }

    private func computeModel(_ training: Dataset) throws -> ComputeModel {
        if plan.compute != "calibrated" {
            return ComputeModel(
                try DeviceProfile.named(plan.compute), flopsPerSample: task.network.trainingFlopsPerSample,
                parameters: task.network.parameterCount)
        }
        if let measured = try plan.measuredCompute() { return ComputeModel(measured) }
        var sizes: [Int] = []
        for strategy in plan.strategies {
            let made = try strategy.make()
            sizes += made.batchSizes
            if let data = made.dataOfRanks, made.stepBatch == nil { sizes.append(training.count / data.ranks.count) }
        }
        let optimizer = plan.strategies[0].configuration.optimizer
        // The additional time of Adam's updates is charged separately, to the ranks that make them.
        let calibration = ComputeCalibration(
            network: task.network, data: training,
            initialParameters: task.network.initialParameters(plan.initialization, seeds: SeedSequence(plan.seeds[0])),
            optimizer: optimizer.kind.isAdaptive ? .sgd() : optimizer, mayFuseUpdate: !optimizer.kind.isAdaptive)
        return calibration.measure(batchSizes: sizes)
    }
}
