import ArgumentParser
import Foundation
import Reports

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make summary.csv, curves.csv and report.md again from results.json.")

    @Argument(help: ArgumentHelp("A folder with a results.json.", valueName: "folder"))
    var directory: String

    func run() throws {
        let file = URL(fileURLWithPath: directory).appendingPathComponent(ResultsFile.name)
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw ReportError("'\(directory)/\(ResultsFile.name)' does not exist or cannot be read")
        }
        let results = try ResultsFile.decode(data, file: "\(directory)/\(ResultsFile.name)")
        try OutputDirectory(directory).writeDerived(results)
        print(ComparisonTable.terminal(results))
        print(MarkdownReport.summary(results))
    }
}
