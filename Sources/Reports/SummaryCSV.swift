public import Experiments

/// `summary.csv`: a row for each strategy or variant, with its options in the last columns. Times are cluster time,
/// except for `host_seconds`; accuracies are fractions.
public enum SummaryCSV {
    /// What the file is called.
    public static let name = "summary.csv"

    static let columns = [
        "task", "strategy", "fabric", "clock", "workers", "seeds", "samples", "rounds",
        "final_accuracy_median", "final_accuracy_low", "final_accuracy_high", "target_accuracy", "seeds_reached",
        "time_to_target_seconds_median", "time_to_target_seconds_low", "time_to_target_seconds_high",
        "cluster_seconds_median", "compute_seconds_median", "communication_seconds_median", "idle_seconds_median",
        "host_seconds_median", "bytes_sent_total", "bytes_sent_per_worker_max", "bytes_uplink", "bytes_downlink",
        "messages_total", "first_crossing_seconds_median", "seeds_diverged", "money_usd_median",
        "money_to_target_usd_median", "energy_wh_median", "energy_to_target_wh_median", "price_index",
        "hidden_communication_seconds_median",
        "seeds_stopped", "ranks_left_median", "samples_lost_median", "workers_at_once", "workers_left_out",
        "tuning", "idle_seconds_least_median", "label",
    ]

    /// The columns behind the others where the metric is no accuracy: its name, its value at the end and its target.
    static let metricColumns = [
        "metric", "final_value_median", "final_value_low", "final_value_high", "target_value",
    ]

    /// A row for each strategy.
    public static func render(_ results: Results) -> String {
        let metric = MetricColumns(results.plan.metric)
        let fixed = columns + (metric.isPresent ? metricColumns : [])
        let options = OptionColumns(results.plan, besides: fixed)
        var csv = CSV(columns: fixed + options.names)
        for (row, summary) in zip(rows(results), results.summaries) {
            csv.append(row + fields(summary, metric) + options.values(of: summary.plan))
        }
        return csv.text
    }

    /// The values of a strategy's metric, in the order of ``metricColumns``.
    private static func fields(_ summary: StrategySummary, _ columns: MetricColumns) -> [String] {
        let value = summary.finalValue
        return columns.fields([value.median, value.low, value.high, summary.target.value])
    }

    /// A row for every strategy, in the order of ``columns`` and ``metricColumns``, whatever the metric is.
    static func rowsWithMetric(_ results: Results) -> [[String]] {
        let columns = MetricColumns(results.plan.metric, always: true)
        return zip(rows(results), results.summaries).map { $0 + fields($1, columns) }
    }

    /// A row for every strategy, in the order of ``columns``.
    static func rows(_ results: Results) -> [[String]] {
        let summaries = results.summaries
        let hasAccuracies = MetricColumns.hasAccuracies(results)
        return summaries.map { summary in
            let accuracy = hasAccuracies ? summary.finalAccuracy : nil
            let time = summary.timeToTarget
            return [
                results.plan.task, summary.plan.strategy, summary.plan.fabric.rawValue,
                summary.clock.column, CSV.count(summary.workers),
                CSV.count(summary.runs.count), CSV.count(summary.count(\.samples)), CSV.count(summary.count(\.rounds)),
                CSV.number(accuracy?.median), CSV.number(accuracy?.low), CSV.number(accuracy?.high),
                CSV.number(MetricColumns(summary.metric).accuracy(summary.target.value)),
                CSV.count(summary.seedsReached),
                CSV.number(time.median), CSV.number(time.low), CSV.number(time.high),
                CSV.number(summary.spread(\.clusterSeconds).median),
                CSV.number(summary.spread(\.computeSeconds).median),
                CSV.number(summary.spread(\.communicationSeconds).median),
                CSV.number(summary.spread(\.idleSeconds).median), CSV.number(summary.spread(\.hostSeconds).median),
                CSV.count(summary.count(\.traffic.bytesTotal)), CSV.count(summary.count(\.traffic.bytesPerWorkerMax)),
                CSV.count(summary.optionalCount(\.traffic.bytesUplink)),
                CSV.count(summary.optionalCount(\.traffic.bytesDownlink)),
                CSV.count(summary.count(\.traffic.messagesTotal)), CSV.number(summary.firstCrossing.median),
                CSV.count(summary.divergedCount), CSV.amount(summary.totalCost(\.money)?.median),
                CSV.amount(summary.costToTarget(\.money)?.median), CSV.amount(summary.totalCost(\.wattHours)?.median),
                CSV.amount(summary.costToTarget(\.wattHours)?.median),
                CSV.number(CostTable.single(summaries).flatMap(summary.priceIndex)),
                CSV.number(summary.spread { $0.hiddenCommunicationSeconds ?? 0 }.median),
                CSV.count(summary.stoppedCount), CSV.count(summary.count { $0.departures?.count ?? 0 }),
                CSV.count(summary.count { $0.lostSamples ?? 0 }), CSV.count(summary.workersAtOnce),
                CSV.count(summary.workersLeftOut), summary.plan.tuning?.trialsText ?? "",
                CSV.number(summary.leastIdleSeconds), summary.strategy,
            ]
        }
    }
}
