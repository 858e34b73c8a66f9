import Advice
import Cluster
import Diagnostics
import Experiments
import Statistics

/// Advice in words: who is first, why, until when, and what would change it.
package struct AdviceText {
    let advice: AdviceResults
    let command: AdviceCommand
    let parts: Set<AdvicePart>

    /// - Parameter parts: nil for all that there are.
    package init(_ advice: AdviceResults, _ command: AdviceCommand, parts: Set<AdvicePart>? = nil) {
        self.advice = advice
        self.command = command
        self.parts = parts ?? Set(AdvicePart.allCases)
    }

    var target: String { advice.prices.target.words }

    func name(_ strategy: Int) -> String { "`\(advice.names[strategy])`" }

    /// All parts that are asked for, cluster by cluster, then what is about several clusters.
    package var sections: [AdviceSection] {
        let ofClusters = advice.clusters.flatMap { cluster -> [AdviceSection?] in
            [first(cluster), because(cluster), until(cluster), tornado(cluster), inverse(cluster), pareto(cluster)]
        }
        return (ofClusters + [regret, map, machines]).compactMap { $0 }.filter { parts.contains($0.part) }
    }

    /// For a terminal, in lines of any length.
    package var terminal: String { terminal(.unlimited) }

    /// For a terminal; the first line is the answer.
    package func terminal(_ layout: TextLayout) -> String {
        var text = ""
        var last: AdvicePart?
        for section in sections {
            // The first statement needs no title.
            if section.part != .first {
                text += (last == .first || last == nil ? "" : "\n") + section.title.uppercased() + "\n"
            }
            for statement in section.statements { text += "\(statement.text)\n    \(statement.commandText)\n" }
            if let table = section.table { text += "\n" + table.terminal(layout) }
            if let drawing = section.drawing { text += drawing }
            if let note = section.note { text += note + "\n" }
            if section.part == .first { text += "\n" }
            last = section.part
        }
        for row in advice.leftOut { text += "\n`\(row.name)` is in no statement: \(row.reason).\n" }
        return text
    }

    package var markdown: String {
        var text = "# Advice on \(MarkdownText.plain(advice.task)) to \(target)\n"
        for section in sections {
            text += "\n## \(MarkdownText.plain(section.title))\n\n"
            if let picture = picture(section) { text += FigureFiles.markdown([picture]) + "\n" }
            for statement in section.statements { text += "- \(statement.text)\n\n      \(statement.commandText)\n\n" }
            if let table = section.table { text += table.markdown + "\n" }
            if let drawing = section.drawing { text += "```text\n\(drawing)```\n\n" }
            if let note = section.note { text += note + "\n" }
        }
        let rows = advice.leftOut.map { "- `\($0.name)` is in no statement: \($0.reason).\n" }.joined()
        text += rows.isEmpty ? "" : "\n## What is left out\n\n\(rows)"
        return text + "\n## How to read it\n\n\(Self.explanation(seeds: advice.prices.seeds.count))\n"
    }

    static func explanation(seeds: Int) -> String {
        """
        All times are cluster time to the target, simulated from what the recorded runs did; no measured time is among \
        them. \(IntervalText.medians(seeds: seeds)) \(IntervalText.steps) Who is first goes by medians; whether that is \
        shown, seed by seed: \(IntervalText.pairs(seeds: seeds)). *Too close to call* is where no difference is shown between \
        the first and the best of the others. Crossovers are found on a grid of a thousandth to a thousand times each \
        figure, and then by bisection to one part in ten thousand; all other figures stay as they are. A range over seeds is from the \
        least to the greatest seed. What is not looked at: how many workers there are, sizes of batches, and other options, which \
        need other runs.
        """
    }

    // MARK: First

    func interval(_ summary: SpreadSummary, _ format: (Double) -> String = Format.seconds) -> String {
        guard summary.median.isFinite else { return "never" }
        // Where some seed does not get there, the interval has no upper end.
        func end(_ value: Double) -> String { value.isFinite ? format(value) : "never" }
        return summary.method == .single
            ? format(summary.median) : "\(format(summary.median)) [\(end(summary.low)), \(end(summary.high))]"
    }

    private func first(_ cluster: ClusterAdvice) -> AdviceSection {
        var section = AdviceSection(.first, on: cluster.cluster.name)
        section.statements = [
            AdviceStatement(
                text: "\(firstWords(cluster, isShort: false)).", command: command.words(.first, cluster.arguments),
                short: "\(firstWords(cluster, isShort: true)).", evidence: cluster.evidence.words)
        ]
        return section
    }

    /// A sentence without its end; a short one, for a headline, leaves out how the seeds compare.
    private func firstWords(_ cluster: ClusterAdvice, isShort: Bool) -> String {
        let standing = cluster.standing
        let place = "On `\(cluster.cluster.name)`"
        guard let first = standing.first else {
            return "\(place), no strategy reaches \(target) with more than half of its seeds"
        }
        let time = interval(cluster.summaries[first].timeToTarget)
        guard let next = standing.opponent, let factor = standing.factor(of: next) else {
            return advice.names.count == 1
                ? "\(place), \(name(first)) reaches \(target) after \(time); there is nothing to compare it with"
                : "\(place), \(name(first)) is the only one to reach \(target) with more than half of its seeds, after \(time)"
        }
        let ratio = RatioText(factor)
        let ahead =
            "ahead\(advice.names.count > 2 ? " of all others" : "") in \(standing.seedsAhead) of \(standing.seeds) seed\(standing.seeds == 1 ? "" : "s")"
        let paired = isShort ? "" : pairedWords(standing)
        if standing.isShown {
            return """
                \(place), \(name(first)) reaches \(target) first: \(time), \
                \(ratio.isTie ? "\(ratio.factor) before" : "\(Format.significant(factor)) times as fast as") \(name(next)) by \
                medians\(paired), \(ahead)
                """
        }
        return """
            \(place), no difference is shown between \(name(first)), \(time) to \(target), and \(name(next)), \
            \(interval(cluster.summaries[next].timeToTarget)): \(ratio.factor) by medians\(paired), \(name(first)) \(ahead)
            """
    }

    private func pairedWords(_ standing: Standing) -> String {
        guard let comparison = standing.comparison, let effect = comparison.effect, let low = comparison.low,
            let high = comparison.high
        else { return "" }
        return ", seed by seed \(RatioText(effect).factor(from: low, to: high))"
    }

    // MARK: Because

    private func because(_ cluster: ClusterAdvice) -> AdviceSection {
        var section = AdviceSection(.because, on: cluster.cluster.name)
        section.statements = cluster.summaries.map { summary in
            let runs = summary.runs.filter { $0.attribution != nil && $0.clusterSeconds > 0 }
            let words =
                TimeSection.sentence(summary.strategy, runs)
                ?? "`\(summary.strategy)`: what its time goes to is not known, since too many messages would have to be played."
            return AdviceStatement(text: words, command: command.words(.because, cluster.arguments))
        }
        section.note = """
            Shares are what a whole run saves where that cost is taken away; what is saved by two together can be more or less than \
            the sum.
            """
        return section
    }
}
