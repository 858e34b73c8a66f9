import Diagnostics

/// A figure over results in the order of time, a panel for each strategy, with what a gate allows around the baseline of the time.
package struct HistoryPlot: Sendable {
    package struct Point: Sendable {
        /// The result's place in the order of time, from 0.
        package let place: Int
        package let value: Double
        package let interval: ClosedRange<Double>?
        /// The value that the gate compared with at the time; nil where there was none. `allowed` is the range that it
        /// did not call a change.
        package let baseline: Double?
        package let allowed: ClosedRange<Double>?
        package let verdict: Verdict
        package let words: String

        package init(
            place: Int, value: Double, interval: ClosedRange<Double>? = nil, baseline: Double? = nil,
            allowed: ClosedRange<Double>? = nil, verdict: Verdict = .unchanged, words: String = ""
        ) {
            (self.place, self.value, self.interval) = (place, value, interval)
            (self.baseline, self.allowed, self.verdict, self.words) = (baseline, allowed, verdict, words)
        }
    }

    package enum Verdict: String, Sendable {
        case worse, better, unchanged
        case notCompared = "not compared"
    }

    package struct Line: Sendable {
        package let name: String
        package let style: SeriesStyle?
        package let points: [Point]

        package init(_ name: String, _ style: SeriesStyle?, _ points: [Point]) {
            (self.name, self.style, self.points) = (name, style, points)
        }
    }

    /// A move of the baseline that was accepted.
    package struct Move: Sendable {
        /// The place of the result that was taken in; between two where it is not among them.
        package let place: Double
        /// The number of the move in the list under the picture.
        package let number: Int

        package init(place: Double, number: Int) { (self.place, self.number) = (place, number) }
    }

    /// What is written below the axis for each result, by place: the commits.
    let names: [String]
    let moves: [Move]

    package init(names: [String], moves: [Move]) { (self.names, self.moves) = (names, moves) }

    private static let left = 84.0
    private static let right = 16.0
    private static let panelHeight = 74.0
    /// Points of all curves of a picture together, so that pages of hundreds of results stay small.
    private static let pointBudget = 480
    /// The most results of which each has a marker and words of its own.
    private static let mostMarkers = 24

    private var x: AxisScale {
        AxisScale(.linear, .count, low: -0.5, high: max(Double(names.count) - 0.5, 0.5))
    }

    private func panel(top: Double, height: Double = panelHeight, left: Double = left, _ y: AxisScale) -> Panel {
        Panel(left: left, top: top, width: Picture.standardWidth - left - Self.right, height: height, x: x, y: y)
    }

    /// - Returns: nil without a number to draw.
    package func picture(
        name: String, title: String, finding: String, quantity: AxisScale.Quantity, _ lines: [Line]
    ) -> Picture? {
        let drawn = lines.filter { line in line.points.contains { $0.value.isFinite } }
        guard !drawn.isEmpty, !names.isEmpty else { return nil }
        let limit = max(24, Self.pointBudget / drawn.count)
        var elements: [SVGElement] = []
        var top = 34.0
        var last: Panel?
        for line in drawn {
            let points = line.points.filter(\.value.isFinite)
            guard let y = Self.axis(quantity, points) else { continue }
            let panel = panel(top: top + 22, y)
            elements += line.style?.sample(x: 10, width: 26, height: 0, y: top + 8) ?? []
            elements.append(.label(MarkupText.fitted(line.name, size: 12, width: 300), 44, top + 12, isBold: true))
            elements += Self.yTicks(panel, points)
            elements.append(.line(panel.left, panel.bottom, panel.right, panel.bottom, .muted))
            elements += moveLines(panel, isNumbered: last == nil)
            elements.append(
                .group(
                    (line.style.map { [("data-series", .pixels(Double($0.index)))] } ?? []) + [
                        ("data-strategy", .text(line.name)),
                        ("data-values", .path(Self.dataValues(points))),
                    ] + panel.plotAttributes, draw(line, points, panel, limit)))
            top = panel.bottom + 10
            last = panel
        }
        guard let last else { return nil }
        elements += ticks(last)
        return Picture(
            name: name, title: VisibleText.line(title), finding: VisibleText.line(finding), height: top + 34, elements)
    }

    /// The exact numbers of a few results, for the script of the page; empty for many, whose numbers are in the file.
    private static func dataValues(_ points: [Point]) -> String {
        points.count > mostMarkers ? "" : points.map { CSV.number($0.value) }.joined(separator: " ")
    }

    /// An axis around the values and their bounds. It does not begin at 0, where no change would be seen.
    private static func axis(_ quantity: AxisScale.Quantity, _ points: [Point]) -> AxisScale? {
        var values: [Double] = []
        for point in points {
            values.append(point.value)
            if let baseline = point.baseline { values.append(baseline) }
            for range in [point.interval, point.allowed].compactMap(\.self) {
                values += [range.lowerBound, range.upperBound]
            }
        }
        values.removeAll { !$0.isFinite }
        guard let least = values.min(), let most = values.max() else { return nil }
        // A flat line lies in the middle of an axis that is a tenth of it wide.
        let room: Double = most == least ? max(abs(most) * 0.05, 1e-9) : (most - least) * 0.12
        let (low, high) = (least - room, most + room)
        // The distance of two of the largest numbers that there are may be infinite.
        guard low.isFinite, high.isFinite, low < high else { return nil }
        return AxisScale(.linear, quantity, low: low, high: high)
    }

    /// The ticks of the vertical axis: the value alone where the line is flat, otherwise round values.
    private static func yTicks(_ panel: Panel, _ points: [Point]) -> [SVGElement] {
        let values = Set(points.flatMap { [$0.value, $0.baseline ?? $0.value] })
        let isExact = points.allSatisfy { point in
            [point.interval, point.allowed].compactMap(\.self).allSatisfy { $0.lowerBound == $0.upperBound }
        }
        guard isExact, values.count == 1, let value = values.first else { return panel.yAxis(yTitle: nil, count: 4) }
        return [
            .line(panel.left, panel.py(value), panel.right, panel.py(value), .grid),
            .label(panel.y.text(value), panel.left - 6, panel.py(value) + 4, .muted, anchor: .end),
        ]
    }

    /// A commit's name, and some room.
    private static let tickWidth = 76.0

    private func ticks(_ panel: Panel) -> [SVGElement] {
        var elements: [SVGElement] = []
        let most = max(1, Int(panel.width / Self.tickWidth))
        let every = max(1, (names.count + most - 1) / most)
        for place in stride(from: 0, to: names.count, by: every) {
            elements.append(
                .label(
                    MarkupText.fitted(names[place], size: 11, width: Self.tickWidth - 6), panel.px(Double(place)),
                    panel.bottom + 15,
                    .muted, size: 11, anchor: .middle))
        }
        elements.append(
            .label("results in the order of time, by commit", panel.right, panel.bottom + 32, .muted, anchor: .end))
        return elements
    }

    /// Upright lines where the baseline was moved, with their numbers in the list.
    private func moveLines(_ panel: Panel, isNumbered: Bool) -> [SVGElement] {
        var end = -1e9
        return moves.flatMap { move -> [SVGElement] in
            let x = panel.px(move.place)
            var elements: [SVGElement] = [
                .line(x, panel.top - 6, x, panel.bottom, .text, width: names.count > 60 ? 0.7 : 1, dash: "3 2")
            ]
            let text = "\(move.number)"
            // Numbers that would touch are left out; the list has them all.
            if isNumbered, x - MarkupText.width(text, size: 11) / 2 > end + 3 {
                elements.append(.label(text, x, panel.top - 10, size: 11, anchor: .middle, isBold: true))
                end = x + MarkupText.width(text, size: 11) / 2
            }
            return elements
        }
    }

    private func draw(_ line: Line, _ points: [Point], _ panel: Panel, _ limit: Int) -> [SVGElement] {
        let ink = line.style?.ink ?? .muted
        let isFew = points.count <= Self.mostMarkers
        let thinned = PlotPoint.thinned(
            points.map {
                PlotPoint(
                    x: Double($0.place), y: $0.value, low: $0.interval?.lowerBound ?? $0.value,
                    high: $0.interval?.upperBound ?? $0.value)
            }, to: limit)
        var elements = baseline(points, panel)
        if isFew {
            for point in thinned where point.low < point.high {
                elements.append(
                    .line(
                        panel.px(point.x), panel.py(point.low), panel.px(point.x), panel.py(point.high), ink, width: 1.5
                    ))
            }
        } else if thinned.contains(where: { $0.low < $0.high }) {
            let lower = thinned.map { (panel.px($0.x), panel.py($0.low)) }
            let upper = thinned.reversed().map { (panel.px($0.x), panel.py($0.high)) }
            elements.append(
                SVGElement(
                    "path",
                    [
                        ("d", .path(LinePlot.path(lower + upper) + "Z")), ("fill", .ink(ink)),
                        ("fill-opacity", .path("0.14")),
                    ]))
        }
        elements.append(
            SVGElement(
                "path",
                [
                    ("d", .path(LinePlot.path(thinned.map { (panel.px($0.x), panel.py($0.y)) }))),
                    ("stroke", .ink(ink)),
                    ("stroke-width", .path("1.5")), ("data-curve", .text(line.name)),
                ]))
        if isFew {
            for point in points where point.verdict == .unchanged || point.verdict == .notCompared {
                let (x, y) = (panel.px(Double(point.place)), panel.py(point.value))
                elements.append(
                    line.style?.marker(x, y, size: 3.5, title: point.words)
                        ?? .rectangle(x - 2, y - 2, 4, 4, fill: .muted, title: point.words))
            }
        }
        // Many results of one verdict are one element, so that the page stays small.
        for verdict in [Verdict.worse, .better] {
            let judged = points.filter { $0.verdict == verdict }
            let paths = judged.map {
                Self.arrow(panel.px(Double($0.place)), panel.py($0.value), verdict, size: isFew ? 6 : 4.5)
            }
            if isFew {
                elements += zip(judged, paths).map { Self.arrows($1, verdict, title: $0.words) }
            } else if !paths.isEmpty {
                elements.append(Self.arrows(paths.joined(), verdict, title: nil))
            }
        }
        return elements
    }

    /// An arrow that points up for worse and down for better: a shape as well as a colour.
    private static func arrow(_ x: Double, _ y: Double, _ verdict: Verdict, size: Double) -> String {
        let up = verdict == .worse ? 1.0 : -1.0
        return LinePlot.path([(x, y - size * up), (x + size, y + size * 0.8 * up), (x - size, y + size * 0.8 * up)])
            + "Z"
    }

    private static func arrows(_ path: String, _ verdict: Verdict, title: String?) -> SVGElement {
        SVGElement(
            "path",
            [
                ("d", .path(path)), ("fill", .ink(verdict == .worse ? .loss : .gain)),
                // With an edge, so that it is no strategy's marker.
                ("stroke", .ink(.text)), ("stroke-width", .path("1.2")), ("data-verdict", .text(verdict.rawValue)),
            ], title.map { [SVGElement("title", text: $0)] } ?? [])
    }

    /// The baseline of the time as a dashed line with steps, and around it what the gate allows.
    private func baseline(_ points: [Point], _ panel: Panel) -> [SVGElement] {
        var elements: [SVGElement] = []
        var start = points.startIndex
        while start < points.endIndex {
            // As far as nothing changes, one piece.
            var end = start
            while end + 1 < points.endIndex, points[end + 1].baseline == points[start].baseline,
                points[end + 1].allowed == points[start].allowed
            {
                end += 1
            }
            if let baseline = points[start].baseline {
                let (from, to) = (
                    panel.px(Double(points[start].place) - 0.5), panel.px(Double(points[end].place) + 0.5)
                )
                if let allowed = points[start].allowed, allowed.lowerBound < allowed.upperBound {
                    let (high, low) = (panel.py(allowed.upperBound), panel.py(allowed.lowerBound))
                    elements.append(
                        .rectangle(
                            from, high, to - from, low - high, fill: .muted, [("fill-opacity", .path("0.16"))]))
                }
                elements.append(.line(from, panel.py(baseline), to, panel.py(baseline), .muted, dash: "4 3"))
            }
            start = end + 1
        }
        return elements
    }

    // MARK: Verdicts

    /// What the gate said of each figure, result by result: a bar above the line for worse, below it for better, and a thin one
    /// on it where nothing could be compared.
    package func verdicts(
        name: String, title: String, finding: String, _ rows: [(name: String, verdicts: [Verdict])]
    ) -> Picture? {
        guard !rows.isEmpty, !names.isEmpty else { return nil }
        let nameWidth = 250.0
        let (top, row) = (40.0, 18.0)
        let panel = panel(
            top: top, height: row * Double(rows.count), left: nameWidth, AxisScale(.linear, .count, low: 0, high: 1))
        let step = panel.width / Double(names.count)
        let gap = step > 4 ? 1.0 : 0
        var elements: [SVGElement] = []
        for (index, entry) in rows.enumerated() {
            let y = top + (Double(index) + 0.5) * row
            elements.append(
                .label(
                    MarkupText.fitted(entry.name, size: 11, width: nameWidth - 16), nameWidth - 8, y + 4, size: 11,
                    anchor: .end))
            elements.append(.line(panel.left, y, panel.right, y, .grid))
            var (worse, better, none) = ("", "", "")
            for (place, verdict) in entry.verdicts.enumerated() where verdict != .unchanged {
                let x = panel.left + Double(place) * step + gap / 2
                func box(_ y: Double, _ height: Double) -> String {
                    let width = MarkupText.pixels(max(step - gap, 1))
                    return
                        "M\(MarkupText.pixels(x)) \(MarkupText.pixels(y))h\(width)v\(MarkupText.pixels(height))h-\(width)Z"
                }
                switch verdict {
                case .worse: worse += box(y - 7.5, 7)
                case .better: better += box(y + 0.5, 7)
                case .notCompared: none += box(y - 0.8, 1.6)
                case .unchanged: break
                }
            }
            for (path, ink) in [(none, Ink.open), (worse, .loss), (better, .gain)] where !path.isEmpty {
                elements.append(
                    SVGElement("path", [("d", .path(path)), ("fill", .ink(ink)), ("data-figure", .text(entry.name))]))
            }
        }
        elements += moveLines(panel, isNumbered: true) + ticks(panel)
        return Picture(
            name: name, title: VisibleText.line(title), finding: VisibleText.line(finding), height: panel.bottom + 44,
            elements)
    }
}
