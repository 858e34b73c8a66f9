import Diagnostics

/// One curve of a plot.
package struct PlotLine: Sendable {
    package let name: String
    /// The look of the curve; nil for grey.
    package let style: SeriesStyle?
    package let points: [PlotPoint]
    /// A point that is marked on the curve, where it came to what was wanted; nil for none.
    package var mark: (x: Double, y: Double)?
    /// Whether every point has a marker.
    package var hasMarkers = false
    /// Attributes of the curve's group with exact numbers, for programs that read them.
    package var data: [(String, String)] = []

    package init(_ name: String, _ style: SeriesStyle?, _ points: [PlotPoint]) {
        (self.name, self.style, self.points) = (name, style, points)
    }
}

/// Curves in a panel, with bands and labels at their ends.
package enum LinePlot {
    /// Points that all curves of a picture have together, bands counted: it is what keeps a page of thirty strategies small.
    private static let pointBudget = 1800
    private static let mostPoints = 500
    /// Pixels on the right of a panel that labels have.
    package static let labelWidth = 128.0

    /// - Parameters:
    ///   - share: of the budget: one by the number of panels.
    ///   - clip: the name of the panel's clipping path, one of its own.
    package static func elements(_ panel: Panel, _ lines: [PlotLine], clip: String, share: Double = 1) -> [SVGElement] {
        let weight = lines.reduce(0) { $0 + ($1.style == nil ? 1 : 3) }
        let limit = min(
            mostPoints,
            max(16, Int(Double(lines.count > Ink.seriesCount ? pointBudget / 3 : pointBudget) * share) / max(weight, 1))
        )
        let shown = lines.map { line in
            var copy = PlotLine(
                line.name, line.style, PlotPoint.thinned(line.points.filter { isShown($0, panel) }, to: limit))
            (copy.mark, copy.hasMarkers, copy.data) = (line.mark, line.hasMarkers, line.data)
            return copy
        }.filter { !$0.points.isEmpty }
        // Grey curves lie behind all others.
        let sorted = shown.filter { $0.style == nil } + shown.filter { $0.style != nil }
        let labels = labels(panel, shown.filter { $0.style != nil })
        let groups = sorted.map { line in
            SVGElement.group(
                attributes(line), curve(panel, line, clip) + (line.style == nil ? [] : labels[line.name] ?? []))
        }
        return [panel.clip(clip), .group(panel.plotAttributes, groups)]
    }

    private static func isShown(_ point: PlotPoint, _ panel: Panel) -> Bool {
        point.x.isFinite && point.y.isFinite && (panel.x.kind == .linear || point.x > 0)
            && (panel.y.kind == .linear || point.y > 0)
    }

    private static func attributes(_ line: PlotLine) -> [(String, SVGElement.Value)] {
        (line.style.map { [("data-series", .pixels(Double($0.index)))] } ?? [])
            + [("data-strategy", .text(line.name))] + line.data.map { ($0.0, .text($0.1)) }
    }

    private static func curve(_ panel: Panel, _ line: PlotLine, _ clip: String) -> [SVGElement] {
        let path = path(line.points.map { (panel.px($0.x), panel.py($0.y)) })
        let clipped: (String, SVGElement.Value) = ("clip-path", .path("url(#\(clip))"))
        guard let style = line.style else {
            return [
                SVGElement(
                    "path",
                    [
                        ("d", .path(path)), ("stroke", .ink(.muted)), ("stroke-opacity", .path("0.35")), clipped,
                        ("data-curve", .text(line.name)),
                    ])
            ]
        }
        var elements: [SVGElement] = []
        if line.points.count > 1, line.points.contains(where: { $0.low != $0.high }) {
            let lower = line.points.map { (panel.px($0.x), panel.py($0.low)) }
            let upper = line.points.reversed().map { (panel.px($0.x), panel.py($0.high)) }
            elements.append(
                SVGElement(
                    "path",
                    [
                        ("d", .path(Self.path(lower + upper) + "Z")), ("fill", .ink(style.ink)),
                        ("fill-opacity", .path("0.14")), clipped,
                    ]))
        }
        elements.append(
            SVGElement(
                "path",
                [
                    ("d", .path(path)), ("stroke", .ink(style.ink)), ("stroke-width", .path("2")),
                    ("stroke-linejoin", .path("round")), clipped, ("data-curve", .text(line.name)),
                ] + (style.dash.map { [("stroke-dasharray", .path($0))] } ?? [])))
        if line.hasMarkers {
            elements += line.points.map { style.marker(panel.px($0.x), panel.py($0.y), size: 3.5) }
        }
        if let mark = line.mark {
            elements.append(style.marker(panel.px(mark.x), panel.py(mark.y), size: 6))
        }
        return elements
    }

    /// A line through all points, in pixels, as the `d` attribute of a `path` element.
    static func path(_ points: [(Double, Double)]) -> String {
        var text = ""
        for (index, point) in points.enumerated() {
            text += index == 0 ? "M" : index == 1 ? "L" : " "
            text += MarkupText.pixels(point.0) + " " + MarkupText.pixels(point.1)
        }
        return text
    }

    /// The names beside the ends of the curves, with a thin line where a name could not stand at its curve.
    private static func labels(_ panel: Panel, _ lines: [PlotLine]) -> [String: [SVGElement]] {
        let ends = lines.compactMap { line in line.points.last.map { (panel.px($0.x), panel.py($0.y)) } }
        let places = LabelPlacement.spread(
            ends.map { min(max($0.1, panel.top + 4), panel.bottom - 4) }, spacing: 16,
            within: (panel.top + 2)...max(panel.top + 2, panel.bottom - 2))
        var labels: [String: [SVGElement]] = [:]
        for (index, line) in lines.enumerated() {
            guard let style = line.style else { continue }
            let (x, y) = (panel.right + 10, places[index])
            let end = (ends[index].0, min(max(ends[index].1, panel.top), panel.bottom))
            labels[line.name] =
                [.line(end.0 + 2, end.1, x - 1, y, .muted, width: 0.6)] + style.sample(x: x, width: 18, height: 0, y: y)
                + [
                    .label(MarkupText.fitted(line.name, size: 12, width: labelWidth - 34), x + 23, y + 4)
                ]
        }
        return labels
    }
}
