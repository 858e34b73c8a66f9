internal import Cluster
public import Experiments
internal import Statistics
import Training

/// What one trial did with one seed in one rung.
public struct StudyRun: Hashable, Codable, Sendable {
    /// The name of the row.
    public var strategy: String
    /// The index of the trial among its strategy's.
    public var trial: Int
    /// 0 without successive halving.
    public var rung: Int
    /// One of the plan's.
    public var seed: UInt64
    /// How it ended.
    public var outcome: RunRecord.Outcome
    /// Samples trained on.
    public var samples: Int
    /// Updates of the model: steps, or rounds of federated strategies.
    public var updates: Int
    /// At the end, on the study's selection set; 0 after a divergence.
    public var accuracy: Double
    /// At the end, on the same.
    public var loss: Double
    /// Of the task's metric, at the end, on the same; the worst there is after a divergence. Nil where that is accuracy.
    public var value: Double?
    /// Cluster time to the target, sustained; nil where it never got there.
    public var secondsToTarget: Double?
    /// Cluster time of the evaluation before, at which it was not there yet; nil in older files.
    public var secondsBeforeTarget: Double?
    /// What it cost.
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
    /// At the end, by accuracy or by the task's metric.
    func value(_ metric: Metric) -> Double {
        metric == .accuracy ? accuracy : value.map(metric.orWorst) ?? metric.worst
    }

    /// Infinite where the run never got to the target.
    var timeToTarget: SteppedValue {
        secondsToTarget.map { SteppedValue($0, after: min($0, secondsBeforeTarget ?? $0)) } ?? .never
    }
}

/// What runs cost, one or many; adds up.
public struct StudyCost: Hashable, Codable, Sendable {
    /// On the machines that the job is about.
    public var clusterSeconds: Double
    /// How long this computer was kept busy.
    public var hostSeconds: Double
    /// By all ranks.
    public var bytesSent: Int
    /// By all ranks.
    public var messagesSent: Int
    /// USD; nil where a price is not known.
    public var money: Double?
    /// Nil where a wattage is not known.
    public var wattHours: Double?

    /// Nothing.
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

    /// The sum; of money and energy nil where a part is not known, since it would be too small.
    public static func + (left: Self, right: Self) -> Self {
        func sum(_ left: Double?, _ right: Double?) -> Double? { left.flatMap { left in right.map { left + $0 } } }
        return Self(
            clusterSeconds: left.clusterSeconds + right.clusterSeconds,
            hostSeconds: left.hostSeconds + right.hostSeconds, bytesSent: left.bytesSent + right.bytesSent,
            messagesSent: left.messagesSent + right.messagesSent, money: sum(left.money, right.money),
            wattHours: sum(left.wattHours, right.wattHours))
    }
}
