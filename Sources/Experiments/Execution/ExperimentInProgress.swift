import Cluster
import Datasets
import Fabrics
import Kernel
import Locking
import Training

/// An experiment whose runs are being made, each by the thread that asks for it, with its results so far.
package final class ExperimentInProgress: Sendable {
    private struct State {
        /// Results of all runs that have ended.
        var results: GrowingResults
        /// Results of the runs before the first unfinished one: what a checkpoint holds.
        var saved: GrowingResults
        var finishes = InOrder<Finish>()
    }

    private struct Finish {
        let run: Experiment.RunIdentity
        let record: RunRecord
        let stepLosses: [Double]
    }

    /// The runs that are still to be made, in the experiment's order.
    package let runs: [Experiment.RunIdentity]
    private let experiment: Experiment
    private let model: ComputeModel
    private let callbacks: Experiment.Callbacks
    private let checkpoints: SerialCheckpoints?
    private let update: @Sendable (Results) throws -> Void
    private let state: Guarded<State>

    /// - Parameters:
    ///   - experiment: its plan is fitted to its data.
    ///   - results: empty, or the results of an experiment that continues.
    ///   - finished: how many runs, from the first, are in the results.
    init(
        _ experiment: Experiment, _ model: ComputeModel, _ results: Results, finished: Int,
        _ callbacks: Experiment.Callbacks, _ checkpoints: (any CheckpointStore)?,
        _ update: @escaping @Sendable (Results) throws -> Void
    ) {
        self.experiment = experiment
        self.model = model
        self.callbacks = callbacks
        self.checkpoints = checkpoints.map(SerialCheckpoints.init)
        self.update = update
        runs = Array(experiment.plan.runs.dropFirst(finished))
        let growing = GrowingResults(results, finished: finished)
        state = Guarded(State(results: growing, saved: growing, finishes: InOrder(from: finished)))
    }

    /// Results of all runs that have ended so far.
    package var results: Results { state.withLock { $0.results.results } }

    /// Makes all runs, as many side by side as the plan says.
    func makeAll() throws {
        let hosts = RunHost.all(for: experiment.plan, experiment.task.network)
        try SideBySide.run(runs.map(\.isAlone), by: hosts) { host, index in
            try self.make(self.runs[index], on: host)
        }
    }

    /// Makes a run and stores its results.
    package func make(_ run: Experiment.RunIdentity, on host: RunHost) throws {
        let split = try experiment.data.split(seed: run.seed)
        let start = try checkpoints?.latest(of: run)
        if run.strategy.fabric == .mpi {
            _ = try RunStart.shared(RunStart(interval: checkpoints?.interval, state: start))
        }
        var run = run
        run.resumedAfter = start?.position.round ?? 0
        callbacks.began(run)
        let execution = try RunExecution(run, of: experiment, on: split)
        let (record, left) = try host.pool.withCaller {
            try execution.run(model, on: host, callbacks, checkpoints, from: start)
        }
        try take(record, left, of: run)
    }

    private func take(
        _ record: RunRecord, _ left: TrainingRun.Record, of run: Experiment.RunIdentity
    ) throws {
        let layout = experiment.task.network.layout
        try state.withLock { state in
            try state.results.add(record, of: run)
            try update(state.results.results)
            try callbacks.finished(
                run, record, left.stepLosses,
                left.finalParameters.map { FinalParameters(layout: layout, parameters: $0) })
            guard let checkpoints else { return }
            let finish = Finish(run: run, record: record, stepLosses: left.stepLosses)
            for due in state.finishes.add(finish, of: run.index, isLast: true) {
                try state.saved.add(due.record, of: due.run)
                try checkpoints.finish(
                    due.run, stepLosses: due.stepLosses,
                    ExperimentState(finishedRuns: due.run.index + 1, results: state.saved.results))
            }
        }
    }
}

extension ExperimentPlan {
    /// All runs in the experiment's order. Repetitions are the outermost loop: a disturbance of the machine then
    /// affects all strategies a little. Seeds come next, so that strategies that are compared run close to each other
    /// in time, and early results are comparable.
    package var runs: [Experiment.RunIdentity] {
        let count = repetitions * seeds.count * strategies.count
        return (0..<count).map { index in
            Experiment.RunIdentity(
                strategy: strategies[index % strategies.count],
                seed: seeds[index / strategies.count % seeds.count],
                repetition: index / strategies.count / seeds.count, index: index, count: count)
        }
    }
}

extension Experiment.RunIdentity {
    /// Whether the run is measured, so that nothing may be done beside it.
    package var isAlone: Bool { strategy.fabric.isMeasured }
}

/// Lets runs that are made side by side use a store one at a time.
private struct SerialCheckpoints: CheckpointStore {
    private let store: any CheckpointStore
    private let turn = Guarded(())

    init(_ store: any CheckpointStore) { self.store = store }

    var interval: Int { store.interval }
    var resumed: ExperimentState? { store.resumed }

    func begin(_ state: ExperimentState) throws { try turn.withLock { _ in try store.begin(state) } }
    func latest(of run: Experiment.RunIdentity) throws -> RunState? {
        try turn.withLock { _ in try store.latest(of: run) }
    }
    func write(_ state: RunState, of run: Experiment.RunIdentity) throws {
        try turn.withLock { _ in try store.write(state, of: run) }
    }
    func finish(_ run: Experiment.RunIdentity, stepLosses: [Double], _ state: ExperimentState) throws {
        try turn.withLock { _ in try store.finish(run, stepLosses: stepLosses, state) }
    }
}
