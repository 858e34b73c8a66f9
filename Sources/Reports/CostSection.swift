import Diagnostics
import Experiments

/// What it cost in money and energy, and by which prices.
enum CostSection {
    static func render(_ results: Results) -> String {
        let summaries = results.summaries
        guard let table = CostTable.table(summaries, target: ComparisonTable.target(results)) else { return "" }
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
        return text
    }

    private static func index(_ summaries: [StrategySummary]) -> String {
        guard let single = CostTable.single(summaries) else {
            return "There is no price index, since the strategy on one device is not in the table."
        }
        return """
            *Price index* (mlbench): the increase in price per second over the increase in speed to the target, against \
            `\(single.strategy)` with \(single.plan.tuning == nil ? "its" : "its tuned") options; below 1 it is cheaper than \
            one device.
            """
    }
}
