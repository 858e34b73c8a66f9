import ArgumentParser
import Experiments
import Kernel
import Studies
import Tasks
import Training

/// The optimizer of a plan, and its initial learning rate where none is given.
extension PlanBuilder {
    /// The task's optimizer, changed by the command line; another kind of optimizer begins with its usual options.
    func optimizer(_ task: TrainingTask) -> Optimizer.Configuration {
        var optimizer = task.defaults.optimizer
        if let kind = training.optimizer, kind != optimizer.kind { optimizer = Optimizer.Configuration(kind) }
        if let momentum = training.momentum { optimizer.momentum = momentum }
        optimizer.nesterov = optimizer.nesterov || training.nesterov
        if let beta1 = training.beta1 { optimizer.beta1 = beta1 }
        if let beta2 = training.beta2 { optimizer.beta2 = beta2 }
        if let epsilon = training.epsilon { optimizer.epsilon = epsilon }
        if let weightDecay = training.weightDecay { optimizer.weightDecay = weightDecay }
        return optimizer
    }

    /// Gives a row without a named rate the usual rate of its optimizer, where the task's rates are for another kind of
    /// optimizer.
    ///
    /// - Throws: `ValidationError` where the optimizer has no usual rate.
    func takeUsualRate(of plan: inout StrategyPlan, _ task: TrainingTask) throws {
        let (used, own) = (plan.configuration.optimizer.kind, task.defaults.optimizer.kind)
        guard used.isAdaptive != own.isAdaptive else { return }
        guard let rate = used.usualRate else {
            throw ValidationError(
                """
                \(plan.name) with --optimizer \(used.rawValue): the learning rates of \(task.name) are of \(own.rawValue), and \
                no rate is usual of \(used.rawValue); name one with --learning-rate
                """)
        }
        plan.configuration.schedule.baseRate = rate
    }

    /// Nesterov's method is a form of momentum: without momentum it has no effect, and PyTorch refuses it as well.
    func checkMomentum(_ plan: ExperimentPlan) throws {
        guard training.nesterov, plan.strategies.allSatisfy({ !$0.configuration.optimizer.hasMomentum }) else {
            return
        }
        if let kind = plan.strategies.map(\.configuration.optimizer.kind).first(where: \.isAdaptive) {
            throw ValidationError(
                "--nesterov is for momentum, which is of --optimizer sgd and not of \(kind.rawValue); leave it out")
        }
        throw ValidationError("--nesterov is for momentum, which is 0; add --momentum, such as 0.9, or leave it out")
    }

    /// A study of optimizers needs learning rates for each: a rate that suits SGD is a hundred times too large for
    /// Adam.
    func checkRates(of dimensions: [SearchDimension]) throws {
        guard let varied = dimensions.first(where: { $0.option.rawValue == "optimizer" }), training.learningRate == nil,
            !dimensions.contains(where: { $0.option == .learningRate })
        else { return }
        throw ValidationError(
            """
            --vary \(varied.name) without learning rates for all of them: what suits sgd is far too large for adam; add \
            --vary learning-rate=..., or name one with --learning-rate
            """)
    }

    func checkOptimizerRanges(
        _ require: (_ isAllowed: Bool?, _ option: String, _ found: Any, _ allowed: String) throws -> Void
    ) throws {
        let shares = 0.0..<1
        try require(training.beta1.map(shares.contains), "beta1", training.beta1 ?? 0, "0 to below 1")
        try require(training.beta2.map(shares.contains), "beta2", training.beta2 ?? 0, "0 to below 1")
        let epsilons = TrainingConfiguration.epsilons
        try require(
            training.epsilon.map(epsilons.contains), "epsilon", training.epsilon ?? 0,
            "\(epsilons.lowerBound) to \(epsilons.upperBound)")
    }

    /// A line about rows that begin with the usual rate of their optimizer, which was not tuned for the task.
    func rateNotes(_ plan: ExperimentPlan) -> [String] {
        Optimizer.Kind.allCases.compactMap { kind in
            let tuning = Tuning.usualRate(of: kind)
            let names = plan.strategies.filter { $0.tuning != nil && $0.tuning == tuning }.map(\.name)
            guard let tuning, !names.isEmpty else { return nil }
            return
                "\(names.joined(separator: ", ")): the learning rate is \(tuning.source); name one with --learning-rate"
        }
    }
}
