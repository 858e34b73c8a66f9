import Diagnostics
public import Experiments
public import Tasks

extension StudyResults {
    /// The plan with the options that this study chose for each strategy, and how they were found.
    ///
    /// - Parameter source: where the study is.
    /// - Throws: ``ExperimentError`` where the study is of another task, was stopped, or lacks a strategy.
    public func tuned(_ other: ExperimentPlan, source: String) throws(ExperimentError) -> ExperimentPlan {
        let own = plan.experiment
        guard other.task == own.task else {
            throw ExperimentError(
                "\(source) is a study of the task \(own.task), this is \(other.task); options of one are not tuned for the other"
            )
        }
        guard other.taskFile == own.taskFile else {
            throw ExperimentError(
                "\(source) is a study of another task file than \(other.taskFile?.path ?? other.task) as it is now")
        }
        guard isComplete else {
            throw ExperimentError(
                "\(source) was stopped before its end, so that its strategies did not have the same number of trials")
        }
        var tuned = other
        let summaries = summaries
        for index in tuned.strategies.indices {
            let row = tuned.strategies[index]
            // Baseline nodes, which are run only for comparison, use the options of the first strategy whose nodes have
            // models.
            let name = row.isBaseline ? tuned.strategies.first { $0.roles.modelsOfNodes }?.name ?? row.name : row.name
            guard let summary = summaries.first(where: { $0.strategy.name == name }) else {
                throw ExperimentError(
                    "\(source) has no trials of \(name); it has those of \(summaries.map(\.strategy.name).joined(separator: ", "))"
                )
            }
            let trial = summary.best.trial
            for choice in trial.choices where row.has(choice.option.rawValue) || !row.isBaseline {
                try choice.option.apply(choice.value, to: &tuned.strategies[index])
            }
            let studied = try plan.strategy(trial)
            var tuning = tuning(of: summary.strategy, source: source)
            let others = Self.differences(studied, tuned.strategies[index]).map { "other \($0)" }
            let differences = (name == row.name ? [] : ["taken over from \(name)"]) + others
            if !differences.isEmpty { tuning.differences = differences }
            tuned.strategies[index].tuning = tuning
        }
        return tuned
    }

    /// How a strategy's options were found.
    public func tuning(of strategy: StrategyPlan, source: String) -> Tuning {
        let halving = plan.halving.map { ", halved by \($0)" } ?? ""
        return Tuning(
            options: plan.dimensions(of: strategy).map {
                Tuning.Option(name: $0.option.rawValue, values: $0.searched)
            },
            trials: plan.trialCount, seeds: plan.experiment.seeds.count, chosenOn: plan.selection.title,
            source: "\(source): \(plan.search.rawValue) search\(halving), by \(plan.metricWords)", data: data)
    }

    /// The conditions that differ between the trials and the use of the options.
    private static func differences(_ studied: StrategyPlan, _ used: StrategyPlan) -> [String] {
        let (old, new) = (studied.configuration, used.configuration)
        let all: [(String, Bool)] = [
            ("epochs", old.epochs != new.epochs),
            (
                "schedule",
                (old.schedule.decay, old.schedule.warmupEpochs) != (new.schedule.decay, new.schedule.warmupEpochs)
            ),
            (
                "learning rate",
                (old.schedule.baseRate, old.schedule.referenceBatch) != (
                    new.schedule.baseRate, new.schedule.referenceBatch
                )
            ),
            ("optimizer", old.optimizer != new.optimizer),
            ("clock or cluster", (studied.fabric, studied.cluster) != (used.fabric, used.cluster)),
            ("limits", old.limits != new.limits),
        ]
        let names = Set(studied.options.keys).union(used.options.keys).sorted()
        return all.filter(\.1).map(\.0) + names.filter { studied.options[$0] != used.options[$0] }
    }
}
