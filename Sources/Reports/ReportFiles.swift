import Experiments
import Foundation
import Storage
import Studies

/// The files that are made from what a run or a study recorded.
extension OutputDirectory {
    /// The files of a run.
    package static let resultNames = [
        ResultsFile.name, SummaryCSV.name, CurvesCSV.name, TargetsCSV.name, MarkdownReport.name,
    ]

    /// Writes `results.json` and what is made from it.
    package func write(_ results: Results) throws {
        try writeResults(results)
        try writeDerived(results)
    }

    /// Writes the files that are made from `results.json`.
    package func writeDerived(_ results: Results) throws(ReportError) {
        for (name, text) in [
            (SummaryCSV.name, SummaryCSV.render(results)), (CurvesCSV.name, CurvesCSV.render(results)),
            (TargetsCSV.name, TargetsCSV.render(results)),
            (MarkdownReport.name, MarkdownReport.render(results)),
        ] {
            try writeAtomically(Data(text.utf8), to: url.appendingPathComponent(name))
        }
    }

    /// The files of a study.
    package static let studyNames = [StudyFile.name, TrialsCSV.name, ExpectedBestCSV.name, MarkdownReport.name]

    /// Writes `study.json` and what is made from it.
    package func write(_ results: StudyResults) throws {
        try writeStudy(results)
        try writeDerived(results)
    }

    /// Writes the files that are made from `study.json`.
    package func writeDerived(_ results: StudyResults) throws(ReportError) {
        for (name, text) in [
            (TrialsCSV.name, TrialsCSV.render(results)), (ExpectedBestCSV.name, ExpectedBestCSV.render(results)),
            (MarkdownReport.name, StudyReport.render(results, folder: url.relativePath)),
        ] {
            try writeAtomically(Data(text.utf8), to: url.appendingPathComponent(name))
        }
    }
}
