public import Datasets
public import Experiments
internal import Tasks
import Training

/// Makes the trials of a study: those with one number of all strategies side by side, as one ``Experiment`` with all seeds,
/// so that what holds for experiments - the same data, start and samples - holds for trials, too.
///
/// Each rung of successive halving trains from the start again, since a schedule depends on how long it is, and is charged
/// in full.
public struct Study: Sendable {
    /// What is searched for.
    public let plan: StudyPlan
    /// All trials' runs, to be checked together and measured with one compute model.
    private let whole: Experiment

    /// Checks all trials as far as that is possible without data.
    /// - Throws: ``ExperimentError``, or what the initial parameters' file is wrong with.
    public init(_ plan: StudyPlan, data: DataDirectory) throws {
        self.plan = plan
        whole = try Experiment(try plan.experiment(plan.trials), data: data, selection: plan.selection)
    }

    /// What happens while a study runs; called on whichever thread it happens, of runs that are made side by side at any time.
    public struct Callbacks: Sendable {
        /// A trial's run begins.
        public var began: @Sendable (Experiment.RunIdentity, StudyTrial) -> Void
        /// The share of the run's samples that are done.
        public var evaluated: @Sendable (Experiment.RunIdentity, _ share: Double) -> Void
        /// What was measured there, for a log.
        package var measured: @Sendable (Experiment.RunIdentity, TrainingRun.Evaluation, _ share: Double) -> Void = {
            _, _, _ in
        }
        /// A trial's run is finished.
        public var finished: @Sendable (Experiment.RunIdentity, StudyTrial, RunRecord) -> Void

        /// Nothing is called that is not named.
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

    /// Runs everything: rung after rung, and the runs of a rung, whatever their trial, as many side by side as the plan says.
    ///
    /// - Parameters:
    ///   - update: called with all results so far after every run.
    ///   - save: the same after every trial, when it is finished for all strategies and seeds.
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

    /// The best of a rung, in the order in which they were tried.
    static func best(_ count: Int, of trials: [StudyTrial], rung: Int, _ results: StudyResults) -> [StudyTrial] {
        let runs = StudyRunsByTrial(results)
        let outcomes = trials.compactMap { TrialOutcome($0, rung: rung, runs) }
        return outcomes.sorted { $0.isBetter(than: $1) }.prefix(count).map(\.trial).sorted { $0.index < $1.index }
    }
}
