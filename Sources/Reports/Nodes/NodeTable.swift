import Diagnostics
import Experiments
import Statistics
import Training

/// Node by node.
enum NodeTable {
    /// The most rows, since nobody reads more; `nodes.csv` has all.
    private static let mostRows = 40

    static func render(_ results: Results, _ comparisons: [NodeComparison]) -> String {
        let metric = results.plan.metric
        let tables = results.summaries.compactMap { summary in
            table(summary, comparisons.filter { $0.strategy == summary.strategy })
        }
        guard !tables.isEmpty else { return "" }
        return """
            ### Node by node

            Means over seeds; \(metric.plural) on the node's own distribution, at the end\(everybodys(results)). *Gain*\(unit(metric)) and the \
            verdict are at equal samples, and behind *at equal time* at equal cluster time; *p* is \(NodeSection.test(metric).short), corrected by Holm's procedure; *seeds* are those in which the node is better off and worse \
            off. Every seed's figures are in `\(NodesCSV.name)`.

            \(tables.joined(separator: "\n"))
            """
    }

    /// The unit in which gains are told; for a metric of which lower is better, what a gain with a plus sign means.
    private static func unit(_ metric: Metric) -> String {
        switch metric {
        case .accuracy: " in points"
        case .auc: ""
        case .loss, .perplexity, .rmse: " (how much lower than alone)"
        }
    }

    /// What the column is in which a node's model is judged by what all nodes want together.
    private static func everybodys(_ results: Results) -> String {
        results.summaries.contains { judgesByOwn($0) }
            ? ", and *everybody's* on the mixture of all nodes' distributions" : ""
    }

    private static func everybodys(_ nodes: [NodeResult], _ metric: Metric) -> [Double?] {
        nodes.map { $0.evaluations.last.map(metric.value(of:)) }
    }

    /// Whether nodes are judged by other distributions than everybody's.
    private static func judgesByOwn(_ summary: StrategySummary) -> Bool {
        summary.runs.contains { ($0.nodes ?? []).contains { $0.own != nil } }
    }

    private static func table(_ summary: StrategySummary, _ comparisons: [NodeComparison]) -> String? {
        let count = summary.runs.compactMap { $0.nodes?.count }.min() ?? 0
        guard count > 0 else { return nil }
        let samples = comparisons.first { $0.terms == .equalSamples }
        let time = comparisons.first { $0.terms == .equalTime }
        let hasKinds = summary.runs.contains(where: \.hasKinds)
        let isStale = summary.runs.contains { ($0.nodes ?? []).contains { $0.staleness != nil } }
        typealias Columns = [(title: String, alignment: TextTable.Alignment)]
        let kind: Columns = hasKinds ? [("kind", .right)] : []
        let verdict: Columns =
            samples == nil
            ? []
            : [
                ("alone", .right), ("gain", .right), ("verdict", .left), ("p", .right), ("seeds", .right),
                ("at equal time", .right), ("verdict", .left),
            ]
        let costs: Columns = [
            ("sent", .right), ("received", .right), ("compute", .right), ("network", .right), ("waiting", .right),
        ]
        let staleness: Columns = isStale ? [("staleness", .right)] : []
        let (hasLoss, isOwn) = (summary.metric != .loss, judgesByOwn(summary))
        let own: Columns =
            [("node", .right)] + kind + [("own \(summary.metric.title)", .right)]
            + (hasLoss ? [("own loss", .right)] : []) + (isOwn ? [("everybody's", .right)] : [])
        var table = TextTable(own + verdict + costs + staleness)
        let shown = rows(count, samples)
        for index in shown {
            let nodes = summary.runs.compactMap { $0.nodes?[index] }
            var cells = [String(index)]
            if hasKinds { cells.append(nodes[0].kind.map(String.init) ?? "-") }
            cells.append(summary.metric.text(mean(nodes.map { $0.ownValue(summary.metric) })))
            if hasLoss { cells.append(Format.significant(mean(nodes.map(\.ownLoss)))) }
            if isOwn { cells.append(optionalMean(everybodys(nodes, summary.metric), summary.metric.text)) }
            if let samples { cells += verdictCells(samples.verdicts[index], time?.verdicts[index]) }
            cells += figures(nodes)
            if isStale { cells.append(optionalMean(nodes.map(\.staleness), Format.significant)) }
            table.append(cells)
        }
        let rest =
            shown.count < count
            ? "\nOf \(count) nodes the \(shown.count) that gain least and most.\n" : ""
        return "`\(summary.strategy)`:\n\n\(table.markdown)\(rest)"
    }

    /// The nodes that are shown: all, or those that gain least and most where there are many.
    private static func rows(_ count: Int, _ comparison: NodeComparison?) -> [Int] {
        guard count > mostRows else { return Array(0..<count) }
        guard let comparison else { return Array(0..<mostRows) }
        let byGain = comparison.verdicts.sorted { ($0.gain, $0.node) < ($1.gain, $1.node) }.map(\.node)
        return byGain.prefix(mostRows / 2) + byGain.suffix(mostRows / 2)
    }

    private static func verdictCells(_ verdict: NodeVerdict, _ atEqualTime: NodeVerdict?) -> [String] {
        let metric = verdict.metric
        func text(_ gain: Double) -> String { (gain > 0 ? "+" : "") + metric.differenceText(gain) }
        return [
            metric.text(verdict.aloneValue), text(verdict.gain), verdict.outcome.rawValue,
            verdict.adjustedPValue < 0.0001 ? "< 0.0001" : Format.significant(verdict.adjustedPValue),
            "\(verdict.seedsUp) up, \(verdict.seedsDown) down",
            atEqualTime.map { text($0.gain) } ?? "-", atEqualTime?.outcome.rawValue ?? "-",
        ]
    }

    private static func figures(_ nodes: [NodeResult]) -> [String] {
        [
            optionalMean(nodes.map { $0.traffic.map { Double($0.bytesSent) } }, Format.bytes),
            optionalMean(nodes.map { $0.traffic.map { Double($0.bytesReceived) } }, Format.bytes),
            optionalMean(nodes.map { $0.time?.computeSeconds }, Format.seconds),
            optionalMean(nodes.map { $0.time?.communicationSeconds }, Format.seconds),
            optionalMean(nodes.map { $0.time?.waitingSeconds }, Format.seconds),
        ]
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    private static func optionalMean(_ values: [Double?], _ text: (Double) -> String) -> String {
        let present = values.compactMap(\.self)
        return present.count == values.count && !present.isEmpty ? text(mean(present)) : "-"
    }
}
