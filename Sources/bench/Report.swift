import ArgumentParser
import Foundation
import Reports
import Storage

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make CSV files, report.md and report.html again from results.json, study.json or coalitions.json.")

    @Argument(
        help: ArgumentHelp("A folder with a results.json, a study.json or a coalitions.json.", valueName: "folder"))
    var directory: String

    private func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(directory)/\(name)") }

    func run() throws {
        if holds(StudyFile.name), !holds(ResultsFile.name) {
            let study = try StudyFile.read(directory)
            try OutputDirectory(directory).writeDerived(study)
            print(StudyTable.terminal(study, TerminalAbilities.output.layout), terminator: "")
            if let warning = DataText.warning(study.withoutRuns) { print(warning) }
            return
        }
        if holds(CoalitionFile.name), !holds(ResultsFile.name) {
            let coalitions = try CoalitionFile.read(directory)
            try OutputDirectory(directory).writeDerived(coalitions)
            print(CoalitionReport.terminal(coalitions, TerminalAbilities.output.layout), terminator: "")
            if let warning = DataText.warning(coalitions.withoutRuns) { print(warning) }
            return
        }
        let results = try ResultsFile.read(directory, note: printError)
        try OutputDirectory(directory).writeDerived(results)
        print(ComparisonTable.terminal(results, TerminalAbilities.output.layout))
        print(MarkdownReport.summary(results))
        if let words = NodeSection.words(results) { print(words) }
        if let warning = DataText.warning(results) { print(warning) }
    }
}
