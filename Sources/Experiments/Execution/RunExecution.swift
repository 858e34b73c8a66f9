import Cluster
import Datasets
import Fabrics
import Kernel
import Locking
import Randomness
import Tasks
import Training

/// One run of an experiment: a strategy with one seed on its data, made here or together with other processes.
struct RunExecution {
    let identity: Experiment.RunIdentity
    let strategy: any Strategy
    let seeds: SeedSequence
    let fabrics: FabricFactory
    private let experiment: Experiment
    private let split: TrainTestSplit

    var plan: StrategyPlan { identity.strategy }

    /// - Throws: ``ExperimentError`` where no strategy has the plan's name.
    init(
        _ identity: Experiment.RunIdentity, of experiment: Experiment, on split: TrainTestSplit
    ) throws(ExperimentError) {
        self.identity = identity
        self.experiment = experiment
        self.split = split
        strategy = try identity.strategy.make()
        seeds = SeedSequence(identity.seed)
        fabrics = FabricFactory(identity.strategy, strategy, seeds)
    }

    /// Makes the run, times it, and returns its record.
    ///
    /// - Parameters:
    ///   - checkpoints: where checkpoints go; nil for none.
    ///   - start: the checkpoint to continue from; nil for the beginning.
    func run(
        _ model: ComputeModel, on host: RunHost, _ callbacks: Experiment.Callbacks,
        _ checkpoints: (any CheckpointStore)?, from start: RunState?
    ) throws -> (RunRecord, TrainingRun.Record) {
        let clock = RunClock(host.control(of: plan))
        clock.measure()
        let (began, controlsBefore) = (ContinuousClock.now, clock.spentSeconds)
        let hostSeconds: @Sendable () -> Double = {
            (start?.hostSeconds ?? 0) + (ContinuousClock.now - began).inSeconds - (clock.spentSeconds - controlsBefore)
        }
        let budget = plan.configuration.epochs * Double(split.training.count)
        let fabric = try fabrics.fabric(model, host.pool, from: start?.fabric)
        let run = trainingRun(
            host.workspaces,
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
        let observed = try ObservedRun(fabric, self, callbacks)
        let report = try observed.run(program(run))
        let spent = hostSeconds()
        clock.measure()

        let timing = RunRecord.Timing(
            clusterSeconds: report.seconds.toTheNanosecond, hostSeconds: spent.toTheNanosecond, control: clock.control,
            // Segments of a resumed run cannot be compared with those of an uninterrupted one.
            segmentSeconds: start == nil ? clock.segments(isMeasured: plan.fabric.isMeasured) : [])
        var record = RunRecord(run, report, observed, timing)
        if identity.repetition == 0 {
            try callbacks.scheduled(identity, observed.schedule)
            record.attribution = observed.attribution(report, seeds: experiment.plan.seeds.count)
        }
        try FairComparison.check(record, plan, budget: run.sampleBudget, trainingSamples: split.training.count)
        return (record, run.result)
    }

    /// Takes this process's part in a run that the first process of an MPI job makes, and keeps no record of it.
    func follow(from start: RunStart, _ workspaces: WorkspacePool) throws {
        let fabric = try fabrics.mpi(from: start.state?.fabric)
        let run = trainingRun(
            workspaces,
            checkpoints: start.interval.map {
                RunCheckpoints(interval: $0, start: start.state, resumption: .init(strategy, on: fabric)) { _ in }
            }, onEvaluation: { _ in })
        _ = try fabric.run(program(run))
    }

    private func trainingRun(
        _ workspaces: WorkspacePool, checkpoints: RunCheckpoints?,
        onEvaluation: @escaping @Sendable (TrainingRun.Evaluation) -> Void
    ) -> TrainingRun {
        TrainingRun(
            network: experiment.task.network, data: split, configuration: plan.configuration,
            initialParameters: experiment.initialParameters(seeds),
            initialization: experiment.plan.initialization, seeds: seeds, shuffles: experiment.plan.shuffles,
            ranks: strategy.rankCount, workspaces: workspaces, metric: experiment.plan.metric,
            mayStop: plan.cluster?.dropouts != nil,
            memoryBytes: fabrics.nodes.map(\.memoryBytes), checkpoints: checkpoints, onEvaluation: onEvaluation)
    }

    /// - Throws: ``ExperimentError`` where no client has the memory for it.
    private func program(_ run: TrainingRun) throws -> RankProgram {
        do {
            return try strategy.program(for: run)
        } catch let error as MemoryError {
            throw plan.noClientLeft(error.shortage, seed: identity.seed)
        }
    }
}
