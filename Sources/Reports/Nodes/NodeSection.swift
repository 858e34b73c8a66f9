import Diagnostics
package import Experiments
import Statistics
import Training

/// Who gains by taking part, who loses, and how sure that is.
package enum NodeSection {
    /// The section in sentences, for a terminal; nil where nodes are not judged one by one.
    package static func words(_ results: Results) -> String? {
        let comparisons = NodeComparison.all(results)
        var sentences = results.summaries.compactMap { summary -> String? in
            let own = comparisons.filter { $0.strategy == summary.strategy }
            guard let first = own.first else { return nil }
            let others = own.dropFirst().map { " \(capitalised($0.terms.rawValue)), \(counts($0))." }.joined()
            return "`\(first.strategy)` against `\(first.baseline)` \(first.terms.rawValue): \(counts(first)).\(others)"
        }
        if let note = missingBaseline(results) { sentences.append(note) }
        for plan in results.plan.strategies {
            let notes = (try? plan.make())?.notes ?? []
            sentences += notes.map { "`\(plan.name)`: \($0)." }
        }
        sentences += results.plan.architectureNotes.map { capitalised($0) + "." }
        return sentences.isEmpty ? nil : sentences.joined(separator: "\n") + "\n"
    }

    /// The verdicts in numbers, such as `9 of 12 nodes gain, 1 loses, 2: no difference shown`.
    static func counts(_ comparison: NodeComparison) -> String {
        let (gaining, losing) = (comparison.count(.gains), comparison.count(.loses))
        let all = comparison.verdicts.count
        let open = comparison.count(.noDifferenceShown)
        let rest = open == 0 ? "" : ", \(open): no difference shown"
        let verb = gaining == 1 ? "gains" : "gain"
        return
            "\(gaining) of \(all) node\(all == 1 ? "" : "s") \(verb), \(losing) \(losing == 1 ? "loses" : "lose")\(rest)"
    }

    private static func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    /// Nodes without anything to compare them with.
    private static func missingBaseline(_ results: Results) -> String? {
        let names = results.summaries.filter { $0.runs.contains { $0.nodes != nil } }.map(\.strategy)
        guard !names.isEmpty, NodeComparison.baseline(results) == nil else { return nil }
        return """
            Whether the nodes of \(Headline.list(names)) gain by taking part is not known without \
            `\(NodeComparison.baselineName)` in the same table: add it to --strategy.
            """
    }

    static func render(_ results: Results) -> String {
        guard results.runs.contains(where: { $0.nodes != nil }) else { return "" }
        let comparisons = NodeComparison.all(results)
        let lines = words(results).map { $0.split(separator: "\n").map { "- \($0)\n" }.joined() } ?? ""
        let parts = [
            "## Who gains by taking part\n", lines,
            comparisons.isEmpty ? "" : explanation(comparisons, results.plan.metric),
            CommunityTable.render(results, comparisons), ConsensusTable.render(results),
            NodeTable.render(results, comparisons), ListeningMatrix.render(results),
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// How the two models of a node are compared at their ends, in a table's words and in a sentence; and what is known
    /// where they are compared elsewhere.
    static func test(_ metric: Metric) -> (short: String, long: String, elsewhere: String) {
        let seeds = "there nothing is known of single samples, and the seeds alone speak (sign test)"
        switch metric {
        case .accuracy:
            return (
                "McNemar's", "McNemar's exact test on the samples that only one of the two has right",
                "there only counts of right answers are known, and Fisher's exact test shows less"
            )
        case .auc:
            return ("DeLong's", "the test of DeLong et al. 1988 on the two areas, by the samples' scores", seeds)
        case .loss, .perplexity, .rmse:
            return (
                "of Fisher's randomisation test",
                "Fisher's randomisation test on the difference of the two losses of every sample; *gains* is a lower \(metric.title)",
                seeds
            )
        }
    }

    private static func explanation(_ comparisons: [NodeComparison], _ metric: Metric) -> String {
        let nodes = comparisons.map(\.verdicts.count).max() ?? 0
        return """
            Every node is judged by its own distribution, and compared with itself alone. A node *gains* or *loses* where its \
            test samples tell its two models apart (\(test(metric).long), at \
            5 % after Holm's correction for \(nodes) nodes)\(seeds(comparisons[0].seeds)). All else is *no difference shown*. \
            *At equal cluster time* both are taken when the first of them has ended; \(test(metric).elsewhere).

            """
    }

    private static func seeds(_ count: Int) -> String {
        let least = SignTest.leastPairs(level: NodeVerdict.level)
        switch count {
        case 1:
            return
                "; with one seed that is a statement about these two models, and not about what another start would give"
        case 2..<least:
            return """
                 and no seed goes the other way: with \(count) seeds the sign test cannot call a difference, for which \(least) are \
                the fewest. Samples of different seeds are taken for independent
                """
        default:
            return """
                 and the seeds agree (sign test at 5 %). Samples of different seeds are taken for independent in the first of the two
                """
        }
    }
}
