import Tasks

/// What makes verdicts on nodes fair: node k is the same node in every strategy of a seed.
extension FairComparison {
    /// Lines about strategies whose nodes are judged one by one; empty where there are none.
    static func nodes(_ summaries: [StrategySummary]) -> [Line] {
        let objectives = summaries.map { $0.plan.configuration.objectives }
        let hasNodes = summaries.contains { $0.runs.contains { $0.nodes != nil } }
        guard hasNodes || objectives.contains(where: { $0 != nil }) else { return [] }
        var lines: [Line] = []
        if objectives.contains(where: { $0 != nil }) {
            lines.append(
                Line(
                    "objectives of nodes", Set(objectives).count == 1 ? .equal : .different,
                    objectives.map { $0 ?? "the same" }))
        }
        guard hasNodes else { return lines }
        let ranges = summaries.map { summary -> ClosedRange<Int>? in
            let samples = summary.runs.flatMap { $0.nodes ?? [] }.compactMap(\.trainedSamples)
            guard let least = samples.min(), let most = samples.max() else { return nil }
            return least...most
        }
        let texts = ranges.map { range in
            range.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" } ?? "-"
        }
        let known = summaries.map { $0.runs.map { ($0.nodes ?? []).map(\.trainedSamples) } }.filter {
            !$0.joined().isEmpty
        }
        lines.append(
            Line("samples that a node trained on", Set(known).count == 1 ? .equal : .different, texts))
        return lines
    }

    /// Checks that a run's nodes have the same distributions as the nodes of other strategies with the same seed.
    ///
    /// - Throws: ``ExperimentError`` naming the first node that differs.
    static func checkNodes(_ run: RunRecord, _ others: [RunRecord]) throws(ExperimentError) {
        guard let nodes = run.nodes,
            let other = others.first(where: {
                $0.seed == run.seed && $0.strategy != run.strategy && $0.nodes?.count == nodes.count
            }), let otherNodes = other.nodes
        else { return }
        for (index, (node, otherNode)) in zip(nodes, otherNodes).enumerated() {
            guard
                node.kind == nil || otherNode.kind == nil
                    || node.kind == otherNode.kind && node.classWeights == otherNode.classWeights
            else {
                throw ExperimentError(
                    """
                    node \(index) of \(run.strategy) with seed \(run.seed) has another distribution than that of \
                    \(other.strategy); a comparison needs the same nodes
                    """)
            }
        }
    }
}

// MARK: Architectures

extension ExperimentPlan {
    /// What a row's plan says of the hidden layers of its nodes' models.
    func architectures(of name: String) -> String {
        strategies.first { $0.name == name }?.architectures ?? StrategyPlan.sameArchitecture
    }

    /// What is to be known before training of nodes that differ in architecture from those that they are compared with: a line
    /// for each strategy whose nodes will get no verdict.
    package var architectureNotes: [String] {
        guard let alone = strategies.first(where: { $0.strategy == NodeComparison.baselineName }) else { return [] }
        return strategies.filter { $0.architectures != alone.architectures && $0.roles.modelsOfNodes }.map { plan in
            """
            the nodes of '\(plan.name)' have --hidden-units \(plan.architectures) and those of '\(alone.name)' \
            \(alone.architectures), so that they get no verdict, which compares a node with the same model alone; allowed is \
            '\(NodeComparison.baselineName)(hidden-units=\(plan.architectures))'
            """
        }
    }
}

extension StrategyPlan {
    static let sameArchitecture = "all"

    /// The units of each hidden layer of the nodes' models: `all` where they are the task's.
    var architectures: String {
        guard case .text(let units)? = options["hidden-units"] else { return Self.sameArchitecture }
        return units
    }
}
