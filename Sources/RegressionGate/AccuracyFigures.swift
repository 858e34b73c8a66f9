import Diagnostics
import Experiments
import Foundation
import Statistics
import Training

/// Accuracies, losses and the plan's metric have to be the same bits on the same kind of processor, and within a
/// derived tolerance on another, whose kernels round differently.
///
/// *Accuracy.* Two models whose training differs only by rounding err on mostly the same of the n test samples. If they
/// erred independently of each other, the difference of their accuracies p would have the variance 2 p (1 - p) / n, and
/// the mean difference over S seeds 1/S of it: an upper bound. The tolerance is that standard deviation times the
/// normal quantile of the level (2.58 for 1 %, two-sided), with Laplace's estimate of p, so that it is not 0 for a
/// perfect model.
///
/// *Loss.* Its variation does not follow from the size of the test set, but seeds show it: the tolerance is the
/// standard deviation over the baseline's seeds times sqrt(2 / S) times Student's quantile of S - 1 degrees. Rounding
/// moves a loss less than another seed does, so this is an upper bound, too.
///
/// *Another metric* (perplexity, RMSE, AUC; for the loss the mean of its curve) is compared in its own unit, with the
/// tolerance from seeds. Its direction decides what a regression is: a perplexity that rose. With one seed it has no
/// tolerance, and is compared only where bits have to be equal.
enum AccuracyFigures {
    static func compare(_ pair: StrategyPair) -> [Figure] {
        [
            accuracy(pair, "final accuracy") { $0.finalAccuracy },
            accuracy(pair, "mean accuracy of the curve") { mean(of: $0, .accuracy) },
            loss(pair),
        ] + ofMetric(pair)
    }

    /// The mean of a metric over the curve without its first evaluation.
    private static func mean(of run: RunRecord, _ metric: Metric) -> Double {
        let points = run.evaluations.dropFirst().map(metric.value(of:))
        return points.isEmpty ? run.finalValue(metric) : points.reduce(0, +) / Double(points.count)
    }

    /// Figures of the metric; none where it is accuracy, which the other figures are about.
    private static func ofMetric(_ pair: StrategyPair) -> [Figure] {
        let metric = pair.baselineResults.plan.metric
        guard metric != .accuracy else { return [] }
        let level = pair.settings.toleranceLevel
        func figure(_ name: String, _ value: (RunRecord) -> Double) -> Figure {
            let (before, after) = (pair.baseline.map(value), pair.current.map(value))
            return Self.figure(
                pair, name, before, after, toleranceOfSeeds(before, level), isBetter: metric.isBetter,
                text: metric.text,
                difference: { "\($0 > 0 ? "+" : "")\(metric.differenceText($0)), \(metric.direction)" },
                limit: {
                    """
                    \(metric.differenceText($0)), the \(Format.significant(level * 100)) % bound of the seeds' spread
                    """
                })
        }
        let curve = figure("mean \(metric.title) of the curve") { mean(of: $0, metric) }
        return metric == .loss ? [curve] : [figure("final \(metric.title)") { $0.finalValue(metric) }, curve]
    }

    private static func accuracy(_ pair: StrategyPair, _ name: String, _ value: (RunRecord) -> Double) -> Figure {
        let (before, after) = (pair.baseline.map(value), pair.current.map(value))
        let level = pair.settings.toleranceLevel
        let tolerance: Double?
        if let samples = pair.baselineResults.testSamples.map(Double.init) {
            let correct = before.map { ($0 * samples + 1) / (samples + 2) }
            let variance = correct.reduce(0) { $0 + 2 * $1 * (1 - $1) / samples } / Double(before.count)
            tolerance = Normal.quantile(1 - level / 2) * (variance / Double(before.count)).squareRoot()
        } else {
            tolerance = toleranceOfSeeds(before, level)
        }
        return figure(
            pair, name, before, after, tolerance, isBetter: >,
            text: { Format.percent($0, decimals: 2) },
            difference: { "\($0 > 0 ? "+" : "")\(Format.fixed($0 * 100, 2)) points" },
            limit: {
                "\(Format.fixed($0 * 100, 2)) points, the \(Format.significant(level * 100)) % bound of independent errors"
            })
    }

    private static func loss(_ pair: StrategyPair) -> Figure {
        func last(_ runs: [RunRecord]) -> [Double] { runs.map { $0.evaluations.last?.testLoss ?? .nan } }
        let (before, after) = (last(pair.baseline), last(pair.current))
        let level = pair.settings.toleranceLevel
        return figure(
            pair, "final test loss", before, after, toleranceOfSeeds(before, level), isBetter: <,
            text: Format.significant, difference: { "\($0 > 0 ? "+" : "")\(Format.significant($0))" },
            limit: { "\(Format.significant($0)), the \(Format.significant(level * 100)) % bound of the seeds' spread" })
    }

    static func toleranceOfSeeds(_ values: [Double], _ level: Double) -> Double? {
        let count = Double(values.count)
        guard values.count > 1, values.allSatisfy(\.isFinite) else { return nil }
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        return StudentT.quantile(1 - level / 2, degrees: count - 1) * (variance * 2 / count).squareRoot()
    }

    private static func figure(
        _ pair: StrategyPair, _ name: String, _ before: [Double], _ after: [Double], _ tolerance: Double?,
        isBetter: (Double, Double) -> Bool, text: (Double) -> String, difference: (Double) -> String,
        limit: (Double) -> String
    ) -> Figure {
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let (old, new) = (mean(before), mean(after))
        let isSame = zip(before, after).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
        let status: Figure.Status
        let test: String
        if isSame {
            status = .same
            test = tolerance.map(limit) ?? "equal bits"
        } else if !old.isFinite || !new.isFinite {
            // There is no distance between a finite and an infinite value.
            status = new.isFinite ? .improvement : old.isFinite ? .regression : .same
            test = "finite or not"
        } else if let tolerance {
            status = abs(new - old) <= tolerance ? .withinTolerance : isBetter(new, old) ? .improvement : .regression
            test = limit(tolerance)
        } else {
            status = .notCompared
            test = "one seed gives no tolerance for it"
        }
        let seeds = before.count == 1 ? "" : " (mean of \(before.count) seeds)"
        return Figure(
            strategy: pair.strategy.name, name: name, kind: .tolerance, status: status, baseline: text(old),
            current: text(new) + seeds, change: isSame ? "equal" : difference(new - old), test: test,
            numbers: Figure.Numbers(baseline: old, current: new, allowedChange: tolerance ?? 0))
    }
}
