import Diagnostics
import Experiments
import Statistics
import Training
public import Studies

/// What a study found: for each strategy the best options, and what it cost to find them.
public enum StudyTable {
    /// The table for a terminal: the best and the cost, then the expected best, then what a reader should know before
    /// using it.
    public static func terminal(_ results: StudyResults, _ layout: TextLayout = .unlimited) -> String {
        guard !results.summaries.isEmpty else { return "No trial was finished.\n" }
        return best(results).terminal(layout) + "\n" + title(results) + "\n" + afterTrials(results).terminal(layout)
            + "\n"
            + (warnings(results).isEmpty ? "" : warnings(results).joined(separator: "\n") + "\n\n")
            + StudyReport.total(results) + "\n\n"
    }

    // MARK: Tables

    static func best(_ results: StudyResults) -> TextTable {
        let (metric, isTime) = (results.plan.shownMetric, results.plan.endMetric == nil)
        var table = TextTable([
            ("strategy", .left), ("clock", .left), ("trials", .right), ("seeds", .right), ("best options", .left),
            ("\(results.plan.selection == .validation ? "validation" : "test") \(heading(metric))", .right),
            ("time to \(target(results))", .right), ("whole search: cluster time", .right), ("host time", .right),
            ("sent", .right), ("money", .right), ("energy", .right),
        ])
        for summary in results.summaries {
            let (best, cost) = (summary.best, summary.cost)
            let isUseless = isTime && !best.value.isFinite
            table.append(
                [
                    summary.strategy.name, ClockClass(summary.strategy).title, "\(summary.outcomes.count)",
                    "\(best.runs.count)",
                    isUseless ? "none got there" : best.trial.words, value(best, metric), time(best),
                ] + costs(cost))
        }
        return table
    }

    static func costs(_ cost: StudyCost) -> [String] {
        [
            Format.seconds(cost.clusterSeconds), Format.seconds(cost.hostSeconds),
            cost.bytesSent == 0 ? "-" : Format.bytes(Double(cost.bytesSent)), cost.money.map(Format.money) ?? "-",
            cost.wattHours.map(Format.energy) ?? "-",
        ]
    }

    static func title(_ results: StudyResults) -> String {
        results.plan.endMetric.map { "Expected best \(heading($0)) after k trials" }
            ?? "Median of the best time to \(target(results)) after k trials"
    }

    /// A column for 1, 2, 4, ... trials, and all.
    static func afterTrials(_ results: StudyResults) -> TextTable {
        let summaries = results.summaries
        let most = summaries.map(\.outcomes.count).max() ?? 1
        var counts = [1]
        while let last = counts.last, last < most { counts.append(min(most, 2 * last)) }
        let isTime = results.plan.endMetric == nil
        var table = TextTable(
            [("strategy", .left)] + (isTime ? [("clock", .left)] : []) + counts.map { ("k = \($0)", .right) })
        for summary in summaries {
            let points = summary.afterTrials
            table.append(
                [summary.strategy.name] + (isTime ? [ClockClass(summary.strategy).title] : [])
                    + counts.map { count in
                        guard count <= points.count else { return "-" }
                        let best = points[count - 1].best
                        return results.plan.endMetric?.text(best) ?? (best.isFinite ? Format.seconds(best) : "-")
                    })
        }
        return table
    }

    // MARK: Words

    static func target(_ results: StudyResults) -> String {
        results.plan.experiment.goal.title
    }

    /// The metric's name, with the direction of one that a reader might take for another.
    static func heading(_ metric: Metric) -> String {
        metric == .accuracy ? metric.title : "\(metric.title) (\(metric.direction))"
    }

    /// Median and interval over seeds.
    static func value(_ outcome: TrialOutcome, _ metric: Metric) -> String {
        let diverged = outcome.divergedCount == 0 ? "" : " (\(outcome.divergedCount) diverged)"
        let spread = outcome.value(metric)
        let median = metric.text(spread.median)
        guard outcome.runs.count > 1 else { return median + diverged }
        return "\(median) [\(metric.bareText(spread.low)), \(metric.bareText(spread.high))]\(diverged)"
    }

    /// `-` unless more than half of the seeds got there.
    static func time(_ outcome: TrialOutcome) -> String {
        let spread = outcome.timeToTarget
        let reached =
            outcome.seedsReached == outcome.runs.count
            ? "" : " (\(outcome.seedsReached) of \(outcome.runs.count) seeds)"
        guard spread.median.isFinite else { return "-" + reached }
        let high = spread.high.isFinite ? Format.seconds(spread.high) : "never"
        return "\(Format.seconds(spread.median)) [\(Format.seconds(spread.low)), \(high)]\(reached)"
    }

    /// What may be wrong with the choice.
    static func warnings(_ results: StudyResults) -> [String] {
        var lines: [String] = []
        for summary in results.summaries {
            let name = summary.strategy.name
            for edge in summary.edges {
                lines.append(
                    """
                    Warning: the best \(edge.option.rawValue) of `\(name)`, \(edge.value), is at the \
                    \(edge.isLargest ? "upper" : "lower") edge of what was tried: the best may lie beyond.
                    """)
            }
            if !summary.ties.isEmpty {
                lines.append(
                    """
                    `\(name)`: the best trial, and \(summary.ties.prefix(8).map(\.trial.words).joined(separator: "; "))\
                    \(summary.ties.count > 8 ? "; ..." : ""), came to the same in every figure: the first is shown.
                    """)
            }
            let diverged = summary.outcomes.filter { $0.divergedCount > 0 }.count
            if diverged > 0 {
                lines.append(
                    "\(diverged) of \(summary.outcomes.count) trials of `\(name)` diverged with a seed, and rank last.")
            }
            if !summary.best.value.isFinite {
                lines.append(
                    results.plan.endMetric != nil
                        ? "Warning: every trial of `\(name)` diverged with a seed."
                        : "Warning: no trial of `\(name)` got to \(results.plan.experiment.goal.words) with more than half of its seeds."
                )
            }
        }
        return lines
    }
}
