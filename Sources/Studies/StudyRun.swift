internal import Cluster
public import Experiments
internal import Statistics
import Training

/// What one trial achieved with one seed in one rung.
public struct StudyRun: Hashable, Codable, Sendable {
    /// The name of the row.
    public var strategy: String
    /// The index of the trial among its strategy's.
    public var trial: Int
    /// The rung of successive halving, from 0; 0 without it.
    public var rung: Int
    /// The seed of the run, one of the plan's.
    public var seed: UInt64
    /// How the run ended.
    public var outcome: RunRecord.Outcome
    /// Samples that the run trained on.
    public var samples: Int
    /// Updates of the model: steps, or rounds of federated strategies.
    public var updates: Int
    /// Accuracy at the end, on the study's selection set, 0 to 1; 0 after a divergence.
    public var accuracy: Double
    /// Loss at the end, on the study's selection set.
    public var loss: Double
    /// Value of the task's metric at the end, on the study's selection set; the metric's worst value after a
    /// divergence. Nil where the metric is accuracy.
    public var value: Double?
    /// Seconds of cluster time to the sustained target; nil where the run never reached it.
    public var secondsToTarget: Double?
    /// Seconds of cluster time until the evaluation before that one, at which the target was not reached yet; nil in
    /// older files.
    public var secondsBeforeTarget: Double?
    /// What the run cost.
    public var cost: StudyCost

    package init(_ record: RunRecord, trial: Int, rung: Int, _ plan: StrategyPlan, _ experiment: ExperimentPlan) {
        strategy = record.strategy
        self.trial = trial
        self.rung = rung
        seed = record.seed
        outcome = record.outcome
        samples = record.samples
        updates = record.rounds
        accuracy = record.finalAccuracy
        loss = record.evaluations.last?.testLoss ?? .nan
        value = experiment.metric == .accuracy ? nil : record.finalValue(experiment.metric)
        let time = TimeToTarget(record.evaluations, target: experiment.goal)
        let isThere = record.outcome != .diverged && time.sustainedSeconds != nil
        secondsToTarget = isThere ? time.sustainedSeconds : nil
        secondsBeforeTarget = isThere ? time.sustainedTime.before : nil
        cost = StudyCost(record, plan, on: plan.machines(orThis: experiment.thisMachine))
    }
}

extension StudyRun {
    /// The value at the end, by accuracy or by the task's metric.
    func value(_ metric: Metric) -> Double {
        metric == .accuracy ? accuracy : value.map(metric.orWorst) ?? metric.worst
    }

    /// Seconds to the target, with the step in which that lies; infinite where the run never reached it.
    var timeToTarget: SteppedValue {
        secondsToTarget.map { SteppedValue($0, after: min($0, secondsBeforeTarget ?? $0)) } ?? .never
    }
}

/// What one or many runs cost; costs can be added.
public struct StudyCost: Hashable, Codable, Sendable {
    /// Seconds on the machines that the job is about.
    public var clusterSeconds: Double
    /// Seconds that this computer was busy.
    public var hostSeconds: Double
    /// Bytes that all ranks sent.
    public var bytesSent: Int
    /// Messages that all ranks sent.
    public var messagesSent: Int
    /// US dollars; nil where a price is not known.
    public var money: Double?
    /// Watt hours; nil where a wattage is not known.
    public var wattHours: Double?

    /// The cost of no run.
    public static let zero = StudyCost(
        clusterSeconds: 0, hostSeconds: 0, bytesSent: 0, messagesSent: 0, money: 0, wattHours: 0)

    package init(
        clusterSeconds: Double, hostSeconds: Double, bytesSent: Int, messagesSent: Int, money: Double?,
        wattHours: Double?
    ) {
        self.clusterSeconds = clusterSeconds
        self.hostSeconds = hostSeconds
        self.bytesSent = bytesSent
        self.messagesSent = messagesSent
        self.money = money
        self.wattHours = wattHours
    }

    init(_ record: RunRecord, _ plan: StrategyPlan, on machines: ClusterSpec?) {
        let cost = RunCost(record, plan, on: machines)
        self.init(
            clusterSeconds: record.clusterSeconds, hostSeconds: record.hostSeconds,
            bytesSent: record.traffic.bytesTotal, messagesSent: record.traffic.messagesTotal, money: cost.money,
            wattHours: cost.wattHours)
    }

    /// The sum; money and energy are nil where a part is not known, since a sum without it would be too small.
    public static func + (left: Self, right: Self) -> Self {
        func sum(_ left: Double?, _ right: Double?) -> Double? { left.flatMap { left in right.map { left + $0 } } }
        return Self(
            clusterSeconds: left.clusterSeconds + right.clusterSeconds,
            hostSeconds: left.hostSeconds + right.hostSeconds, bytesSent: left.bytesSent + right.bytesSent,
            messagesSent: left.messagesSent + right.messagesSent, money: sum(left.money, right.money),
            wattHours: sum(left.wattHours, right.wattHours))
    }
}
