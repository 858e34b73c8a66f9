import Advice
import Diagnostics
import Foundation

/// The map of who is first as a picture: a colour and a letter for each strategy, hatched where that is too close to call, lines
/// where the lead is 1.1, 2 and 10 times, and clusters as points.
struct MapPicture {
    private static let (left, top, side, legendHeight) = (84.0, 44.0, 400.0, 24.0)

    let map: WinnerMap
    let names: [String]
    let styles: SeriesStyles
    private let letters: MapLetters
    private let panel: Panel

    init(_ map: WinnerMap, names: [String], styles: SeriesStyles) {
        (self.map, self.names, self.styles) = (map, names, styles)
        letters = MapLetters(names)
        // Cells lie around their values, half a step to each side.
        let (columns, rows) = (Self.ends(map.bandwidths), Self.ends(map.latencies))
        panel = Panel(
            left: Self.left, top: Self.top, width: Self.side + 60, height: Self.side,
            x: AxisScale(.logarithmic, .count, low: columns.low * 8 / 1e6, high: columns.high * 8 / 1e6),
            y: AxisScale(.logarithmic, .seconds, low: rows.low, high: rows.high))
    }

    private static func ends(_ values: [Double]) -> (low: Double, high: Double) {
        guard let low = values.first, let high = values.last, values.count > 1 else { return (1, 10) }
        let half = exp(log(high / low) / Double(values.count - 1) / 2)
        return (low / half, high * half)
    }

    /// - Parameter finding: what it shows, in a sentence.
    func picture(finding: String) -> Picture {
        Picture(
            name: "first-map",
            title: "Which strategy is the first at each latency and bandwidth of \(map.cluster.name)",
            finding: VisibleText.line(finding), height: panel.bottom + 48 + Self.legendHeight,
            [hatch] + key + regions + contours
                + panel.axes(xTitle: "bandwidth of workers' links in Mbit/s (log)", yTitle: "latency (log)", yTicks: 7)
                + regionLetters + places + contourKey)
    }

    // MARK: Cells

    private var cellWidth: Double { panel.width / Double(map.bandwidths.count) }
    private var cellHeight: Double { panel.height / Double(map.latencies.count) }
    private func x(_ column: Int) -> Double { panel.left + Double(column) * cellWidth }
    /// Of a row's upper edge: latency grows upwards, as the axis says.
    private func y(_ row: Int) -> Double { panel.bottom - Double(row + 1) * cellHeight }

    private func ink(_ strategy: Int) -> Ink { styles[names[strategy]]?.ink ?? .muted }

    private var hatch: SVGElement {
        SVGElement(
            "pattern",
            [
                ("id", "first-map-hatch"), ("width", 6), ("height", 6), ("patternUnits", "userSpaceOnUse"),
                ("patternTransform", "rotate(45)"),
            ], [.line(0, 3, 6, 3, .muted, width: 1.2)])
    }

    /// Cells of a row that are alike are one rectangle.
    private var regions: [SVGElement] {
        map.cells.enumerated().flatMap { row, cells -> [SVGElement] in
            var elements: [SVGElement] = []
            var start = 0
            for column in cells.indices {
                let next = column + 1
                let goesOn =
                    next < cells.count && cells[next].first == cells[start].first
                    && cells[next].isShown == cells[start].isShown
                if goesOn { continue }
                elements += region(cells[start], row, start..<next)
                start = next
            }
            return elements
        }
    }

    private func region(_ cell: WinnerMap.Cell, _ row: Int, _ columns: Range<Int>) -> [SVGElement] {
        let (left, width) = (x(columns.lowerBound), Double(columns.count) * cellWidth)
        guard let first = cell.first, cell.isShown else {
            return [
                SVGElement(
                    "rect",
                    [
                        ("x", .pixels(left)), ("y", .pixels(y(row))), ("width", .pixels(width)),
                        ("height", .pixels(cellHeight)), ("fill", .path("url(#first-map-hatch)")),
                    ])
            ]
        }
        return [
            .rectangle(
                left, y(row), width, cellHeight, fill: ink(first),
                [
                    ("fill-opacity", .path("0.45")), ("shape-rendering", "crispEdges"),
                    ("data-strategy", .text(names[first])),
                ])
        ]
    }

    /// In the middle of each strategy's cells, on the one of them that is nearest to it.
    private var regionLetters: [SVGElement] {
        names.indices.flatMap { strategy -> [SVGElement] in
            let cells = map.cells.indices.flatMap { row in
                map.cells[row].indices.filter { map.cells[row][$0].first == strategy && map.cells[row][$0].isShown }
                    .map { (row: Double(row), column: Double($0)) }
            }
            guard !cells.isEmpty else { return [] }
            let count = Double(cells.count)
            let (row, column) = (
                cells.reduce(0) { $0 + $1.row } / count, cells.reduce(0) { $0 + $1.column } / count
            )
            func distance(_ cell: (row: Double, column: Double)) -> Double {
                (cell.row - row) * (cell.row - row) + (cell.column - column) * (cell.column - column)
            }
            guard let middle = cells.min(by: { distance($0) < distance($1) }) else { return [] }
            return [
                .label(
                    String(letters.letters[strategy]), x(Int(middle.column)) + cellWidth / 2,
                    y(Int(middle.row)) + cellHeight / 2 + 8, size: 22, anchor: .middle, isBold: true)
            ]
        }
    }

    // MARK: Contours

    private static let dashes: [String?] = ["1.5 2.5", "5 2.5", nil]

    /// Between neighbours of one strategy of which one leads by less than the margin and the other by more.
    private var contours: [SVGElement] {
        zip(WinnerMap.contours, Self.dashes).compactMap { margin, dash in
            let path = edges { one, other in
                one.first == other.first && (one.margin ?? .infinity >= margin) != (other.margin ?? .infinity >= margin)
            }
            guard !path.isEmpty else { return nil }
            return SVGElement(
                "path",
                [("d", .path(path)), ("stroke", .ink(.text)), ("stroke-width", .path("1"))]
                    + (dash.map { [("stroke-dasharray", .path($0))] } ?? []))
        }
    }

    private func edges(_ isEdge: (WinnerMap.Cell, WinnerMap.Cell) -> Bool) -> String {
        var path = ""
        func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
            path +=
                "M\(MarkupText.pixels(x1)) \(MarkupText.pixels(y1))L\(MarkupText.pixels(x2)) \(MarkupText.pixels(y2))"
        }
        for (row, cells) in map.cells.enumerated() {
            for column in cells.indices {
                if column + 1 < cells.count, isEdge(cells[column], cells[column + 1]) {
                    line(x(column + 1), y(row), x(column + 1), y(row) + cellHeight)
                }
                if row + 1 < map.cells.count, isEdge(cells[column], map.cells[row + 1][column]) {
                    line(x(column), y(row), x(column) + cellWidth, y(row))
                }
            }
        }
        return path
    }

    // MARK: Keys and places

    private var key: [SVGElement] {
        var left = 12.0
        var elements: [SVGElement] = []
        for (index, name) in names.enumerated() {
            let text = MarkupText.fitted("\(letters.letters[index]) \(name)", size: 12, width: 180)
            guard left < Picture.standardWidth - 150 else { break }
            elements += [
                .rectangle(left, 9, 12, 12, fill: ink(index), [("fill-opacity", .path("0.45"))]),
                .label(text, left + 17, 19),
            ]
            left += 34 + MarkupText.width(text, size: 12)
        }
        elements += [
            SVGElement(
                "rect",
                [
                    ("x", .pixels(left)), ("y", 9), ("width", 12), ("height", 12),
                    ("fill", .path("url(#first-map-hatch)")), ("stroke", .ink(.grid)),
                ]), .label("too close to call", left + 17, 19),
        ]
        return elements
    }

    private var contourKey: [SVGElement] {
        let y = panel.bottom + 48
        var left = panel.left
        return zip(WinnerMap.contours, Self.dashes).flatMap { margin, dash -> [SVGElement] in
            defer { left += 155 }
            return [
                .line(left, y, left + 26, y, .text, dash: dash),
                .label("lead of \(Format.significant(margin)) times", left + 32, y + 4, .muted),
            ]
        }
    }

    /// Clusters whose links are alike share a point and a label.
    private var places: [SVGElement] {
        var points: [(place: WinnerMap.Place, names: [String])] = []
        for place in map.places where map.cell(at: place) != nil {
            let same = points.firstIndex {
                $0.place.latencySeconds == place.latencySeconds && $0.place.bytesPerSecond == place.bytesPerSecond
            }
            if let same { points[same].names.append(place.name) } else { points.append((place, [place.name])) }
        }
        return points.flatMap { place, names -> [SVGElement] in
            let (x, y) = (panel.px(place.bytesPerSecond * 8 / 1e6), panel.py(place.latencySeconds))
            let isRight = x > panel.right - 110
            let text = MarkupText.fitted(names.joined(separator: ", "), size: 11, width: isRight ? 200 : 110)
            return [
                SVGElement(
                    "circle",
                    [
                        ("cx", .pixels(x)), ("cy", .pixels(y)), ("r", .pixels(place.isOwn ? 5.5 : 3.5)),
                        ("fill", .ink(place.isOwn ? .text : .paper)), ("stroke", .ink(.text)),
                        ("stroke-width", .path("1.5")),
                    ]),
                // Above the point for the map's own cluster, and below it for others, which may lie beside it.
                .label(
                    text, isRight ? x - 8 : x + 8, place.isOwn ? y - 7 : y + 14, size: 11,
                    anchor: isRight ? .end : .start, isBold: place.isOwn),
            ]
        }
    }
}
