import Diagnostics

/// Columns of text, padded to the width of their widest cell; for terminals and, with bars, for Markdown. Cells are
/// text and not markup, and shown unchanged in both.
package struct TextTable {
    package enum Alignment {
        case left, right

        func padded(_ cell: String, to width: Int) -> String {
            let fill = String(repeating: " ", count: max(0, width - cell.count))
            return self == .left ? cell + fill : fill + cell
        }
    }

    let alignments: [Alignment]
    /// Columns that stand in every block of a table that is too wide for one: they say what a row is about.
    let keys: [Int]
    /// The cells of all rows; the first row has the titles of the columns.
    private(set) var rows: [[String]]
    /// The columns whose cells are bold in Markdown, by row.
    private var strong: [Int: Set<Int>] = [:]
    /// Headings for terminals: what the rows from a row on have in common, by row.
    private(set) var sections: [Int: String] = [:]

    package init(_ columns: [(title: String, alignment: Alignment)], keys: [Int] = [0]) {
        alignments = columns.map(\.alignment)
        self.keys = keys
        rows = [columns.map { VisibleText.line($0.title) }]
    }

    /// - Parameter strong: columns whose cells are bold in Markdown.
    package mutating func append(_ cells: [String], strong: Set<Int> = []) {
        precondition(cells.count == alignments.count, "\(cells.count) cells in \(alignments.count) columns")
        if !strong.isEmpty { self.strong[rows.count] = strong }
        rows.append(cells.map(VisibleText.line))
    }

    /// A line above the rows that are appended from here on, where a terminal shows the table.
    mutating func begin(section title: String) { sections[rows.count] = VisibleText.line(title) }

    private func widths(_ rows: [[String]]) -> [Int] {
        alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    }

    private func padded(_ row: [String], _ widths: [Int]) -> [String] {
        zip(row, zip(alignments, widths)).map { cell, layout in layout.0.padded(cell, to: layout.1) }
    }

    /// The table for a terminal, in lines of any length.
    package var terminal: String { terminal(.unlimited) }

    /// The table for a terminal, in lines that the layout has room for; see ``FittedTable``.
    package func terminal(_ layout: TextLayout) -> String { FittedTable(self, layout).text }

    package var markdown: String {
        let rows = rows.enumerated().map { row, cells in
            cells.enumerated().map { column, cell in
                let text = MarkdownText.plain(cell)
                return strong[row]?.contains(column) == true ? "**\(text)**" : text
            }
        }
        let widths = widths(rows)
        var lines = rows.map { "| " + padded($0, widths).joined(separator: " | ") + " |" }
        let rule = zip(alignments, widths).map { alignment, width in
            alignment == .left
                ? String(repeating: "-", count: max(width, 3)) : String(repeating: "-", count: max(width - 1, 2)) + ":"
        }
        lines.insert("| " + rule.joined(separator: " | ") + " |", at: 1)
        return lines.joined(separator: "\n") + "\n"
    }
}
