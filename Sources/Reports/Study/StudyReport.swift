import Diagnostics
import Experiments
public import Studies
import Tasks
import Training

/// `report.md` of a study: what was chosen, what finding it cost, and all that is needed to believe it or to do it again.
public enum StudyReport {
    /// - Parameter folder: where the study is, for the command that uses it.
    public static func render(_ results: StudyResults, folder: String) -> String {
        render(results, folder: folder, figures: [])
    }

    /// - Parameter figures: pictures whose files lie beside the report.
    package static func render(_ results: StudyResults, folder: String, figures: [Picture]) -> String {
        let experiment = results.withoutRuns
        let sections = [
            "# A search for the options of distributed training on \(results.plan.experiment.task)\n",
            unfinished(results),
            DataText.warning(experiment) ?? "", findings(results), FigureFiles.markdown(figures),
            afterTrials(results), use(results, folder: folder),
            trials(results),
            StudyContract.render(results), MarkdownReport.clusters(experiment), prices(results),
            MarkdownReport.machine(experiment),
        ]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// A sentence about a search that was stopped; empty for one that came to its end.
    static func unfinished(_ results: StudyResults) -> String {
        guard !results.isComplete else { return "" }
        return """
            **Stopped before its end: \(results.runs.count) runs are finished, and strategies may not have had the same \
            number of trials.**

            """
    }

    // MARK: What was found

    static func findings(_ results: StudyResults) -> String {
        let summaries = results.summaries
        guard !summaries.isEmpty else { return "No trial was finished.\n" }
        let warnings = (StudyTable.warnings(results) + summaries.compactMap { rivals($0, results) })
            .map { "- \($0)\n" }.joined()
        return """
            \(StudyTable.best(results).markdown)
            \(total(results)) \(values(results.plan.shownMetric)) and times are \
            \(results.plan.experiment.seeds.count == 1 ? "of one seed" : "medians over seeds, with 95 % intervals as in the reports of `bench run`"), \
            measured on the \(results.plan.selection.title)\(bias(results)). Cluster time is what all trials of \
            the strategy, one after another, take on the machines they are about; host time is how long they kept this \
            machine busy. Times of different clocks are not compared, and options of one strategy are compared seed by seed, not by \
            their brackets, which are the spread of each over its seeds. \(IntervalText.steps) \(factors(results))
            \(warnings.isEmpty ? "" : "\n" + warnings)
            """
    }

    /// The metric's values in words, for the beginning of a sentence.
    private static func values(_ metric: Metric) -> String {
        metric.plural.prefix(1).uppercased() + metric.plural.dropFirst()
    }

    /// The whole search in one sentence.
    static func total(_ results: StudyResults) -> String {
        let summaries = results.summaries
        let cost = summaries.reduce(StudyCost.zero) { $0 + $1.cost }
        let runs = summaries.reduce(0) { $0 + $1.runCount }
        // What was measured here and what is simulated elsewhere are no sum.
        let simulated = summaries.filter { $0.strategy.fabric == .simulated }
        let others = summaries.filter { $0.strategy.fabric != .simulated }
        let parts = [(simulated, "on the clusters that are simulated"), (others, "where it was measured")].filter {
            !$0.0.isEmpty
        }.map { group, place in "; \(place) it \(amounts(group.reduce(StudyCost.zero) { $0 + $1.cost }))" }
        let note = SentBytes.note(summaries.map { ($0.strategy, $0.cost.bytesSent) }).map { " \($0)" } ?? ""
        let busy = "kept this machine busy for \(Format.seconds(cost.hostSeconds))"
        let made =
            results.plan.experiment.jobs.map {
                "made \(runs) runs, up to \($0) of them side by side, which \(busy) in all"
            } ?? "made \(runs) runs and \(busy)"
        return """
            The whole search \(made)\(parts.joined()).\(note)
            """
    }

    private static func amounts(_ cost: StudyCost) -> String {
        let amounts = [cost.money.map(Format.money), cost.wattHours.map(Format.energy)].compactMap(\.self)
        let amount = amounts.isEmpty ? "an amount that is not known" : amounts.joined(separator: " and ")
        return cost.bytesSent == 0
            ? "costs \(amount)" : "sends \(Format.bytes(Double(cost.bytesSent))) and costs \(amount)"
    }

    private static let shownRivals = 8

    /// How sure the choice is; nil where one seed, or one trial in the last rung, says nothing of it.
    private static func rivals(_ summary: StudySummary, _ results: StudyResults) -> String? {
        let others = summary.outcomes.filter { $0.rung == summary.best.rung }.count - 1
        guard results.plan.experiment.seeds.count > 1, others > 0 else { return nil }
        let (rivals, name) = (summary.rivals, summary.strategy.name)
        guard !rivals.isEmpty else {
            return
                "`\(name)`: the best options are shown to be better than each of the \(others) others, seed against seed."
        }
        let words = rivals.prefix(shownRivals).map(\.trial.words).joined(separator: "; ")
        return """
            `\(name)`: \(rivals.count) of the \(others) others \(rivals.count == 1 ? "is" : "are") not shown to be worse than \
            the best, seed against seed (95 %): \(words)\(rivals.count > shownRivals ? "; ..." : "").
            """
    }

    /// What searching costs beside using what was found.
    private static func factors(_ results: StudyResults) -> String {
        let factors = results.summaries.compactMap { summary -> String? in
            let one = summary.best.cost.clusterSeconds / Double(summary.best.runs.count)
            guard one > 0 else { return nil }
            return "`\(summary.strategy.name)` \(RatioText(summary.cost.clusterSeconds / one).words("long"))"
        }
        return
            "In cluster time, against one run with the best options, the search took: \(factors.joined(separator: ", "))."
    }

    /// Why the best figure of many is too good.
    private static func bias(_ results: StudyResults) -> String {
        let chosen =
            "the best of \(results.plan.trialCount) is chosen by these figures, so that they are a little too good"
        switch results.plan.selection {
        case .validation: return " (\(chosen); the test set was not looked at)"
        case .test:
            return " (**not on a validation split**: \(chosen), and no test set is left that knows nothing of it)"
        }
    }

    static func afterTrials(_ results: StudyResults) -> String {
        guard !results.summaries.isEmpty else { return "" }
        let isTime = results.plan.endMetric == nil
        let less = isTime ? "" : ", which is mostly less than it would have come to"
        let halving =
            results.plan.halving == nil
            ? "" : " A trial that halving stopped counts with what it had then, after fewer epochs\(less)."
        return """
            ## \(StudyTable.title(results))

            \(StudyTable.afterTrials(results).markdown)
            What a search of k trials would have found: k drawn at random from the \(results.plan.trialCount) that were made, \
            without replacement, \(isTime ? "the median" : "the exact expectation") (J. Dodge et al. 2019, section 3; without \
            replacement, R. Tang et al. 2020).\(halving) With the cost of k trials, and where the best of k is in nine of ten \
            draws: `\(ExpectedBestCSV.name)`.

            """
    }

    // MARK: What to do with it

    static func use(_ results: StudyResults, folder: String) -> String {
        guard !results.summaries.isEmpty else { return "" }
        let lines = commands(results, folder: folder).map { "    \($0)\n" }.joined()
        return """
            ## To use it

            \(lines)
            The first takes the best options of every strategy and names this search in the report of the comparison. The \
            options of the study's command belong to it, too: the best options are best with those.

            """
    }

    // MARK: Details

    private static let shownTrials = 10

    static func trials(_ results: StudyResults) -> String {
        var text = "## Trials\n\n"
        let summaries = results.summaries
        guard !summaries.isEmpty else { return "" }
        var table = TextTable([
            ("strategy", .left), ("rank", .right), ("trial", .right), ("options", .left), ("epochs", .right),
            (StudyTable.heading(results.plan.shownMetric), .right), ("time to \(StudyTable.target(results))", .right),
            ("cluster time", .right),
            ("host time", .right), ("sent", .right), ("money", .right), ("energy", .right),
        ])
        for summary in summaries {
            for (rank, outcome) in summary.ranked.prefix(shownTrials).enumerated() {
                table.append(
                    [
                        summary.strategy.name, "\(rank + 1)", "\(outcome.trial.index + 1)", outcome.trial.words,
                        Format.significant(results.plan.rungs[outcome.rung].epochs),
                        StudyTable.value(outcome, results.plan.shownMetric),
                        StudyTable.time(outcome),
                    ] + StudyTable.costs(cost(of: outcome.trial, summary)))
            }
        }
        text +=
            results.plan.trialCount > shownTrials ? "The best \(shownTrials) of each; all in `\(TrialsCSV.name)`. " : ""
        text += "Costs are over all seeds\(results.plan.halving == nil ? "" : " and rungs").\n\n"
        return text + table.markdown
    }

    private static func cost(of trial: StudyTrial, _ summary: StudySummary) -> StudyCost {
        summary.allOutcomes.filter { $0.trial == trial }.reduce(.zero) { $0 + $1.cost }
    }

    /// The prices and watts that costs were worked out with, with their sources.
    static func prices(_ results: StudyResults) -> String {
        var text = ""
        for strategy in results.plan.experiment.strategies {
            let machines = strategy.machines(orThis: results.plan.experiment.thisMachine)
            guard let machines, let figures = machines.costFigures else { continue }
            text += "- Prices and watts of `\(strategy.name)`: \(MarkdownText.plain(machines.name)): \(figures)."
            text += machines.costSource.map { " Source: \(MarkdownText.plain($0)).\n" } ?? "\n"
        }
        return text
    }
}
