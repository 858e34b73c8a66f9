/// Lines drawn with characters: of braille, each of which has two by four dots, or with a letter for each cell where there is
/// no braille.
struct PlotCanvas {
    let columns: Int
    let rows: Int
    private let isBraille: Bool
    /// For each cell, the dots that are set, and the series that set the last of them.
    private var dots: [UInt8]
    private var owners: [Int?]
    private var labels: [Int: (letter: Character, series: Int)] = [:]

    init(columns: Int, rows: Int, isBraille: Bool) {
        precondition(columns > 1 && rows > 1, "a canvas of \(columns) x \(rows)")
        (self.columns, self.rows, self.isBraille) = (columns, rows, isBraille)
        dots = Array(repeating: 0, count: columns * rows)
        owners = Array(repeating: nil, count: columns * rows)
    }

    private var dotsOfCell: (x: Int, y: Int) { isBraille ? (2, 4) : (1, 1) }
    private var width: Int { columns * dotsOfCell.x }
    private var height: Int { rows * dotsOfCell.y }

    /// The dot of a point: 0 to 1 from the left, and from the bottom.
    private func dot(_ point: (x: Double, y: Double)) -> (x: Int, y: Int) {
        func place(_ share: Double, _ count: Int) -> Int {
            share.isNaN ? 0 : Int((min(max(share, 0), 1) * Double(count - 1)).rounded())
        }
        return (place(point.x, width), height - 1 - place(point.y, height))
    }

    private func cell(_ dot: (x: Int, y: Int)) -> (x: Int, y: Int) { (dot.x / dotsOfCell.x, dot.y / dotsOfCell.y) }

    /// The row of a height between 0 at the bottom and 1.
    func row(_ y: Double) -> Int { cell(dot((0, y))).y }
    /// The column of a place between 0 at the left and 1.
    func column(_ x: Double) -> Int { cell(dot((x, 0))).x }

    private mutating func set(_ dot: (x: Int, y: Int), _ series: Int) {
        let (size, cell) = (dotsOfCell, cell(dot))
        let (dx, dy) = (dot.x % size.x, dot.y % size.y)
        let index = cell.y * columns + cell.x
        // In Unicode's order the lowest two of the eight dots come last.
        dots[index] |= 1 << UInt8(dy == 3 ? 6 + dx : 3 * dx + dy)
        owners[index] = series
    }

    /// Draws lines from point to point, by Bresenham's algorithm, and the letter where the last one ends.
    mutating func draw(_ points: [(x: Double, y: Double)], series: Int, letter: Character) {
        let places = points.filter { $0.x.isFinite && $0.y.isFinite }.map(dot)
        guard var from = places.first, let end = places.last else { return }
        set(from, series)
        for to in places.dropFirst() {
            let (dx, dy) = (abs(to.x - from.x), -abs(to.y - from.y))
            let (stepX, stepY) = (from.x < to.x ? 1 : -1, from.y < to.y ? 1 : -1)
            var error = dx + dy
            while from != to {
                let twice = 2 * error
                if twice >= dy { (error, from.x) = (error + dy, from.x + stepX) }
                if twice <= dx { (error, from.y) = (error + dx, from.y + stepY) }
                set(from, series)
            }
        }
        label(cell(end), letter, series)
    }

    /// Puts the letter beside the line's end, or elsewhere near it where no other letter stands.
    private mutating func label(_ end: (x: Int, y: Int), _ letter: Character, _ series: Int) {
        let tries = [
            (1, 0), (2, 0), (1, -1), (1, 1), (2, -1), (2, 1), (0, -1), (0, 1), (-1, -1), (-1, 1), (3, 0), (0, 0),
        ]
        for (dx, dy) in tries {
            let (x, y) = (end.x + dx, end.y + dy)
            guard (0..<columns + Self.margin).contains(x), (0..<rows).contains(y) else { continue }
            let index = y * (columns + Self.margin) + x
            if labels[index] == nil {
                labels[index] = (letter, series)
                return
            }
        }
    }

    /// Columns on the right that hold letters only.
    static let margin = 3

    /// A row from the top, without spaces at its end.
    ///
    /// - Parameters:
    ///   - isDashed: whether a line runs through it behind the curves.
    ///   - paint: puts a text into the colour of a series.
    func text(row: Int, isDashed: Bool, letters: [Character], paint: (String, Int) -> String) -> String {
        var text = ""
        var spaces = ""
        for x in 0..<columns + Self.margin {
            let (mark, series) = mark(x, row, letters, isDashed)
            if mark == " " {
                spaces.append(mark)
            } else {
                text += spaces + (series.map { paint(String(mark), $0) } ?? String(mark))
                spaces = ""
            }
        }
        return text
    }

    private func mark(_ x: Int, _ row: Int, _ letters: [Character], _ isDashed: Bool) -> (Character, Int?) {
        if let label = labels[row * (columns + Self.margin) + x] { return (label.letter, label.series) }
        guard x < columns else { return (" ", nil) }
        let index = row * columns + x
        guard let owner = owners[index] else { return (isDashed && x % 2 == 0 ? "-" : " ", nil) }
        guard isBraille, let scalar = Unicode.Scalar(0x2800 + UInt32(dots[index])) else {
            return (letters[owner], owner)
        }
        return (Character(scalar), owner)
    }
}
