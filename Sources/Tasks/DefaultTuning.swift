import Diagnostics
import Kernel
import Training

extension TrainingTask {
    /// How the task's default rate was found, and what it is used with that it was not found with: a rate that was tuned
    /// with one batch is not tuned with another, and one that was tuned for one strategy is not tuned for another.
    ///
    /// - Parameters:
    ///   - configuration: has the default rate.
    ///   - options: the options in use, by their names.
    ///   - start: further differences in words.
    /// - Returns: nil where it is not known how the rate was found.
    package func tuning(
        of strategy: StrategyDescription, usedWith configuration: TrainingConfiguration, _ options: OptionValues,
        _ start: [String] = []
    ) -> Tuning? {
        let optimizer = configuration.optimizer.kind
        if optimizer.isAdaptive != defaults.optimizer.kind.isAdaptive { return .usualRate(of: optimizer) }
        guard var tuning = defaults.trials, tuning.trials > 0 else { return defaults.trials }
        let differences = differences(strategy, configuration, options, searchedEpochs: tuning.epochs) + start
        tuning.differences = differences.isEmpty ? nil : differences
        return tuning
    }

    private func differences(
        _ strategy: StrategyDescription, _ used: TrainingConfiguration, _ options: OptionValues,
        searchedEpochs: Double?
    ) -> [String] {
        var found: [String] = []
        let searched = defaults.searched[strategy.defaultRate] ?? "nobody"
        if ![strategy.name, strategy.sameStepsAs].contains(searched) { found.append("taken over from \(searched)") }
        func compare(_ name: String, _ value: String, _ usual: String) {
            if value != usual { found.append("\(name) \(value) instead of \(usual)") }
        }
        let usual = defaults.values(of: strategy.options)
        // Options without an effect on the model, such as how many workers share a batch, do not change the steps.
        for info in strategy.optionInfos where info.effect == .onTheModel {
            compare(
                info.name.replacing("-", with: " "), "\(options[info.name] ?? "nothing")",
                "\(usual[info.name] ?? "nothing")")
        }
        let optimizer = defaults.optimizer
        compare("optimizer", used.optimizer.kind.rawValue, optimizer.kind.rawValue)
        if optimizer.kind.isAdaptive {
            compare("beta1", "\(used.optimizer.beta1)", "\(optimizer.beta1)")
            compare("beta2", "\(used.optimizer.beta2)", "\(optimizer.beta2)")
            compare("epsilon", "\(used.optimizer.epsilon)", "\(optimizer.epsilon)")
        } else {
            compare("momentum", "\(used.optimizer.momentum)", "\(defaults.momentum)")
        }
        if let objectives = used.objectives { found.append("nodes with objectives \(objectives)") }
        if used.optimizer.nesterov, !optimizer.nesterov { found.append("Nesterov's momentum") }
        compare(
            "weight decay", Format.significant(Double(used.optimizer.weightDecay)),
            Format.significant(Double(optimizer.weightDecay)))
        if used.schedule.decay != .constant { found.append("a rate that decays") }
        if used.schedule.warmupEpochs > 0 { found.append("a warm-up") }
        // The search was also meant for the task's own number of epochs.
        if used.epochs != searchedEpochs, used.epochs != defaults.epochs {
            compare("epochs", Format.significant(used.epochs), Format.significant(searchedEpochs ?? defaults.epochs))
        }
        return found
    }
}

extension Tuning {
    /// The tuning of an optimizer's usual rate, which is used where the task's own rates are for another kind of
    /// optimizer; nil where the optimizer has no usual rate.
    package static func usualRate(of optimizer: Optimizer.Kind) -> Tuning? {
        optimizer.usualRate.map {
            .untuned(source: "\($0), PyTorch's for \(optimizer.rawValue), and not tuned for this task")
        }
    }
}
