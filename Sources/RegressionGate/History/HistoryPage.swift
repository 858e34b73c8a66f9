import Diagnostics
import Experiments
import Reports

/// Metrics over many results as a page: their values, what the gate allowed around the baseline at the time, and which
/// moves of the baseline were accepted.
package enum HistoryPage {
    /// At most this many histories get sections of their own; the others are listed.
    private static let mostLines = 6

    /// - Parameters:
    ///   - metrics: names from `HistoryTable.metrics`.
    ///   - strategies: names to show; nil for all.
    ///   - command: the command that prints all numbers of the page.
    package static func html(
        _ entries: [HistoryTable.Entry], metrics: [String], strategies: [String]?, command: String
    ) -> String {
        make(entries, metrics: metrics, strategies: strategies, command: command).html()
    }

    static func make(
        _ entries: [HistoryTable.Entry], metrics: [String], strategies: [String]?, command: String
    ) -> ReportPage {
        let lines = JudgedHistory.lines(entries)
        let histories = lines.filter { $0.entries.count > 1 }
        let shown = histories.prefix(mostLines)
        // The first history names the strategies first, so that their colours suit it best.
        var names: [String] = []
        for line in lines {
            for name in line.strategies(strategies) where !names.contains(name) { names.append(name) }
        }
        let styles = SeriesStyles(names, foremost: histories.first.map { $0.foremost(strategies) + names } ?? names)
        var sections: [PageSection] = []
        for (index, line) in shown.enumerated() {
            sections +=
                PicturedHistory(
                    line, index: index, isAlone: shown.count == 1, metrics: metrics, strategies: strategies,
                    styles: styles
                ).sections
        }
        sections.append(others(lines, besides: Array(shown)))
        sections.append(data(entries, metrics: metrics, strategies: strategies, command: command))
        return ReportPage(
            title: "History of \(entries.count) result\(entries.count == 1 ? "" : "s")",
            verdict: verdict(Array(shown), strategies),
            warnings: HistoryTable.warnings(entries).map { VisibleText.line($0) + "\n" },
            styles: styles, sections: sections)
    }

    private static func verdict(_ lines: [JudgedHistory], _ strategies: [String]?) -> String {
        guard !lines.isEmpty else {
            return "No two of these results are of one plan, so that there is no history to show.\n"
        }
        let sentences = lines.map { $0.sentence(strategies, named: lines.count > 1) }
        return sentences.count == 1 ? sentences[0] + "\n" : sentences.map { "- \($0)\n" }.joined()
    }

    /// Results that cannot be compared with any other ones.
    private static func others(_ lines: [JudgedHistory], besides shown: [JudgedHistory]) -> PageSection {
        let paths = Set(shown.flatMap { $0.entries.map(\.path) })
        let rest = lines.filter { line in !line.entries.contains { paths.contains($0.path) } }
        guard !rest.isEmpty else { return PageSection("Results without a history", []) }
        var table = TextTable([
            ("results", .left), ("plan", .left), ("date", .left), ("commit", .left), ("how many", .right),
        ])
        for line in rest.prefix(40) {
            table.append([
                line.entries[0].path, line.plan, line.entries[0].date, line.entries[0].commit, "\(line.entries.count)",
            ])
        }
        let more = rest.count > 40 ? "\(rest.count - 40) more are not listed.\n" : ""
        return PageSection(
            shown.isEmpty ? "Results without a history" : "Results of other plans",
            [
                .markdown("Their plan is no other's, so that nothing can be said of change.\n"), .table(table),
                .markdown(more),
            ])
    }

    private static let mostBytes = 60_000

    private static func data(
        _ entries: [HistoryTable.Entry], metrics: [String], strategies: [String]?, command: String
    ) -> PageSection {
        let csv = HistoryTable.render(entries, metrics: metrics, strategies: strategies, .csv)
        let words =
            "All rows as CSV, and any other column of `summary.csv`:\n\n    \(VisibleText.line(command)) --format csv\n"
        let files = csv.utf8.count <= mostBytes ? [PageFile("history.csv", "a row a strategy and result", csv)] : []
        return PageSection("Data", (files.isEmpty ? [] : [.downloads(files)]) + [.markdown(words)])
    }
}

extension JudgedHistory {
    /// Names of the rows that are asked for, in the order of the newest plan.
    func strategies(_ chosen: [String]?) -> [String] {
        var names: [String] = []
        for entry in entries.reversed() {
            for name in entry.results.plan.strategies.filter({ !$0.isBaseline }).map(\.name)
            where !names.contains(name) && chosen?.contains(name) != false {
                names.append(name)
            }
        }
        return names
    }

    /// The strategies' names, those with a changed figure first.
    func foremost(_ chosen: [String]?) -> [String] {
        let moved = Set(series.filter(\.hasMoved).map(\.strategy))
        let names = strategies(chosen)
        return names.filter(moved.contains) + names.filter { !moved.contains($0) }
    }

    /// A sentence about what became of the gate's figures.
    func sentence(_ chosen: [String]?, named: Bool) -> String {
        let (first, last) = (entries[0], entries[entries.count - 1])
        let figures = series.filter { chosen?.contains($0.strategy) != false }
        let compared = figures.filter { series in
            series.figures.contains { $0 != nil && $0?.status != .notCompared }
        }
        var text =
            "\(entries.count) results\(named ? " of \(MarkdownText.plain(plan))" : ""), from `\(Self.short(first.commit))` (\(Self.day(first.date))) to `\(Self.short(last.commit))` (\(Self.day(last.date)))"
        guard !compared.isEmpty else { return text + ": no figure of the gate could be compared." }
        let moved = compared.filter(\.hasMoved)
        let isAre = compared.count - moved.count == 1 ? "is" : "are"
        text += ": of \(compared.count) figures \(compared.count - moved.count) \(isAre) as they always were"
        let worse = moved.filter { $0.figures.last??.status == .regression }
        if moved.isEmpty { return text + "." }
        text += ", \(moved.count) changed"
        if !moves.isEmpty { text += "; \(moves.count) move\(moves.count == 1 ? " was" : "s were") accepted" }
        guard !worse.isEmpty else { return text + ". **The newest result is nowhere worse than its baseline.**" }
        let names = worse.prefix(4).map { MarkdownText.plain($0.title) }.joined(separator: ", ")
        let rest = worse.count > 4 ? " and \(worse.count - 4) more" : ""
        let isTaken = isAccepted(entries.count - 1)
        return text
            + ". **The newest result is worse than its baseline\(isTaken ? ", and was accepted," : "") in \(names)\(rest).**"
    }

    static func short(_ commit: String) -> String { VisibleText.line(String(commit.prefix(9))) }
    static func day(_ date: String) -> String { VisibleText.line(String(date.prefix(10))) }
}
