public import Datasets
import Diagnostics
public import Kernel
import Locking
public import Randomness
public import Training

/// A model, the data it is trained on, and the accuracy, or other ``Metric``, that counts as success. To add one to this package: a file like
/// ``TrainingTask/digits``'s and its name in ``TrainingTask/all``. Another package calls ``TrainingTask/add(_:)``.
public struct TrainingTask: Sendable {
    /// The name that `--task` takes.
    public let name: String
    /// One line for lists.
    public let summary: String
    /// What models are judged by.
    public let metric: Metric
    /// What counts as success on the test set, in the unit of ``metric``: a fraction where that is accuracy.
    public let target: Double
    /// The model that is trained.
    public let network: any Objective
    /// Values that are used where the command line gives none.
    public let defaults: Defaults
    /// Where samples come from.
    public let data: DataSource
    /// Whether the data travel inside the program, so that no folder of data is needed.
    public let isEmbedded: Bool
    /// How many users the samples come from, where the data know users; else nil.
    public let users: Int?
    /// The user's task file; nil for a task of the program's.
    public let file: TaskFileReference?

    /// Where samples come from, and whether the training set depends on the seed.
    public enum DataSource: Sendable {
        /// Data with a test set of their own, which is the same for every seed: `read` reads them.
        case fixedSplit(_ read: @Sendable (DataDirectory) throws -> TrainTestSplit)
        /// Data without a test set: `read` reads them once, and returns what draws a seed's split from them.
        case splitBySeed(_ read: @Sendable (DataDirectory) throws -> Splitter)
    }

    /// Draws the training and the test set of a seed; without shuffling, samples are taken in the order of the data.
    public typealias Splitter = @Sendable (SeedSequence, _ shuffles: Bool) throws -> TrainTestSplit

    /// Reads the data and splits them for one seed.
    package func load(_ directory: DataDirectory, _ seeds: SeedSequence, _ shuffles: Bool) throws -> TrainTestSplit {
        switch data {
        case .fixedSplit(let read): try read(directory)
        case .splitBySeed(let read): try read(directory)(seeds, shuffles)
        }
    }

    /// - Parameters:
    ///   - name: the name that `--task` takes.
    ///   - summary: one line for lists: the samples and the model.
    ///   - metric: what models are judged by.
    ///   - target: what counts as success on the test set, in the unit of the metric: for accuracy a fraction.
    ///   - defaults: values that are used where the command line gives none.
    public init(
        name: String, summary: String, metric: Metric = .accuracy, target: Double, network: any Objective,
        defaults: Defaults, data: DataSource, isEmbedded: Bool = false, users: Int? = nil,
        file: TaskFileReference? = nil
    ) {
        self.name = name
        self.summary = summary
        self.metric = metric
        self.target = target
        self.network = network
        self.defaults = defaults
        self.data = data
        self.isEmbedded = isEmbedded
        self.users = users
        self.file = file
    }

    /// Values that are used where the command line gives none.
    public struct Defaults: Sendable {
        /// The sample budget, in sizes of the training set.
        public let epochs: Double
        /// Epochs from one evaluation to the next.
        public let evaluateEveryEpochs: Double
        /// The learning rate of steps that all workers make together.
        public let learningRate: Double
        /// The learning rate of steps that a worker makes by itself between averages.
        public let localLearningRate: Double
        /// The momentum of SGD; 0 for other optimizers.
        public var momentum: Float { optimizer.kind == .sgd ? optimizer.momentum : 0 }
        /// The optimizer that the two rates are for.
        public let optimizer: Optimizer.Configuration
        /// Values of strategies' options that differ from the published ones, or that the task's rates were found with,
        /// by name.
        public let options: OptionValues
        /// How the two rates were found, as a sentence.
        public let tuning: String
        /// How the two rates were found, in figures; nil where there was no search.
        public let trials: Tuning?
        /// The strategy that each of the two rates was searched for. Others that begin with it take it over.
        package let searched: [StrategyDescription.DefaultRate: String] = [.global: "single", .local: "federated"]

        /// - Parameters:
        ///   - learningRate: the rate of steps that all workers make together.
        ///   - localLearningRate: the rate of steps that a worker makes by itself between averages.
        ///   - momentum: the momentum of SGD.
        ///   - optimizer: nil for SGD with this momentum.
        ///   - options: values of strategies' options that differ from the published ones, by name.
        ///   - tuning: how the two rates were found, a sentence for reports.
        public init(
            epochs: Double, evaluateEveryEpochs: Double, learningRate: Double, localLearningRate: Double,
            momentum: Float = 0, optimizer: Optimizer.Configuration? = nil, options: OptionValues = [:],
            tuning: String, trials: Tuning? = nil
        ) {
            self.epochs = epochs
            self.evaluateEveryEpochs = evaluateEveryEpochs
            self.learningRate = learningRate
            self.localLearningRate = localLearningRate
            self.optimizer = optimizer ?? .sgd(momentum: momentum)
            self.options = options
            self.tuning = tuning
            self.trials = trials
        }

        /// The published defaults of a strategy's options, with the task's values where it has some.
        package func values<Options: StrategyOptions>(of type: Options.Type) -> OptionValues {
            let published = Options().values
            return published.merging(options.filter { published[$0.key] != nil }) { _, own in own }
        }

        /// The defaults of a strategy's options as a value of their type.
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

    private static let builtIn = [
        digits, mnistSoftmax, mnistMLP, mnist2NN, mnistCNN, fashionSoftmax, fashion2NN, fashionCNN, letters,
        vowelsSoftmax, vowelsMLP, sotuLSTM, sotuTransformer,
    ]
    private static let added = Guarded<[TrainingTask]>([])

    /// The tasks of this package, followed by those that were added.
    public static var all: [TrainingTask] { builtIn + added.withLock { $0 } }

    /// Adds a task of another package, so that `--task` finds it by its name. Has to be called before any task is
    /// looked up.
    ///
    /// - Throws: ``ExperimentError`` if another task has its name, if its target is no value of its metric, or if its
    ///   models have no values of the metric.
    public static func add(_ task: TrainingTask) throws(ExperimentError) {
        guard !all.contains(where: { $0.name == task.name }) else {
            throw ExperimentError("there are two tasks '\(task.name)'")
        }
        guard task.metric.allows(target: task.target) else {
            throw ExperimentError(
                "task '\(task.name)' has the target \(task.target); allowed is \(task.metric.allowedTargets)")
        }
        if let problem = task.metric.problem(of: task.network) {
            throw ExperimentError("task '\(task.name)': \(problem)")
        }
        added.withLock { $0.append(task) }
    }

    /// The task with this name.
    ///
    /// - Throws: ``ExperimentError`` listing the tasks.
    public static func named(_ name: String) throws(ExperimentError) -> TrainingTask {
        guard let task = all.first(where: { $0.name == name }) else {
            throw ExperimentError(UnknownName.message("task", found: name, allowed: all.map { $0.name }))
        }
        return task
    }
}
