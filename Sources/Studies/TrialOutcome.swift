public import Statistics
import Training

/// What one trial came to in one rung, over all seeds.
public struct TrialOutcome: Hashable, Sendable {
    /// Which options.
    public let trial: StudyTrial
    /// The stage of successive halving, from 0.
    public let rung: Int
    /// In the order of seeds.
    public let runs: [StudyRun]
    /// What trials are chosen by at the end; nil for the time.
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

    /// Seeds whose model was no number any more.
    public var divergedCount: Int { runs.filter { $0.outcome == .diverged }.count }
    /// Seeds that reached the target.
    public var seedsReached: Int { runs.filter { $0.secondsToTarget != nil }.count }
    /// At the end, over the seeds.
    public var accuracy: SpreadSummary { SpreadSummary(runs.map(\.accuracy), within: 0...1) }
    /// At the end, over the seeds, by accuracy or by the task's metric.
    package func value(_ metric: Metric) -> SpreadSummary {
        let values = runs.map { $0.value(metric) }
        return SpreadSummary(values, within: metric.bounds(of: values))
    }
    /// Seconds, over the seeds.
    public var timeToTarget: SpreadSummary { SpreadSummary(runs.map(\.timeToTarget), scale: .logarithmic) }
    /// Of all its runs.
    public var cost: StudyCost { runs.reduce(.zero) { $0 + $1.cost } }

    /// What trials are chosen by: the median over seeds of the metric at the end, or of the time to the target (infinite where
    /// half of the seeds or more never got there). The worst there is where a seed diverged, whatever the others did.
    public var value: Double {
        guard let endMetric else { return divergedCount > 0 ? .infinity : timeToTarget.median }
        return divergedCount > 0 ? endMetric.worst : value(endMetric).median
    }

    /// The earliest that ``value`` may have been, where it is a time, which is known but for the steps between evaluations.
    var earliestValue: Double {
        endMetric == nil && divergedCount == 0 ? Median.of(runs.map(\.timeToTarget.before)) : value
    }

    /// The same of each seed.
    private var values: [SteppedValue] {
        endMetric.map { metric in runs.map { SteppedValue(exact: $0.value(metric)) } } ?? runs.map(\.timeToTarget)
    }

    private var isHigherBetter: Bool { endMetric?.isHigherBetter ?? false }

    /// Whether this is worse than `other` by more than chance shows, on the same seeds; see ``Statistics/PairedComparison``.
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

    /// Means of the same accuracies in another order differ by rounding, which must not choose between trials; those of
    /// other counts of right answers differ by far more.
    private static let rounding = 1e-13

    /// Smaller is better.
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

/// A study's runs by what they are of, so that of thousands of trials none has to look through all.
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

    /// In the order in which they were made.
    func runs(of trial: StudyTrial, rung: Int) -> [StudyRun] {
        runs[Key(strategy: trial.strategy, trial: trial.index, rung: rung)] ?? []
    }
}
