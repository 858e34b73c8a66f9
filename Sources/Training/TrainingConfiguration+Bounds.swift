import Kernel

/// What the figures of a configuration may be, whoever gives them: the command line, a study, or a file that was edited.
extension TrainingConfiguration {
    /// The most passes over the training set.
    package static let largestEpochs = 1e6
    /// Learning rates above 0 that are 32-bit numbers, as the parameters are.
    package static let learningRates = Double.leastNonzeroMagnitude...Double(Float.greatestFiniteMagnitude)
    package static let allowedLearningRates = "a number above 0 up to \(Float.greatestFiniteMagnitude)"
    /// ε of Adam: above 0 in single precision, so that a gradient that was always zero moves nothing.
    package static let epsilons = 1e-30...1
    private static let largestUpdates = 1_000_000_000

    /// The first figure that nothing can be trained with, with what was found and what is allowed; nil where there is none.
    package var problem: String? {
        let counts = 1...Allowed.largestCount
        let limits = limits ?? Limits()
        let checks: [(figure: String, isAllowed: Bool, found: Any, allowed: String)] = [
            (
                "epochs", epochs > 0 && epochs <= Self.largestEpochs, epochs,
                "above 0 up to \(Self.largestEpochs)"
            ),
            ("evaluateEveryEpochs", isPositive(evaluateEveryEpochs), evaluateEveryEpochs, "a number above 0"),
            (
                "learning rate", Self.learningRates.contains(schedule.baseRate), schedule.baseRate,
                Self.allowedLearningRates
            ),
            (
                "referenceBatch", schedule.referenceBatch.map(counts.contains) ?? true, schedule.referenceBatch ?? 0,
                "\(counts)"
            ),
            (
                "warmupEpochs", schedule.warmupEpochs >= 0 && schedule.warmupEpochs.isFinite, schedule.warmupEpochs,
                "0 or more"
            ),
            ("totalEpochs", isPositive(schedule.totalEpochs), schedule.totalEpochs, "a number above 0"),
            ("decay", isAllowed(schedule.decay), schedule.decay, "epochs and a factor above 0"),
            ("momentum", (0..<1).contains(optimizer.momentum), optimizer.momentum, "0 to below 1"),
            ("beta1", (0..<1).contains(optimizer.beta1), optimizer.beta1, "0 to below 1"),
            ("beta2", (0..<1).contains(optimizer.beta2), optimizer.beta2, "0 to below 1"),
            ("epsilon", Self.epsilons.contains(optimizer.epsilon), optimizer.epsilon, "1e-30 to 1.0"),
            (
                "weightDecay", optimizer.weightDecay >= 0 && optimizer.weightDecay.isFinite, optimizer.weightDecay,
                "0 or more"
            ),
            (
                "limits.clusterSeconds", limits.clusterSeconds.map(isPositive) ?? true, limits.clusterSeconds ?? 0,
                "a number above 0"
            ),
            ("limits.bytesSent", limits.bytesSent.map { $0 > 0 } ?? true, limits.bytesSent ?? 0, "1 or more"),
            (
                "limits.updates", limits.updates.map((1...Self.largestUpdates).contains) ?? true, limits.updates ?? 0,
                "1 to \(Self.largestUpdates)"
            ),
        ]
        return checks.first { !$0.isAllowed }.map { "\($0.figure): found \($0.found), allowed is \($0.allowed)" }
    }

    private func isPositive(_ value: Double) -> Bool { value > 0 && value.isFinite }

    private func isAllowed(_ decay: LearningRateSchedule.Decay) -> Bool {
        switch decay {
        case .constant, .cosine: true
        case .step(let epochs, let factor): isPositive(epochs) && isPositive(factor)
        }
    }
}
