public import Cluster
public import Datasets

/// All that an experiment found out: the contents of `results.json`, from which every report is made.
public struct Results: Hashable, Codable, Sendable {
    /// Counts up when a field is added or changes its meaning; what each has is in `Results/SCHEMA.md`.
    public static let currentSchema = 6
    /// Of results by a metric that is no accuracy, which programs that know no other must not take for accuracies.
    public static let schemaOfMetrics = 7

    /// Of the file that it came from.
    public var schema: Int
    /// What was run.
    public var plan: ExperimentPlan
    /// Where it was run.
    public var machine: MachineDescription
    /// The times that simulated clusters computed with.
    public var computeModel: ComputeModel?
    /// The size of the training set, for epochs.
    public var trainingSamples: Int
    /// The size of the test set, which the noise of an accuracy depends on; nil in files of schema 1.
    public var testSamples: Int?
    /// The data; nil in files of schema 3 and before.
    public var data: DataIdentity?
    /// SHA-256 of the file that the initial parameters came from, in hexadecimal; nil without one, and in files of schema 3
    /// and before.
    public var initialParametersSHA256: String?
    /// Where the plan's default rates come from.
    public var tuning: String
    /// The runs that were finished, in the order in which they were.
    public var runs: [RunRecord]
    /// False where the experiment was stopped before its end.
    public var isComplete: Bool
    /// Of a baseline: how it came to be, the newest last.
    public var history: [Acceptance]

    /// One move of a baseline.
    public struct Acceptance: Hashable, Codable, Sendable {
        /// When (ISO 8601).
        public var date: String
        /// Of the program that made the new figures.
        public var commit: String
        /// As somebody gave it.
        public var reason: String
        /// What differed from the baseline before, a figure each.
        public var changes: [String]

        public init(date: String, commit: String, reason: String, changes: [String]) {
            self.date = date
            self.commit = commit
            self.reason = reason
            self.changes = changes
        }
    }

    public init(
        plan: ExperimentPlan, machine: MachineDescription, computeModel: ComputeModel?, trainingSamples: Int,
        testSamples: Int?, data: DataIdentity? = nil, initialParametersSHA256: String? = nil, tuning: String
    ) {
        schema = plan.metric == .accuracy ? Self.currentSchema : Self.schemaOfMetrics
        self.plan = plan
        self.machine = machine
        self.computeModel = computeModel
        self.trainingSamples = trainingSamples
        self.testSamples = testSamples
        self.data = data
        self.initialParametersSHA256 = initialParametersSHA256
        self.tuning = tuning
        runs = []
        isComplete = false
        history = []
    }

    /// A row for every strategy with at least one finished run, in the plan's order, without those that are only run for others
    /// to be compared with.
    public var summaries: [StrategySummary] { everySummary.filter { !$0.plan.isBaseline } }

    /// The same with all strategies.
    package var everySummary: [StrategySummary] {
        plan.strategies.compactMap { strategy in
            let runs = runs.filter { $0.strategy == strategy.name }.sorted { $0.seed < $1.seed }
            return runs.isEmpty
                ? nil : StrategySummary(strategy, runs: runs, target: plan.goal, thisMachine: plan.thisMachine)
        }
    }
}
