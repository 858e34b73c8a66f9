import Foundation
public import Statistics
import Training

/// Time against target: a table with a single target could have been made for the strategy that wins there.
public struct TargetCurve: Sendable {
    /// What reaching one target takes.
    public struct Point: Sendable {
        /// In the unit of the metric: for accuracy a fraction.
        public let target: Double
        /// How many seeds reached the target and stayed there.
        public let seedsReached: Int
        /// Seconds to the target, over seeds.
        public let time: SpreadSummary
    }

    /// Values of the plan's metric, from easy to hard to reach, the plan's target among them.
    public let targets: [Double]
    /// For each strategy, a point for each target.
    public let points: [(strategy: String, points: [Point])]

    /// Candidates for targets: closer together near 100 %, since most time is spent there.
    private static let grid = [0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995]

    /// Round numbers to choose from for a metric that has no greatest value: ten to a factor of ten, as standards have them
    /// (ISO 3, series R10).
    private static let roundNumbers = [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8]

    /// - Parameter values: the values at all evaluations.
    private static func grid(_ metric: Metric, _ values: [Double]) -> [Double] {
        guard !metric.isHigherBetter else { return grid }
        let present = values.filter { $0.isFinite && $0 > 0 }
        guard let least = present.min(), let most = present.max() else { return [] }
        let exponents = Int(log10(least).rounded(.down))...Int(log10(most).rounded(.down))
        // A target that the model reaches before training would say nothing.
        return exponents.flatMap { exponent in roundNumbers.map { $0 * pow(10, Double(exponent)) } }
            .filter { $0 < most }
    }

    /// Takes the targets that some evaluation of some run reached, and the plan's.
    public init(_ results: Results) {
        let summaries = results.summaries
        let metric = results.plan.metric
        let values = summaries.flatMap(\.runs).flatMap(\.evaluations).map(metric.value(of:))
        let best = metric.best(of: values) ?? metric.worst
        let own = results.plan.target
        let reachable = Self.grid(metric, values).filter { Target($0, of: metric).isReached(by: best) }
        targets = metric.fromWorstToBest(Set(reachable + [own]))
        let targets = targets
        points = summaries.map { summary in
            (
                summary.strategy,
                targets.map { target in
                    let times = summary.timesToTarget(Target(target, of: metric))
                    return Point(
                        target: target, seedsReached: times.filter(\.value.isFinite).count,
                        time: SpreadSummary(times, scale: .logarithmic))
                }
            )
        }
    }
}
