import Cluster
import Fabrics
import Kernel
import Randomness
import Statistics
import Tasks
public import Training

/// Re-prices recorded runs, which is to compute their times and costs on other clusters without training again: the
/// model's value at each evaluation is known, and its time follows from the schedule.
public struct Repricing: Sendable {
    /// One recorded run of the strategy, with its schedule.
    struct Run: Sendable {
        let record: RunRecord
        let schedule: Schedule
    }

    /// The plan of the recorded runs.
    public let plan: StrategyPlan
    let runs: [Run]
    private let computeModel: ComputeModel
    /// The plan's task.
    private let task: String
    private let compute: String
    let target: Target
    private let network: any Objective
    /// The seeds of the first run, on whose devices an all-reduce is chosen.
    private let firstSeeds: SeedSequence
    /// Replays compute nothing, so one thread is enough.
    private let pool = HostPool(threads: 1)

    /// - Parameter schedule: returns the schedule of a seed's run.
    /// - Throws: ``ExperimentError`` where the runs cannot be re-priced or a schedule belongs to another run.
    package init(
        _ results: Results, _ plan: StrategyPlan, schedule: (UInt64) throws -> Schedule
    ) throws {
        guard plan.hasFixedSchedule, let computeModel = results.computeModel else {
            throw ExperimentError(
                "\(plan.name) was not simulated, or what it does depends on time; only other runs can be re-priced")
        }
        self.plan = plan
        self.computeModel = computeModel
        task = results.plan.task
        compute = results.plan.compute
        target = results.plan.goal
        network = try results.plan.trainingTask().network
        firstSeeds = SeedSequence(results.plan.seeds[0])
        let longest = try plan.make().longestMessage(parameters: network.parameterCount)
        runs = try results.runs.filter { $0.strategy == plan.name }.map { record in
            let run = Run(record: record, schedule: try schedule(record.seed))
            if let problem = run.schedule.problem(mostElements: longest) {
                throw ExperimentError("\(Self.name(plan, record)): its schedule has \(problem)")
            }
            return run
        }
        guard !runs.isEmpty else { throw ExperimentError("no run of \(plan.name) was finished") }
        for run in runs {
            try Self.check(try price(run, plan), run.record, Self.name(plan, run.record))
        }
    }

    private static func name(_ plan: StrategyPlan, _ record: RunRecord) -> String {
        "\(plan.name) with seed \(record.seed)"
    }

    /// Checks that the schedule reproduces the recorded run on the run's own cluster, at the end and at each
    /// evaluation; otherwise it would say nothing about other clusters.
    private static func check(_ again: PricedRun, _ record: RunRecord, _ name: String) throws(ExperimentError) {
        guard again.clusterSeconds == record.clusterSeconds, again.bytesSent == record.traffic.bytesTotal,
            again.messagesSent == record.traffic.messagesTotal
        else {
            throw ExperimentError(
                """
                \(name): its schedule takes \(again.clusterSeconds) s, \(again.bytesSent) bytes and \(again.messagesSent) \
                messages on the cluster of results.json, where the run took \(record.clusterSeconds) s, \
                \(record.traffic.bytesTotal) and \(record.traffic.messagesTotal): the schedule is of another run
                """)
        }
        for (found, recorded) in zip(again.evaluations, record.evaluations)
        where found.clusterSeconds != recorded.clusterSeconds || found.bytesSent != recorded.bytesSent {
            throw ExperimentError(
                """
                \(name): its schedule comes to round \(found.round) after \(found.clusterSeconds) s and \
                \(found.bytesSent) bytes, where the run was there after \(recorded.clusterSeconds) s and \
                \(recorded.bytesSent): the schedule is of another run
                """)
        }
    }

    /// What a run takes on another cluster.
    public struct PricedRun: Hashable, Sendable {
        /// The seed of the run, one of the plan's.
        public let seed: UInt64
        /// Seconds of the run on the other cluster.
        public let clusterSeconds: Double
        /// Compute seconds of a training worker, on average over the workers that train at the same time, as in
        /// ``RunRecord``.
        public let computeSeconds: Double
        /// Seconds that such an average worker communicated without computing at the same time.
        public let communicationSeconds: Double
        /// Seconds that such an average worker neither computed nor communicated.
        public let idleSeconds: Double
        /// Seconds of communication during which the worker computed.
        public let hiddenCommunicationSeconds: Double
        /// Bytes sent by all ranks.
        public let bytesSent: Int
        /// Messages sent by all ranks.
        public let messagesSent: Int
        /// The run's evaluations, with the times of the other cluster.
        public let evaluations: [TrainingRun.Evaluation]
        /// Seconds to the target; infinite where it was never reached.
        package let timeToTarget: SteppedValue

        /// Seconds to the target; infinite where it was never reached.
        public var secondsToTarget: Double { timeToTarget.value }
    }

    /// Re-prices the runs of all seeds on the cluster, and with the all-reduce algorithm, of `plan`.
    ///
    /// - Returns: also the plan, with the cheapest all-reduce on that cluster where the plan says `auto`.
    /// - Throws: ``ExperimentError`` for a cluster whose machines leave, one on which other ranks would take part, or
    ///   a schedule that does not fit its run.
    public func price(_ plan: StrategyPlan) throws -> (plan: StrategyPlan, runs: [PricedRun]) {
        let plan = try choosingAllReduce(plan)
        return (plan, try runs.map { try price($0, plan) })
    }

    /// The plan with the cheapest all-reduce on its cluster where the plan says `auto`.
    ///
    /// - Throws: ``ExperimentError`` for a cluster whose machines leave.
    func choosingAllReduce(_ plan: StrategyPlan) throws -> StrategyPlan {
        guard plan.cluster?.dropouts == nil else {
            throw ExperimentError(
                """
                cluster '\(plan.cluster?.name ?? "")': its machines leave, and a schedule is of ranks that stay; allowed are \
                clusters without dropouts and lifetime
                """)
        }
        var plan = plan
        (plan.allReduceChoice, plan.bucketChoices) = (nil, nil)
        return try plan.choosingAllReduce(of: network, seeds: firstSeeds)
    }

    /// The cluster's own step times, where it has any; a device profile applies to all clusters.
    private func computeModel(on cluster: ClusterSpec) throws -> ComputeModel {
        guard compute == "calibrated", let measured = try cluster.measuredCompute(of: task) else { return computeModel }
        return ComputeModel(measured)
    }

    /// The fabric of a run on the plan's cluster, and the strategy that its ranks follow.
    ///
    /// - Throws: ``ExperimentError`` where other ranks would take part than in the recorded run.
    func fabric(for run: Run, _ plan: StrategyPlan) throws -> (SimulatedFabric, any Strategy) {
        guard let cluster = plan.cluster else { throw ExperimentError("\(plan.name) has no cluster") }
        let strategy = try plan.make()
        try plan.checkSameRanks(as: run.record, on: self.plan, network)
        guard run.schedule.ranks == strategy.rankCount else {
            throw ExperimentError(
                "a schedule of \(run.schedule.ranks) ranks for \(plan.name), which has \(strategy.rankCount)")
        }
        let factory = FabricFactory(plan, strategy, SeedSequence(run.record.seed))
        return (factory.simulated(on: cluster, try computeModel(on: cluster), pool), strategy)
    }

    /// Adds the run and the cluster to errors of the replay.
    func replayed<Result>(
        _ run: Run, _ plan: StrategyPlan, _ replay: () throws(FabricError) -> Result
    ) throws(ExperimentError) -> Result {
        do throws(FabricError) {
            return try replay()
        } catch {
            throw ExperimentError("\(Self.name(plan, run.record)) on cluster '\(plan.cluster?.name ?? "")': \(error)")
        }
    }

    private func price(_ run: Run, _ plan: StrategyPlan) throws -> PricedRun {
        let (fabric, strategy) = try fabric(for: run, plan)
        let report = try replayed(run, plan) { () throws(FabricError) in try fabric.replay(run.schedule) }
        guard report.evaluations.count == run.record.evaluations.count else {
            throw ExperimentError(
                """
                \(plan.name) with seed \(run.record.seed): \(report.evaluations.count) evaluations in its schedule, \
                \(run.record.evaluations.count) in its results: the schedule is of another run
                """)
        }
        let account = TimeAccount(
            ofOneWorker: report.accounts, strategy, leftOut: run.record.memoryShortage?.ranks ?? 0)
        let evaluations = zip(run.record.evaluations, report.evaluations).map { $0.moved(to: $1) }
        return PricedRun(
            seed: run.record.seed, clusterSeconds: report.seconds.toTheNanosecond,
            computeSeconds: account.computeSeconds.toTheNanosecond,
            communicationSeconds: account.communicationSeconds.toTheNanosecond,
            idleSeconds: max(0, report.seconds - account.computeSeconds - account.communicationSeconds).toTheNanosecond,
            hiddenCommunicationSeconds: account.hiddenCommunicationSeconds.toTheNanosecond,
            bytesSent: report.bytes, messagesSent: report.messages, evaluations: evaluations,
            timeToTarget: TimeToTarget(evaluations, target: target).sustainedTime)
    }
}
