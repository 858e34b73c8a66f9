public import Datasets
import Diagnostics
public import Kernel
public import Randomness

/// A model, the data it is trained on, and the accuracy that counts as success. To add one: a file like ``TrainingTask/digits``'s
/// and a line in ``TrainingTask/all``.
public struct TrainingTask: Sendable {
    public let name: String
    public let summary: String
    /// Test accuracy, a fraction.
    public let target: Double
    public let network: Network
    public let defaults: Defaults
    public let data: DataSource

    /// Where samples come from, and whether what is trained on depends on the seed.
    public enum DataSource: Sendable {
        /// Data with a test set of their own, which every seed has: reads them.
        case fixedSplit(_ read: @Sendable (DataDirectory) throws -> TrainTestSplit)
        /// Data without: reads them once, and returns what draws a seed's split from them.
        case splitBySeed(_ read: @Sendable (DataDirectory) throws -> Splitter)
    }

    /// Draws the training and the test set of a seed; without shuffling, takes them in the file's order.
    public typealias Splitter = @Sendable (SeedSequence, _ shuffles: Bool) throws -> TrainTestSplit

    /// Reads the data and splits them for one seed. What needs them for several asks a ``TaskData`` instead.
    public func load(_ directory: DataDirectory, _ seeds: SeedSequence, _ shuffles: Bool) throws -> TrainTestSplit {
        switch data {
        case .fixedSplit(let read): try read(directory)
        case .splitBySeed(let read): try read(directory)(seeds, shuffles)
        }
    }

    /// What is used where the command line says nothing.
    public struct Defaults: Sendable {
        public let epochs: Double
        public let evaluateEveryEpochs: Double
        public let batch: Int
        /// For the strategies that make every step together.
        public let learningRate: Double
        /// For the steps of federated clients.
        public let localLearningRate: Double
        public let momentum: Float
        public let clients: Int
        public let fraction: Double
        public let localEpochs: Int
        public let localBatch: Int
        public let partition: String
        /// How the two rates were found.
        public let tuning: String
        /// The same in figures; nil where they were not searched for.
        public let trials: Tuning?
    }

    public static let all = [digits, mnistSoftmax, mnist2NN, mnistCNN]

    /// - Throws: ``ExperimentError`` listing the tasks.
    public static func named(_ name: String) throws(ExperimentError) -> TrainingTask {
        guard let task = all.first(where: { $0.name == name }) else {
            throw ExperimentError(UnknownName.message("task", found: name, allowed: all.map { $0.name }))
        }
        return task
    }
}
