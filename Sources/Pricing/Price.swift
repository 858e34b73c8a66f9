/// What one strategy takes with so many workers. It is *priced*: no model was trained, and nothing is known about
/// accuracy.
public struct Price: Hashable, Codable, Sendable {
    /// The row's name.
    public let label: String
    /// The strategy's registered name.
    public let strategy: String
    /// Ranks that train at the same time.
    public let workers: Int
    /// Samples of one step of one worker; the largest number where workers differ.
    public let localBatch: Int
    /// Samples of all workers from one update of the shared model (or exchange of models) to the next.
    public let samplesPerUpdate: Double
    /// Seconds from one update to the next: a step, or a round.
    public let secondsPerUpdate: Double
    /// The share of an average worker's time that goes into forward, backward and update.
    public let computeShare: Double
    /// The share of an average worker's time that goes into communication that nothing hides.
    public let communicationShare: Double
    /// The share of an average worker's communication that runs beside its computation, 0 to 1; nil where it does not
    /// communicate.
    public let hiddenShare: Double?
    /// Samples per second over those of the same devices without a network.
    public let efficiency: Double
    /// Bytes that all ranks send in an update.
    public let bytesPerUpdate: Double
    /// Messages that all ranks send in an update.
    public let messagesPerUpdate: Double
    /// US dollars for a million samples; nil where the cluster has no price.
    public let moneyPerMillionSamples: Double?
    /// Watt hours for a million samples; nil where the cluster has no watts.
    public let wattHoursPerMillionSamples: Double?
    /// Whether the strategy computes what one device would with the same global batch, so that a curve for that batch
    /// applies.
    public let keepsArithmetic: Bool
    /// The algorithms of its all-reduces; empty where it has none.
    public let allReduce: [String]
    /// Time and cost to the target, by the curve; nil where the curve does not apply or none was given.
    public package(set) var toTarget: ToTarget?
    /// How many times the reference's samples the strategy may need; nil for the reference itself and without one.
    public package(set) var breakEven: BreakEven?

    /// Samples that all workers together train on in a second.
    public var samplesPerSecond: Double { samplesPerUpdate / secondsPerUpdate }

    /// Time and cost until the user's curve reaches the target.
    public struct ToTarget: Hashable, Codable, Sendable {
        /// Samples to the target; nil where the curve never stays at it.
        public let samples: Int?
        /// Seconds to the target; nil where the curve never stays at it.
        public let seconds: Double?
        /// US dollars to the target; nil where the curve never stays at it or the cluster has no price.
        public let money: Double?
        /// Watt hours to the target; nil where the curve never stays at it or the cluster has no watts.
        public let wattHours: Double?
    }

    /// A strategy that changes the arithmetic is faster to an accuracy than `reference` if it needs at most `ratio`
    /// times its samples. No profile tells whether it does.
    public struct BreakEven: Hashable, Codable, Sendable {
        /// The strategy's samples per second, relative to the reference's.
        public let ratio: Double
        /// The name of the row that it is compared with, for the same number of workers.
        public let reference: String
    }
}

/// Prices of a request, and what could not be priced.
public struct Prices: Sendable {
    /// Prices in the order of the request: by strategy, then by workers.
    public package(set) var rows: [Price]
    /// Rows of the request that could not be priced, with the reason.
    public package(set) var unpriced: [Unpriced]
    /// Why rows have no cost or no energy, a sentence each without a full stop.
    public package(set) var notes: [String] = []

    /// A row that could not be priced.
    public struct Unpriced: Hashable, Codable, Sendable {
        /// The row's name.
        public let label: String
        /// The number of workers that was asked for.
        public let workers: Int
        /// A sentence without a full stop.
        public let reason: String
    }
}
