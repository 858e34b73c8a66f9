import Diagnostics
internal import Experiments
internal import Tasks

extension StudyPlan {
    /// Checks that each dimension has an effect on some strategy, and that none is given twice.
    func checkDimensions() throws(ExperimentError) {
        let strategies = experiment.strategies
        guard !dimensions.isEmpty else { throw ExperimentError("no option is varied; name one with --vary") }
        for (index, dimension) in dimensions.enumerated() {
            try dimension.check()
            if dimensions[..<index].contains(where: { $0.name == dimension.name }) {
                throw ExperimentError("\(dimension.name) is varied twice")
            }
            let option = dimension.option
            guard let name = dimension.strategy else {
                guard strategies.contains(where: { uses(option, $0) }) else {
                    throw ExperimentError(
                        "\(option.rawValue) is an option of none of the strategies \(strategies.map(\.name).joined(separator: ", "))"
                            + elsewhere(option, than: strategies))
                }
                continue
            }
            guard let strategy = strategies.first(where: { dimension.isOnly(for: $0) }) else {
                throw ExperimentError(
                    "\(dimension.name): "
                        + UnknownName.message("strategy", found: name, allowed: strategies.map(\.name)))
            }
            guard uses(option, strategy) else {
                let own = PlanOptions.all.map(\.name).filter(strategy.uses)
                throw ExperimentError(
                    "\(name) has no option \(option.rawValue) here; it has \(own.joined(separator: ", "))"
                        + elsewhere(option, than: [strategy]))
            }
        }
        for strategy in strategies where dimensions(of: strategy).isEmpty {
            throw ExperimentError(
                """
                nothing is varied for \(strategy.name), whose trials would all be the same; give it an option of its own, such \
                as --vary \(strategy.name).learning-rate=0.1,0.2
                """)
        }
    }

    /// The end of a sentence with the strategies that have an option which these do not have; nothing where one of these has
    /// it and only cannot use it in this study, or where no strategy has it in its table.
    private func elsewhere(_ option: StudyOption, than strategies: [StrategyPlan]) -> String {
        let users = PlanOptions.users(of: option.rawValue)
        guard !users.isEmpty, !strategies.contains(where: { $0.has(option.rawValue) }) else { return "" }
        return "; it is an option of \(users.joined(separator: ", "))"
    }

    /// What is varied changes something in some trial: an option may need another one, which may be varied, too.
    func checkEffects() throws(ExperimentError) {
        for dimension in dimensions {
            let option = dimension.option
            let strategies = experiment.strategies.filter { dimensions(of: $0).contains(dimension) }
            var isUsed = false
            for trial in strategies.flatMap({ trials(of: $0.name) }) where !isUsed {
                let plan = try strategy(trial)
                isUsed = plan.usesAsItIs(option.rawValue) || !plan.uses(option.rawValue)
            }
            guard !isUsed, let first = strategies.first else { continue }
            let needed = first.description?.optionInfos.first { $0.name == option.rawValue }?.usedWith
            throw ExperimentError(
                """
                \(dimension.name) changes nothing in any trial of \(strategies.map(\.name).joined(separator: ", ")), so that there \
                is no best one; it has an effect with \(needed ?? "other options")
                """)
        }
    }

    /// As many for each strategy, and enough to halve.
    func checkTrials() throws(ExperimentError) {
        let counts = experiment.strategies.map { ($0.name, trials(of: $0.name).count) }
        guard Set(counts.map(\.1)).count == 1 else {
            throw ExperimentError(
                """
                the grids are not equally large: \(counts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")) trials; a \
                comparison needs the same number for every strategy. Give the others more values, such as --vary \
                \(counts.min { $0.1 < $1.1 }?.0 ?? "").learning-rate=..., or take --search random --trials N
                """)
        }
        if let halving {
            guard (2...max(2, trialCount)).contains(halving), trialCount > 1 else {
                throw ExperimentError(
                    "--halving is \(halving) with \(trialCount) trials; allowed is 2 to the number of trials")
            }
            // Trials that end during the warm-up never reach their learning rate, so they would be chosen by something
            // else.
            let warmup = experiment.strategies.map(\.configuration.schedule.warmupEpochs).max() ?? 0
            guard let shortest = rungs.first?.epochs, warmup == 0 || warmup < shortest else {
                throw ExperimentError(
                    """
                    --halving \(halving): the first of its rungs trains for \(Format.exact(rungs[0].epochs)) epochs, and --warmup \
                    takes \(Format.exact(warmup)); allowed is a warm-up that is shorter
                    """)
            }
        }
    }
}
