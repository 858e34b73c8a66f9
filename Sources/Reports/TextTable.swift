import Diagnostics

/// Columns of text, padded to the width of their widest cell; for terminals and, with bars, for Markdown. Cells are text and
/// not markup: what they hold is shown as it is in both.
package struct TextTable {
    package enum Alignment {
        case left, right
    }

    private let alignments: [Alignment]
    private var rows: [[String]]
    /// By row, the columns whose cells are bold in Markdown.
    private var strong: [Int: Set<Int>] = [:]

    package init(_ columns: [(title: String, alignment: Alignment)]) {
        alignments = columns.map(\.alignment)
        rows = [columns.map { VisibleText.line($0.title) }]
    }

    /// - Parameter strong: columns whose cells are bold in Markdown.
    package mutating func append(_ cells: [String], strong: Set<Int> = []) {
        precondition(cells.count == alignments.count, "\(cells.count) cells in \(alignments.count) columns")
        if !strong.isEmpty { self.strong[rows.count] = strong }
        rows.append(cells.map(VisibleText.line))
    }

    private func widths(_ rows: [[String]]) -> [Int] {
        alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    }

    private func padded(_ row: [String], _ widths: [Int]) -> [String] {
        zip(row, zip(alignments, widths)).map { cell, layout in
            let fill = String(repeating: " ", count: layout.1 - cell.count)
            return layout.0 == .left ? cell + fill : fill + cell
        }
    }

    package var terminal: String {
        let widths = widths(rows)
        var lines = rows.map { row in
            let line = padded(row, widths).joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
        return lines.joined(separator: "\n") + "\n"
    }

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
