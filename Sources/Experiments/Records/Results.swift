public import Cluster
public import Datasets

/// Everything that an experiment found: the contents of `results.json`, from which every report is made.
public struct Results: Hashable, Codable, Sendable {
    /// Counts up when a field is added or changes its meaning; `Results/SCHEMA.md` describes the fields of each schema.
    public static let currentSchema = 6
    /// The schema of results by a metric other than accuracy; programs that know accuracy only must not read them.
    public static let schemaOfMetrics = 7

    /// The schema of the file that the results are or came from.
    public var schema: Int
    /// What was run.
    public var plan: ExperimentPlan
    /// The machine and build that the experiment ran on.
    public var machine: MachineDescription
    /// The times that simulated clusters computed with.
    public var computeModel: ComputeModel?
    /// The size of the training set in samples.
    public var trainingSamples: Int
    /// The size of the test set in samples, which an accuracy's noise depends on; nil in files of schema 1.
    public var testSamples: Int?
    /// Identity of the data; nil in files of schema 3 and before.
    public var data: DataIdentity?
    /// SHA-256 of the file that the initial parameters came from, in hexadecimal; nil without one, and in files of schema 3
    /// and before.
    public var initialParametersSHA256: String?
    /// Where the plan's default rates come from.
    public var tuning: String
    /// The finished runs, in the order of the experiment.
    public var runs: [RunRecord]
    /// False where the experiment was stopped before its end.
    public var isComplete: Bool
    /// For a baseline, how it was accepted and changed, the newest last; else empty.
    public var history: [Acceptance]

    /// One acceptance of new figures into a baseline.
    public struct Acceptance: Hashable, Codable, Sendable {
        /// When the figures were accepted (ISO 8601).
        public var date: String
        /// The commit of the program that made the new figures.
        public var commit: String
        /// The reason that somebody gave.
        public var reason: String
        /// What differed from the baseline before, one entry for each figure.
        public var changes: [String]

        /// One acceptance, from its parts.
        public init(date: String, commit: String, reason: String, changes: [String]) {
            self.date = date
            self.commit = commit
            self.reason = reason
            self.changes = changes
        }
    }

    /// Results without runs, of the schema that the plan's metric needs; ``isComplete`` is false.
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

    /// A row for every strategy with at least one finished run, in the plan's order, without strategies that are run
    /// only for comparison.
    public var summaries: [StrategySummary] { everySummary.filter { !$0.plan.isBaseline } }

    /// A row for every strategy with at least one finished run, in the plan's order.
    package var everySummary: [StrategySummary] {
        plan.strategies.compactMap { strategy in
            let runs = runs.filter { $0.strategy == strategy.name }.sorted { $0.seed < $1.seed }
            return runs.isEmpty
                ? nil : StrategySummary(strategy, runs: runs, target: plan.goal, thisMachine: plan.thisMachine)
        }
    }
}
