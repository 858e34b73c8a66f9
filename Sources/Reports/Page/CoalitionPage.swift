import Diagnostics
import Statistics
package import Studies

/// The page of a community's coalitions.
package enum CoalitionPage {
    /// - Parameter margin: differences of accuracies up to this move nobody.
    package static func make(_ results: CoalitionResults, margin: Double = 0) -> ReportPage {
        let title = "Coalitions of \(results.plan.nodes) nodes on \(results.plan.experiment.task)"
        guard let analysis = CoalitionAnalysis(results, margin: margin) else {
            return ReportPage(
                title: title, verdict: "**Stopped before its end**: \(CoalitionReport.unfinished(results))",
                sections: [])
        }
        let sentences = CoalitionReport.sentences(analysis)
        let pictures = pictures(analysis).map { PageBlock.figure(PageFigure($0)) }
        let sections: [PageSection?] = [
            PageSection(
                "Each node",
                pictures + [
                    .table(CoalitionReport.nodes(analysis)), .markdown(CoalitionReport.reading(analysis)),
                    .markdown(CoalitionReport.introduction(results)),
                ]), PageSection(markdown: CoalitionReport.rational(analysis)),
            PageSection(markdown: ContractText.words(results)),
            PageSection(markdown: MarkdownReport.clusters(results.withoutRuns)),
            PageSection(markdown: CoalitionReport.machine(results)),
            PageSection(
                "Data",
                [
                    .downloads([
                        PageFile(
                            CoalitionsCSV.name, "a row a member of each coalition",
                            CoalitionsCSV.render(results, margin: margin))
                    ])
                ]),
        ]
        return ReportPage(
            title: title, verdict: sentences[0] + "\n\n" + sentences.dropFirst().map { "- \($0)\n" }.joined(),
            warnings: [DataText.warning(results.withoutRuns)].compactMap(\.self), sections: sections.compactMap(\.self))
    }

    /// What each node has alone, where all take part, and in the coalition that is best for it.
    package static func pictures(_ analysis: CoalitionAnalysis) -> [Picture] {
        let all = Coalition.all(of: analysis.nodes)
        let legend = ["alone", "all together", "best coalition"].enumerated().map { ($1, SeriesStyle(index: $0)) }
        let rows = (0..<analysis.nodes).map { node -> DotPlot.Row in
            let best = analysis.best(for: node)
            let values = [
                analysis.aloneValue(of: node), analysis.value(of: node, in: all),
                analysis.value(of: node, in: best),
            ]
            let dots = zip(legend, values).map { key, value in
                DotPlot.Dot(
                    key.0, key.1, value, words: "node \(node), \(key.0): \(analysis.metric.text(value))",
                    data: CSV.number(value))
            }
            let kind = analysis.kinds[node].map { " (kind \($0))" } ?? ""
            return DotPlot.Row("node \(node)\(kind)", dots, note: "best in \(CoalitionReport.words(best))")
        }
        let picture = DotPlot.picture(
            name: "coalition-gains", title: "What each node has, alone and with others",
            finding: PlainText.of(CoalitionReport.sentences(analysis)[0]),
            xTitle: "own \(analysis.metric.title) at the end",
            scale: .linear, quantity: analysis.metric.isShare ? .fraction : .count, legend: legend, rows: rows)
        return picture.map { [$0] } ?? []
    }
}
