import Diagnostics

/// Rows of dots on one axis, logarithmic where one thing is so many times another.
package struct DotPlot: Sendable {
    package struct Dot: Sendable {
        package let name: String
        package let style: SeriesStyle?
        /// The value that the dot stands at; above 0 on a logarithmic axis.
        package let value: Double
        /// The words that belong to the dot.
        package let words: String
        /// The exact number, in an attribute that programs read.
        package let data: String

        package init(_ name: String, _ style: SeriesStyle?, _ value: Double, words: String, data: String) {
            (self.name, self.style, self.value, self.words, self.data) = (name, style, value, words, data)
        }
    }

    package struct Row: Sendable {
        package let title: String
        package let dots: [Dot]
        /// Words beside the row.
        package let note: String

        package init(_ title: String, _ dots: [Dot], note: String = "") {
            (self.title, self.dots, self.note) = (title, dots, note)
        }
    }

    private static let nameWidth = 150.0
    private static let noteWidth = 190.0
    private static let mostRows = 40

    /// - Parameters:
    ///   - reference: a value with a line of its own, such as 1.
    ///   - legend: which dot is whose.
    /// - Returns: nil without a dot.
    package static func picture(
        name: String, title: String, finding: String, xTitle: String, reference: Double? = nil,
        scale: AxisScale.Kind = .logarithmic, quantity: AxisScale.Quantity = .count,
        legend: [(String, SeriesStyle)], rows: [Row]
    ) -> Picture? {
        let shown = rows.prefix(mostRows)
        let values = shown.flatMap { $0.dots.map(\.value) } + (reference.map { [$0] } ?? [])
        let axis =
            scale == .linear
            ? AxisScale.linear(quantity, around: values, fromZero: false) : .logarithmic(quantity, around: values)
        guard shown.contains(where: { !$0.dots.isEmpty }), let axis else {
            return nil
        }
        let hasNotes = shown.contains { !$0.note.isEmpty }
        let panel = Panel(
            left: nameWidth, top: 36, width: Picture.standardWidth - nameWidth - (hasNotes ? noteWidth : 24),
            height: Double(shown.count) * 26 + 6, x: axis, y: AxisScale(.linear, .count, low: 0, high: 1))
        var elements = key(legend) + panel.xAxis(xTitle: xTitle)
        if let reference {
            elements.append(.line(panel.px(reference), panel.top, panel.px(reference), panel.bottom, .text, width: 1.2))
        }
        for (index, row) in shown.enumerated() {
            let y = panel.top + 16 + Double(index) * 26
            elements.append(
                .label(
                    MarkupText.fitted(row.title, size: 12, width: nameWidth - 18), nameWidth - 10, y + 4, anchor: .end))
            if let least = row.dots.map(\.value).min(), let most = row.dots.map(\.value).max(), most > least {
                elements.append(.line(panel.px(least), y, panel.px(most), y, .muted))
            }
            elements += row.dots.map { dot($0, row.title, panel.px($0.value), y) }
            elements.append(
                .label(
                    MarkupText.fitted(row.note, size: 11, width: noteWidth - 16), panel.right + 10, y + 4, .muted,
                    size: 11))
        }
        if rows.count > shown.count {
            elements.append(
                .label("\(rows.count - shown.count) more rows are in the table", 8, panel.bottom + 34, .muted))
        }
        return Picture(
            name: name, title: VisibleText.line(title), finding: VisibleText.line(finding), height: panel.bottom + 44,
            elements)
    }

    private static func dot(_ dot: Dot, _ row: String, _ x: Double, _ y: Double) -> SVGElement {
        .group(
            (dot.style.map { [("data-series", .pixels(Double($0.index)))] } ?? []) + [
                ("data-row", .text(row)), ("data-strategy", .text(dot.name)), ("data-value", .text(dot.data)),
            ],
            [
                dot.style?.marker(x, y, size: 5.5, title: dot.words)
                    ?? .rectangle(x - 3, y - 3, 6, 6, fill: .muted, [("rx", .path("3"))], title: dot.words)
            ])
    }

    private static func key(_ legend: [(String, SeriesStyle)]) -> [SVGElement] {
        var x = 12.0
        return legend.flatMap { name, style -> [SVGElement] in
            defer { x += 34 + MarkupText.width(name, size: 12) }
            guard x < Picture.standardWidth - 60 else { return [] }
            let text = MarkupText.fitted(name, size: 12, width: Picture.standardWidth - x - 30)
            return [style.marker(x + 5, 15, size: 5), .label(text, x + 16, 19)]
        }
    }
}
