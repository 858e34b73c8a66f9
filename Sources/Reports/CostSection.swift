import Diagnostics
import Experiments

/// What each strategy cost in money and energy, and by which prices.
enum CostSection {
    static func render(_ results: Results) -> String {
        let summaries = results.summaries
        let unknown = unknown(summaries)
        guard let table = CostTable.table(summaries, target: ComparisonTable.target(results)) else {
            return unknown.isEmpty ? "" : "## Cost\n\n\(unknown.joined(separator: "\n"))\n\n"
        }
        var text = """
            ## Cost

            \(table.markdown)
            All nodes are paid for while the job lasts, and all traffic by the byte sent; a node draws its busy watts while \
            it computes and its idle watts while it waits. \(index(summaries))


            """
        for summary in summaries {
            guard let machines = summary.machines, let figures = machines.costFigures else { continue }
            text += "- `\(summary.strategy)`: \(MarkdownText.plain(machines.name)): \(figures)."
            text += machines.costSource.map { " Source: \(MarkdownText.plain($0)).\n" } ?? "\n"
        }
        if !unknown.isEmpty { text += unknown.joined(separator: "\n") + "\n" }
        return text
    }

    /// Why a sum is missing of which some parts are known, as items of a list.
    private static func unknown(_ summaries: [StrategySummary]) -> [String] {
        var lines: [String] = []
        for summary in summaries {
            guard let machines = summary.machines, let unknown = summary.totalCosts.first?.unknown else { continue }
            for sentence in unknown.sentences(MarkdownText.plain(machines.name), isPartly: true) {
                lines.append("- `\(summary.strategy)`: \(sentence), and a sum without it would be too small.")
            }
        }
        return lines
    }

    private static func index(_ summaries: [StrategySummary]) -> String {
        guard let single = CostTable.single(summaries) else {
            return "There is no price index, since the strategy on one device is not in the table."
        }
        return """
            *Price index* (mlbench): the increase in price per second over the increase in speed to the target, against \
            `\(single.strategy)` with \(single.plan.tuning?.isTuned == true ? "its tuned" : "its") options; below 1 it is \
            cheaper than one device.\(apart(summaries, single))
            """
    }

    private static func apart(_ summaries: [StrategySummary], _ single: StrategySummary) -> String {
        let others = CostTable.apart(summaries)
        guard !others.isEmpty else { return "" }
        let clocks = Set(others.map(\.clock.title)).sorted().joined(separator: " or ")
        return """
             \(Headline.list(others.map(\.strategy))) \(others.count == 1 ? "has" : "have") none, being \(clocks) where \
            `\(single.strategy)` is \(single.clock.title).
            """
    }
}
