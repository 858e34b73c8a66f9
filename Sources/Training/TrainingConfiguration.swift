public import Kernel

/// How a model is trained, whatever the strategy. What a strategy has besides are its ``StrategyOptions``.
public struct TrainingConfiguration: Hashable, Codable, Sendable {
    /// The learning rate over the epochs.
    public var schedule: LearningRateSchedule
    /// Which optimizer, and its options beside the learning rate.
    public var optimizer: Optimizer.Configuration
    /// The sample budget in passes over the training set.
    public var epochs: Double
    /// Evaluate the model every so many epochs.
    public var evaluateEveryEpochs: Double
    /// What ends a run before its samples do; nil for nothing.
    public var limits: Limits?
    /// What a strategy that needs all its ranks does when one of them leaves; nil to stop.
    public var onDropout: DropoutResponse?
    /// How nodes differ in what they train on and are judged by, as `--objectives` takes it; nil where all are judged alike,
    /// and a strategy's `--partition` says who has which samples.
    public var objectives: String?
    /// The nodes that take part, of a community that has more; nil for all.
    public var members: Members?

    /// What a strategy that needs all its ranks does when one of them leaves.
    public enum DropoutResponse: String, CaseIterable, Codable, Sendable {
        /// The run ends, with that outcome.
        case stop
        /// The ranks that remain repeat the step and go on.
        case goOn = "continue"
    }

    /// Whether the others go on when a rank has left.
    public var continuesAfterDropouts: Bool { onDropout == .goOn }

    /// A run ends at the first evaluation at which one of these is reached.
    public struct Limits: Hashable, Codable, Sendable {
        /// Seconds on the cluster's clock; nil for no such limit.
        public var clusterSeconds: Double?
        /// Bytes of all messages; nil for no such limit.
        public var bytesSent: Int?
        /// Updates of the model: steps, or rounds of federated strategies.
        public var updates: Int?

        /// No limits, if none are named.
        public init(clusterSeconds: Double? = nil, bytesSent: Int? = nil, updates: Int? = nil) {
            self.clusterSeconds = clusterSeconds
            self.bytesSent = bytesSent
            self.updates = updates
        }

        package func areReached(at point: TrainingRun.Evaluation) -> Bool {
            // In whole nanoseconds, which is what clocks count: 11 ms may be a little more than 0.011 s by rounding.
            let isLate = clusterSeconds.map { (point.clusterSeconds * 1e9).rounded() >= ($0 * 1e9).rounded() }
            return isLate ?? false || point.bytesSent >= bytesSent ?? .max || point.round >= updates ?? .max
        }
    }

    /// - Parameter epochs: the budget: samples that all ranks train on together, in sizes of the training set.
    public init(
        schedule: LearningRateSchedule, optimizer: Optimizer.Configuration, epochs: Double,
        evaluateEveryEpochs: Double,
        limits: Limits? = nil, onDropout: DropoutResponse? = nil, objectives: String? = nil
    ) {
        self.schedule = schedule
        self.optimizer = optimizer
        self.epochs = epochs
        self.evaluateEveryEpochs = evaluateEveryEpochs
        self.limits = limits
        self.onDropout = onDropout
        self.objectives = objectives
    }

    /// How a model is trained with SGD.
    public init(
        schedule: LearningRateSchedule, optimizer: SGD.Configuration, epochs: Double, evaluateEveryEpochs: Double,
        limits: Limits? = nil, onDropout: DropoutResponse? = nil, objectives: String? = nil
    ) {
        self.init(
            schedule: schedule, optimizer: Optimizer.Configuration(optimizer), epochs: epochs,
            evaluateEveryEpochs: evaluateEveryEpochs, limits: limits, onDropout: onDropout, objectives: objectives)
    }
}
