import Kernel

/// How much a run trains and how fast, and when it is evaluated and checkpointed: all that follows from the samples that
/// were trained on.
struct Budget: Sendable {
    /// Samples to train on, over all ranks; the last step or round may go beyond it.
    let samples: Int
    private let trainingSamples: Int
    private let schedule: LearningRateSchedule
    private let evaluationInterval: Double

    init(_ configuration: TrainingConfiguration, trainingSamples: Int) {
        samples = Int((configuration.epochs * Double(trainingSamples)).rounded())
        self.trainingSamples = trainingSamples
        schedule = configuration.schedule
        // Intervals that are shorter than a sample are alike: there is an evaluation after each update.
        evaluationInterval = max(1, configuration.evaluateEveryEpochs * Double(trainingSamples))
    }

    /// The rate of the step or round that trains from `before` to `after` samples.
    /// A schedule that grows beyond all 32-bit numbers stays at the largest: the run then diverges, which is a result.
    func learningRate(from before: Int, to after: Int) -> Float {
        let rate = schedule.rate(at: Double(before + after) / 2 / Double(trainingSamples))
        return Float(min(rate, Double(Float.greatestFiniteMagnitude)))
    }

    /// Whether an evaluation falls into the work from `before` to `after` samples; always at the end.
    func isEvaluationDue(from before: Int, to after: Int) -> Bool {
        // A tenth of a sample forgives what the products lose to rounding.
        func intervals(_ samples: Int) -> Double { ((Double(samples) + 0.1) / evaluationInterval).rounded(.down) }
        return after >= samples || intervals(after) > intervals(before)
    }

    /// Whether a checkpoint is due after `updates` updates of the model: every `interval` updates, but not at the end.
    func isCheckpointDue(every interval: Int, updates: Int, samples: Int) -> Bool {
        samples < self.samples && updates > 0 && updates % interval == 0
    }
}
