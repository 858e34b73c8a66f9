import Diagnostics
import Experiments

/// A metric over many results, oldest first: a row for every strategy of every run.
package enum HistoryTable {
    package enum Style: String, CaseIterable, Sendable {
        case table, csv
    }

    package struct Entry: Sendable {
        package let path: String
        package let results: Results

        package init(path: String, _ results: Results) {
            self.path = path
            self.results = results
        }
    }

    /// The columns of `summary.csv` that are numbers, with those of metrics that are no accuracy.
    package static var metrics: [String] {
        (SummaryCSV.columns + SummaryCSV.metricColumns).filter {
            !["task", "strategy", "fabric", "clock", "tuning", "label", "metric"].contains($0)
        }
    }

    /// - Parameters:
    ///   - metrics: of ``metrics``.
    ///   - strategies: names to show; nil for all.
    package static func render(
        _ entries: [Entry], metrics: [String], strategies: [String]?, _ style: Style, _ layout: TextLayout = .unlimited
    ) -> String {
        let columns = ["date", "commit", "task", "strategy", "clock"] + metrics + ["results"]
        let rows = sorted(entries).flatMap { entry in
            values(entry.results).compactMap { values -> [String]? in
                guard let name = values["label"], strategies?.contains(name) != false else { return nil }
                let machine = entry.results.machine
                return [machine.date, machine.commit, values["task"] ?? "", name, values["clock"] ?? ""]
                    + metrics.map { values[$0] ?? "" }
                    + [entry.path]
            }
        }
        switch style {
        case .csv:
            var csv = CSV(columns: columns)
            for row in rows { csv.append(row) }
            return csv.text
        case .table:
            let isText = Set(["date", "commit", "task", "strategy", "clock", "results"])
            var table = TextTable(columns.map { ($0, isText.contains($0) ? .left : .right) }, keys: [0, 3])
            for row in rows { table.append(row.map { $0.isEmpty ? "-" : $0 }) }
            let warnings = warnings(entries)
            let foreign = warnings.isEmpty ? "" : "\n" + warnings.map { layout.paragraph($0) + "\n" }.joined()
            return table.terminal(layout) + foreign + moves(sorted(entries), layout)
        }
    }

    /// The oldest first. Dates are ISO 8601 in UTC, which sorts as text.
    package static func sorted(_ entries: [Entry]) -> [Entry] {
        entries.sorted { ($0.results.machine.date, $0.path) < ($1.results.machine.date, $1.path) }
    }

    /// Results of other data than their task's, a line each: nobody compares those with others by a row.
    package static func warnings(_ entries: [Entry]) -> [String] {
        sorted(entries).compactMap { DataText.warning($0.results, in: $0.path) }
    }

    /// The columns of `summary.csv` by their names, of every strategy.
    package static func values(_ results: Results) -> [[String: String]] {
        SummaryCSV.rowsWithMetric(results).map {
            Dictionary(uniqueKeysWithValues: zip(SummaryCSV.columns + SummaryCSV.metricColumns, $0))
        }
    }

    /// Why baselines among the results moved, a line each; empty without any.
    private static func moves(_ entries: [Entry], _ layout: TextLayout) -> String {
        var lines: [String] = []
        for move in entries.flatMap(\.results.history) {
            let line = VisibleText.line(
                "\(move.date)  \(move.commit)  \(move.reason)  (\(move.changes.count) figure\(move.changes.count == 1 ? "" : "s"))"
            )
            if !lines.contains(line) { lines.append(line) }
        }
        return lines.isEmpty
            ? "" : "\nMoves of the baseline that were accepted:\n" + lines.map { layout.paragraph($0) + "\n" }.joined()
    }
}
