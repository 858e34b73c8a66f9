import Cluster
public import Datasets
import Diagnostics
import Fabrics
public import Foundation
internal import Host
import Kernel
import Randomness
public import Tasks
public import Training

/// Runs the strategies of a plan, seed by seed, on the same task with the same initial parameters and samples.
public struct Experiment: Sendable {
    public private(set) var plan: ExperimentPlan
    public let task: TrainingTask
    private let data: DataDirectory
    private let startFile: StartFile?
    private let selection: SelectionSet
    private let givenModel: ComputeModel?

    /// Checks the plan as far as that is possible without data.
    ///
    /// - Parameters:
    ///   - selection: what accuracy is measured on.
    ///   - computeModel: for simulated machines; nil to find it out as the plan says.
    /// - Throws: ``ExperimentError``, or what the initial parameters' file is wrong with.
    public init(
        _ plan: ExperimentPlan, data: DataDirectory, selection: SelectionSet = .test, computeModel: ComputeModel? = nil
    ) throws {
        self.data = data
        self.selection = selection
        givenModel = computeModel
        task = try TrainingTask.named(plan.task)
        startFile = try plan.initialParametersFile.map {
            try StartFile($0, of: TrainingTask.named(plan.task))
        }
        if plan.compute != "calibrated" { _ = try DeviceProfile.named(plan.compute) }
        _ = try plan.measuredCompute()
        try Self.check(plan)
        let network = task.network
        var plan = plan
        let seeds = SeedSequence(plan.seeds[0])
        plan.strategies = try plan.strategies.map { try $0.choosingAllReduce(of: network, seeds: seeds) }
        self.plan = plan
    }

    /// SHA-256 of the file that training starts from, in hexadecimal, as it was when this was made; nil without one.
    public var initialParametersSHA256: String? { startFile?.sha256 }

    /// Checks what needs neither data nor files: batches, workers and ranks, and the memory of this machine and of the
    /// cluster's.
    ///
    /// - Parameter memoryBytes: what this process may use of this machine's.
    package static func check(
        _ plan: ExperimentPlan, memoryBytes: UInt64 = UsableMemory.bytes
    ) throws(ExperimentError) {
        let parameterCount = try TrainingTask.named(plan.task).network.parameterCount
        try plan.checkDropouts()
        for strategy in plan.strategies {
            try check(strategy)
            let vectors = try description(of: strategy).make(strategy.configuration).vectorCount
            let (bytes, memory) = (Double(vectors) * Double(parameterCount) * 4, Double(memoryBytes))
            guard bytes < memory else {
                throw ExperimentError(
                    """
                    \(strategy.name): \(vectors) vectors of \(parameterCount) parameters take \(Format.bytes(bytes)); this \
                    machine has \(Format.bytes(memory)) of memory
                    """)
            }
            try strategy.checkMemory(try TrainingTask.named(plan.task).network, seeds: plan.seeds)
        }
    }

    /// Which run it is of how many.
    public struct RunIdentity: Hashable, Sendable {
        public let strategy: StrategyPlan
        public let seed: UInt64
        /// 0 for the run whose results count; the others are made for their time.
        public let repetition: Int
        public let index: Int
        public let count: Int
        /// Updates of the model that an earlier process made; 0 for a run from its beginning.
        public internal(set) var resumedAfter = 0

        package init(strategy: StrategyPlan, seed: UInt64, repetition: Int, index: Int, count: Int) {
            self.strategy = strategy
            self.seed = seed
            self.repetition = repetition
            self.index = index
            self.count = count
        }
    }

    /// What happens while an experiment runs; called on whichever thread it happens.
    public struct Callbacks: Sendable {
        public var began: @Sendable (RunIdentity) -> Void
        /// A model was evaluated; the share of the run's samples that are done.
        public var evaluated: @Sendable (RunIdentity, TrainingRun.Evaluation, _ share: Double) -> Void
        /// A run is finished, with the mean loss of each of its steps and its last parameters.
        public var finished: @Sendable (RunIdentity, RunRecord, _ stepLosses: [Double], FinalParameters?) throws -> Void
        /// The experiment goes on from what an earlier process had finished.
        public var resumed: @Sendable (Results) throws -> Void = { _ in }
        /// A simulated run begins: what is to be told of all that its ranks do, if anything.
        package var tracing: @Sendable (RunIdentity) throws -> TraceRecorder? = { _ in nil }
        /// The schedule of a finished simulated run; nil where it follows from times, or is too long.
        package var scheduled: @Sendable (RunIdentity, Schedule?) throws -> Void = { _, _ in }

        public init(
            began: @escaping @Sendable (RunIdentity) -> Void = { _ in },
            evaluated: @escaping @Sendable (RunIdentity, TrainingRun.Evaluation, Double) -> Void = { _, _, _ in },
            finished: @escaping @Sendable (RunIdentity, RunRecord, [Double], FinalParameters?) throws -> Void = {
                _, _, _, _ in
            }
        ) {
            self.began = began
            self.evaluated = evaluated
            self.finished = finished
        }
    }

    /// Runs everything. Seeds are the outer loop, so that strategies that are compared run close to each other in time,
    /// and what is finished early is comparable.
    /// - Parameters:
    ///   - checkpoints: where they go. Runs that an earlier process finished are not made again, and nobody is called for
    ///     them; the one that it was at goes on. Nil for none.
    ///   - update: called with all results so far, at the start and after every run; what it throws ends the experiment.
    public func run(
        machine: MachineDescription, callbacks: Callbacks = Callbacks(), checkpoints: (any CheckpointStore)? = nil,
        update: @Sendable (Results) throws -> Void = { _ in }
    ) throws -> Results {
        let (model, firstSplit) = try prepare(checkpoints?.resumed?.results.computeModel)
        var experiment = self
        experiment.plan = try plan.fitted(toTrainingSamples: firstSplit.training.count)
        return try experiment.run(
            firstSplit, model, machine: machine, callbacks: callbacks, checkpoints: checkpoints, update: update)
    }

    /// Runs everything, of a plan that is fitted to the data.
    private func run(
        _ firstSplit: TrainTestSplit, _ model: ComputeModel, machine: MachineDescription, callbacks: Callbacks,
        checkpoints: (any CheckpointStore)?, update: @Sendable (Results) throws -> Void
    ) throws -> Results {
        let resumed = checkpoints?.resumed
        if let resumed { try firstSplit.identity.check(isThatOf: resumed.results) }
        var results =
            resumed?.results
            ?? Results(
                plan: plan, machine: machine, computeModel: model, trainingSamples: firstSplit.training.count,
                testSamples: firstSplit.test.count, data: firstSplit.identity,
                initialParametersSHA256: initialParametersSHA256, tuning: task.defaults.tuning)
        try update(results)
        let finishedBefore = resumed?.finishedRuns ?? 0
        let isShared = plan.strategies.contains { $0.fabric == .mpi }
        if isShared { try JobContents.agree(firstSplit, start: initialParameters(SeedSequence(plan.seeds[0]))) }
        try checkpoints?.begin(ExperimentState(finishedRuns: finishedBefore, results: results))
        if resumed != nil { try callbacks.resumed(results) }
        if isShared { _ = try RunStart.shareFinished(finishedBefore) }
        let host = Host(plan, task.network)
        try forEachRun(after: finishedBefore, firstSplit) { identity, split in
            var identity = identity
            let start = try checkpoints?.latest(of: identity)
            if isShared { _ = try RunStart.shared(RunStart(interval: checkpoints?.interval, state: start)) }
            identity.resumedAfter = start?.position.round ?? 0
            callbacks.began(identity)
            let (record, run) = try run(identity, split, model, host, callbacks, checkpoints, from: start)
            let finished = identity.index + 1
            try results.add(record, repetition: identity.repetition, of: identity.strategy)
            results.isComplete = finished == identity.count
            try update(results)
            try callbacks.finished(
                identity, record, run.stepLosses,
                run.finalParameters.map { FinalParameters(layout: task.network.layout, parameters: $0) })
            try checkpoints?.finish(
                identity, stepLosses: run.stepLosses, ExperimentState(finishedRuns: finished, results: results))
        }
        return results
    }

    /// Calls `body` for every run but the first `finished`, in the experiment's order, with its data.
    private func forEachRun(
        after finished: Int, _ firstSplit: TrainTestSplit, _ body: (RunIdentity, TrainTestSplit) throws -> Void
    ) throws {
        let count = plan.repetitions * plan.seeds.count * plan.strategies.count
        var index = 0
        // Repetitions are the outermost loop: what disturbs the machine for a while then disturbs all strategies a little.
        for repetition in 0..<plan.repetitions {
            for (seedIndex, seed) in plan.seeds.enumerated() {
                // A sixth to choose on is drawn by the seed, whatever the task.
                let isFirst = seedIndex == 0 || task.hasFixedSplit && selection == .test
                let split = isFirst ? firstSplit : try load(seed: seed)
                try split.identity.check(isStill: firstSplit.identity)
                for strategy in plan.strategies {
                    defer { index += 1 }
                    guard index >= finished else { continue }
                    let identity = RunIdentity(
                        strategy: strategy, seed: seed, repetition: repetition, index: index, count: count)
                    try body(identity, split)
                }
            }
        }
    }

    /// What all runs of an experiment share of this machine.
    private struct Host {
        let pool: HostPool
        let workspaces: WorkspacePool
        /// By the number of threads.
        let controls: [Int: HostControl]

        init(_ plan: ExperimentPlan, _ network: Network) {
            pool = HostPool(threads: plan.hostThreads)
            workspaces = WorkspacePool(for: network)
            let threads = Set(plan.strategies.map { Self.threads($0, plan) })
            controls = Dictionary(uniqueKeysWithValues: threads.map { ($0, HostControl(threads: $0)) })
        }

        func control(of strategy: StrategyPlan, _ plan: ExperimentPlan) -> HostControl {
            let threads = Self.threads(strategy, plan)
            return controls[threads] ?? HostControl(threads: threads)
        }

        /// As many as the strategy keeps busy, but no more than there are cores to use.
        private static func threads(_ strategy: StrategyPlan, _ plan: ExperimentPlan) -> Int {
            let ranks = strategy.description?.make(strategy.configuration).rankCount ?? 1
            return max(1, min(UsableCores.count, strategy.fabric == .simulated ? min(plan.hostThreads, ranks) : ranks))
        }
    }

    private func run(
        _ identity: RunIdentity, _ split: TrainTestSplit, _ model: ComputeModel, _ host: Host, _ callbacks: Callbacks,
        _ checkpoints: (any CheckpointStore)?, from start: RunState?
    ) throws -> (RunRecord, TrainingRun.Record) {
        let (plan, seed) = (identity.strategy, identity.seed)
        let clock = RunClock(host.control(of: plan, self.plan))
        clock.measure()
        let hostStart = ContinuousClock.now
        let controlsBefore = clock.spentSeconds
        let hostSeconds: @Sendable () -> Double = {
            (start?.hostSeconds ?? 0) + (ContinuousClock.now - hostStart).inSeconds
                - (clock.spentSeconds - controlsBefore)
        }
        let seeds = SeedSequence(seed)
        let strategy = try Self.description(of: plan).make(plan.configuration)
        let nodes = plan.nodes(strategy, seeds)
        let budget = plan.configuration.epochs * Double(split.training.count)
        let fabric = try fabric(plan, strategy, nodes, seeds, model, host.pool, from: start?.fabric)
        let run = trainingRun(
            plan, strategy, nodes, seeds, split, host.workspaces,
            checkpoints: checkpoints.map { store in
                RunCheckpoints(
                    interval: store.interval, start: start, resumption: .init(strategy, on: fabric)
                ) { state in
                    var state = state
                    state.hostSeconds = hostSeconds()
                    try store.write(state, of: identity)
                }
            },
            onEvaluation: {
                callbacks.evaluated(identity, $0, min(1, Double($0.samples) / budget))
                clock.evaluated(clusterSeconds: $0.clusterSeconds)
            })
        let observed = try ObservedRun(fabric, strategy, identity, callbacks)
        let report = try observed.run(program(strategy, run, plan, seed))
        let result = run.result
        let spent = hostSeconds()
        clock.measure()

        let account = TimeAccount(
            ofOneWorker: report.accounts, strategy, leftOut: result.memoryShortage?.ranks ?? 0)
        let ending = RunRecord.ending(of: run, report, strategy)
        var record = RunRecord(
            strategy: plan.name, seed: seed, outcome: ending.outcome,
            evaluations: result.evaluations, clusterSeconds: report.seconds.toTheNanosecond,
            computeSeconds: account.computeSeconds.toTheNanosecond,
            communicationSeconds: account.communicationSeconds.toTheNanosecond,
            idleSeconds: max(0, report.seconds - account.computeSeconds - account.communicationSeconds).toTheNanosecond,
            hiddenCommunicationSeconds: account.hiddenCommunicationSeconds.toTheNanosecond,
            hostSeconds: spent.toTheNanosecond,
            serverComputeSeconds: strategy.serverRank.map { report.accounts[$0].computeSeconds.toTheNanosecond },
            traffic: RunRecord.Traffic(report.ledger, ranks: strategy.rankCount, server: strategy.serverRank),
            partitionSkew: result.partitionSkew,
            timings: [
                RunRecord.Timing(
                    clusterSeconds: report.seconds.toTheNanosecond, hostSeconds: spent.toTheNanosecond,
                    control: clock.control,
                    // Of a run that was resumed, what lies between two evaluations is not what others have there.
                    segmentSeconds: start == nil ? clock.segments(isMeasured: plan.fabric.isMeasured) : [])
            ], devices: devices(nodes, report, plan, strategy, result, seeds), memoryShortage: result.memoryShortage)
        record.stoppedBy = ending.stoppedBy
        if !report.departures.isEmpty { record.departures = report.departures }
        if result.lostSamples > 0 { record.lostSamples = result.lostSamples }
        if !result.nodes.isEmpty { record.nodeEvaluations = result.nodes.map(\.evaluations) }
        record.waitingSeconds =
            observed.waitingSeconds(account, strategy, leftOut: result.memoryShortage?.ranks ?? 0)?.toTheNanosecond
        record.leastIdleSeconds = report.leastIdleSeconds(strategy)?.toTheNanosecond
        if identity.repetition == 0 {
            try callbacks.scheduled(identity, observed.schedule)
            record.attribution = observed.attribution(report, seeds: self.plan.seeds.count)
        }
        try FairComparison.check(record, plan, budget: run.sampleBudget, trainingSamples: split.training.count)
        return (record, result)
    }

    private func trainingRun(
        _ plan: StrategyPlan, _ strategy: any Strategy, _ nodes: [Node], _ seeds: SeedSequence, _ split: TrainTestSplit,
        _ workspaces: WorkspacePool, checkpoints: RunCheckpoints?,
        onEvaluation: @escaping @Sendable (TrainingRun.Evaluation) -> Void
    ) -> TrainingRun {
        TrainingRun(
            network: task.network, data: split, configuration: plan.configuration,
            initialParameters: initialParameters(seeds),
            seeds: seeds, shuffles: self.plan.shuffles, ranks: strategy.rankCount, workspaces: workspaces,
            mayStop: plan.cluster?.dropouts != nil, memoryBytes: nodes.map(\.memoryBytes), checkpoints: checkpoints,
            onEvaluation: onEvaluation)
    }

    private func initialParameters(_ seeds: SeedSequence) -> ParameterVector {
        startFile?.parameters ?? task.network.initialParameters(plan.initialization, seeds: seeds)
    }

    /// What the other processes of an MPI job do while the first one runs the experiment: in every run the ranks that are
    /// placed in them. They keep no records, and learn from the first one where runs begin.
    public func follow() throws {
        try BLAS.useOneThreadPerCaller()
        let workspaces = WorkspacePool(for: task.network)
        let firstSplit = try load(seed: plan.seeds[0])
        try plan.checkTuning(on: firstSplit.identity)
        try checkPartitions(firstSplit.training)
        var experiment = self
        experiment.plan = try plan.fitted(toTrainingSamples: firstSplit.training.count)
        try experiment.follow(firstSplit, workspaces)
    }

    private func follow(_ firstSplit: TrainTestSplit, _ workspaces: WorkspacePool) throws {
        try JobContents.agree(firstSplit, start: initialParameters(SeedSequence(plan.seeds[0])))
        try forEachRun(after: RunStart.shareFinished(0), firstSplit) { identity, split in
            let (plan, seed) = (identity.strategy, identity.seed)
            let start = try RunStart.shared(nil)
            let strategy = try Self.description(of: plan).make(plan.configuration)
            let fabric = try plan.mpiFabric(strategy, from: start.state?.fabric)
            let run = trainingRun(
                plan, strategy, [], SeedSequence(seed), split, workspaces,
                checkpoints: start.interval.map {
                    RunCheckpoints(interval: $0, start: start.state, resumption: .init(strategy, on: fabric)) { _ in }
                }, onEvaluation: { _ in })
            _ = try fabric.run(program(strategy, run, plan, seed))
        }
    }

    /// - Throws: ``ExperimentError`` where no client has the memory for it.
    private func program(
        _ strategy: any Strategy, _ run: TrainingRun, _ plan: StrategyPlan, _ seed: UInt64
    ) throws -> RankProgram {
        do {
            return try strategy.program(for: run)
        } catch let error as MemoryError {
            throw plan.noClientLeft(error.shortage, seed: seed)
        }
    }

    private func devices(
        _ nodes: [Node], _ report: FabricReport, _ plan: StrategyPlan, _ strategy: any Strategy,
        _ result: TrainingRun.Record, _ seeds: SeedSequence
    ) -> DrawnDevices? {
        guard let cluster = plan.cluster, plan.fabric != .threads else { return nil }
        let leftOut = Set(result.ranksLeftOut)
        let workers = nodes.indices.filter { $0 != strategy.serverRank && !leftOut.contains($0) }
        return DrawnDevices(
            nodes, report.accounts, workers: workers, cluster,
            stragglers: cluster.stragglerCount(among: workers, seeds: seeds), departures: report.departures)
    }

    private func fabric(
        _ plan: StrategyPlan, _ strategy: any Strategy, _ nodes: [Node], _ seeds: SeedSequence, _ model: ComputeModel,
        _ pool: HostPool, from start: FabricSnapshot?
    ) throws -> any Fabric {
        if plan.fabric == .mpi { return try plan.mpiFabric(strategy, from: start) }
        guard let cluster = plan.cluster, plan.fabric != .threads else {
            return try ThreadFabric(ranks: strategy.rankCount, from: start)
        }
        guard plan.fabric == .emulated else { return plan.simulatedFabric(cluster, strategy, seeds, model, pool) }
        return try ThreadFabric(
            ranks: strategy.rankCount,
            emulating: ThreadFabric.Emulation(
                nodes: nodes, jitter: cluster.jitter, compute: model,
                allReduce: plan.allReduceInUse, allReduceByLength: plan.allReduceByLength,
                groups: cluster.groups(ranks: strategy.rankCount), seeds: seeds), from: start)
    }

    // MARK: What a run needs

    /// The first seed's data, checked against the plan, and the times that simulated machines compute with.
    ///
    /// - Parameter restored: of an experiment that goes on; nil to find it out.
    package func prepare(_ restored: ComputeModel? = nil) throws -> (model: ComputeModel, split: TrainTestSplit) {
        try BLAS.useOneThreadPerCaller()
        let split = try load(seed: plan.seeds[0])
        try plan.checkTuning(on: split.identity)
        try checkPartitions(split.training)
        return (try givenModel ?? restored ?? computeModel(split.training), split)
    }

    private func load(seed: UInt64) throws -> TrainTestSplit {
        let (split, seeds) = (try task.load(data, SeedSequence(seed), plan.shuffles), SeedSequence(seed))
        return selection == .test ? split : split.holdingOutValidation(seeds: seeds, shuffles: plan.shuffles)
    }

    /// Partitions once, so that options that do not fit the data end the experiment before its first run.
    private func checkPartitions(_ training: Dataset) throws {
        for strategy in plan.strategies where strategy.description?.isFederated == true {
            let federated = strategy.configuration.federated
            let shards = try training.partitioned(
                federated.partition, among: federated.clients, seeds: SeedSequence(plan.seeds[0]),
                shuffles: plan.shuffles)
            try strategy.checkClientMemory(task.network, shards: shards.map(\.count), seed: plan.seeds[0])
        }
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
            sizes += try Self.description(of: strategy).make(strategy.configuration).batchSizes
            let federated = strategy.configuration.federated
            if federated.localBatch == nil { sizes.append(training.count / federated.clients) }
        }
        let calibration = ComputeCalibration(
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
        let configuration = plan.configuration
        if let problem = configuration.problem { throw ExperimentError("\(plan.name): \(problem)") }
        let strategy = try description(of: plan).make(configuration)
        if try !description(of: plan).isFederated, configuration.batch < strategy.workerCount {
            throw ExperimentError(
                """
                \(plan.name): a batch of \(configuration.batch) cannot be split among \(strategy.workerCount) workers; \
                --batch must be at least --workers
                """)
        }
        if let cluster = plan.cluster, plan.fabric != .threads {
            do throws(ClusterFileError) {
                try cluster.validate(ranks: strategy.rankCount)
                try cluster.validate(workers: strategy.workerCount)
                if plan.fabric == .emulated { try cluster.validateEmulation() }
            } catch { throw ExperimentError("\(plan.name): \(error)") }
        }
        if plan.fabric == .threads || plan.fabric == .emulated, strategy.rankCount > maximumThreadRanks {
            throw ExperimentError(
                """
                \(plan.name): \(strategy.rankCount) ranks as threads of this machine; at most \(maximumThreadRanks) can \
                be, more can only be simulated
                """)
        }
    }
}

extension Results {
    /// Takes up a finished run: the first of its strategy and seed whole, of a repetition the times.
    ///
    /// - Throws: ``ExperimentError`` where a repetition has another result, or a strategy another start, than it must.
    mutating func add(_ record: RunRecord, repetition: Int, of plan: StrategyPlan) throws(ExperimentError) {
        guard let index = runs.firstIndex(where: { $0.strategy == record.strategy && $0.seed == record.seed }) else {
            try FairComparison.checkStart(record, runs)
            runs.append(record)
            return
        }
        guard runs[index].hasSameResult(as: record, isMeasured: plan.fabric.isMeasured) else {
            throw ExperimentError(
                """
                \(record.strategy) with seed \(record.seed): repetition \(repetition + 1) has another result than the \
                first; a run must give the same each time
                """)
        }
        runs[index].timings += record.timings
    }
}

extension Strategy {
    /// Workers that work at the same time.
    func workingWorkers(leftOut: Int) -> Int { min(concurrentWorkers, workerCount - leftOut) }
}

extension TimeAccount {
    /// Of a worker that trains, on average over those that do at the same time.
    init(ofOneWorker accounts: [TimeAccount], _ strategy: any Strategy, leftOut: Int) {
        self.init()
        let working = Double(strategy.workingWorkers(leftOut: leftOut))
        for (rank, part) in accounts.enumerated() where rank != strategy.serverRank {
            computeSeconds += part.computeSeconds / working
            communicationSeconds += part.communicationSeconds / working
            hiddenCommunicationSeconds += part.hiddenCommunicationSeconds / working
            waitingSeconds += part.waitingSeconds / working
        }
    }
}

extension Double {
    /// What a clock can tell; no digits behind it in files.
    var toTheNanosecond: Double { (self * 1e9).rounded() / 1e9 }
}

/// A model at the end of a run, to be saved.
public struct FinalParameters: Sendable {
    let layout: ParameterLayout
    let parameters: ParameterVector

    /// The bytes of a safetensors file.
    public func encoded() throws -> Data { try Safetensors.encode(parameters, layout) }
}
