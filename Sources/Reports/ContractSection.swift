import Diagnostics
import Experiments

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
            \(limits(plan))- *Enforced* means that the harness ends the experiment otherwise: every strategy of a seed begins with \
            the same test loss to the last bit, uses up its samples, and gives the same result in each repetition.

            """
    }

    private static func epochs(_ plan: ExperimentPlan) -> String {
        let all = Set(plan.strategies.map(\.configuration.epochs))
        return all.sorted().map { "\(Format.exact($0)) epochs" }.joined(separator: " / ")
    }

    private static func limits(_ plan: ExperimentPlan) -> String {
        guard let limits = plan.strategies.compactMap(\.configuration.limits).first else { return "" }
        let parts = [
            limits.clusterSeconds.map { "\(Format.seconds($0)) of cluster time" },
            limits.bytesSent.map { "\(Format.bytes(Double($0))) sent" },
            limits.updates.map { "\($0) updates of the model" },
        ]
        return "- Runs end at the first evaluation after \(parts.compactMap { $0 }.joined(separator: ", or ")).\n"
    }
}
