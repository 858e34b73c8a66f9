public import Datasets
public import Experiments
internal import Tasks
import Training

/// Makes the trials of a study. Trials with the same number, one of each strategy, are one ``Experiment`` with all
/// seeds, so that the guarantees of experiments - the same data, start and samples - hold for trials as well.
///
/// Each rung of successive halving trains from the start again, since a schedule depends on how long it is, and is charged
/// in full.
public struct Study: Sendable {
    /// What is searched for.
    public let plan: StudyPlan
    /// The experiment of all trials, which checks them together and measures one compute model for them.
    private let whole: Experiment

    /// Checks all trials as far as that is possible without data.
    ///
    /// - Throws: ``ExperimentError``, or what is wrong with the file of initial parameters.
    public init(_ plan: StudyPlan, data: DataDirectory) throws {
        self.plan = plan
        whole = try Experiment(try plan.experiment(plan.trials), data: data, selection: plan.selection)
    }

    /// What is called while a study runs, on the thread on which it happens. Calls for runs that are made side by side
    /// can come at any time.
    public struct Callbacks: Sendable {
        /// A trial's run begins.
        public var began: @Sendable (Experiment.RunIdentity, StudyTrial) -> Void
        /// A model was evaluated; `share` is the part of the run's samples that are done, 0 to 1.
        public var evaluated: @Sendable (Experiment.RunIdentity, _ share: Double) -> Void
        /// A model was evaluated, with its evaluation, for a log.
        package var measured: @Sendable (Experiment.RunIdentity, TrainingRun.Evaluation, _ share: Double) -> Void = {
            _, _, _ in
        }
        /// A trial's run is finished.
        public var finished: @Sendable (Experiment.RunIdentity, StudyTrial, RunRecord) -> Void

        /// Callbacks that are not given do nothing.
        public init(
            began: @escaping @Sendable (Experiment.RunIdentity, StudyTrial) -> Void = { _, _ in },
            evaluated: @escaping @Sendable (Experiment.RunIdentity, Double) -> Void = { _, _ in },
            finished: @escaping @Sendable (Experiment.RunIdentity, StudyTrial, RunRecord) -> Void = { _, _, _ in }
        ) {
            self.began = began
            self.evaluated = evaluated
            self.finished = finished
        }
    }

    /// Runs everything, rung after rung. The runs of a rung, whatever their trial, are made side by side, as many as
    /// the plan says.
    ///
    /// - Parameters:
    ///   - update: called with all results so far after every run.
    ///   - save: called with all results so far after every trial that is finished for all strategies and seeds; an
    ///     error that it throws ends the study.
    public func run(
        machine: MachineDescription, callbacks: Callbacks = Callbacks(),
        update: @escaping @Sendable (StudyResults) -> Void = { _ in },
        save: @escaping @Sendable (StudyResults) throws -> Void = { _ in }
    ) throws -> StudyResults {
        // One compute model for all trials, or else their times would differ by the noise of calibration.
        let (model, split) = try whole.prepare()
        let progress = StudyInProgress(
            whole, model,
            StudyResults(
                plan: plan, machine: machine, computeModel: model, trainingSamples: split.training.count,
                selectionSamples: split.test.count, data: split.identity,
                initialParametersSHA256: whole.initialParametersSHA256), callbacks, update: update, save: save)
        var remaining = plan.experiment.strategies.map { plan.trials(of: $0.name) }
        for (index, rung) in plan.rungs.enumerated() {
            if index > 0 {
                let sofar = progress.results
                remaining = remaining.map { Self.best(rung.trials, of: $0, rung: index - 1, sofar) }
            }
            try progress.make((0..<rung.trials).map { position in remaining.map { $0[position] } }, rung: index)
        }
        return progress.results
    }

    /// The best trials of a rung, in the order in which they were tried.
    static func best(_ count: Int, of trials: [StudyTrial], rung: Int, _ results: StudyResults) -> [StudyTrial] {
        let runs = StudyRunsByTrial(results)
        let outcomes = trials.compactMap { TrialOutcome($0, rung: rung, runs) }
        return outcomes.sorted { $0.isBetter(than: $1) }.prefix(count).map(\.trial).sorted { $0.index < $1.index }
    }
}
