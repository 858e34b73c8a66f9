import Diagnostics
public import Statistics
public import Training

/// Each strategy against each other on the same seeds, with a verdict in words.
public struct PairwiseVerdict: Sendable {
    /// What is compared.
    public enum Figure: String, Sendable {
        case timeToTarget
        /// The metric's value at the end.
        case finalValue
    }

    /// What is compared.
    public let figure: Figure
    /// What the strategies are judged by.
    public let metric: Metric
    /// The name of a row.
    public let first: String
    /// The name of the row that ``first`` is compared with.
    public let second: String
    /// The two compared seed by seed.
    public let comparison: PairedComparison
    /// The two strategies' machines where they differ, such as `ethernet-1g` and `phones-4g`; nil where they are the same.
    public let machines: (first: String, second: String)?

    /// Every pair in the order of the table, time first. Times of different clocks are not compared; see ``apart(_:)``.
    public static func all(_ results: Results) -> [PairwiseVerdict] {
        let summaries = results.summaries
        var verdicts: [PairwiseVerdict] = []
        for figure in [Figure.timeToTarget, .finalValue] {
            for (index, first) in summaries.enumerated() {
                for second in summaries[(index + 1)...] {
                    if let verdict = PairwiseVerdict(figure, first, second) { verdicts.append(verdict) }
                }
            }
        }
        return verdicts
    }

    /// The strategies grouped by the clock that told their times, in the order of the table. Times of different groups
    /// are never compared.
    public static func apart(_ results: Results) -> [(clock: String, strategies: [String])] {
        var groups: [(clock: ClockClass, strategies: [String])] = []
        for summary in results.summaries {
            if let index = groups.firstIndex(where: { $0.clock.kind == summary.clock.kind }) {
                groups[index].strategies.append(summary.strategy)
            } else {
                groups.append((summary.clock, [summary.strategy]))
            }
        }
        return groups.map { ($0.clock.title, $0.strategies) }
    }

    /// Nil for strategies without a seed in common, and for times of different clocks.
    ///
    /// - Parameter target: for a time to target; nil for the plan's target.
    package init?(_ figure: Figure, _ first: StrategySummary, _ second: StrategySummary, target: Target? = nil) {
        let seeds = first.runs.map(\.seed).filter { seed in second.runs.contains { $0.seed == seed } }
        let relation = first.clock.relation(to: second.clock)
        guard !seeds.isEmpty, figure == .finalValue || relation != .otherClock else { return nil }
        func values(_ summary: StrategySummary) -> [SteppedValue] {
            let all =
                figure == .timeToTarget
                ? target.map(summary.timesToTarget) ?? summary.timesToTarget
                : summary.finalValues.map(SteppedValue.init(exact:))
            return zip(summary.runs, all).filter { seeds.contains($0.0.seed) }.map(\.1)
        }
        self.figure = figure
        metric = first.metric
        self.first = first.strategy
        self.second = second.strategy
        machines =
            figure == .timeToTarget && relation == .otherMachines
            ? (first.clock.machines?.name ?? "", second.clock.machines?.name ?? "") : nil
        comparison = PairedComparison(
            values(first), values(second), scale: figure == .timeToTarget ? .logarithmic : .linear,
            smallerIsBetter: figure == .timeToTarget || !first.metric.isHigherBetter)
    }

    /// The verdict in words, such as `threads beats single in 5 of 5 seeds, 1.81x [1.74, 1.88]`, or `no difference
    /// shown`.
    public var words: String {
        let isFirst = comparison.verdict != .secondIsBetter
        let (better, worse) = isFirst ? (first, second) : (second, first)
        let wins = isFirst ? comparison.wins : comparison.losses
        if comparison.equals == comparison.pairs, comparison.firstReached == comparison.pairs {
            let tie =
                figure == .timeToTarget ? "reach the target at the same time" : "end with the same \(metric.title)"
            return "\(first) and \(second) \(tie) in every seed"
        }
        guard comparison.verdict != .noDifferenceShown else {
            let effect = effectText(isFirst: true).map { " (\($0))" } ?? reachedText
            return "no difference shown between \(first) and \(second)\(effect)"
        }
        let verb = figure == .timeToTarget ? "beats" : metric.isHigherBetter ? "ends above" : "ends below"
        let effect = effectText(isFirst: isFirst).map { ", \($0)" } ?? reachedText
        return "\(better) \(verb) \(worse) in \(wins) of \(comparison.pairs) seeds\(effect)"
    }

    private var reachedText: String {
        figure == .timeToTarget
            ? "; the target was reached by \(first) in \(comparison.firstReached), by \(second) in \(comparison.secondReached) of \(comparison.pairs) seeds"
            : ""
    }

    private func effectText(isFirst: Bool) -> String? {
        guard let effect = comparison.effect else { return nil }
        switch figure {
        case .timeToTarget:
            let (value, low, high) =
                isFirst
                ? (effect, comparison.low, comparison.high)
                : (1 / effect, comparison.high.map { 1 / $0 }, comparison.low.map { 1 / $0 })
            guard let low, let high else { return RatioText(value).factor }
            return RatioText(value).factor(from: low, to: high)
        case .finalValue:
            // The difference by which the better one leads; without a verdict, the first less the second.
            let isDifference = comparison.verdict == .noDifferenceShown || metric.isHigherBetter
            let sign = isFirst == isDifference ? 1.0 : -1.0
            func difference(_ value: Double) -> String { metric.differenceText(sign * value) }
            guard let low = comparison.low, let high = comparison.high else {
                return difference(effect) + metric.differenceUnit
            }
            let bounds = sign > 0 ? (low, high) : (high, low)
            return "\(difference(effect))\(metric.differenceUnit) [\(difference(bounds.0)), \(difference(bounds.1))]"
        }
    }
}
