import Advice
import Diagnostics
import Foundation

/// A letter for each strategy, no two alike.
package struct MapLetters: Hashable, Sendable {
    package let letters: [Character]

    /// The first letter of a name that no other has taken, in upper case; then any other.
    package init(_ names: [String]) {
        var taken: Set<Character> = []
        letters = names.map { name in
            let own = name.uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
            let candidates = Array(own) + Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
            let letter = candidates.first { !taken.contains($0) } ?? "?"
            taken.insert(letter)
            return letter
        }
    }
}

/// A map in letters, which fits a terminal of 80 columns and 24 lines: in upper case where a strategy is first by twice or more,
/// in lower case where it is by less, and a point where that is too close to call.
package struct MapDrawing {
    private static let (mostColumns, mostRows) = (64, 16)
    private static let wide = 2.0

    private let map: WinnerMap
    private let names: [String]
    private let letters: MapLetters

    /// - Parameter names: of the strategies, in the map's order.
    package init(_ map: WinnerMap, names: [String]) {
        self.map = map
        self.names = names
        letters = MapLetters(names)
    }

    /// Latency grows downwards, bandwidth to the right.
    package var text: String {
        let rows = Self.chosen(map.latencies.count, Self.mostRows)
        let columns = Self.chosen(map.bandwidths.count, Self.mostColumns)
        let marks = marks(rows, columns)
        let labels = rows.map { Format.seconds(map.latencies[$0]) }
        let width = labels.map(\.count).max() ?? 0
        var lines = [String(repeating: " ", count: max(0, width - 7)) + "latency"]
        for (line, row) in rows.enumerated() {
            let cells = columns.enumerated().map { column, index in
                marks[Position(row: line, column: column)]?.mark ?? letter(map.cells[row][index])
            }
            lines.append(String(repeating: " ", count: width - labels[line].count) + labels[line] + " " + String(cells))
        }
        lines += axis(columns, indent: width + 1)
        return lines.joined(separator: "\n") + "\n" + legend(marks)
    }

    private struct Position: Hashable {
        let row: Int
        let column: Int
    }

    /// So many of the indices, the first and the last among them.
    private static func chosen(_ count: Int, _ most: Int) -> [Int] {
        guard count > most else { return Array(0..<count) }
        return (0..<most).map { Int((Double($0) * Double(count - 1) / Double(most - 1)).rounded()) }
    }

    private func letter(_ cell: WinnerMap.Cell) -> Character {
        guard let first = cell.first else { return "-" }
        guard cell.isShown else { return "." }
        let letter = letters.letters[first]
        return cell.margin ?? .infinity >= Self.wide ? letter : Character(letter.lowercased())
    }

    /// A star for the cluster of the map, digits for the others.
    private func marks(_ rows: [Int], _ columns: [Int]) -> [Position: (mark: Character, names: [String])] {
        var marks: [Position: (mark: Character, names: [String])] = [:]
        var next = 1
        for place in map.places {
            guard let cell = map.cell(at: place),
                let row = rows.indices.min(by: { abs(rows[$0] - cell.row) < abs(rows[$1] - cell.row) }),
                let column = columns.indices.min(by: { abs(columns[$0] - cell.column) < abs(columns[$1] - cell.column) }
                )
            else { continue }
            let position = Position(row: row, column: column)
            if marks[position] != nil {
                marks[position]?.names.append(place.name)
            } else if place.isOwn {
                marks[position] = ("*", [place.name])
            } else if next <= 9 {
                marks[position] = (Character("\(next)"), [place.name])
                next += 1
            }
        }
        return marks
    }

    private func axis(_ columns: [Int], indent: Int) -> [String] {
        let labels = [0, columns.count / 2, columns.count - 1].map { Format.bandwidth(map.bandwidths[columns[$0]]) }
        let space = max(labels.map(\.count).reduce(0, +) + 2, columns.count)
        let left = max(1, space / 2 - labels[0].count - labels[1].count / 2)
        let right = max(1, space - labels[0].count - left - labels[1].count - labels[2].count)
        return [
            String(repeating: " ", count: indent) + labels[0] + String(repeating: " ", count: left) + labels[1]
                + String(repeating: " ", count: right) + labels[2]
        ]
    }

    private func legend(_ marks: [Position: (mark: Character, names: [String])]) -> String {
        let strategies = zip(letters.letters, names).map { "\($0) \($1)" }
        let places = marks.values.sorted { $0.mark < $1.mark }.map { "\($0.mark) \($0.names.joined(separator: ", "))" }
        return wrapped([
            "first: " + strategies.joined(separator: "  "), "  . too close to call; lower case: by less than twice",
        ])
            + wrapped(["places: " + places.joined(separator: "  ")])
    }

    private func wrapped(_ parts: [String]) -> String {
        var lines: [String] = []
        var line = ""
        for word in parts.joined().split(separator: " ", omittingEmptySubsequences: false) {
            if line.count + word.count + 1 > 79 {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return (lines + [line]).joined(separator: "\n") + "\n"
    }
}
