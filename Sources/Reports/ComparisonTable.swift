import Diagnostics
public import Experiments
import Training

/// The table a reader wants: which strategy reaches the target when, how good it ends, what it sends.
public enum ComparisonTable {
    /// For a terminal, whose width is scarce: without the first crossing. Where lines have a limit, somebody looks on: what
    /// was measured and what was simulated, and each on its machines, stand apart then.
    public static func terminal(_ results: Results, _ layout: TextLayout = .unlimited) -> String {
        table(results, showsFirstCrossing: false, groupsClocks: layout.columns != nil).terminal(layout)
    }
    /// The table of the report, with first crossings beside the times that stay.
    public static func markdown(_ results: Results) -> String { table(results, showsFirstCrossing: true).markdown }

    private static func table(
        _ results: Results, showsFirstCrossing: Bool, groupsClocks: Bool = false
    ) -> TextTable {
        let groups = ClockClass.groups(results.summaries)
        let isGrouped = groupsClocks && groups.count > 1
        var table = TextTable(
            [("strategy", .left), ("workers", .right)] + (isGrouped ? [] : [("clock", .left)]) + [
                ("reached", .right), ("time to \(target(results))", .right),
            ] + (showsFirstCrossing ? [("first crossing", .right)] : []) + [
                (endTitle(results.plan.metric), .right), ("cluster time", .right),
                ("compute", .right), ("network", .right), ("idle", .right),
            ] + (showsHidden(results) ? [("hidden", .right)] : []) + [("sent", .right), ("host time", .right)])
        var clock: ClockClass?
        for summary in isGrouped ? groups.flatMap({ $0 }) : results.summaries {
            if isGrouped, clock.map({ $0.relation(to: summary.clock) != .sameMachines }) ?? true {
                table.begin(section: summary.clock.sentenceStart)
                clock = summary.clock
            }
            let total = summary.spread(\.clusterSeconds).median
            func share(_ part: (RunRecord) -> Double) -> String {
                total > 0 ? Format.percent(summary.spread(part).median / total, decimals: 0) : "-"
            }
            table.append(
                [summary.strategy, summary.workersText] + (isGrouped ? [] : [summary.clock.title]) + [
                    "\(summary.seedsReached)/\(summary.runs.count)", timeToTarget(summary),
                ] + (showsFirstCrossing ? [duration(summary.firstCrossing.median)] : []) + [
                    finalValue(summary), Format.seconds(total), share(\.computeSeconds),
                    share(\.communicationSeconds), share(\.idleSeconds),
                ] + (showsHidden(results) ? [share { $0.hiddenCommunicationSeconds ?? 0 }] : []) + [
                    summary.count(\.traffic.bytesTotal) == 0
                        ? "-" : Format.bytes(Double(summary.count(\.traffic.bytesTotal))),
                    Format.seconds(summary.spread(\.hostSeconds).median),
                ])
        }
        return table
    }

    /// Whether communication of a strategy can be hidden behind its computation.
    static func showsHidden(_ results: Results) -> Bool { results.plan.strategies.contains { $0.overlapInUse != nil } }

    /// The target in words, for heads of tables.
    static func target(_ results: Results) -> String { results.plan.goal.title }

    /// The head of the metric's column; says the direction of one that a reader might take for another.
    static func endTitle(_ metric: Metric) -> String {
        metric == .accuracy ? "accuracy at the end" : "\(metric.title) at the end (\(metric.direction))"
    }

    /// Median and interval; "-" unless more than half of the seeds got there.
    static func timeToTarget(_ summary: StrategySummary) -> String {
        let time = summary.timeToTarget
        guard time.median.isFinite else { return "-" }
        let high = time.high.isFinite ? Format.seconds(time.high) : "never"
        return "\(Format.seconds(time.median)) [\(Format.seconds(time.low)), \(high)]"
    }

    private static func duration(_ seconds: Double) -> String {
        seconds.isFinite ? Format.seconds(seconds) : "-"
    }

    /// Median and interval of the metric at the end.
    static func finalValue(_ summary: StrategySummary) -> String {
        let (value, metric) = (summary.finalValue, summary.metric)
        let counts = [(summary.divergedCount, "diverged"), (summary.stoppedCount, "stopped")].filter { $0.0 > 0 }
        let ends = counts.isEmpty ? "" : " (\(counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")))"
        let median = metric.text(value.median)
        guard summary.runs.count > 1 else { return median + ends }
        return "\(median) [\(metric.bareText(value.low)), \(metric.bareText(value.high))]\(ends)"
    }
}

extension StrategySummary {
    /// Training workers: all clients of a federated strategy.
    var workers: Int { plan.roles.workers }

    /// Workers that were left out for lack of memory, in the middle of the seeds.
    var workersLeftOut: Int { count { $0.memoryShortage?.ranks ?? 0 } }

    /// Workers that train at the same time; for a federated strategy, the clients of a round.
    var workersAtOnce: Int {
        min(plan.roles.concurrentWorkers, workers - workersLeftOut)
    }

    /// The workers in words, such as `8`, `10 of 100`, `10 of 100, 12 left out`.
    var workersText: String {
        (workersAtOnce == workers ? String(workers) : "\(workersAtOnce) of \(workers)")
            + (workersLeftOut > 0 ? ", \(workersLeftOut) left out" : "")
    }
}
