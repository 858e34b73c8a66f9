public import Experiments
import Training

/// `curves.csv`: a row for each evaluation, with the options of its strategy in the last columns. Where the metric is no
/// accuracy, its name and value stand in front of them, with the loss on the test set.
public enum CurvesCSV {
    /// What the file is called.
    public static let name = "curves.csv"

    /// A row for each evaluation of each run.
    public static func render(_ results: Results) -> String {
        let metric = results.plan.metric
        let own = MetricColumns(metric)
        let hasAccuracies = MetricColumns.hasAccuracies(results)
        let columns =
            [
                "strategy", "seed", "round", "samples", "cluster_seconds", "bytes_sent", "train_loss", "test_accuracy",
                "label",
            ] + own.names(["test_value", "test_loss"])
        let options = OptionColumns(results.plan, besides: columns)
        var csv = CSV(columns: columns + options.names)
        for summary in results.summaries {
            let values = options.values(of: summary.plan)
            for run in summary.runs {
                for point in run.evaluations {
                    csv.append(
                        [
                            summary.plan.strategy, String(run.seed), CSV.count(point.round), CSV.count(point.samples),
                            CSV.number(point.clusterSeconds), CSV.count(point.bytesSent), CSV.number(point.trainLoss),
                            CSV.number(hasAccuracies ? point.testAccuracy : nil), summary.strategy,
                        ] + own.fields([metric.value(of: point), point.testLoss]) + values)
                }
            }
        }
        return csv.text
    }
}
