package import Datasets
package import Experiments
internal import Statistics
internal import Tasks

/// Trains every coalition of a community, one after the other; seeds of a coalition are run side by side.
package struct CoalitionStudy: Sendable {
    package let plan: CoalitionPlan
    private let whole: Experiment

    /// Checks the plan as far as that is possible without data.
    ///
    /// - Throws: ``ExperimentError``, or what is wrong with the file of initial parameters.
    package init(_ plan: CoalitionPlan, data: DataDirectory) throws {
        self.plan = plan
        whole = try Experiment(plan.experiment, data: data)
    }

    /// - Parameters:
    ///   - before: results of an earlier process with the same plan, whose coalitions are not trained again; nil for
    ///     none.
    ///   - callbacks: called with the number of each run among the runs of all coalitions.
    ///   - save: called with all results so far after every coalition; an error that it throws ends the study.
    package func run(
        machine: MachineDescription, from before: CoalitionResults? = nil, callbacks: Study.Callbacks = .init(),
        save: (CoalitionResults) throws -> Void = { _ in }
    ) throws -> CoalitionResults {
        // One compute model for all coalitions, or else their times would differ by the noise of calibration.
        let (model, split) = try whole.prepare(before?.computeModel)
        if let data = before?.data, data != split.identity {
            throw ExperimentError(
                "the data differ from those of the coalitions that were trained: \(split.identity.words) against \(data.words)"
            )
        }
        var results =
            before
            ?? CoalitionResults(
                plan: plan, machine: machine, computeModel: model, trainingSamples: split.training.count,
                testSamples: split.test.count, data: split.identity,
                initialParametersSHA256: whole.initialParametersSHA256)
        let all = plan.coalitions
        for (index, coalition) in all.enumerated().dropFirst(results.coalitions.count) {
            let experiment = try Experiment(plan.experiment(of: coalition), like: whole, computeModel: model)
            let seeds = plan.experiment.seeds.count
            let runs = try experiment.run(
                machine: machine, callbacks: translated(callbacks, first: index * seeds, of: all.count * seeds)
            ).runs
            results.coalitions.append(try CoalitionScores(coalition.members, runs, by: plan.experiment.metric))
            try save(results)
        }
        return results
    }

    /// Callbacks that count the runs of all coalitions.
    private func translated(
        _ callbacks: Study.Callbacks, first: Int, of count: Int
    ) -> Experiment.Callbacks {
        let trial = StudyTrial(strategy: plan.strategy.name, index: first / plan.experiment.seeds.count, choices: [])
        let number: @Sendable (Experiment.RunIdentity) -> Experiment.RunIdentity = { run in
            Experiment.RunIdentity(
                strategy: run.strategy, seed: run.seed, repetition: 0, index: first + run.index, count: count)
        }
        return Experiment.Callbacks(
            began: { callbacks.began(number($0), trial) },
            evaluated: { run, point, share in
                callbacks.evaluated(number(run), share)
                callbacks.measured(number(run), point, share)
            },
            finished: { run, record, _, _ in callbacks.finished(number(run), trial, record) })
    }
}
