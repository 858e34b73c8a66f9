import Diagnostics
import Experiments

/// How a terminal shows curves.
package struct CurveStyle: Hashable, Sendable {
    /// Whether the terminal shows braille and lines; if not, curves are drawn with letters and ASCII.
    package var hasBraille: Bool
    package var hasColor: Bool
    /// Characters of a line, including the axis and its numbers.
    package var columns: Int

    package init(hasBraille: Bool, hasColor: Bool, columns: Int) {
        (self.hasBraille, self.hasColor, self.columns) = (hasBraille, hasColor, columns)
    }

    /// Characters of a line, and lines, of the area in which curves are drawn.
    static let plotColumns = 60
    static let plotRows = 10

    /// The text in the colour of a series: one of the terminal's own, which its user has chosen to be read on its background, in
    /// the order of the pictures' colours.
    func painted(_ text: String, _ series: Int) -> String {
        let code = [nil, 34, 31, 32, 35, 33, 36][series % Ink.seriesCount]
        guard hasColor, let code else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

/// A few curves in a terminal. Each has a colour, and a letter where it ends: colours are never the only means.
package struct CurveText {
    package struct Series: Sendable {
        let name: String
        /// The curve's place among all series of the report, which decides on its colour and its letter.
        let index: Int
        let points: [PlotPoint]

        package init(_ name: String, index: Int, _ points: [PlotPoint]) {
            (self.name, self.index, self.points) = (name, index, points)
        }

        /// The letter of a curve: `A` for the first.
        static func letter(_ index: Int) -> Character { Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")[index % 26] }
    }

    let title: String
    let series: [Series]
    let x: AxisScale
    let y: AxisScale
    let target: Double

    /// Lines without their ends.
    func lines(_ style: CurveStyle) -> [String] {
        let layout = TextLayout(columns: style.columns, isASCII: !style.hasBraille)
        let ticks = y.ticks(4)
        let texts = ticks.map { layout.shown(y.text($0)) }
        let margin = texts.map(\.count).max() ?? 0
        let width = max(10, min(CurveStyle.plotColumns, style.columns - margin - 3 - PlotCanvas.margin))
        var canvas = PlotCanvas(columns: width, rows: CurveStyle.plotRows, isBraille: style.hasBraille)
        for one in series {
            canvas.draw(
                one.points.map { (x.fraction($0.x), y.fraction($0.y)) }.filter { $0.0 >= 0 }, series: one.index,
                letter: Series.letter(one.index))
        }
        let letters = (0..<Ink.seriesCount).map(Series.letter)
        let goal = (0...1).contains(y.fraction(target)) ? canvas.row(y.fraction(target)) : nil
        var rows: [Int: String] = [:]
        for (tick, text) in zip(ticks, texts) where (0...1).contains(y.fraction(tick)) {
            rows[canvas.row(y.fraction(tick))] = text
        }
        let (bar, corner, rule) = style.hasBraille ? ("\u{2502}", "\u{2514}", "\u{2500}") : ("|", "+", "-")
        var lines = layout.paragraph(VisibleText.line(title)).split(separator: "\n").map(String.init)
        for row in 0..<canvas.rows {
            let label = TextTable.Alignment.right.padded(rows[row] ?? "", to: margin)
            lines.append(
                " \(label) \(bar)"
                    + canvas.text(row: row, isDashed: row == goal, letters: letters, paint: style.painted))
        }
        let indent = String(repeating: " ", count: margin + 2)
        lines.append(indent + corner + String(repeating: rule, count: width))
        lines.append(indent + " " + layout.shown(ticksOfTime(canvas)))
        return lines + key(style, layout, indent)
    }

    /// The axis' numbers, each with its middle below its place, as many as there is room for.
    private func ticksOfTime(_ canvas: PlotCanvas) -> String {
        var line = ""
        for tick in x.ticks(5) where (0...1).contains(x.fraction(tick)) {
            let text = x.text(tick)
            let place = max(0, min(canvas.column(x.fraction(tick)) - text.count / 2, canvas.columns - text.count))
            guard line.isEmpty || place > line.count + 1 else { continue }
            line += String(repeating: " ", count: place - line.count) + text
        }
        return line
    }

    /// The curves' names with their letters, in lines.
    private func key(_ style: CurveStyle, _ layout: TextLayout, _ indent: String) -> [String] {
        var lines: [String] = []
        var (line, length) = ("", 0)
        for one in series {
            let name = layout.shown(VisibleText.line(one.name))
            let count = name.count + 2
            if length > 0, indent.count + length + 3 + count > style.columns {
                lines.append(indent + line)
                (line, length) = ("", 0)
            }
            let mark = style.painted(String(Series.letter(one.index)), one.index)
            line += (length > 0 ? "   " : " ") + "\(mark) \(name)"
            length += (length > 0 ? 3 : 1) + count
        }
        return line.isEmpty ? lines : lines + [indent + line]
    }
}

extension PicturedRuns {
    /// Quality against cluster time, a plot for each kind of clock, so that nothing measured here races against a model. Empty where
    /// there is nothing to draw.
    package func curves(_ style: CurveStyle) -> String {
        Self.byKind(summaries).compactMap { group -> String? in
            let rows = group.summaries.filter { styles[$0.strategy] != nil }
            let places = Set(rows.map(\.clock.words))
            let series = rows.compactMap { summary in
                styles[summary.strategy].map {
                    CurveText.Series(
                        places.count == 1 ? summary.strategy : "\(summary.strategy) (\(summary.clock.machinesWord))",
                        index: $0.index, curve(summary, .time))
                }
            }.filter { $0.points.count > 1 }
            guard let x = Self.axis(.seconds, series.map(\.points)), let y = qualityAxis(series.map(\.points)) else {
                return nil
            }
            let place = places.count == 1 ? places.first ?? "" : group.kind.rawValue
            let others = group.summaries.count - series.count
            let text = CurveText(
                title: "\(capitalisedQuality) against cluster time\(x.kind == .logarithmic ? " (log)" : ""), \(place)",
                series: series, x: x, y: y, target: target)
            return (text.lines(style) + (others > 0 ? ["\(others) others are not drawn."] : []))
                .joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }
}

extension ClockClass {
    /// The cluster's name, or what else the time was told on.
    fileprivate var machinesWord: String { machines?.name ?? title }
}
