public import Cluster
public import Fabrics

/// What is to be priced, and where.
public struct PriceRequest: Sendable {
    /// Samples of a step.
    public enum Batch: Hashable, Sendable {
        /// Samples of each worker, however many there are.
        case perWorker(Int)
        /// Samples of all workers together, who share them.
        case global(Int)
    }

    /// A row of the table: a strategy with options of its own.
    public struct Choice: Hashable, Sendable {
        /// The name of the rows.
        public let label: String
        /// The strategy's registered name.
        public let strategy: String
        /// Options that differ from their published defaults.
        public let options: [Setting]

        /// The choice of a strategy, labelled with its name where no label is given.
        public init(_ strategy: String, label: String? = nil, options: [Setting] = []) {
            (self.strategy, self.label, self.options) = (strategy, label ?? strategy, options)
        }
    }

    /// An option and its value, as on the command line.
    public struct Setting: Hashable, Sendable {
        /// The option's name, as `bench list --strategy NAME` shows it.
        public let name: String
        /// The value as written.
        public let value: String

        /// An option with its value.
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// A curve and the target to reach on it.
    public struct Goal: Hashable, Sendable {
        /// The curve of a training with the request's global batch.
        public let curve: LearningCurve
        /// The accuracy to reach, 0 to 1.
        public let target: Double

        /// - Parameter target: an accuracy, 0 to 1.
        public init(_ curve: LearningCurve, target: Double) { (self.curve, self.target) = (curve, target) }
    }

    /// How long a step takes.
    public var profile: StepProfile
    /// Machines and network; every worker is the profile's device, with the speed that the cluster gives.
    public var cluster: ClusterSpec
    /// Numbers of workers to price.
    public var workers: [Int]
    /// Samples of a step.
    public var batch: Batch
    /// The rows: strategies with their options.
    public var choices: [Choice]
    /// The algorithm by which workers add their gradients.
    public var allReduce = AllReduceAlgorithm.ring
    /// Samples of the training set, which clients share; nil for the number in the profile.
    public var trainingSamples: Int?
    /// The target to reach on a curve; nil where no time to a target is asked for.
    public var goal: Goal?
    /// The seed for what a cluster draws: devices, jitter, loss, slowdowns.
    public var seed: UInt64 = 1
    /// How many updates are played for each price, after a first one.
    public var rounds = 10

    /// Asks for every strategy with every number of workers.
    public init(
        _ profile: StepProfile, on cluster: ClusterSpec, workers: [Int], batch: Batch, _ choices: [Choice]
    ) {
        (self.profile, self.cluster, self.workers) = (profile, cluster, workers)
        (self.batch, self.choices) = (batch, choices)
    }

    /// The most updates that can be played for a price; more would take too long.
    public static let mostRounds = 10_000
    /// The most workers that can be priced.
    public static let mostWorkers = 10_000
}
