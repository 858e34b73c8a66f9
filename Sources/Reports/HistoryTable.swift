import Experiments

/// A metric over many results, oldest first: a row for every strategy of every run.
package enum HistoryTable {
    package enum Style: String, CaseIterable, Sendable {
        case table, csv
    }

    package struct Entry: Sendable {
        let path: String
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
        // Dates are ISO 8601 in UTC, which sorts as text.
        let sorted = entries.sorted { ($0.results.machine.date, $0.path) < ($1.results.machine.date, $1.path) }
        let rows = sorted.flatMap { entry in
            SummaryCSV.rowsWithMetric(entry.results).compactMap { row -> [String]? in
                let values = Dictionary(uniqueKeysWithValues: zip(SummaryCSV.columns + SummaryCSV.metricColumns, row))
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
            return table.terminal(layout)
        }
    }
}
