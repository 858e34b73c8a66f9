public import Cluster
public import Datasets
public import Experiments

/// All that a study found out: the contents of `study.json`, from which its reports are made.
public struct StudyResults: Hashable, Codable, Sendable {
    /// Counts up when a field is added or changes its meaning; what each has is in `Results/SCHEMA.md`.
    public static let currentSchema = 3
    /// Of studies by a metric that is no accuracy, which programs that know no other must not take for accuracies.
    public static let schemaOfMetrics = 4

    /// Of the file that it came from.
    public var schema: Int
    /// What was searched for.
    public var plan: StudyPlan
    /// Where.
    public var machine: MachineDescription
    /// The times that simulated clusters computed with, the same for all trials.
    public var computeModel: ComputeModel
    /// The size of what was trained on.
    public var trainingSamples: Int
    /// The size of what accuracy was measured on.
    public var selectionSamples: Int
    /// The data; nil in files of schema 1.
    public var data: DataIdentity?
    /// SHA-256 of the file that the initial parameters came from, in hexadecimal; nil without one, and in files of schema 1.
    public var initialParametersSHA256: String?
    /// In the order in which they were finished.
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

    /// For each strategy with a trial of which all seeds are finished, in the plan's order.
    public var summaries: [StudySummary] { plan.experiment.strategies.compactMap { StudySummary(self, of: $0) } }

    /// The same plan, machine and data as results that hold no run: what reports of both kinds tell of them.
    package var withoutRuns: Results {
        Results(
            plan: plan.experiment, machine: machine, computeModel: computeModel, trainingSamples: trainingSamples,
            testSamples: selectionSamples, data: data, initialParametersSHA256: initialParametersSHA256, tuning: "")
    }
}
