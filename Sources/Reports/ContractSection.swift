import Datasets
import Diagnostics
import Experiments
import Training

/// What makes the comparison fair, and what does not.
enum ContractSection {
    static func render(_ results: Results) -> String {
        guard !results.runs.isEmpty else { return "" }
        let plan = results.plan
        let fair = FairComparison(results)
        var table = TextTable(
            [("quantity", .left), ("", .left)] + fair.strategies.map { ($0, .right) })
        for line in fair.lines {
            let values =
                line.values.count == 1 ? Array(repeating: line.values[0], count: fair.strategies.count) : line.values
            table.append([line.quantity, line.status.rawValue] + values)
        }
        return """
            ## What was equal

            \(table.markdown)
            - Task `\(plan.task)`: model, \(DataText.data(results)), test set, and \(DataText.start(results)).
            - Seeds \(plan.seeds.map(String.init).joined(separator: ", ")): split, shuffles and partitions are drawn from them; \
            \(plan.shuffles ? "samples are shuffled" : "samples are taken in file order").
            - Sample budget \(epochs(plan)) over \(results.trainingSamples) training samples; a last round may go beyond it.
            \(objectives(plan))\(nodes(results))\(limits(plan))\(framing(results))- *Enforced* means that the harness ends the experiment otherwise: every strategy of a seed begins with \
            the same test loss to the last bit, uses up its samples, and gives the same result in each repetition.

            """
    }

    private static func framing(_ results: Results) -> String {
        SentBytes.note(results.summaries).map { "- \($0)\n" } ?? ""
    }

    /// What nodes train on and are judged by, where they differ.
    private static func objectives(_ plan: ExperimentPlan) -> String {
        guard let objectives = plan.objectives else { return "" }
        let kind = Objectives.all.first { $0.name == objectives.prefix { $0 != ":" } }
        return """
            - Objectives of nodes: `\(objectives)`\(kind.map { " (\($0.summary))" } ?? ""). Accuracy and loss are means over nodes: \
            each node's model by what the node wants, on all test samples seen as the node sees them.

            """
    }

    /// What all nodes have in common where they are judged one by one.
    private static func nodes(_ results: Results) -> String {
        guard results.runs.contains(where: { $0.nodes != nil }) else { return "" }
        guard results.plan.objectives != nil else {
            return """
                - Nodes are judged one by one, each by the whole test set. The strategy's \(figure(results.plan.metric)) is the mean over nodes, its time \
                that of the last of them.

                """
        }
        return """
            - Node k of a seed is the same node in every strategy: what it trains on and is judged by is drawn from the seed. The \
            strategy's time is that of the last of its nodes.

            """
    }

    private static func figure(_ metric: Metric) -> String {
        switch metric {
        case .accuracy, .loss, .auc: metric.title
        case .perplexity, .rmse: "loss, of which its \(metric.title) is made,"
        }
    }

    private static func epochs(_ plan: ExperimentPlan) -> String {
        let all = Set(plan.strategies.map(\.configuration.epochs))
        return all.sorted().map { "\(Format.exact($0)) epochs" }.joined(separator: " / ")
    }

    /// What ends runs early, for each strategy where they do not have the same.
    private static func limits(_ plan: ExperimentPlan) -> String {
        let texts = plan.strategies.map { $0.configuration.limits.map(words) }
        guard Set(texts).count > 1 else {
            return texts.first?.map { "- Runs end at the first evaluation after \($0).\n" } ?? ""
        }
        return zip(plan.strategies, texts).map { strategy, text in
            text.map { "- Runs of `\(strategy.name)` end at the first evaluation after \($0).\n" } ?? ""
        }.joined()
    }

    private static func words(_ limits: TrainingConfiguration.Limits) -> String {
        [
            limits.clusterSeconds.map { "\(Format.seconds($0)) of cluster time" },
            limits.bytesSent.map { "\(Format.bytes(Double($0))) sent" },
            limits.updates.map { "\($0) updates of the model" },
        ].compactMap(\.self).joined(separator: ", or ")
    }
}
