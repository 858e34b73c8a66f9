import Cluster
import Diagnostics
import Experiments

/// Which ranks left, and what became of the runs.
package enum DropoutSection {
    /// What became of the runs, in sentences; nil where no rank left and none could have.
    package static func words(_ results: Results) -> String? {
        var sentences = results.summaries.flatMap { summary -> [String] in
            let left = summary.runs.filter { $0.departures?.isEmpty == false }
            guard !left.isEmpty else { return [] }
            var sentences: [String] = []
            let stopped = summary.runs.filter { $0.outcome == .stopped }
            if let first = stopped.first, let cause = first.stoppedBy {
                sentences.append(
                    """
                    `\(summary.strategy)` was stopped in \(stopped.count) of \(summary.runs.count) \
                    run\(summary.runs.count == 1 ? "" : "s"), with seed \(first.seed) since rank \(cause.rank) left at \
                    \(Format.seconds(cause.seconds)) of cluster time.
                    """)
            }
            let wentOn = left.filter { $0.outcome != .stopped }
            if let first = wentOn.first {
                let names = list(first.departures ?? [])
                sentences.append(
                    """
                    `\(summary.strategy)` went on without those that left in \(wentOn.count) of \(summary.runs.count) \
                    run\(summary.runs.count == 1 ? "" : "s"), with seed \(first.seed) without \(names)\(lost(first)).
                    """)
            }
            return sentences
        }
        sentences += results.plan.dropoutNotes + tooLate(results)
        return sentences.isEmpty ? nil : sentences.joined(separator: "\n") + "\n"
    }

    /// Strategies whose runs were over before any rank that was named would have left.
    private static func tooLate(_ results: Results) -> [String] {
        results.summaries.compactMap { summary in
            let ranks = summary.plan.roles.ranks
            let named = summary.plan.cluster?.dropouts?.departures.filter { $0.rank < ranks } ?? []
            guard summary.plan.fabric == .simulated, let first = named.min(by: { $0.seconds < $1.seconds }),
                summary.runs.allSatisfy({ $0.departures?.isEmpty != false && $0.clusterSeconds <= first.seconds })
            else { return nil }
            let longest = summary.runs.map(\.clusterSeconds).max() ?? 0
            return """
                `\(summary.strategy)` was over after \(Format.seconds(longest)), before rank \(first.rank) would have left at \
                \(Format.seconds(first.seconds)).
                """
        }
    }

    /// Every run that a rank left.
    static func render(_ results: Results) -> String {
        var table = TextTable([
            ("strategy", .left), ("seed", .right), ("outcome", .left), ("ranks that left, and when", .left),
            ("samples lost", .right),
        ])
        var isEmpty = true
        for summary in results.summaries {
            for run in summary.runs {
                guard let departures = run.departures, !departures.isEmpty else { continue }
                isEmpty = false
                table.append([
                    run.strategy, String(run.seed), outcome(run), list(departures), String(run.lostSamples ?? 0),
                ])
            }
        }
        let notes = (results.plan.dropoutNotes + tooLate(results)).map { "- \($0)\n" }.joined()
        guard !isEmpty || !notes.isEmpty else { return "" }
        let explanation = """
            *Samples lost* are those of steps that had to be repeated by the ranks that remained, and of clients whose \
            update the server did not get; *samples trained on* counts neither.

            """
        return "## Ranks that left\n\n" + (isEmpty ? "" : table.markdown + "\n" + explanation) + "\n\(notes)"
    }

    static func outcome(_ run: RunRecord) -> String {
        guard run.outcome == .stopped, let cause = run.stoppedBy else { return run.outcome.rawValue }
        return "stopped: rank \(cause.rank) left at \(Format.seconds(cause.seconds))"
    }

    private static let listed = 8

    private static func list(_ departures: [Departure]) -> String {
        let names = departures.prefix(listed).map { "rank \($0.rank) (\(Format.seconds($0.seconds)))" }
        let more = departures.count - names.count
        return names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    private static func lost(_ run: RunRecord) -> String {
        run.lostSamples.map { "; the work of \($0) samples was lost" } ?? ""
    }
}
