public import Kernel

/// How a model is trained: what all strategies share, and the options of each.
public struct TrainingConfiguration: Hashable, Codable, Sendable {
    /// Samples of a step's global batch, which data-parallel strategies split among their workers.
    public var batch: Int
    public var schedule: LearningRateSchedule
    public var optimizer: SGD.Configuration
    /// The sample budget in passes over the training set.
    public var epochs: Double
    /// Evaluate the model every so many epochs.
    public var evaluateEveryEpochs: Double
    /// Ranks of a data-parallel strategy.
    public var workers: Int
    public var federated: Federated
    /// How a data-parallel strategy on a network sends its gradients while it computes; nil where it sends them after that.
    public var overlap: GradientOverlap?
    /// What ends a run before its samples do; nil for nothing.
    public var limits: Limits?
    /// What a data-parallel strategy does when a rank leaves; nil to stop.
    public var onDropout: DropoutResponse?

    /// What a strategy that needs all its ranks does when one of them leaves.
    public enum DropoutResponse: String, CaseIterable, Codable, Sendable {
        /// The run ends, with that outcome.
        case stop
        /// Those that remain repeat the step and go on.
        case goOn = "continue"
    }

    public var continuesAfterDropouts: Bool { onDropout == .goOn }

    /// A run ends at the first evaluation at which one of these is reached.
    public struct Limits: Hashable, Codable, Sendable {
        public var clusterSeconds: Double?
        public var bytesSent: Int?
        /// Updates of the model: steps, or rounds of federated strategies.
        public var updates: Int?

        public init(clusterSeconds: Double? = nil, bytesSent: Int? = nil, updates: Int? = nil) {
            self.clusterSeconds = clusterSeconds
            self.bytesSent = bytesSent
            self.updates = updates
        }

        public func areReached(at point: TrainingRun.Evaluation) -> Bool {
            // In whole nanoseconds, which is what clocks count: 11 ms may be a little more than 0.011 s by rounding.
            let isLate = clusterSeconds.map { (point.clusterSeconds * 1e9).rounded() >= ($0 * 1e9).rounded() }
            return isLate ?? false || point.bytesSent >= bytesSent ?? .max || point.round >= updates ?? .max
        }
    }

    /// The options of federated strategies, with McMahan et al.'s letters.
    public struct Federated: Hashable, Codable, Sendable {
        /// K: all clients.
        public var clients: Int
        /// C: the share of clients that takes part in a round.
        public var fraction: Double
        /// E: passes of a client over its data in a round.
        public var localEpochs: Int
        /// B: samples of a local step; nil for all of the client's (the paper's B = ∞).
        public var localBatch: Int?
        /// How the training set is spread over the clients, as `--partition` takes it.
        public var partition: String

        public init(clients: Int, fraction: Double, localEpochs: Int, localBatch: Int?, partition: String) {
            self.clients = clients
            self.fraction = fraction
            self.localEpochs = localEpochs
            self.localBatch = localBatch
            self.partition = partition
        }

        /// m = max(C * K, 1), rounded: clients in a round.
        public var cohortSize: Int { min(clients, max(1, Int((fraction * Double(clients)).rounded()))) }
    }

    public init(
        batch: Int, schedule: LearningRateSchedule, optimizer: SGD.Configuration, epochs: Double,
        evaluateEveryEpochs: Double, workers: Int, federated: Federated,
        overlap: GradientOverlap? = nil, limits: Limits? = nil, onDropout: DropoutResponse? = nil
    ) {
        self.batch = batch
        self.schedule = schedule
        self.optimizer = optimizer
        self.epochs = epochs
        self.evaluateEveryEpochs = evaluateEveryEpochs
        self.workers = workers
        self.federated = federated
        self.overlap = overlap
        self.limits = limits
        self.onDropout = onDropout
    }
}
