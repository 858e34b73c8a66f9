import Advice
import Experiments
import Foundation
import Storage
package import Studies

/// The files of a run that hold its numbers, each made once: they lie beside the page and within it.
struct ResultsData {
    let summary, curves, targets: String
    let nodes: String?

    init(_ results: Results) {
        summary = SummaryCSV.render(results)
        curves = CurvesCSV.render(results)
        targets = TargetsCSV.render(results)
        nodes = NodesCSV.render(results)
    }
}

/// The files that are made from what a run or a study recorded.
extension OutputDirectory {
    /// The files of a run. The file of nodes exists only where nodes are judged one by one.
    package static let resultNames =
        [
            ResultsFile.name, SummaryCSV.name, CurvesCSV.name, TargetsCSV.name, NodesCSV.name, MarkdownReport.name,
            ReportPage.name,
        ] + FigureFiles.names(FigureFiles.ofResults)

    /// Writes `results.json` and what is made from it.
    package func write(_ results: Results) throws {
        try writeResults(results)
        try writeDerived(results)
    }

    /// Writes the files that are made from `results.json`.
    package func writeDerived(_ results: Results) throws(ReportError) {
        let pictured = PicturedRuns(results)
        let figures = ReportFigures(pictured)
        // Before the report that shows them.
        try writeFigures(figures.all, of: FigureFiles.ofResults)
        let data = ResultsData(results)
        let texts: [(name: String, text: String?)] = [
            (SummaryCSV.name, data.summary), (CurvesCSV.name, data.curves), (TargetsCSV.name, data.targets),
            (NodesCSV.name, data.nodes),
            (MarkdownReport.name, MarkdownReport.render(results, figures: figures)),
            (
                ReportPage.name,
                ResultsPage.make(
                    results, pictured, data, folder: url.relativePath, isRecorded: holdsSchedules(of: results),
                    advice: AdviceQuote.read(url, of: results)
                ).html()
            ),
        ]
        for (name, text) in texts {
            let file = url.appendingPathComponent(name)
            // A file that an earlier run left there would not belong to this one.
            guard let text else {
                try? FileManager.default.removeItem(at: file)
                continue
            }
            try writeAtomically(Data(text.utf8), to: file)
        }
    }

    /// Whether all that the simulated strategies did was recorded.
    private func holdsSchedules(of results: Results) -> Bool {
        let simulated = Set(results.plan.strategies.filter { $0.fabric == .simulated }.map(\.name))
        return results.runs.filter { simulated.contains($0.strategy) }.allSatisfy { run in
            let file = url.appendingPathComponent(ScheduleFile.name(run.strategy, seed: run.seed))
            return FileManager.default.fileExists(atPath: file.path)
        }
    }

    /// The files of a study.
    package static let studyNames =
        [StudyFile.name, TrialsCSV.name, ExpectedBestCSV.name, MarkdownReport.name, ReportPage.name]
        + FigureFiles.names(FigureFiles.ofStudy)

    /// Writes `study.json` and what is made from it.
    package func write(_ results: StudyResults) throws {
        try writeStudy(results)
        try writeDerived(results)
    }

    /// Writes the files that are made from `study.json`.
    package func writeDerived(_ results: StudyResults) throws(ReportError) {
        let pictured = PicturedStudy(results)
        let (figures, folder) = (pictured.pictures, url.relativePath)
        try writeFigures(figures, of: FigureFiles.ofStudy)
        for (name, text) in [
            (TrialsCSV.name, TrialsCSV.render(results)), (ExpectedBestCSV.name, ExpectedBestCSV.render(results)),
            (MarkdownReport.name, StudyReport.render(results, folder: folder, figures: figures)),
            (ReportPage.name, StudyPage.make(results, folder: folder, pictured).html()),
        ] {
            try writeAtomically(Data(text.utf8), to: url.appendingPathComponent(name))
        }
    }

    /// The files of a community's coalitions.
    package static let coalitionNames = [CoalitionFile.name, CoalitionsCSV.name, CoalitionReport.name, ReportPage.name]

    /// Writes the files that are made from `coalitions.json`.
    ///
    /// - Parameter margin: differences of accuracies up to this move nobody.
    package func writeDerived(_ results: CoalitionResults, margin: Double = 0) throws(ReportError) {
        for (name, text) in [
            (CoalitionsCSV.name, CoalitionsCSV.render(results, margin: margin)),
            (CoalitionReport.name, CoalitionReport.render(results, margin: margin)),
            (ReportPage.name, CoalitionPage.make(results, margin: margin).html()),
        ] {
            try writeAtomically(Data(text.utf8), to: url.appendingPathComponent(name))
        }
    }

    /// The files of advice. The map's file exists only where there is a map.
    package static let adviceNames = [
        "advice.md", AdviceText.pageName, AdviceCSV.name, AdviceJSON.name, MapCSV.name,
    ]

    /// Writes what advice says, in words and in figures.
    ///
    /// - Parameter run: the folder of the run that it was made of.
    package func write(_ advice: AdviceResults, _ text: AdviceText, of run: String) throws {
        var files = [
            ("advice.md", Data(text.markdown.utf8)), (AdviceCSV.name, Data(AdviceCSV.render(advice).utf8)),
            (AdviceText.pageName, Data(text.page.html().utf8)),
            (AdviceJSON.name, try AdviceJSON.render(advice, text, checksum: ResultsFile.checksum(of: run))),
        ]
        try writeFigures(text.pictures, of: AdviceText.pictureNames(clusters: advice.clusters.count))
        if let map = advice.map { files.append((MapCSV.name, Data(MapCSV.render(map, names: advice.names).utf8))) }
        for (name, data) in files { try writeAtomically(data, to: url.appendingPathComponent(name)) }
    }
}

extension OutputDirectory.Kind {
    /// All that such a folder has.
    package var names: [String] {
        switch self {
        case .results: OutputDirectory.resultNames
        case .study: OutputDirectory.studyNames
        case .coalitions: OutputDirectory.coalitionNames
        }
    }
}
