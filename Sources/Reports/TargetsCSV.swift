public import Experiments

/// `targets.csv`: cluster time against target, one row a strategy and target.
public enum TargetsCSV {
    /// What the file is called.
    public static let name = "targets.csv"

    /// A row for each strategy and target.
    public static func render(_ results: Results) -> String {
        var csv = CSV(columns: [
            "strategy", "target_accuracy", "seeds", "seeds_reached", "time_to_target_seconds_median",
            "time_to_target_seconds_low", "time_to_target_seconds_high", "label",
        ])
        let rows = Dictionary(uniqueKeysWithValues: results.summaries.map { ($0.strategy, $0) })
        for curve in TargetCurve(results).points {
            for point in curve.points {
                csv.append([
                    rows[curve.strategy]?.plan.strategy ?? curve.strategy, CSV.number(point.target),
                    CSV.count(rows[curve.strategy]?.runs.count),
                    CSV.count(point.seedsReached), CSV.number(point.time.median), CSV.number(point.time.low),
                    CSV.number(point.time.high), curve.strategy,
                ])
            }
        }
        return csv.text
    }
}
