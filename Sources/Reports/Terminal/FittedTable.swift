import Diagnostics

/// A table in lines that a layout has room for. No number is ever cut. What is too wide is made narrower by the first of these
/// that is enough: titles in several lines; words in several lines; further columns in a block below, which repeats those that
/// say what a row is about.
struct FittedTable {
    private let rows: [[String]]
    private let alignments: [TextTable.Alignment]
    private let keys: [Int]
    private let sections: [Int: String]
    private let limit: Int?

    /// Spaces between two columns.
    private static let gap = 2
    /// The least width of a column of words that is made narrower.
    private static let leastWords = 20

    init(_ table: TextTable, _ layout: TextLayout) {
        rows = table.rows.map { $0.map(layout.shown) }
        sections = table.sections.mapValues(layout.shown)
        (alignments, keys, limit) = (table.alignments, table.keys, layout.columns)
    }

    var text: String {
        let natural = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
        guard let limit, Self.total(natural) > limit else { return block(columns, natural) }
        if let widths = fitted(to: limit, natural) { return block(columns, widths) }
        return blocks(of: limit).map { block($0.columns, $0.widths) }.joined(separator: "\n")
    }

    // MARK: Widths

    private var columns: [Int] { Array(alignments.indices) }

    private static func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + gap * max(0, widths.count - 1) }

    private static func longestWord(_ text: String) -> Int { TextLayout.words(text).map(\.count).max() ?? 0 }

    /// A number and its unit belong together, and so do an interval's two ends.
    private func isBreakable(_ cell: String, _ column: Int) -> Bool {
        alignments[column] == .left || !cell.contains(where: \.isNumber)
    }

    /// The width of a column whose title may go on in further lines.
    private func widthOfCells(_ column: Int) -> Int {
        max(rows.dropFirst().map { $0[column].count }.max() ?? 0, Self.longestWord(rows[0][column]))
    }

    /// The least width of a column whose words may go on in further lines, too.
    private func leastWidth(_ column: Int) -> Int {
        let cells = rows.dropFirst().map { row -> Int in
            let cell = row[column]
            guard isBreakable(cell, column) else { return cell.count }
            // On the right, words stand in a column of numbers.
            return max(Self.longestWord(cell), alignments[column] == .left ? min(cell.count, Self.leastWords) : 0)
        }
        return max(cells.max() ?? 0, Self.longestWord(rows[0][column]))
    }

    /// One block of all columns; nil where there is no room for it.
    private func fitted(to limit: Int, _ natural: [Int]) -> [Int]? {
        let cells = columns.map(widthOfCells)
        if Self.total(cells) <= limit { return Self.widened(cells, to: natural, limit) }
        let least = columns.map(leastWidth)
        return Self.total(least) <= limit ? Self.widened(least, to: cells, limit) : nil
    }

    /// Gives the room that is left to the columns that lack most.
    private static func widened(_ widths: [Int], to wanted: [Int], _ limit: Int) -> [Int] {
        var widths = widths
        for _ in 0..<(limit - total(widths)) {
            guard let column = widths.indices.max(by: { wanted[$0] - widths[$0] < wanted[$1] - widths[$1] }),
                widths[column] < wanted[column]
            else { break }
            widths[column] += 1
        }
        return widths
    }

    /// As many columns side by side as there is room for, each time behind the keys.
    private func blocks(of limit: Int) -> [(columns: [Int], widths: [Int])] {
        let (keys, keyWidths) = keysOfBlocks(limit)
        var blocks: [(columns: [Int], widths: [Int])] = []
        var block = (columns: keys, widths: keyWidths)
        for column in columns where !keys.contains(column) {
            let rest = limit - Self.total(keyWidths) - Self.gap
            let width = widthOfCells(column) <= rest ? widthOfCells(column) : max(leastOfWords(column), rest)
            if block.columns.count > keys.count, Self.total(block.widths + [width]) > limit {
                blocks.append(block)
                block = (keys, keyWidths)
            }
            block.columns.append(column)
            block.widths.append(width)
        }
        return blocks + [block]
    }

    /// The keys with their widths; the first one alone where all of them leave no room beside them.
    private func keysOfBlocks(_ limit: Int) -> (keys: [Int], widths: [Int]) {
        let widest = columns.filter { !keys.contains($0) }.map(leastOfWords).max() ?? 0
        for keys in [keys, Array(keys.prefix(1))] {
            let room = max(TextLayout.leastColumns / 4, (limit / 2 - Self.gap * keys.count) / max(1, keys.count))
            let widths = keys.map { max(leastOfWords($0), min(widthOfCells($0), room)) }
            if Self.total(widths + [widest]) <= limit || keys.count < 2 { return (keys, widths) }
        }
        return ([], [])
    }

    /// What a column needs whose longest words may be broken.
    private func leastOfWords(_ column: Int) -> Int {
        rows.dropFirst().map { isBreakable($0[column], column) ? 1 : $0[column].count }.max() ?? 0
    }

    // MARK: Lines

    private func block(_ columns: [Int], _ widths: [Int]) -> String {
        var lines: [String] = []
        for (index, row) in rows.enumerated() {
            if let title = sections[index] {
                if index > 1 { lines.append("") }
                lines += limit.map { TextLayout.wrapped(title, to: $0) } ?? [title]
            }
            lines += self.lines(row, columns, widths, isTitle: index == 0)
            if index == 0 {
                lines.append(
                    widths.map { String(repeating: "-", count: $0) }
                        .joined(separator: String(repeating: " ", count: Self.gap)))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A row; titles stand right above the rule.
    private func lines(_ row: [String], _ columns: [Int], _ widths: [Int], isTitle: Bool) -> [String] {
        let cells = zip(columns, widths).map { column, width -> [String] in
            let cell = row[column]
            return isTitle || isBreakable(cell, column) ? TextLayout.wrapped(cell, to: width) : [cell]
        }
        let height = cells.map(\.count).max() ?? 1
        return (0..<height).map { line in
            let texts = cells.enumerated().map { position, lines -> String in
                let index = isTitle ? line - (height - lines.count) : line
                let text = lines.indices.contains(index) ? lines[index] : ""
                return alignments[columns[position]].padded(text, to: widths[position])
            }
            let text = texts.joined(separator: String(repeating: " ", count: Self.gap))
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
    }
}
