import Cluster
import Fabrics
import Strategies

/// A run on its fabric, and on a simulated one what is noted of all that its ranks do: the schedule, and the trace where
/// one is asked for.
struct ObservedRun {
    private let fabric: any Fabric
    private let recorder: ScheduleRecorder?
    private let trace: TraceRecorder?
    private let server: Int?

    init(
        _ fabric: any Fabric, _ strategy: any Strategy, _ identity: Experiment.RunIdentity,
        _ callbacks: Experiment.Callbacks
    ) throws {
        server = strategy.serverRank
        guard var simulated = fabric as? SimulatedFabric, identity.repetition == 0 else {
            (self.fabric, recorder, trace) = (fabric, nil, nil)
            return
        }
        recorder = identity.strategy.hasFixedSchedule ? ScheduleRecorder(ranks: strategy.rankCount) : nil
        trace = try callbacks.tracing(identity)
        switch (recorder, trace) {
        case (let recorder?, let trace?): simulated.observer = ObserverPair(recorder, trace)
        case (let recorder?, nil): simulated.observer = recorder
        case (nil, let trace): simulated.observer = trace
        }
        self.fabric = simulated
    }

    func run(_ program: @escaping RankProgram) throws -> FabricReport {
        do {
            let report = try fabric.run(program)
            try trace?.finish()
            return report
        } catch {
            trace?.discard()
            throw error
        }
    }

    var schedule: Schedule? { recorder?.schedule }

    /// The most messages that are played for an attribution, so that it takes no longer than a second or two.
    private static let mostMessages = 500_000

    /// The run's time without one of its costs each; nil where the run cannot be re-priced in little time.
    func attribution(_ report: FabricReport) -> [RunRecord.Attribution]? {
        guard let schedule, let simulated = fabric as? SimulatedFabric else { return nil }
        func seconds(_ fabric: SimulatedFabric) -> Double? {
            (try? fabric.replay(schedule, most: Self.mostMessages))?.seconds
        }
        // A replay that does not give the run's own time would have nothing to say of others.
        guard seconds(simulated) == report.seconds else { return nil }
        var entries: [RunRecord.Attribution] = []
        for ideal in Idealization.allCases where ideal != .noLoss || simulated.interconnect.loss != nil {
            guard let time = seconds(simulated.idealized(ideal, server: server)) else { return nil }
            entries.append(RunRecord.Attribution(ideal: ideal, clusterSeconds: time.toTheNanosecond))
        }
        return entries
    }
}
