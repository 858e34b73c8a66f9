import Diagnostics
import Experiments
import Fabrics

/// What the time went to, and what each cost of the cluster is worth.
enum TimeSection {
    static func render(_ results: Results) -> String {
        let summaries = results.summaries
        guard !summaries.isEmpty else { return "" }
        let hidden =
            ComparisonTable.showsHidden(results)
            ? " *Hidden* is communication beside which the worker computed, part of *compute*." : ""
        return """
            ## What the time went to

            \(shares(summaries, showsHidden: !hidden.isEmpty).markdown)
            Shares of a working worker's cluster time, medians over seeds. *Network* is exposed communication: from when all that \
            a worker needed of others had been sent, or all had come, until it was there; before, it is *waiting for others*. *Rest* \
            is idle time at the end\(hasCohorts(summaries) ? ", and where clients are drawn into rounds all waiting, which cannot be told from waiting to be drawn" : "").\(hidden)

            \(attribution(summaries))
            """
    }

    private static func hasCohorts(_ summaries: [StrategySummary]) -> Bool {
        summaries.contains { $0.plan.description?.isFederated == true }
    }

    private static func shares(_ summaries: [StrategySummary], showsHidden: Bool) -> TextTable {
        var table = TextTable(
            [
                ("strategy", .left), ("cluster time", .right), ("compute", .right), ("network", .right),
                ("waiting for others", .right), ("rest", .right),
            ] + (showsHidden ? [("hidden", .right)] : []))
        for summary in summaries {
            let total = summary.spread(\.clusterSeconds).median
            func share(_ part: (RunRecord) -> Double) -> String {
                total > 0 ? Format.percent(summary.spread(part).median / total) : "-"
            }
            let isSplit = summary.runs.allSatisfy { $0.waitingSeconds != nil }
            table.append(
                [
                    summary.strategy, Format.seconds(total), share(\.computeSeconds), share(\.communicationSeconds),
                    isSplit ? share { $0.waitingSeconds ?? 0 } : "-",
                    share { max(0, $0.idleSeconds - (isSplit ? $0.waitingSeconds ?? 0 : 0)) },
                ] + (showsHidden ? [share { $0.hiddenCommunicationSeconds ?? 0 }] : []))
        }
        return table
    }

    // MARK: Attribution

    private static func attribution(_ summaries: [StrategySummary]) -> String {
        let priced = summaries.compactMap { summary in
            summary.runs.first { $0.attribution != nil }.map { (summary, $0) }
        }
        guard !priced.isEmpty else { return "" }
        let ideals = Idealization.allCases.filter { ideal in
            priced.contains { $0.1.attribution?.contains { $0.ideal == ideal } == true }
        }
        var table = TextTable([("strategy", .left), ("as it was", .right)] + ideals.map { ($0.label, .right) })
        for (summary, run) in priced {
            table.append(
                [summary.strategy, Format.seconds(run.clusterSeconds)]
                    + ideals.map { ideal in
                        let seconds = run.attribution?.first { $0.ideal == ideal }?.clusterSeconds
                        guard let seconds, run.clusterSeconds > 0 else { return "-" }
                        return "\(Format.seconds(seconds)) (\(change(from: run.clusterSeconds, to: seconds)))"
                    })
        }
        let sentences = priced.compactMap { sentence($0.0.strategy, $0.1) }
        return """
            The same run, re-priced on its cluster without one of its costs each (first seed; what is saved by two of them together can \
            be more or less than the sum):

            \(table.markdown)\(sentences.map { "\n- \($0)" }.joined())

            """
    }

    private static func change(from before: Double, to after: Double) -> String {
        let share = after / before - 1
        return abs(share) < 0.0005 ? "0 %" : (share < 0 ? "-" : "+") + Format.percent(abs(share))
    }

    /// The cost that is worth most, in words.
    static func sentence(_ strategy: String, _ run: RunRecord) -> String? {
        let saved = (run.attribution ?? []).map { ($0.ideal, 1 - $0.clusterSeconds / run.clusterSeconds) }
        guard let (ideal, share) = saved.max(by: { $0.1 < $1.1 }), share >= 0.0005 else { return nil }
        let what =
            switch ideal {
            case .noLatency: "round trips"
            case .infiniteBandwidth: "bytes on links"
            case .noOverhead: "overhead of messages"
            case .noLoss: "lost messages"
            case .noStragglers: "waiting for slow workers"
            case .freeComputation: "computation"
            }
        return "`\(strategy)`: \(Format.percent(share, decimals: 0)) of the time is \(what)."
    }
}
