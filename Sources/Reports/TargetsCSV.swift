public import Experiments

/// `targets.csv`: cluster time against target, one row a strategy and target. Where the metric is no accuracy, its name and the
/// target stand in two columns behind the others, and `target_accuracy` is empty.
public enum TargetsCSV {
    /// What the file is called.
    public static let name = "targets.csv"

    /// A row for each strategy and target.
    public static func render(_ results: Results) -> String {
        let metric = MetricColumns(results.plan.metric)
        var csv = CSV(
            columns: [
                "strategy", "target_accuracy", "seeds", "seeds_reached", "time_to_target_seconds_median",
                "time_to_target_seconds_low", "time_to_target_seconds_high", "label",
            ] + metric.names(["target"]))
        let rows = Dictionary(uniqueKeysWithValues: results.summaries.map { ($0.strategy, $0) })
        for curve in TargetCurve(results).points {
            for point in curve.points {
                csv.append(
                    [
                        rows[curve.strategy]?.plan.strategy ?? curve.strategy,
                        CSV.number(metric.accuracy(point.target)),
                        CSV.count(rows[curve.strategy]?.runs.count),
                        CSV.count(point.seedsReached), CSV.number(point.time.median), CSV.number(point.time.low),
                        CSV.number(point.time.high), curve.strategy,
                    ] + metric.fields([point.target]))
            }
        }
        return csv.text
    }
}
