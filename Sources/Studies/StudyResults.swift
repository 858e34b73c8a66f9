public import Cluster
public import Datasets
public import Experiments

/// Everything that a study found: the contents of `study.json`, from which its reports are made.
public struct StudyResults: Hashable, Codable, Sendable {
    /// Counts up when a field is added or changes its meaning; `Results/SCHEMA.md` describes the fields of each schema.
    public static let currentSchema = 3
    /// The schema of studies by a metric other than accuracy; programs that know accuracy only must not read them.
    public static let schemaOfMetrics = 4

    /// The schema of the file that the results are or came from.
    public var schema: Int
    /// What was searched for.
    public var plan: StudyPlan
    /// The machine and build that the study ran on.
    public var machine: MachineDescription
    /// The times that simulated clusters computed with, the same for all trials.
    public var computeModel: ComputeModel
    /// The size of the training set in samples.
    public var trainingSamples: Int
    /// The size in samples of the set that trials are chosen on.
    public var selectionSamples: Int
    /// The data; nil in files of schema 1.
    public var data: DataIdentity?
    /// SHA-256 of the file that the initial parameters came from, in hexadecimal; nil without one, and in files of schema 1.
    public var initialParametersSHA256: String?
    /// The finished runs, in the order of the study.
    public var runs: [StudyRun]
    /// False where the study was stopped before its end.
    public var isComplete: Bool

    package init(
        plan: StudyPlan, machine: MachineDescription, computeModel: ComputeModel, trainingSamples: Int,
        selectionSamples: Int, data: DataIdentity? = nil, initialParametersSHA256: String? = nil
    ) {
        schema = Self.schema(of: plan)
        self.plan = plan
        self.machine = machine
        self.computeModel = computeModel
        self.trainingSamples = trainingSamples
        self.selectionSamples = selectionSamples
        self.data = data
        self.initialParametersSHA256 = initialParametersSHA256
        runs = []
        isComplete = false
    }

    /// The schema of a study's file.
    package static func schema(of plan: StudyPlan) -> Int {
        plan.experiment.metric == .accuracy ? currentSchema : schemaOfMetrics
    }

    /// A summary for each strategy with at least one trial whose seeds are all finished, in the plan's order.
    public var summaries: [StudySummary] { plan.experiment.strategies.compactMap { StudySummary(self, of: $0) } }

    /// The plan, machine and data as results without a run, for what reports of both kinds say about them.
    package var withoutRuns: Results {
        Results(
            plan: plan.experiment, machine: machine, computeModel: computeModel, trainingSamples: trainingSamples,
            testSamples: selectionSamples, data: data, initialParametersSHA256: initialParametersSHA256, tuning: "")
    }
}
