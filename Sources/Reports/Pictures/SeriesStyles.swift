import Diagnostics
import Experiments

/// The look of every strategy of a report, the same in all of its pictures: a colour, a dash and a marker together, so
/// that none of them alone has to tell strategies apart. Where there are too many strategies, only the foremost have a
/// look of their own; the others are grey.
package struct SeriesStyles: Sendable {
    /// The strategies with a look of their own, in the order of the table.
    package let named: [(name: String, style: SeriesStyle)]
    /// How many strategies are grey.
    package let greyCount: Int
    private let byName: [String: SeriesStyle]

    /// - Parameters:
    ///   - names: all strategies, in the order of the table.
    ///   - foremost: strategies by importance, the most important first, which decides where there are more than
    ///     colours; nil for the order of the table.
    package init(_ names: [String], foremost: [String]? = nil) {
        let chosen = Set((foremost ?? names).prefix(Ink.seriesCount))
        let kept = names.count <= Ink.seriesCount ? names : names.filter { chosen.contains($0) }
        named = kept.enumerated().map { ($1, SeriesStyle(index: $0)) }
        greyCount = names.count - kept.count
        byName = Dictionary(named.map { ($0.name, $0.style) }, uniquingKeysWith: { first, _ in first })
    }

    /// The look of a strategy; nil for one that is grey.
    package subscript(_ name: String) -> SeriesStyle? { byName[name] }
}

/// Colour, dash and marker.
package struct SeriesStyle: Hashable, Sendable {
    package let index: Int

    package init(index: Int) { self.index = index }

    package var ink: Ink { .series(index) }

    private static let dashes: [String?] = [nil, "7 3", "2 2.5", "9 3 2 3", nil, "5 2", "1.5 3"]
    package var dash: String? { Self.dashes[index % Self.dashes.count] }

    /// The marker with its middle at a point.
    package func marker(
        _ x: Double, _ y: Double, size: Double = 4.5, _ more: [(String, SVGElement.Value)] = [],
        title: String? = nil
    ) -> SVGElement {
        func p(_ dx: Double, _ dy: Double) -> String {
            "\(MarkupText.pixels(x + dx * size)) \(MarkupText.pixels(y + dy * size))"
        }
        let path =
            switch index % Ink.seriesCount {
            case 0:
                "M\(p(-1, 0))a\(r(size)) \(r(size)) 0 1 0 \(r(2 * size)) 0a\(r(size)) \(r(size)) 0 1 0 -\(r(2 * size)) 0Z"
            case 1: "M\(p(-0.9, -0.9))L\(p(0.9, -0.9))L\(p(0.9, 0.9))L\(p(-0.9, 0.9))Z"
            case 2: "M\(p(0, -1.15))L\(p(1.1, 0.85))L\(p(-1.1, 0.85))Z"
            case 3: "M\(p(0, -1.25))L\(p(1.25, 0))L\(p(0, 1.25))L\(p(-1.25, 0))Z"
            case 4: "M\(p(0, 1.15))L\(p(1.1, -0.85))L\(p(-1.1, -0.85))Z"
            case 5:
                "M\(p(-0.35, -1.1))L\(p(0.35, -1.1))L\(p(0.35, -0.35))L\(p(1.1, -0.35))L\(p(1.1, 0.35))L\(p(0.35, 0.35))L\(p(0.35, 1.1))L\(p(-0.35, 1.1))L\(p(-0.35, 0.35))L\(p(-1.1, 0.35))L\(p(-1.1, -0.35))L\(p(-0.35, -0.35))Z"
            default: "M\(p(-1.15, -0.5))L\(p(0, -1.1))L\(p(1.15, -0.5))L\(p(0.75, 0.95))L\(p(-0.75, 0.95))Z"
            }
        return SVGElement(
            "path",
            [("d", .path(path)), ("fill", .ink(ink)), ("stroke", .ink(.paper)), ("stroke-width", .path("1"))] + more,
            title.map { [SVGElement("title", text: $0)] } ?? [])
    }

    private func r(_ value: Double) -> String { MarkupText.pixels(value) }

    /// A short line with the marker on it: the key of the legend, and the beginning of a label.
    package func sample(x: Double = 0, width: Double, height: Double, y: Double? = nil) -> [SVGElement] {
        let middle = y ?? height / 2
        return [.line(x, middle, x + width, middle, ink, width: 2, dash: dash), marker(x + width / 2, middle, size: 4)]
    }
}
