public import Datasets
public import Experiments
import Locking

/// Makes the trials of a study: those with one number of all strategies side by side, as one ``Experiment`` with all seeds,
/// so that what holds for experiments - the same data, start and samples - holds for trials, too.
///
/// Each rung of successive halving trains from the start again, since a schedule depends on how long it is, and is charged
/// in full.
public struct Study: Sendable {
    public let plan: StudyPlan
    private let data: DataDirectory

    /// Checks all trials as far as that is possible without data.
    /// - Throws: ``ExperimentError``, or what the initial parameters' file is wrong with.
    public init(_ plan: StudyPlan, data: DataDirectory) throws {
        self.plan = plan
        self.data = data
        _ = try Experiment(try plan.experiment(plan.trials), data: data)
    }

    /// What happens while a study runs; called on whichever thread it happens.
    public struct Callbacks: Sendable {
        public var began: @Sendable (Experiment.RunIdentity, StudyTrial) -> Void
        /// The share of the run's samples that are done.
        public var evaluated: @Sendable (_ share: Double) -> Void
        public var finished: @Sendable (Experiment.RunIdentity, StudyTrial, RunRecord) -> Void

        public init(
            began: @escaping @Sendable (Experiment.RunIdentity, StudyTrial) -> Void = { _, _ in },
            evaluated: @escaping @Sendable (Double) -> Void = { _ in },
            finished: @escaping @Sendable (Experiment.RunIdentity, StudyTrial, RunRecord) -> Void = { _, _, _ in }
        ) {
            self.began = began
            self.evaluated = evaluated
            self.finished = finished
        }
    }

    /// Runs everything.
    ///
    /// - Parameters:
    ///   - update: called with all results so far after every run.
    ///   - save: the same after every trial, when it is finished for all strategies and seeds.
    public func run(
        machine: MachineDescription, callbacks: Callbacks = Callbacks(),
        update: @escaping @Sendable (StudyResults) -> Void = { _ in }, save: (StudyResults) throws -> Void = { _ in }
    ) throws -> StudyResults {
        // One compute model for all trials, or else their times would differ by the noise of calibration.
        let all = try Experiment(try plan.experiment(plan.trials), data: data, selection: plan.selection)
        let (model, split) = try all.prepare()
        let results = Guarded(
            StudyResults(
                plan: plan, machine: machine, computeModel: model, trainingSamples: split.training.count,
                selectionSamples: split.test.count, data: split.identity,
                initialParametersSHA256: all.initialParametersSHA256))
        let names = plan.experiment.strategies.map(\.name)
        let rungs = plan.rungs
        let count = rungs.reduce(0) { $0 + $1.trials } * names.count * plan.experiment.seeds.count
        var remaining = names.map(plan.trials(of:))
        for (index, rung) in rungs.enumerated() {
            if index > 0 {
                let sofar = results.withLock { $0 }
                remaining = remaining.map { Self.best(rung.trials, of: $0, rung: index - 1, sofar) }
            }
            for position in 0..<rung.trials {
                let trials = remaining.map { $0[position] }
                let experiment = try Experiment(
                    try plan.experiment(trials, epochs: rung.epochs), data: data, selection: plan.selection,
                    computeModel: model)
                let before = results.withLock { $0.runs.count }
                _ = try experiment.run(
                    machine: machine,
                    callbacks: self.callbacks(callbacks, trials, before: before, count: count) { run, trial, record in
                        update(
                            results.withLock { results in
                                let plan = results.plan.experiment
                                results.runs.append(
                                    StudyRun(record, trial: trial.index, rung: index, run.strategy, plan))
                                results.isComplete = results.runs.count == count
                                return results
                            })
                    })
                try save(results.withLock { $0 })
            }
        }
        return results.withLock { $0 }
    }

    /// The best of a rung, in the order in which they were tried.
    static func best(_ count: Int, of trials: [StudyTrial], rung: Int, _ results: StudyResults) -> [StudyTrial] {
        let runs = StudyRunsByTrial(results)
        let outcomes = trials.compactMap { TrialOutcome($0, rung: rung, runs) }
        return outcomes.sorted { $0.isBetter(than: $1) }.prefix(count).map(\.trial).sorted { $0.index < $1.index }
    }

    /// Those of an experiment, told as those of the study.
    private func callbacks(
        _ callbacks: Callbacks, _ trials: [StudyTrial], before: Int, count: Int,
        finished: @escaping @Sendable (Experiment.RunIdentity, StudyTrial, RunRecord) -> Void
    ) -> Experiment.Callbacks {
        let translated: @Sendable (Experiment.RunIdentity) -> (Experiment.RunIdentity, StudyTrial) = { run in
            let trial = trials.first { $0.strategy == run.strategy.name } ?? trials[0]
            let identity = Experiment.RunIdentity(
                strategy: run.strategy, seed: run.seed, repetition: 0, index: before + run.index, count: count)
            return (identity, trial)
        }
        return Experiment.Callbacks(
            began: { run in
                let (run, trial) = translated(run)
                callbacks.began(run, trial)
            },
            evaluated: { _, _, share in callbacks.evaluated(share) },
            finished: { run, record, _, _ in
                let (run, trial) = translated(run)
                finished(run, trial, record)
                callbacks.finished(run, trial, record)
            })
    }
}
