import Diagnostics
import Experiments
import Training

/// Time against target, as a table.
enum TargetSection {
    /// The most columns that a page holds.
    private static let columns = 9

    static func render(_ results: Results) -> String {
        let curve = TargetCurve(results)
        guard curve.targets.count > 1 else { return "" }
        // The targets nearest to the plan's own, around which a reader wants to know.
        let shown = curve.targets.suffix(columns)
        let first = curve.targets.count - shown.count
        var table = TextTable(
            [("strategy", .left), ("clock", .left)] + shown.map { (title($0, results.plan.metric), .right) })
        let clocks = Dictionary(uniqueKeysWithValues: results.summaries.map { ($0.strategy, $0.clock.title) })
        for (strategy, points) in curve.points {
            table.append(
                [strategy, clocks[strategy] ?? ""]
                    + points[first...].map { point in
                        let time = point.time.median.isFinite ? Format.seconds(point.time.median) : "-"
                        let seeds = results.plan.seeds.count
                        return point.seedsReached == seeds || point.seedsReached == 0
                            ? time : "\(time) (\(point.seedsReached) of \(seeds))"
                    })
        }
        return """
            ## Time against target

            Median cluster time to each test \(results.plan.metric.title), sustained as above; `-` where half of the seeds or more never got \
            there, and how many did where not all. With intervals: `\(TargetsCSV.name)`.

            \(table.markdown)
            """
    }

    private static func title(_ target: Double, _ metric: Metric) -> String {
        metric.isShare ? "\(Format.significant(target * 100)) %" : metric.targetText(target)
    }
}
