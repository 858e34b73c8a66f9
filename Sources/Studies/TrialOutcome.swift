public import Statistics
import Training

/// What one trial achieved in one rung, over all seeds.
public struct TrialOutcome: Hashable, Sendable {
    /// The trial with its choice of options.
    public let trial: StudyTrial
    /// The stage of successive halving, from 0.
    public let rung: Int
    /// The trial's runs in the order of seeds.
    public let runs: [StudyRun]
    /// The metric at the end that trials are chosen by; nil where they are chosen by time.
    private let endMetric: Metric?
    private let taskMetric: Metric

    /// Nil unless all seeds are finished.
    init?(_ trial: StudyTrial, rung: Int, _ all: StudyRunsByTrial) {
        let runs = all.runs(of: trial, rung: rung)
        guard runs.count == all.plan.experiment.seeds.count else { return nil }
        self.trial = trial
        self.rung = rung
        self.runs = runs.sorted { $0.seed < $1.seed }
        (endMetric, taskMetric) = (all.plan.endMetric, all.plan.experiment.metric)
    }

    /// How many seeds diverged.
    public var divergedCount: Int { runs.filter { $0.outcome == .diverged }.count }
    /// How many seeds reached the target.
    public var seedsReached: Int { runs.filter { $0.secondsToTarget != nil }.count }
    /// Accuracy at the end, over seeds.
    public var accuracy: SpreadSummary { SpreadSummary(runs.map(\.accuracy), within: 0...1) }
    /// The value of a metric at the end, over seeds: accuracy or the task's metric.
    package func value(_ metric: Metric) -> SpreadSummary {
        let values = runs.map { $0.value(metric) }
        return SpreadSummary(values, within: metric.bounds(of: values))
    }
    /// Seconds to the target, over seeds.
    public var timeToTarget: SpreadSummary { SpreadSummary(runs.map(\.timeToTarget), scale: .logarithmic) }
    /// The cost of all of the trial's runs.
    public var cost: StudyCost { runs.reduce(.zero) { $0 + $1.cost } }

    /// The value that trials are chosen by: the median over seeds of the metric at the end, or of the seconds to the
    /// target (infinite where half of the seeds or more never reached it). If one seed diverged, it is the worst
    /// possible value, whatever the other seeds have.
    public var value: Double {
        guard let endMetric else { return divergedCount > 0 ? .infinity : timeToTarget.median }
        return divergedCount > 0 ? endMetric.worst : value(endMetric).median
    }

    /// The smallest value that ``value`` may have where it is a time, since a time is known only up to the step between
    /// evaluations.
    var earliestValue: Double {
        endMetric == nil && divergedCount == 0 ? Median.of(runs.map(\.timeToTarget.before)) : value
    }

    /// The value of each seed that trials are chosen by.
    private var values: [SteppedValue] {
        endMetric.map { metric in runs.map { SteppedValue(exact: $0.value(metric)) } } ?? runs.map(\.timeToTarget)
    }

    private var isHigherBetter: Bool { endMetric?.isHigherBetter ?? false }

    /// Whether this trial is worse than `other` by more than chance shows, on the same seeds; see
    /// ``Statistics/PairedComparison``.
    public func isShownWorse(than other: TrialOutcome) -> Bool {
        PairedComparison(
            values, other.values, scale: endMetric == nil ? .logarithmic : .linear, smallerIsBetter: !isHigherBetter
        ).verdict == .secondIsBetter
    }

    /// Whether every seed came to the same in all that is compared.
    func isSame(as other: TrialOutcome) -> Bool {
        func figures(_ run: StudyRun) -> [Double?] {
            [
                Double(run.updates), run.accuracy, run.loss, run.value, run.secondsToTarget, Double(run.cost.bytesSent),
                run.cost.clusterSeconds,
                Double(run.samples),
            ]
        }
        return runs.map(\.outcome) == other.runs.map(\.outcome) && runs.map(figures) == other.runs.map(figures)
    }

    /// Whether this is chosen before `other`: by the value; where that is equal, which is common on small sets, by fewer
    /// seeds that diverged, then the mean accuracy (or of the task's metric), then the mean loss; then the one that was tried
    /// first.
    public func isBetter(than other: TrialOutcome) -> Bool {
        let difference = zip(key, other.key).first { abs($0 - $1) > Self.rounding }
        return difference.map { $0 < $1 } ?? false
    }

    /// Means of the same accuracies in another order differ by rounding, which must not decide between trials; means
    /// that differ in a count of right answers differ by far more.
    private static let rounding = 1e-13

    /// Keys that are compared one after the other; smaller is better.
    private var key: [Double] {
        let count = Double(runs.count)
        let loss = runs.reduce(0) { $0 + $1.loss } / count
        let mean = runs.reduce(0) { $0 + $1.value(taskMetric) } / count
        return [
            isHigherBetter ? -value : value, Double(divergedCount), taskMetric.isHigherBetter ? -mean : mean,
            loss.isNaN ? .infinity : loss, Double(trial.index),
        ]
    }
}

/// A study's runs by trial and rung, so that a lookup among thousands of trials does not search through all runs.
struct StudyRunsByTrial {
    let plan: StudyPlan
    private let runs: [Key: [StudyRun]]

    private struct Key: Hashable {
        let strategy: String
        let trial: Int
        let rung: Int
    }

    init(_ results: StudyResults) {
        plan = results.plan
        runs = Dictionary(grouping: results.runs) { Key(strategy: $0.strategy, trial: $0.trial, rung: $0.rung) }
    }

    /// The runs of a trial in a rung, in the order of the study.
    func runs(of trial: StudyTrial, rung: Int) -> [StudyRun] {
        runs[Key(strategy: trial.strategy, trial: trial.index, rung: rung)] ?? []
    }
}
