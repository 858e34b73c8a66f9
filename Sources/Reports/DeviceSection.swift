import Diagnostics
import Experiments

/// Which devices the workers of a strategy were, where they differ, and which were left out.
package enum DeviceSection {
    static func render(_ results: Results) -> String {
        let lines = lines(results)
        guard !lines.isEmpty else { return "" }
        return """
            ## Devices

            Of each seed drawn anew; the same rank is the same device in all strategies of a seed.

            \(lines.map { "- \($0)\n" }.joined())
            """
    }

    /// One or two sentences for each strategy whose workers differ, or some of whose workers were left out.
    package static func lines(_ results: Results) -> [String] {
        results.summaries.flatMap { summary -> [String] in
            var lines: [String] = []
            if let run = summary.runs.first(where: { $0.devices != nil }), let devices = run.devices {
                let count = devices.summary.count
                var text = "`\(summary.strategy)`, seed \(run.seed): \(count) worker\(count == 1 ? "" : "s")"
                if let kinds = devices.kinds { text += " of \(kinds) kind\(kinds == 1 ? "" : "s") of devices" }
                text += devices.summary.figures.map { ": \($0)" } ?? (count == 1 ? "" : ", all alike")
                if summary.plan.cluster?.stragglers != nil {
                    text += "; \(devices.stragglers) straggler\(devices.stragglers == 1 ? "" : "s")"
                }
                lines.append(text + ".")
            }
            let short = summary.runs.filter { $0.memoryShortage != nil }
            if let worst = short.max(by: { $0.leftOut < $1.leftOut }), let shortage = worst.memoryShortage {
                lines.append(
                    """
                    `\(summary.strategy)` left out \(shortage.ranks) of \(shortage.of) clients with seed \(worst.seed)\
                    \(summary.runs.count > 1 ? ", the most of all seeds" : ""): they were never selected, since their memory \
                    cannot hold what training takes; \(shortage.text).
                    """)
            }
            return lines
        }
    }
}

extension RunRecord {
    fileprivate var leftOut: Int { memoryShortage?.ranks ?? 0 }
}
