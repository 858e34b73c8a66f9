import Diagnostics
package import Experiments

extension RepriceTable {
    /// The page's file name, beside the page of the run.
    package static let pageName = "reprice.html"

    /// The page of these prices.
    ///
    /// - Parameter results: the run that was priced.
    package func page(_ results: Results) -> ReportPage {
        let figures: [PageBlock] = factors.map { [.figure(PageFigure($0))] } ?? []
        let parts = markdown.split(separator: "## All prices", maxSplits: 1)
        let first = parts.count > 1 ? String(parts[0]) : ""
        let sections: [PageSection?] = [
            PageSection(markdown: first, before: figures),
            PageSection("All prices", (first.isEmpty ? figures : []) + [.markdown(String(parts.last ?? ""))]),
            PageSection(markdown: ContractSection.render(results)),
            PageSection(markdown: MarkdownReport.machine(results)),
            csv.utf8.count <= Self.mostBytes
                ? PageSection("Data", [.downloads([PageFile(Self.name, "a row a strategy, cluster and seed", csv)])])
                : nil,
        ]
        return ReportPage(
            title: "Prices of \(results.plan.task) on other clusters", verdict: verdict,
            warnings: [DataText.warning(results)].compactMap(\.self),
            styles: styles, sections: sections.compactMap(\.self))
    }

    private static let mostBytes = 120_000
    private static let mostVerdicts = 8

    private var verdict: String {
        let first = FirstByCluster(rows, target: target)
        guard first.isWorthShowing else { return "One strategy: nothing to compare.\n" }
        let lines = first.medians.prefix(Self.mostVerdicts).map {
            "- On \(MarkdownText.plain($0.cluster)) (\($0.links)): \(MarkdownText.plain($0.verdict)).\n"
        }
        let rest = first.medians.count - lines.count
        return lines.joined()
            + "\nWhich is the first to \(target.words), cluster by cluster, simulated on each\(rest > 0 ? "; \(rest) more are in the table" : "").\n"
    }
}
