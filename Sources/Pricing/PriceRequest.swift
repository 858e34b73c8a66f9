public import Cluster
public import Fabrics

/// What is to be priced, and where.
public struct PriceRequest: Sendable {
    /// Samples of a step.
    public enum Batch: Hashable, Sendable {
        /// On every worker, however many there are.
        case perWorker(Int)
        /// Over all workers, which share them.
        case global(Int)
    }

    /// A row of the table: a strategy with options of its own.
    public struct Choice: Hashable, Sendable {
        /// What its rows are called.
        public let label: String
        /// As the registry has it.
        public let strategy: String
        /// Options that are not at their published defaults.
        public let options: [Setting]

        /// A strategy's row.
        public init(_ strategy: String, label: String? = nil, options: [Setting] = []) {
            (self.strategy, self.label, self.options) = (strategy, label ?? strategy, options)
        }
    }

    /// An option and its value, as the command line has them.
    public struct Setting: Hashable, Sendable {
        /// As `bench list --strategy NAME` shows it.
        public let name: String
        /// As it is written.
        public let value: String

        /// One option.
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// A curve and what is to be reached on it.
    public struct Goal: Hashable, Sendable {
        /// Trained with the request's global batch.
        public let curve: LearningCurve
        /// A fraction.
        public let target: Double

        /// - Parameter target: a fraction.
        public init(_ curve: LearningCurve, target: Double) { (self.curve, self.target) = (curve, target) }
    }

    /// What a step takes.
    public var profile: StepProfile
    /// Machines and network; every worker is the profile's device, as fast as its `speed` says.
    public var cluster: ClusterSpec
    /// Numbers of workers, each priced.
    public var workers: [Int]
    /// Samples of a step.
    public var batch: Batch
    /// The rows.
    public var choices: [Choice]
    /// How workers add their gradients.
    public var allReduce = AllReduceAlgorithm.ring
    /// Samples of the training set, which clients share; nil for the profile's.
    public var trainingSamples: Int?
    /// Nil where no time to a target is asked for.
    public var goal: Goal?
    /// The source of what a cluster draws: devices, jitter, loss, slowdowns.
    public var seed: UInt64 = 1
    /// Updates that are played for each price, behind a first one.
    public var rounds = 10

    /// Every strategy at every number of workers.
    public init(
        _ profile: StepProfile, on cluster: ClusterSpec, workers: [Int], batch: Batch, _ choices: [Choice]
    ) {
        (self.profile, self.cluster, self.workers) = (profile, cluster, workers)
        (self.batch, self.choices) = (batch, choices)
    }

    /// What a profile of many updates would take too long to play.
    public static let mostRounds = 10_000
    /// The most workers of a price.
    public static let mostWorkers = 10_000
}
