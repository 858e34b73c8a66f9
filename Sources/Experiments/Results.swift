public import Cluster

/// All that an experiment found out: the contents of `results.json`, from which every report is made.
public struct Results: Hashable, Codable, Sendable {
    /// Counts up when a field changes its meaning.
    public static let currentSchema = 1

    public var schema: Int
    public var plan: ExperimentPlan
    public var machine: MachineDescription
    /// The times that simulated clusters computed with.
    public var computeModel: ComputeModel?
    /// The size of the training set, for epochs.
    public var trainingSamples: Int
    /// Where the plan's default rates come from.
    public var tuning: String
    /// The runs that were finished, in the order in which they were.
    public var runs: [RunRecord]
    /// False where the experiment was stopped before its end.
    public var isComplete: Bool

    public init(
        plan: ExperimentPlan, machine: MachineDescription, computeModel: ComputeModel?, trainingSamples: Int,
        tuning: String
    ) {
        schema = Self.currentSchema
        self.plan = plan
        self.machine = machine
        self.computeModel = computeModel
        self.trainingSamples = trainingSamples
        self.tuning = tuning
        runs = []
        isComplete = false
    }

    /// A row for every strategy with at least one finished run, in the plan's order.
    public var summaries: [StrategySummary] {
        plan.strategies.compactMap { strategy in
            let runs = runs.filter { $0.strategy == strategy.name }.sorted { $0.seed < $1.seed }
            return runs.isEmpty ? nil : StrategySummary(strategy, runs: runs, target: plan.target)
        }
    }
}
