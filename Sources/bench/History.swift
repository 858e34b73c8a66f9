import ArgumentParser
import Diagnostics
import Foundation
import RegressionGate
import Reports
import Storage
import Strategies

struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a metric over many results, by date and commit.",
        discussion: """
            Takes folders with a results.json each, or folders of such folders, and prints a row for every strategy of \
            every run, the oldest first. Metrics are the columns of summary.csv. --html writes a page with a picture of each \
            metric: the values with their intervals, what the gate (bench compare) allows around the baseline of the time, and \
            the moves of the baseline that were accepted. Results of one plan are one history.

            EXAMPLES:
              bench history runs/
              bench history runs/ --html history.html
              bench history runs/* --metric bytes_sent_total --strategy sync
              bench history runs/ --metric time_to_target_seconds_median,final_accuracy_median --format csv
            """)

    @Argument(help: ArgumentHelp("Folders with results, or with folders of results.", valueName: "folder"))
    var folders: [String]

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Columns of summary.csv, with commas.", valueName: "name,..."))
    var metric = "time_to_target_seconds_median,final_accuracy_median,bytes_sent_total"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Strategies to show, with commas. (default: all)", valueName: "label,..."))
    var strategy: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("table or csv.", valueName: "format"), transform: choice("format"))
    var format: HistoryTable.Style = .table

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Write the history as a page of its own.", valueName: "file"))
    var html: String?

    private var metrics: [String] { metric.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }

    func validate() throws {
        if folders.isEmpty { throw ValidationError("name one folder or more") }
        for name in metrics where !HistoryTable.metrics.contains(name) {
            throw ValidationError(UnknownName.message("metric", found: name, allowed: HistoryTable.metrics))
        }
        if metrics.isEmpty { throw ValidationError("--metric is empty; allowed are the columns of summary.csv") }
        if let strategy { _ = try RowNames(strategy) }
        if html?.isEmpty == true { throw ValidationError("--html is empty; allowed is the name of a file") }
    }

    func run() throws {
        if let html { try requireWritableParent(of: html, option: "--html") }
        var entries: [HistoryTable.Entry] = []
        var named = NamedFiles()
        named.writes("--html", html)
        for folder in folders {
            for path in try paths(folder) {
                named.reads("the history", ResultsFile.file(path))
                entries.append(HistoryTable.Entry(path: path, try ResultsFile.read(path)))
            }
        }
        try named.check()
        let plans = entries.flatMap(\.results.plan.strategies)
        let names = try strategy.map { list in
            // A strategy without a run in any of the results has no row, which is not an error.
            try RowNames(list).chosen(among: plans) { name in
                StrategyRegistry.named(name) == nil
                    ? ValidationError(
                        UnknownName.message("strategy", found: name, allowed: Set(plans.map(\.name)).sorted())) : nil
            }.map(\.name)
        }
        if let html {
            let page = HistoryPage.html(entries, metrics: metrics, strategies: names, command: command)
            try writeAtomically(Data(page.utf8), to: URL(fileURLWithPath: html))
        }
        let layout = TerminalAbilities.output.layout
        let text = HistoryTable.render(entries, metrics: metrics, strategies: names, format, layout)
        if format == .csv { HistoryTable.warnings(entries).forEach(printError) }
        if format == .csv { printData(text) } else { print(text, terminator: "") }
    }

    /// The command that prints the numbers of the page as CSV.
    private var command: String {
        let words = ["bench", "history"] + folders + ["--metric", metrics.joined(separator: ",")]
        return (words + (strategy.map { ["--strategy", $0] } ?? [])).map(ShellText.quoted).joined(separator: " ")
    }

    /// The folder itself if it holds results, or else the folders in it that do.
    private func paths(_ folder: String) throws -> [String] {
        let manager = FileManager.default
        func holdsResults(_ path: String) -> Bool { manager.fileExists(atPath: "\(path)/\(ResultsFile.name)") }
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: folder, isDirectory: &isFolder) else {
            throw ReportError("'\(folder)' does not exist")
        }
        if !isFolder.boolValue || holdsResults(folder) { return [folder] }
        let within = (try? manager.contentsOfDirectory(atPath: folder))?.sorted().map { "\(folder)/\($0)" } ?? []
        let found = within.filter(holdsResults)
        guard !found.isEmpty else {
            throw ReportError("'\(folder)' holds no \(ResultsFile.name), and no folder in it does")
        }
        return found
    }
}
