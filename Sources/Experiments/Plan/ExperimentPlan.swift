public import Cluster
public import Kernel
public import Tasks
public import Training

/// Everything that decides what an experiment computes; two runs of one plan differ in measured times only.
public struct ExperimentPlan: Hashable, Codable, Sendable {
    /// The task's name.
    public var task: String
    /// The file of a user's task; nil for a task of the program's.
    public var taskFile: TaskFileReference?
    /// What models are judged by; nil for accuracy, as in files that were written before there were other metrics. See
    /// ``metric``.
    private var otherMetric: Metric?
    /// What to reach on the test set, in the unit of ``metric``: for accuracy a fraction.
    public var target: Double
    /// One run of every strategy is made for each seed; strategies are compared seed by seed.
    public var seeds: [UInt64]
    /// Whether the order of samples is random; false to take samples in the order of the data.
    public var shuffles: Bool
    /// How the first parameters are drawn.
    public var initialization: Initialization
    /// The safetensors file that training starts from, instead of random numbers.
    public var initialParametersFile: String?
    /// `calibrated`, or the name of a device profile.
    public var compute: String
    /// Threads for the numerics of simulated ranks, shared by all runs that are made at the same time.
    public var hostThreads: Int
    /// How many simulated runs are made side by side; nil for one after the other, and in older files.
    public var jobs: Int?
    /// How often each run is made, to measure its time; its results are the same each time, which is checked.
    public var repetitions: Int
    /// Prices and watts of this machine, for the strategies measured on it; nil in files of schema 1.
    public var thisMachine: ClusterSpec?
    /// The rows of the table, with different names.
    public var strategies: [StrategyPlan]

    /// What models are judged by.
    public var metric: Metric {
        get { otherMetric ?? .accuracy }
        set { otherMetric = newValue == .accuracy ? nil : newValue }
    }

    /// What to reach on the test set, as a value with its metric.
    public var goal: Target { Target(target, of: metric) }

    enum CodingKeys: String, CodingKey {
        case task, taskFile, otherMetric = "metric", target, seeds, shuffles, initialization, initialParametersFile,
            compute,
            hostThreads, jobs, repetitions, thisMachine, strategies
    }

    /// - Parameters:
    ///   - target: in the unit of the metric.
    ///   - hostThreads: threads for the numerics of simulated ranks.
    public init(
        task: String, taskFile: TaskFileReference? = nil, metric: Metric = .accuracy, target: Double, seeds: [UInt64],
        shuffles: Bool,
        initialization: Initialization,
        initialParametersFile: String?, compute: String, hostThreads: Int, repetitions: Int = 1,
        thisMachine: ClusterSpec? = nil, strategies: [StrategyPlan]
    ) {
        self.task = task
        self.taskFile = taskFile
        otherMetric = metric == .accuracy ? nil : metric
        self.target = target
        self.seeds = seeds
        self.shuffles = shuffles
        self.initialization = initialization
        self.initialParametersFile = initialParametersFile
        self.compute = compute
        self.hostThreads = hostThreads
        self.repetitions = repetitions
        self.thisMachine = thisMachine
        self.strategies = strategies
    }

    /// The task with its model and data; a task file is read again.
    ///
    /// - Throws: ``ExperimentError`` for an unknown name, or a file that is missing, cannot be used or was changed.
    package func trainingTask() throws(ExperimentError) -> TrainingTask { try .recorded(task, taskFile) }
}
