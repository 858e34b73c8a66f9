public import Tasks

extension ExperimentPlan {
    /// The plan as it is carried out on a training set of that size: a global batch is at most the whole set, and a learning
    /// rate that is scaled by the batch is the one for the batch in use. Whatever else changes the batch - a study's trial,
    /// tuned options - has to be in the plan by then.
    ///
    /// A plan that was fitted to a set fits it; fitting it again changes nothing.
    ///
    /// - Throws: ``ExperimentError`` where the batch in use cannot be split among the workers.
    public func fitted(toTrainingSamples count: Int) throws(ExperimentError) -> ExperimentPlan {
        var plan = self
        for index in plan.strategies.indices {
            guard let description = plan.strategies[index].description, !description.isFederated else { continue }
            var configuration = plan.strategies[index].configuration
            let asked = configuration.batch
            configuration.batch = min(asked, count)
            configuration.schedule = configuration.schedule.scaled(toBatch: configuration.batch)
            let workers = description.make(configuration).workerCount
            guard configuration.batch >= workers else {
                throw ExperimentError(
                    """
                    \(description.name): a batch of \(asked) is the whole training set of \(count) samples, which cannot be \
                    split among \(workers) workers; allowed are at most \(count) --workers
                    """)
            }
            plan.strategies[index].configuration = configuration
        }
        return plan
    }
}
