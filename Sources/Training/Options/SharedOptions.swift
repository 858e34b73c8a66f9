package import Kernel

/// The options that all strategies have, by their names: how the optimizer works. A variant of a strategy can set them for
/// itself, and a study can vary them.
extension TrainingConfiguration {
    /// A configuration in which one of these options is changed to see whether a value is allowed.
    package static let plain = TrainingConfiguration(
        schedule: LearningRateSchedule(baseRate: 0.1, totalEpochs: 1), optimizer: .sgd(), epochs: 1,
        evaluateEveryEpochs: 1)

    package static let specs = [
        OptionSpec(
            "learning-rate", \Self.schedule.baseRate, symbol: "η",
            .number(.above(0, through: Double(Float.greatestFiniteMagnitude)), .log), source: "Robbins and Monro 1951",
            "Learning rate at the beginning of training."),
        OptionSpec(
            "momentum", \Self.optimizer.momentum, symbol: "ρ", .number(Allowed.Bounds(0..<1), .linear),
            source: "Polyak 1964", "Momentum of SGD."),
        OptionSpec(
            "weight-decay", \Self.optimizer.weightDecay, .number(.from(0), .log), source: "PyTorch's weight_decay",
            """
            As in PyTorch: of sgd and adam an L2 penalty, which is added to the gradient; of adamw a shrinkage of the weights.
            """),
        OptionSpec(
            "optimizer", \Self.optimizer.kind, .oneOf(Optimizer.Kind.allCases.map(\.rawValue)),
            source: "Robbins and Monro 1951; Kingma and Ba 2015; Loshchilov and Hutter 2019",
            "What makes steps of gradients: plain descent with a momentum or none, or Adam in either form of weight decay."
        ),
        OptionSpec(
            "beta1", \Self.optimizer.beta1, symbol: "β1", .number(Allowed.Bounds(0..<1), .oneMinus),
            source: "Kingma and Ba 2015, algorithm 1",
            "Of adam and adamw: the share of the mean of gradients that a step keeps."),
        OptionSpec(
            "beta2", \Self.optimizer.beta2, symbol: "β2", .number(Allowed.Bounds(0..<1), .oneMinus),
            source: "Kingma and Ba 2015, algorithm 1",
            "Of adam and adamw: the share of the mean of squared gradients that a step keeps."),
        OptionSpec(
            "epsilon", \Self.optimizer.epsilon, symbol: "ε", .number(Allowed.Bounds(epsilons), .log),
            source: "Kingma and Ba 2015, algorithm 1",
            "Of adam and adamw: what is added to the root of that mean."),
    ]
}

extension Optimizer.Kind: OptionConvertible {
    /// Whether an option that all strategies have changes anything with this optimizer.
    package func uses(_ option: String) -> Bool {
        switch option {
        case "momentum", "nesterov": self == .sgd
        case "beta1", "beta2", "epsilon": isAdaptive
        default: true
        }
    }
}
