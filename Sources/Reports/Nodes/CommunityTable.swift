import Diagnostics
import Experiments
import Statistics
import Training

/// All nodes of each strategy together.
enum CommunityTable {
    static func render(_ results: Results, _ comparisons: [NodeComparison]) -> String {
        let summaries = results.summaries.filter { $0.runs.allSatisfy { $0.community?.isEmpty == false } }
        guard !summaries.isEmpty else { return "" }
        let target = ComparisonTable.target(results)
        let hasAverages = summaries.contains { $0.runs.contains { $0.community?.last?.averageAccuracy != nil } }
        let hasListened = summaries.contains { $0.runs.contains { $0.shareListenedWithinKind != nil } }
        let hasChosen = summaries.contains { $0.runs.contains { $0.clusterAccuracy != nil } }
        typealias Columns = [(title: String, alignment: TextTable.Alignment)]
        let always: Columns = [
            ("strategy", .left), ("nodes", .right), ("mean", .right), ("worst", .right),
            (tenth(results.plan.metric), .right),
            ("gain", .right), ("lose", .right), ("time to \(target), mean over nodes", .right), ("last node", .right),
        ]
        let averages: Columns = hasAverages ? [("average model", .right), ("consensus distance", .right)] : []
        let listened: Columns = hasListened ? [("listened within kind", .right)] : []
        let chosen: Columns = hasChosen ? [("cluster accuracy", .right)] : []
        var table = TextTable(always + averages + listened + chosen)
        for summary in summaries {
            let verdicts = comparisons.first { $0.strategy == summary.strategy && $0.terms == .equalSamples }
            var cells = [
                summary.strategy, String(summary.count { $0.nodes?.count ?? 0 }),
                ComparisonTable.finalValue(summary), value(summary, \.worst), value(summary, \.worstTenth),
                share(verdicts, .gains), share(verdicts, .loses),
                ComparisonTable.timeToTarget(summary), summary.lastNodeTime.map(time) ?? "-",
            ]
            if hasAverages { cells += [value(summary, \.average), distance(summary)] }
            if hasListened { cells.append(percent(summary, \.shareListenedWithinKind)) }
            if hasChosen { cells.append(percent(summary, \.clusterAccuracy)) }
            table.append(cells)
        }
        return """
            ### The community

            \(table.markdown)
            \(plural(results.plan.metric)) at the end, of every node on its own distribution, medians over seeds; \
            *\(tenth(results.plan.metric))*: nine of ten nodes are at or \
            \(results.plan.metric.isHigherBetter ? "above" : "below") it. *Last node*: when the last one of all has reached the target, `-` where one never \
            did.\(notes(summaries, hasAverages, hasListened, hasChosen))

            """
    }

    private static func notes(
        _ summaries: [StrategySummary], _ hasAverages: Bool, _ hasListened: Bool, _ hasChosen: Bool
    ) -> String {
        var notes = ""
        if hasAverages {
            notes += """
                 *Average model*: the mean of all nodes' models, on everybody's data; *consensus distance*: how far the models are \
                from it at the end, the root of the mean square.
                """
        }
        if hasListened {
            let chance = summaries.flatMap(\.runs).compactMap(\.shareOfKindsByChance).first
            notes += """
                 *Listened within kind*: of the weight with which others' models were taken in, the share of the node's own \
                kind\(chance.map { "; \(Format.percent($0)) where all are listened to alike" } ?? "").
                """
        }
        if hasChosen {
            notes += """
                 *Cluster accuracy*: the share of nodes whose chosen model is that of their kind, under the best matching of \
                models and kinds.
                """
        }
        return notes
    }

    private static func value(
        _ summary: StrategySummary, _ figure: (CommunityPoint.Values) -> Double?
    ) -> String {
        let metric = summary.metric
        let values = summary.runs.compactMap { $0.community?.last?.values(metric).flatMap(figure) }
        return values.count == summary.runs.count ? metric.text(Median.of(values)) : "-"
    }

    /// The tenth of the nodes that is worst off.
    private static func tenth(_ metric: Metric) -> String { metric == .accuracy ? "lowest tenth" : "worst tenth" }

    private static func plural(_ metric: Metric) -> String {
        let name = metric.plural.prefix(1).uppercased() + metric.plural.dropFirst()
        return metric == .accuracy ? name : "\(name) (\(metric.direction))"
    }

    private static func distance(_ summary: StrategySummary) -> String {
        let values = summary.runs.compactMap { $0.community?.last?.consensusDistance }
        return values.count == summary.runs.count ? Format.significant(Median.of(values)) : "-"
    }

    private static func percent(_ summary: StrategySummary, _ value: (RunRecord) -> Double?) -> String {
        let values = summary.runs.compactMap(value)
        return values.count == summary.runs.count ? Format.percent(Median.of(values)) : "-"
    }

    private static func share(_ comparison: NodeComparison?, _ outcome: NodeVerdict.Outcome) -> String {
        guard let comparison else { return "-" }
        let count = comparison.count(outcome)
        return "\(count) (\(Format.percent(Double(count) / Double(comparison.verdicts.count), decimals: 0)))"
    }

    private static func time(_ time: SpreadSummary) -> String {
        time.median.isFinite ? Format.seconds(time.median) : "-"
    }
}

/// How far apart the models are while they are trained.
enum ConsensusTable {
    /// Evaluations that are shown, evenly spaced, with the first and the last among them.
    private static let columns = 9

    static func render(_ results: Results) -> String {
        let summaries = results.summaries.filter { summary in
            summary.runs.allSatisfy { run in run.community?.contains { $0.consensusDistance != nil } ?? false }
        }
        // Strategies may be evaluated at other moments; the first one's count.
        guard let counts = summaries.first?.runs.first?.community?.count, counts > 1 else { return "" }
        let most = min(columns, counts)
        let shares = (0..<most).map { Double($0) / Double(max(1, most - 1)) }
        var table = TextTable(
            [("strategy", .left)] + shares.map { (Format.percent($0, decimals: 0), .right) })
        for summary in summaries {
            table.append(
                [summary.strategy]
                    + shares.map { share in
                        let values = summary.runs.compactMap { run -> Double? in
                            guard let curve = run.community, !curve.isEmpty else { return nil }
                            return curve[Int((share * Double(curve.count - 1)).rounded())].consensusDistance
                        }
                        return values.isEmpty ? "-" : Format.significant(Median.of(values))
                    })
        }
        return """
            ### How far apart the models are

            The consensus distance of the nodes' models by the share of the run's evaluations, medians over seeds.

            \(table.markdown)
            """
    }
}
