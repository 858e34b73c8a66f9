package import Studies

/// `expected-best.csv`: one row a strategy and number of trials: what the best of so many is worth, and what they cost.
///
/// The value is an accuracy or of another metric (the expectation), or a time to the target in seconds (the median, empty for never); low and high
/// hold the best of so many trials in nine of ten draws.
package enum ExpectedBestCSV {
    package static let name = "expected-best.csv"

    package static func render(_ results: StudyResults) -> String {
        var csv = CSV(columns: [
            "strategy", "metric", "trials", "best", "best_low", "best_high", "cluster_seconds", "host_seconds",
            "bytes_sent", "money_usd", "energy_wh", "label",
        ])
        for summary in results.summaries {
            for point in summary.afterTrials {
                csv.append([
                    summary.strategy.strategy, results.plan.metricName, CSV.count(point.trials),
                    CSV.number(point.best), CSV.number(point.low), CSV.number(point.high),
                    CSV.number(point.cost.clusterSeconds), CSV.number(point.cost.hostSeconds),
                    CSV.count(point.cost.bytesSent), CSV.amount(point.cost.money), CSV.amount(point.cost.wattHours),
                    summary.strategy.name,
                ])
            }
        }
        return csv.text
    }
}
