public import Experiments
import Training

/// `nodes.csv`: a row for each node of each run whose nodes are judged one by one, with the options of its strategy in the
/// last columns. Verdicts are over all seeds.
public enum NodesCSV {
    /// What the file is called.
    public static let name = "nodes.csv"

    static let columns = [
        "strategy", "seed", "node", "rank", "kind", "trained_samples", "own_accuracy", "own_loss", "accuracy", "loss",
        "alone_accuracy", "gain", "verdict", "p_value_adjusted", "gain_at_equal_time", "verdict_at_equal_time",
        "cluster_seconds", "time_to_target_seconds", "bytes_sent", "bytes_received", "compute_seconds",
        "communication_seconds",
        "waiting_seconds", "staleness", "listened_within_kind", "chosen_model", "label",
    ]

    /// Behind the others, where the metric is no accuracy: of the node, alone, and by how much it is better off.
    static let metricColumns = ["own_value", "alone_value", "value_gain", "value_gain_at_equal_time"]

    /// The file's text; nil where no run has nodes.
    public static func render(_ results: Results) -> String? {
        guard results.runs.contains(where: { $0.nodes != nil }) else { return nil }
        let metric = MetricColumns(results.plan.metric)
        let fixed = columns + metric.names(metricColumns)
        let options = OptionColumns(results.plan, besides: fixed)
        var csv = CSV(columns: fixed + options.names)
        let comparisons = NodeComparison.all(results)
        let alone = NodeComparison.baseline(results)
        for summary in results.summaries {
            let own = comparisons.filter { $0.strategy == summary.strategy }
            let values = options.values(of: summary.plan)
            for run in summary.runs {
                let baseline = alone?.runs.first { $0.seed == run.seed }?.nodes
                for index in (run.nodes ?? []).indices {
                    csv.append(row(index, run, summary, own, baseline, metric) + values)
                }
            }
        }
        return csv.text
    }

    private static func row(
        _ index: Int, _ run: RunRecord, _ summary: StrategySummary, _ comparisons: [NodeComparison],
        _ baseline: [NodeResult]?, _ columns: MetricColumns
    ) -> [String] {
        let node = (run.nodes ?? [])[index]
        func verdict(_ terms: NodeComparison.Terms) -> NodeVerdict? {
            comparisons.first { $0.terms == terms }?.verdicts[index]
        }
        // Without a comparison there is none to be made with that node.
        let alone = comparisons.isEmpty ? nil : baseline.flatMap { $0.indices.contains(index) ? $0[index] : nil }
        let samples = verdict(.equalSamples)
        let atEqualSamples = comparisons.first { $0.terms == .equalSamples }?.gains[run.seed]?[index]
        let atEqualTime = comparisons.first { $0.terms == .equalTime }?.gains[run.seed]?[index]
        let (own, other) = (node.ownValue(summary.metric), alone?.ownValue(summary.metric))
        return [
            summary.plan.strategy, String(run.seed), CSV.count(index), CSV.count(node.rank), CSV.count(node.kind),
            CSV.count(node.trainedSamples), CSV.number(node.ownAccuracy), CSV.number(node.ownLoss),
            CSV.number(node.evaluations.last?.testAccuracy), CSV.number(node.evaluations.last?.testLoss),
            CSV.number(alone?.ownAccuracy),
            CSV.number(atEqualSamples?.accuracy), samples?.outcome.rawValue ?? "",
            CSV.amount(samples?.adjustedPValue), CSV.number(atEqualTime?.accuracy),
            verdict(.equalTime)?.outcome.rawValue ?? "", CSV.number(node.seconds),
            CSV.number(TimeToTarget(node.ownCurve, target: summary.target).sustainedSeconds),
            CSV.count(node.traffic?.bytesSent), CSV.count(node.traffic?.bytesReceived),
            CSV.number(node.time?.computeSeconds), CSV.number(node.time?.communicationSeconds),
            CSV.number(node.time?.waitingSeconds), CSV.number(node.staleness),
            CSV.number(run.shareListenedWithinKind(index)), CSV.count(node.chosenModel), summary.strategy,
        ] + columns.fields([own, other, atEqualSamples?.value, atEqualTime?.value])
    }
}
