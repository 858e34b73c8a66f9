import Diagnostics
internal import Studies

/// What was equal for all strategies of a study, and what was varied for each.
enum StudyContract {
    static func render(_ results: StudyResults) -> String {
        let plan = results.plan
        let experiment = plan.experiment
        let (data, start) = (DataText.data(results.withoutRuns), DataText.start(results.withoutRuns))
        let seeds = experiment.seeds.map(String.init).joined(separator: ", ")
        return """
            ## What was equal, and what was varied

            \(varied(results).markdown)
            - \(plan.trialCount) trials for every strategy, enforced, by \(search(plan)). Chosen by \(chosenBy(plan)).
            - Every trial: task `\(experiment.task)`, its model and \(data), and \(start); seeds \(seeds); \
            \(rungs(results)). Trials with one number run side by side, seed by seed, and the harness ends the study where \
            they do not begin with the same loss or do not use up their samples.
            - \(selection(results))

            """
    }

    private static func varied(_ results: StudyResults) -> TextTable {
        var table = TextTable([
            ("strategy", .left), ("trials", .right), ("varied", .left), ("samples trained on", .right),
        ])
        let summaries = results.summaries
        for strategy in results.plan.experiment.strategies {
            let dimensions = results.plan.dimensions(of: strategy)
            let summary = summaries.first { $0.strategy.name == strategy.name }
            table.append([
                strategy.name, "\(results.plan.trialCount)",
                dimensions.map { "\($0.option.rawValue) over \($0.searched.joined(separator: ", "))" }
                    .joined(separator: "; "), "\(summary?.samples ?? 0)",
            ])
        }
        return table
    }

    private static func search(_ plan: StudyPlan) -> String {
        switch plan.search {
        case .grid: "all combinations of a grid"
        case .random:
            """
            random draws (seed \(plan.experiment.seeds.first ?? 0)): strategies that share a range get the same values in \
            trials with the same number
            """
        }
    }

    private static func chosenBy(_ plan: StudyPlan) -> String {
        let task = plan.experiment.metric
        let ties = "where that is equal by the mean \(task.title), then the mean loss"
        guard let metric = plan.endMetric else {
            return """
                the median cluster time to \(plan.experiment.goal.words), a seed that never got there or \
                diverged being later than any other; \(ties)
                """
        }
        let worst = metric.isHigherBetter ? metric.isShare ? "as 0 %" : "as 0" : "as worse than any other"
        let direction = metric == .accuracy ? "" : " (\(metric.direction))"
        return """
            the median \(metric.title) at the end\(direction) over the seeds; \(ties); a \
            trial that diverged with a seed counts \(worst)
            """
    }

    private static func rungs(_ results: StudyResults) -> String {
        let rungs = results.plan.rungs
        guard rungs.count > 1 else {
            return "\(Format.exact(rungs[0].epochs)) epochs of \(results.trainingSamples) training samples"
        }
        let steps = rungs.map {
            "\($0.trials) trial\($0.trials == 1 ? "" : "s") of \(Format.significant($0.epochs)) epochs"
        }
        let spent = rungs.reduce(0) { $0 + Double($1.trials) * $1.epochs }
        let full = Double(rungs[0].trials) * rungs[rungs.count - 1].epochs
        return """
            \(results.trainingSamples) training samples; successive halving by \(results.plan.halving ?? 0) (Jamieson and \
            Talwalkar 2016; Li et al. 2018, algorithm 1): \(steps.joined(separator: ", then of the best ")), in all \
            \(Format.percent(spent / full, decimals: 0)) of the epochs that no halving would take. Each rung trains from the start \
            and is charged in full, and a last round of federated training may go beyond it
            """
    }

    private static func selection(_ results: StudyResults) -> String {
        switch results.plan.selection {
        case .validation:
            """
            Chosen on a validation split: \(results.selectionSamples) samples of the training set, a sixth, drawn by the seed, the \
            same for every strategy, on which nothing was trained. A task that is split by its seed has other test sets with other \
            seeds, whose samples are among those of this search.
            """
        case .test:
            """
            Chosen on the test set (\(results.selectionSamples) samples), as `--chosen-on test` asked for: figures of the chosen \
            options on it are too good.
            """
        }
    }
}
