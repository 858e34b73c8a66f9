import Diagnostics
package import Studies

/// The page of a search.
package enum StudyPage {
    /// - Parameter folder: where the study is, for the command that uses it.
    package static func make(_ results: StudyResults, folder: String) -> ReportPage {
        make(results, folder: folder, PicturedStudy(results))
    }

    static func make(_ results: StudyResults, folder: String, _ pictured: PicturedStudy) -> ReportPage {
        let experiment = results.withoutRuns
        let figures = pictured.pictures.map { PageFigure($0) }
        let sections: [PageSection?] = [
            PageSection("What was found", [.figures(figures), .markdown(StudyReport.findings(results))]),
            PageSection(markdown: StudyReport.afterTrials(results)),
            PageSection(markdown: StudyReport.use(results, folder: folder)),
            PageSection(markdown: StudyReport.trials(results)), PageSection(markdown: StudyContract.render(results)),
            PageSection(markdown: MarkdownReport.clusters(experiment) + StudyReport.prices(results)),
            PageSection(markdown: MarkdownReport.machine(experiment)),
            PageSection("Data", [.downloads(files(results))]),
        ]
        return ReportPage(
            title: "A search for the options of distributed training on \(results.plan.experiment.task)",
            verdict: verdict(results),
            warnings: [StudyReport.unfinished(results), DataText.warning(experiment) ?? ""].filter { !$0.isEmpty },
            styles: pictured.styles, sections: sections.compactMap(\.self))
    }

    private static func verdict(_ results: StudyResults) -> String {
        guard !results.summaries.isEmpty else { return "No trial was finished.\n" }
        let lines = results.summaries.map { summary in
            let best = summary.best
            let worth =
                results.plan.endMetric != nil
                ? "\(StudyTable.value(best, results.plan.shownMetric)) on the \(results.plan.selection.title)"
                : "\(StudyTable.time(best)) to \(StudyTable.target(results))"
            return best.value.isFinite
                ? "- `\(summary.strategy.name)`: \(MarkdownText.plain(best.trial.words)), \(worth).\n"
                : "- `\(summary.strategy.name)`: none got there.\n"
        }
        return lines.joined() + "\n\(StudyReport.total(results))\n"
    }

    private static let mostBytes = 120_000

    private static func files(_ results: StudyResults) -> [PageFile] {
        [
            PageFile(TrialsCSV.name, "a row a trial and rung", TrialsCSV.render(results)),
            PageFile(ExpectedBestCSV.name, "the best of k trials", ExpectedBestCSV.render(results)),
        ].filter { $0.text.utf8.count <= mostBytes }
    }
}

extension PicturedStudy {
    /// All pictures of the search, in the order of the page.
    package var pictures: [Picture] { [trials, afterTrials].compactMap(\.self) }
}
