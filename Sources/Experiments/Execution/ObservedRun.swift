import Cluster
import Fabrics
import Tasks
import Training

/// A run on its fabric. On a simulated fabric also the record of all that its ranks do: the schedule, and the trace
/// where one is asked for.
struct ObservedRun {
    let execution: RunExecution
    private let fabric: any Fabric
    private let recorder: ScheduleRecorder?
    private let trace: TraceRecorder?
    private let waiting: RoundWaiting?

    init(_ fabric: any Fabric, _ execution: RunExecution, _ callbacks: Experiment.Callbacks) throws {
        self.execution = execution
        let (identity, strategy) = (execution.identity, execution.strategy)
        guard var simulated = fabric as? SimulatedFabric, identity.repetition == 0 else {
            (self.fabric, recorder, trace, waiting) = (fabric, nil, nil, nil)
            return
        }
        recorder = identity.strategy.hasFixedSchedule ? ScheduleRecorder(ranks: strategy.rankCount) : nil
        trace = try callbacks.tracing(identity)
        waiting = strategy.serverRank.map { RoundWaiting(server: $0) }
        let observers: [(any SimulationObserver)?] = [recorder, trace, waiting]
        for observer in observers.compactMap({ $0 }) {
            simulated.observer = simulated.observer.map { ObserverPair($0, observer) } ?? observer
        }
        self.fabric = simulated
    }

    func run(_ program: @escaping RankProgram) throws -> FabricReport {
        do {
            let report = try fabric.run(program)
            try trace?.finish()
            if let what = recorder?.dependenceOnTime {
                throw ExperimentError(
                    """
                    \(execution.plan.name): \(what), so that its ranks may do something else on another cluster; a strategy that does that \
                    may not say that its schedule is fixed
                    """)
            }
            return report
        } catch {
            trace?.discard()
            if case FabricError.beyondClock = error {
                throw ExperimentError("\(execution.plan.name) with seed \(execution.identity.seed): \(error)")
            }
            throw error
        }
    }

    var schedule: Schedule? { recorder?.schedule }

    /// The part of a worker's idle seconds spent waiting for others, on average over the workers that train at the same
    /// time; nil where that is not known.
    ///
    /// - Parameters:
    ///   - account: the time account of such an average worker.
    ///   - leftOut: how many workers never work.
    func waitingSeconds(_ account: TimeAccount, leftOut: Int) -> Double? {
        let strategy = execution.strategy
        if let waiting { return waiting.seconds / Double(strategy.workingWorkers(leftOut: leftOut)) }
        return strategy.concurrentWorkers == strategy.workerCount ? account.waitingSeconds : nil
    }

    /// The most messages that the attributions of all seeds may play together, so that they take a few seconds at most.
    private static let mostMessages = 500_000

    /// The run's time without each one of its costs; nil where the run cannot be re-priced quickly.
    ///
    /// - Parameter seeds: how many seeds the experiment has, which share the limit on messages.
    func attribution(_ report: FabricReport, seeds: Int) -> [RunRecord.Attribution]? {
        guard let schedule, let simulated = fabric as? SimulatedFabric else { return nil }
        func seconds(_ fabric: SimulatedFabric) -> Double? {
            (try? fabric.replay(schedule, most: Self.mostMessages / seeds))?.seconds
        }
        // A replay that does not reproduce the run's own time would say nothing about other times.
        guard seconds(simulated) == report.seconds else { return nil }
        let server = execution.strategy.serverRank
        var entries: [RunRecord.Attribution] = []
        for ideal in Idealization.allCases where ideal != .noLoss || simulated.interconnect.loss != nil {
            guard let time = seconds(simulated.idealized(ideal, server: server)) else { return nil }
            entries.append(RunRecord.Attribution(ideal: ideal, clusterSeconds: time.toTheNanosecond))
        }
        return entries
    }
}
