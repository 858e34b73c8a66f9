import Diagnostics
import Experiments
import Reports

/// A comparison with a baseline as a page.
package enum ComparisonPage {
    package static func html(_ comparison: Comparison) -> String {
        let (shown, hidden) = (
            ComparisonText.notable(comparison), comparison.figures.filter(ComparisonText.isUnchanged)
        )
        var blocks: [PageBlock] = picture(comparison).map { [.figure(PageFigure($0))] } ?? []
        if !shown.isEmpty { blocks.append(.table(ComparisonText.table(comparison, shown))) }
        if !hidden.isEmpty {
            blocks.append(
                .details("\(hidden.count) figures are as they were", [.table(ComparisonText.table(comparison, hidden))])
            )
        }
        let notes = comparison.notes.map { "- \(MarkdownText.plain($0))\n" }.joined()
        if !notes.isEmpty { blocks.append(.markdown(notes)) }
        let page = ReportPage(
            title: "Results against a baseline: \(comparison.plan)",
            verdict: "\(MarkdownText.plain(comparison.verdict))\n",
            sections: [
                PageSection("Figures", blocks),
                PageSection("Where they are from", [.markdown(ComparisonText.origin(comparison))]),
            ])
        return page.html()
    }

    /// The page of results that could not be compared.
    package static func html(notComparable reasons: [String]) -> String {
        let page = ReportPage(
            title: "Results against a baseline", verdict: "Could not compare.\n",
            sections: [
                PageSection("Why", [.markdown(reasons.map { "- \(MarkdownText.plain($0))\n" }.joined())])
            ])
        return page.html()
    }

    /// Current values relative to the baseline's, for those figures of each strategy that are times or bytes.
    private static func picture(_ comparison: Comparison) -> Picture? {
        let legend = ["time to the target", "cluster time", "bytes sent"].enumerated().map {
            ($1, SeriesStyle(index: $0))
        }
        let before = Dictionary(
            comparison.baseline.summaries.map { ($0.strategy, $0) }, uniquingKeysWith: { first, _ in first })
        let rows = comparison.current.summaries.compactMap { now -> DotPlot.Row? in
            guard let old = before[now.strategy] else { return nil }
            func values(_ row: StrategySummary) -> [Double] {
                [row.timeToTarget.median, row.spread(\.clusterSeconds).median, Double(row.count(\.traffic.bytesTotal))]
            }
            let dots = zip(legend, zip(values(now), values(old))).compactMap { key, pair -> DotPlot.Dot? in
                let ratio = pair.0 / pair.1
                guard pair.0.isFinite, pair.1 > 0, ratio.isFinite, ratio > 0 else { return nil }
                return DotPlot.Dot(
                    key.0, key.1, ratio,
                    words: "\(now.strategy), \(key.0): \(Format.significant(ratio)) times the baseline",
                    data: Format.fixed(ratio, 6))
            }
            return DotPlot.Row(now.strategy, dots, note: "clock: \(now.clock.title)")
        }
        return DotPlot.picture(
            name: "ratios", title: "Now, in times of the baseline",
            finding: "\(comparison.verdict) Measured times also differ by chance and by what else the machine does.",
            xTitle: "now / baseline (log)", reference: 1, legend: legend, rows: rows)
    }
}
