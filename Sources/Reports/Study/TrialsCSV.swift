public import Studies

/// `trials.csv`: one row a trial and rung. Costs are of that rung, over all seeds, so that their sum over all rows is
/// the cost of the whole search; accuracies are fractions. Where the task's metric is no accuracy, its name, values and
/// target stand behind the other columns, and `target_accuracy` is empty.
public enum TrialsCSV {
    /// What the file is called.
    public static let name = "trials.csv"

    /// A row for each trial.
    public static func render(_ results: StudyResults) -> String {
        let options = Set(results.plan.dimensions.map(\.option)).sorted(by: StudyOption.isBefore)
        let metric = MetricColumns(results.plan.experiment.metric)
        var csv = CSV(
            columns: ["task", "strategy", "trial", "rung", "rank"]
                + options.map { $0.rawValue.replacing("-", with: "_") } + [
                    "epochs", "seeds", "chosen_on", "accuracy_median", "accuracy_low", "accuracy_high",
                    "seeds_diverged",
                    "target_accuracy", "seeds_reached", "time_to_target_seconds_median", "cluster_seconds",
                    "host_seconds", "bytes_sent", "messages_sent", "money_usd", "energy_wh",
                    "time_to_target_seconds_low", "time_to_target_seconds_high", "label",
                ] + metric.names(["value_median", "value_low", "value_high", "target_value"]))
        let plan = results.plan
        for summary in results.summaries {
            // By the trial's index; the first of several, which only a file that was edited has.
            let ranks = Dictionary(
                summary.ranked.enumerated().map { ($0.element.trial.index, $0.offset + 1) },
                uniquingKeysWith: { a, _ in a })
            let lastRungs = Dictionary(
                summary.outcomes.map { ($0.trial.index, $0.rung) }, uniquingKeysWith: { a, _ in a })
            for outcome in summary.allOutcomes {
                let isLast = lastRungs[outcome.trial.index] == outcome.rung
                let rank = isLast ? ranks[outcome.trial.index] : nil
                let (accuracy, cost) = (outcome.accuracy, outcome.cost)
                let value = outcome.value(plan.experiment.metric)
                csv.append(
                    [
                        plan.experiment.task, summary.strategy.strategy, String(outcome.trial.index + 1),
                        String(outcome.rung + 1), CSV.count(rank),
                    ] + options.map { outcome.trial.value(of: $0) ?? "" } + [
                        CSV.number(plan.rungs[outcome.rung].epochs), CSV.count(outcome.runs.count),
                        plan.selection.rawValue, CSV.number(accuracy.median), CSV.number(accuracy.low),
                        CSV.number(accuracy.high), CSV.count(outcome.divergedCount),
                        CSV.number(metric.accuracy(plan.experiment.target)), CSV.count(outcome.seedsReached),
                        CSV.number(outcome.timeToTarget.median), CSV.number(cost.clusterSeconds),
                        CSV.number(cost.hostSeconds), CSV.count(cost.bytesSent), CSV.count(cost.messagesSent),
                        CSV.amount(cost.money), CSV.amount(cost.wattHours),
                        CSV.number(outcome.timeToTarget.low), CSV.number(outcome.timeToTarget.high),
                        summary.strategy.name,
                    ] + metric.fields([value.median, value.low, value.high, plan.experiment.target]))
            }
        }
        return csv.text
    }
}
