import Kernel

/// The options that all strategies have, by their names: how the optimizer works. A variant of a strategy can set them for
/// itself, and a study can vary them.
extension TrainingConfiguration {
    /// What is changed by one of them, to see whether a value is allowed.
    package static let plain = TrainingConfiguration(
        schedule: LearningRateSchedule(baseRate: 0.1, totalEpochs: 1), optimizer: SGD.Configuration(), epochs: 1,
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
            "L2 penalty, added to the gradient as in PyTorch."),
    ]
}
