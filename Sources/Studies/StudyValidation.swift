import Diagnostics
package import Tasks

extension StudyResults {
    /// Counts up to this are exact as floating-point numbers, and their sum over all runs does not overflow.
    private var largestCount: Int { min(1 << 50, Int.max / (runs.count + 1)) }
    private static let longestSeconds = 1e12

    /// Checks everything that could be wrong in a well-formed file that was edited or damaged.
    ///
    /// - Throws: ``ExperimentError`` naming the figure, what was found and what is allowed.
    package func validate() throws(ExperimentError) {
        try withoutRuns.validate()
        try plan.checkDimensions()
        for strategy in plan.experiment.strategies {
            let indices = plan.trials(of: strategy.name).map(\.index)
            try require(
                !indices.isEmpty && indices == Array(indices.indices), "trials of \(strategy.name)", indices,
                "0, 1, 2 ...")
        }
        try plan.checkTrials()
        for trial in plan.trials {
            try require(
                plan.experiment.strategies.contains { $0.name == trial.strategy }, "a trial", trial.strategy,
                "a strategy of the plan")
            for choice in trial.choices { try choice.option.check(choice.value) }
        }
        let rungs = plan.rungs
        let trials = Set(plan.trials.map { [$0.strategy, "\($0.index)"] })
        let seeds = Set(plan.experiment.seeds)
        var seen: Set<[String]> = []
        for run in runs {
            let name = "trial \(run.trial) of \(run.strategy) with seed \(run.seed)"
            try require(
                trials.contains([run.strategy, "\(run.trial)"]), name, "it", "a trial of the plan")
            try require(rungs.indices.contains(run.rung), "\(name): rung", run.rung, "\(rungs.indices)")
            try require(seeds.contains(run.seed), name, run.seed, "a seed of the plan")
            let key = [run.strategy, "\(run.trial)", "\(run.rung)", "\(run.seed)"]
            try require(seen.insert(key).inserted, name, "it twice in a rung", "once")
            try validate(run, name)
        }
        guard isComplete else { return }
        let count = rungs.reduce(0) { $0 + $1.trials } * plan.experiment.strategies.count * plan.experiment.seeds.count
        try require(runs.count == count, "runs of a complete study", runs.count, "\(count)")
    }

    private func validate(_ run: StudyRun, _ name: String) throws(ExperimentError) {
        try require((0...1).contains(run.accuracy), "\(name): accuracy", run.accuracy, "0 to 1")
        if let value = run.value, let bounds = plan.experiment.metric.bounds {
            try require(
                bounds.contains(value), "\(name): \(plan.experiment.metric.oneOfThem)", value, "\(bounds)")
        }
        for seconds in [
            run.cost.clusterSeconds, run.cost.hostSeconds, run.secondsToTarget ?? 0, run.secondsBeforeTarget ?? 0,
        ] {
            try require((0...Self.longestSeconds).contains(seconds), "\(name): a time", seconds, "seconds, 0 or more")
        }
        for count in [run.samples, run.updates, run.cost.bytesSent, run.cost.messagesSent] {
            try require((0...largestCount).contains(count), "\(name): a count", count, "0 to \(largestCount)")
        }
        for amount in [run.cost.money ?? 0, run.cost.wattHours ?? 0] {
            try require(amount >= 0 && amount.isFinite, "\(name): a cost", amount, "0 or more")
        }
    }

    private func require(_ isRight: Bool, _ figure: String, _ found: Any, _ allowed: String) throws(ExperimentError) {
        if !isRight { throw ExperimentError("\(figure): found \(found), allowed is \(allowed)") }
    }
}
