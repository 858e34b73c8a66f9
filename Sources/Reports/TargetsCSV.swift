public import Experiments

/// `targets.csv`: cluster time against target, one row a strategy and target.
public enum TargetsCSV {
    public static let name = "targets.csv"

    public static func render(_ results: Results) -> String {
        var csv = CSV(columns: [
            "strategy", "target_accuracy", "seeds", "seeds_reached", "time_to_target_seconds_median",
            "time_to_target_seconds_low", "time_to_target_seconds_high",
        ])
        let seeds = Dictionary(uniqueKeysWithValues: results.summaries.map { ($0.strategy, $0.runs.count) })
        for curve in TargetCurve(results).points {
            for point in curve.points {
                csv.append([
                    curve.strategy, CSV.number(point.target), CSV.count(seeds[curve.strategy]),
                    CSV.count(point.seedsReached), CSV.number(point.time.median), CSV.number(point.time.low),
                    CSV.number(point.time.high),
                ])
            }
        }
        return csv.text
    }
}
