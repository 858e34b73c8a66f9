import Tasks

extension ExperimentPlan {
    /// The plan as it is carried out on a training set of `count` samples: a global batch is at most the whole set, and
    /// a learning rate that scales with the batch is the rate for the batch in use. Anything else that changes the
    /// batch, such as a study's trial or tuned options, has to be in the plan before.
    ///
    /// Fitting a plan again to the same set changes nothing.
    ///
    /// - Throws: ``ExperimentError`` where the batch in use cannot be split among the workers.
    package func fitted(toTrainingSamples count: Int) throws(ExperimentError) -> ExperimentPlan {
        var plan = self
        for index in plan.strategies.indices {
            let roles = plan.strategies[index].roles
            guard roles.sharesBatch, let asked = roles.stepBatch else { continue }
            let batch = min(asked, count)
            let schedule = plan.strategies[index].configuration.schedule
            plan.strategies[index].configuration.schedule = schedule.scaled(toBatch: batch)
            let workers = roles.workers
            guard batch >= workers else {
                throw ExperimentError(
                    """
                    \(plan.strategies[index].name): a batch of \(asked) is the whole training set of \(count) samples, which cannot be \
                    split among \(workers) workers; allowed are at most \(count) --workers
                    """)
            }
            if batch != asked { plan.strategies[index].options["batch"] = batch.optionValue }
        }
        return plan
    }
}
