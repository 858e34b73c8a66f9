import Diagnostics
import Experiments

/// Who listened to whom.
enum ListeningMatrix {
    /// The most nodes, whose columns a page holds.
    private static let mostNodes = 24

    static func render(_ results: Results) -> String {
        let matrices = results.summaries.compactMap(matrix)
        guard !matrices.isEmpty else { return "" }
        return """
            ### Who listened to whom

            A row is a node, a column a peer: the share of the peer in the weight of all models that the node took in from \
            others, in per cent, over all seeds. A dot is nobody.

            \(matrices.joined(separator: "\n"))
            """
    }

    private static func matrix(_ summary: StrategySummary) -> String? {
        let runs = summary.runs.compactMap(\.nodes)
        guard let count = runs.first?.count, runs.allSatisfy({ $0.count == count }),
            runs.contains(where: { $0.contains { $0.listened != nil } })
        else { return nil }
        guard count <= mostNodes else {
            return
                "`\(summary.strategy)`: \(count) nodes, too many for a table; `results.json` has who listened to whom.\n"
        }
        // Kinds are shown only where all seeds agree in them.
        let kinds = runs[0].map(\.kind)
        let hasKinds = Set(kinds).count > 1 && runs.allSatisfy { $0.map(\.kind) == kinds }
        let names = ["node"] + (hasKinds ? ["kind"] : []) + (0..<count).map { String($0) }
        var table = TextTable(names.map { ($0, .right) })
        for node in 0..<count {
            var weights = Array(repeating: 0.0, count: count)
            for run in runs {
                for entry in run[node].listened ?? [] where entry.peer != node { weights[entry.peer] += entry.weight }
            }
            let all = weights.reduce(0, +)
            let kind = hasKinds ? [kinds[node].map { String($0) } ?? "-"] : []
            let shares = weights.map { $0 > 0 ? Format.fixed(100 * $0 / all, 0) : "." }
            table.append([String(node)] + kind + shares)
        }
        return "`\(summary.strategy)`:\n\n\(table.markdown)"
    }
}
