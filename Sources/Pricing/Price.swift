/// What one strategy takes with so many workers. *Priced*: no model was trained, and nothing is said of its accuracy.
public struct Price: Hashable, Codable, Sendable {
    /// The row's name.
    public let label: String
    /// As the registry has it.
    public let strategy: String
    /// Ranks that train at the same time.
    public let workers: Int
    /// Samples of one step on one worker, the largest part where they differ.
    public let localBatch: Int
    /// Samples of all workers from one update of the shared model (or exchange of models) to the next.
    public let samplesPerUpdate: Double
    /// From one update to the next: a step, or a round.
    public let secondsPerUpdate: Double
    /// The share of an average worker's time that goes into forward, backward and update.
    public let computeShare: Double
    /// The share of an average worker's time that goes into communication that nothing hides.
    public let communicationShare: Double
    /// The share of an average worker's communication that lies beside its computation; nil where it has none.
    public let hiddenShare: Double?
    /// Samples per second over those of the same devices without a network.
    public let efficiency: Double
    /// Bytes that all ranks send in an update.
    public let bytesPerUpdate: Double
    /// Messages that all ranks send in an update.
    public let messagesPerUpdate: Double
    /// For a million samples, USD; nil where the cluster has no price.
    public let moneyPerMillionSamples: Double?
    /// For a million samples, Wh; nil where the cluster has no watts.
    public let wattHoursPerMillionSamples: Double?
    /// Whether the strategy computes what one device would with the same global batch, so that a curve of that batch holds.
    public let keepsArithmetic: Bool
    /// The algorithms of its all-reduces; empty where it has none.
    public let allReduce: [String]
    /// What the curve says of it; nil where no curve holds, or none was given.
    public package(set) var toTarget: ToTarget?
    /// How many times the samples of the reference it may need; nil for the reference itself and without one.
    public package(set) var breakEven: BreakEven?

    /// All workers together.
    public var samplesPerSecond: Double { samplesPerUpdate / secondsPerUpdate }

    /// Time and cost until the user's curve reaches the target.
    public struct ToTarget: Hashable, Codable, Sendable {
        /// Nil where the curve never stays at the target.
        public let samples: Int?
        /// Nil where the curve never stays at the target.
        public let seconds: Double?
        /// USD.
        public let money: Double?
        /// Watt hours.
        public let wattHours: Double?
    }

    /// A strategy that changes the arithmetic is first if it needs at most `ratio` times the samples of `reference` for the same
    /// accuracy. Whether it does, no profile says.
    public struct BreakEven: Hashable, Codable, Sendable {
        /// Its samples per second over those of the reference.
        public let ratio: Double
        /// The row that it is set against, with as many workers.
        public let reference: String
    }
}

/// Prices of a request, and what could not be priced.
public struct Prices: Sendable {
    /// In the order of the request: by strategy, then by workers.
    public package(set) var rows: [Price]
    /// Why a row of the request is not there.
    public package(set) var unpriced: [Unpriced]
    /// Why rows have no cost or no energy, a sentence each without a full stop.
    public package(set) var notes: [String] = []

    /// A row that is not there.
    public struct Unpriced: Hashable, Codable, Sendable {
        /// The row's name.
        public let label: String
        /// As asked for.
        public let workers: Int
        /// A sentence without a full stop.
        public let reason: String
    }
}
