internal import Cluster
internal import Experiments
import Locking
import Training

/// A study whose runs are being made, with its results so far.
///
/// The trials of all strategies at one position of a rung are one experiment, which begins when its first run does.
final class StudyInProgress: Sendable {
    private struct State {
        var results: StudyResults
        var places = TakenPlaces()
        /// Experiments that have begun and are not finished, by position.
        var experiments: [Int: ExperimentInProgress] = [:]
        var finishedRuns: [Int: Int] = [:]
    }

    private let whole: Experiment
    private let model: ComputeModel
    private let callbacks: Study.Callbacks
    private let update: @Sendable (StudyResults) -> Void
    private let save: @Sendable (StudyResults) throws -> Void
    private let state: Guarded<State>
    /// Held while an experiment begins, so that it begins only once.
    private let beginning = Guarded(())

    /// - Parameters:
    ///   - whole: the experiment of all trials.
    ///   - results: results without runs.
    init(
        _ whole: Experiment, _ model: ComputeModel, _ results: StudyResults, _ callbacks: Study.Callbacks,
        update: @escaping @Sendable (StudyResults) -> Void, save: @escaping @Sendable (StudyResults) throws -> Void
    ) {
        (self.whole, self.model, self.callbacks, self.update, self.save) = (whole, model, callbacks, update, save)
        state = Guarded(State(results: results))
    }

    var results: StudyResults { state.withLock { $0.results } }

    /// Makes all runs of a rung, after all runs of earlier rungs.
    ///
    /// - Parameter trials: the trials at each position, one of each strategy.
    func make(_ trials: [[StudyTrial]], rung index: Int) throws {
        let sofar = results
        let plan = sofar.plan
        let rung = Rung(
            index: index, epochs: plan.rungs[index].epochs, trials: trials, finishedBefore: sofar.runs.count,
            runsOfTrial: plan.experiment.strategies.count * plan.experiment.seeds.count, machine: sofar.machine)
        let isAlone = trials.flatMap { _ in plan.experiment.runs.map(\.isAlone) }
        try SideBySide.run(isAlone, by: RunHost.all(for: plan.experiment, whole.task.network)) { host, run in
            let (position, index) = run.quotientAndRemainder(dividingBy: rung.runsOfTrial)
            let experiment = try self.experiment(position, rung)
            try experiment.make(experiment.runs[index], on: host)
            try self.finish(position, rung)
        }
    }

    private struct Rung {
        let index: Int
        let epochs: Double
        let trials: [[StudyTrial]]
        /// How many runs the earlier rungs had.
        let finishedBefore: Int
        let runsOfTrial: Int
        let machine: MachineDescription
    }

    private func experiment(_ position: Int, _ rung: Rung) throws -> ExperimentInProgress {
        try beginning.withLock { _ in
            if let begun = state.withLock({ $0.experiments[position] }) { return begun }
            let plan = try results.plan.experiment(rung.trials[position], epochs: rung.epochs)
            let begun = try Experiment(plan, like: whole, computeModel: model).begin(
                machine: rung.machine, callbacks: runCallbacks(position, rung))
            state.withLock { $0.experiments[position] = begun }
            return begun
        }
    }

    /// Counts a run that has ended; saves the results when it was the last run of its position.
    private func finish(_ position: Int, _ rung: Rung) throws {
        try state.withLock { state in
            state.finishedRuns[position, default: 0] += 1
            guard state.finishedRuns[position] == rung.runsOfTrial else { return }
            state.experiments[position] = nil
            state.finishedRuns[position] = nil
            try save(state.results)
        }
    }

    /// Callbacks of an experiment that report its runs as runs of the study.
    private func runCallbacks(_ position: Int, _ rung: Rung) -> Experiment.Callbacks {
        let trials = rung.trials[position]
        let first = rung.finishedBefore + position * rung.runsOfTrial
        let count = results.plan.runCount
        let translated: @Sendable (Experiment.RunIdentity) -> (Experiment.RunIdentity, StudyTrial) = { run in
            let trial = trials.first { $0.strategy == run.strategy.name } ?? trials[0]
            let identity = Experiment.RunIdentity(
                strategy: run.strategy, seed: run.seed, repetition: 0, index: first + run.index, count: count)
            return (identity, trial)
        }
        return Experiment.Callbacks(
            began: { [callbacks] run in
                let (run, trial) = translated(run)
                callbacks.began(run, trial)
            },
            evaluated: { [callbacks] run, point, share in
                let run = translated(run).0
                callbacks.evaluated(run, share)
                callbacks.measured(run, point, share)
            },
            finished: { [self] run, record, _, _ in
                let (run, trial) = translated(run)
                take(record, of: run, trial, rung: rung.index)
                callbacks.finished(run, trial, record)
            })
    }

    private func take(_ record: RunRecord, of run: Experiment.RunIdentity, _ trial: StudyTrial, rung: Int) {
        state.withLock { state in
            let plan = state.results.plan.experiment
            state.results.runs.insert(
                StudyRun(record, trial: trial.index, rung: rung, run.strategy, plan), at: state.places.take(run.index))
            state.results.isComplete = state.results.runs.count == run.count
            update(state.results)
        }
    }
}

extension StudyPlan {
    /// How many runs all trials, seeds and rungs have.
    fileprivate var runCount: Int {
        rungs.reduce(0) { $0 + $1.trials } * experiment.strategies.count * experiment.seeds.count
    }
}
