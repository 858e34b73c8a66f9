package import Cluster
package import Datasets
package import Experiments
package import Statistics
package import Tasks
import Training

/// Everything known about a community's coalitions: the contents of `coalitions.json`, from which its reports are made.
package struct CoalitionResults: Hashable, Codable, Sendable {
    /// Counts up when a field is added or changes its meaning; `Results/SCHEMA.md` describes the fields of each schema.
    package static let currentSchema = 1
    /// The schema of coalitions by a metric other than accuracy; programs that know accuracy only must not read them.
    package static let schemaOfMetrics = 2

    package var schema: Int
    package var plan: CoalitionPlan
    package var machine: MachineDescription
    /// The times that simulated clusters computed with, the same for all coalitions.
    package var computeModel: ComputeModel
    package var trainingSamples: Int
    package var testSamples: Int
    package var data: DataIdentity?
    package var initialParametersSHA256: String?
    /// Scores of the coalitions that were trained, in the order of ``CoalitionPlan/coalitions``.
    package var coalitions: [CoalitionScores]

    package init(
        plan: CoalitionPlan, machine: MachineDescription, computeModel: ComputeModel, trainingSamples: Int,
        testSamples: Int, data: DataIdentity?, initialParametersSHA256: String?
    ) {
        schema = plan.experiment.metric == .accuracy ? Self.currentSchema : Self.schemaOfMetrics
        self.plan = plan
        self.machine = machine
        self.computeModel = computeModel
        self.trainingSamples = trainingSamples
        self.testSamples = testSamples
        self.data = data
        self.initialParametersSHA256 = initialParametersSHA256
        coalitions = []
    }

    /// Whether every coalition was trained.
    package var isComplete: Bool { coalitions.count == plan.coalitions.count }

    /// The plan, machine and data as results without a run, for what reports of both kinds say about them.
    package var withoutRuns: Results {
        Results(
            plan: plan.experiment, machine: machine, computeModel: computeModel, trainingSamples: trainingSamples,
            testSamples: testSamples, data: data, initialParametersSHA256: initialParametersSHA256, tuning: "")
    }

    /// Checks everything that could be wrong in a well-formed file that was edited or damaged.
    ///
    /// - Throws: ``ExperimentError`` naming the figure, what was found and what is allowed.
    package func validate() throws(ExperimentError) {
        try withoutRuns.validate()
        try plan.check()
        let expected = plan.coalitions.prefix(coalitions.count).map(\.members)
        try require(coalitions.map(\.members) == Array(expected), "coalitions", "others", "all subsets, in order")
        for scores in coalitions {
            let name = "coalition \(scores.members)"
            try require(
                scores.runs.map(\.seed) == plan.experiment.seeds, "\(name): seeds", scores.runs.map(\.seed),
                "\(plan.experiment.seeds)")
            for run in scores.runs {
                try require(
                    run.accuracies.count == scores.members.count && run.kinds.count == scores.members.count,
                    "\(name): accuracies", run.accuracies.count, "\(scores.members.count)")
                try require(
                    run.accuracies.allSatisfy { (0...1).contains($0) }, "\(name): accuracies", run.accuracies, "0 to 1")
                let metric = plan.experiment.metric
                if let values = run.values {
                    try require(
                        values.count == scores.members.count
                            && values.allSatisfy { value in metric.bounds?.contains(value) ?? !value.isNaN },
                        "\(name): values", values, "\(metric.oneOfThem) for each member")
                }
                try require(
                    (run.values == nil) == (metric == .accuracy), "\(name): values",
                    run.values == nil ? "none" : "some", "those of the metric \(metric.title)")
                try require(
                    (0...1e12).contains(run.clusterSeconds) && (0...(1 << 50)).contains(run.bytesSent),
                    "\(name): a time or a count", run.clusterSeconds, "0 or more")
            }
        }
    }

    private func require(_ isRight: Bool, _ figure: String, _ found: Any, _ allowed: String) throws(ExperimentError) {
        if !isRight { throw ExperimentError("\(figure): found \(found), allowed is \(allowed)") }
    }
}

/// What the members of one coalition achieved.
package struct CoalitionScores: Hashable, Codable, Sendable {
    /// Nodes, in ascending order.
    package let members: [Int]
    /// The runs in the order of the plan's seeds.
    package let runs: [Run]

    package struct Run: Hashable, Codable, Sendable {
        package let seed: UInt64
        /// Final accuracies by member, each on the member's own distribution, 0 to 1.
        package let accuracies: [Double]
        /// Final values of the task's metric by member, the metric's worst value after a divergence; nil where the
        /// metric is accuracy.
        package let values: [Double]?
        /// The kinds of members; nil where nodes have no objectives of their own.
        package let kinds: [Int?]
        package let clusterSeconds: Double
        package let bytesSent: Int

        package init(
            seed: UInt64, accuracies: [Double], values: [Double]? = nil, kinds: [Int?], clusterSeconds: Double,
            bytesSent: Int
        ) {
            (self.seed, self.accuracies, self.values, self.kinds) = (seed, accuracies, values, kinds)
            (self.clusterSeconds, self.bytesSent) = (clusterSeconds, bytesSent)
        }
    }

    package init(members: [Int], runs: [Run]) { (self.members, self.runs) = (members, runs) }

    package var coalition: Coalition { Coalition(members) }

    /// A member's values of the task's metric, by seed.
    ///
    /// - Parameter place: the member's place among ``members``.
    package func values(_ place: Int) -> [Double] { runs.map { ($0.values ?? $0.accuracies)[place] } }

    /// - Throws: ``ExperimentError`` where a run does not say what each member got.
    init(_ members: [Int], _ records: [RunRecord], by metric: Metric) throws(ExperimentError) {
        self.members = members
        var runs: [Run] = []
        for record in records.sorted(by: { $0.seed < $1.seed }) {
            guard let nodes = record.nodes, nodes.count == members.count else {
                throw ExperimentError(
                    """
                    \(record.strategy) with seed \(record.seed) does not judge its nodes one by one; allowed are strategies whose nodes \
                    have models of their own, and others with --objectives
                    """)
            }
            runs.append(
                Run(
                    seed: record.seed, accuracies: nodes.map { record.outcome == .diverged ? 0 : $0.ownAccuracy },
                    values: metric == .accuracy
                        ? nil : nodes.map { record.outcome == .diverged ? metric.worst : $0.ownValue(metric) },
                    kinds: nodes.map(\.kind), clusterSeconds: record.clusterSeconds,
                    bytesSent: record.traffic.bytesTotal))
        }
        self.runs = runs
    }
}
