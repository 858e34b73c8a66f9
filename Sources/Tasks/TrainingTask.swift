public import Datasets
import Diagnostics
public import Kernel
public import Randomness
public import Training

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
    package func load(_ directory: DataDirectory, _ seeds: SeedSequence, _ shuffles: Bool) throws -> TrainTestSplit {
        switch data {
        case .fixedSplit(let read): try read(directory)
        case .splitBySeed(let read): try read(directory)(seeds, shuffles)
        }
    }

    /// What is used where the command line says nothing.
    public struct Defaults: Sendable {
        public let epochs: Double
        public let evaluateEveryEpochs: Double
        /// For the strategies that make every step together.
        public let learningRate: Double
        /// For steps that a worker makes by itself between averages.
        public let localLearningRate: Double
        public let momentum: Float
        /// Of strategies' options those that are other than published, or that the task's rates were found with, by name.
        public let options: OptionValues
        /// How the two rates were found.
        public let tuning: String
        /// The same in figures; nil where they were not searched for.
        public let trials: Tuning?

        /// The published defaults of a strategy's options, changed to the task's.
        package func values<Options: StrategyOptions>(of type: Options.Type) -> OptionValues {
            let published = Options().values
            return published.merging(options.filter { published[$0.key] != nil }) { _, own in own }
        }

        /// The same as a value of their type.
        ///
        /// - Throws: ``ExperimentError`` where the task has a value that is not allowed.
        public func options<Options: StrategyOptions>(of type: Options.Type) throws(ExperimentError) -> Options {
            do throws(OptionError) {
                return try Options(values(of: type))
            } catch {
                throw ExperimentError("\(error)")
            }
        }

        /// The learning rate that a strategy begins with.
        public func rate(of strategy: StrategyDescription) -> Double {
            strategy.defaultRate == .local ? localLearningRate : learningRate
        }
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
