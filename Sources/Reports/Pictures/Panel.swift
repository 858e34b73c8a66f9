/// A plot: its place in the picture and its two axes.
package struct Panel: Sendable {
    package let left, top, width, height: Double
    package let x, y: AxisScale

    package init(left: Double, top: Double, width: Double, height: Double, x: AxisScale, y: AxisScale) {
        (self.left, self.top, self.width, self.height) = (left, top, width, height)
        (self.x, self.y) = (x, y)
    }

    package var right: Double { left + width }
    package var bottom: Double { top + height }

    /// Pixels from the left; values beyond the axis are held near its ends.
    package func px(_ value: Double) -> Double { left + Self.held(x.fraction(value)) * width }
    /// Pixels from the top.
    package func py(_ value: Double) -> Double { bottom - Self.held(y.fraction(value)) * height }

    private static func held(_ fraction: Double) -> Double { min(max(fraction, -20), 20) }

    /// The grid, the ticks with their texts, and what the axes show.
    package func axes(xTitle: String, yTitle: String? = nil, xTicks: Int = 6, yTicks: Int = 5) -> [SVGElement] {
        yAxis(yTitle: yTitle, count: yTicks) + xAxis(xTitle: xTitle, count: xTicks)
    }

    /// The ticks of the vertical axis, with the grid's horizontal lines.
    package func yAxis(yTitle: String?, count: Int = 5) -> [SVGElement] {
        var elements: [SVGElement] = []
        for value in y.ticks(count) where (-0.001...1.001).contains(y.fraction(value)) {
            elements.append(.line(left, py(value), right, py(value), .grid))
            elements.append(.label(y.text(value), left - 6, py(value) + 4, .muted, anchor: .end))
        }
        if let yTitle {
            // Upright text is read more easily than turned text.
            elements.append(.label(yTitle, max(4, left - 44), top - 8, .muted))
        }
        return elements
    }

    /// The ticks of the horizontal axis alone, for rows instead of a vertical axis. Texts that would touch are left out.
    package func xAxis(xTitle: String, count: Int = 6, hasGrid: Bool = true) -> [SVGElement] {
        var elements: [SVGElement] = []
        var end = -1e9
        for value in x.ticks(count) where (-0.001...1.001).contains(x.fraction(value)) {
            if hasGrid { elements.append(.line(px(value), top, px(value), bottom, .grid)) }
            let text = x.text(value)
            let half = MarkupText.width(text, size: 12) / 2
            guard px(value) - half > end + 6 else { continue }
            elements.append(.label(text, px(value), bottom + 16, .muted, anchor: .middle))
            end = px(value) + half
        }
        elements.append(.line(left, bottom, right, bottom, .muted))
        elements.append(.label(xTitle, right, bottom + 34, .muted, anchor: .end))
        return elements
    }

    /// What the page's script needs to tell values from pixels.
    package var plotAttributes: [(String, SVGElement.Value)] {
        [
            ("data-plot", .path([left, top, width, height].map(MarkupText.pixels).joined(separator: " "))),
            ("data-x-axis", .path("\(x.kind.rawValue) \(x.low) \(x.high) \(x.quantity)")),
            ("data-y-axis", .path("\(y.kind.rawValue) \(y.low) \(y.high) \(y.quantity)")),
        ]
    }

    /// The area within which curves stay.
    package func clip(_ id: String) -> SVGElement {
        SVGElement(
            "clipPath", [("id", .text(id))],
            [
                SVGElement(
                    "rect",
                    [
                        ("x", .pixels(left)), ("y", .pixels(top - 4)), ("width", .pixels(width + 5)),
                        ("height", .pixels(height + 8)),
                    ])
            ])
    }
}

/// Labels beside each other that must not overlap.
package enum LabelPlacement {
    /// Places as near to the wanted ones as they can be, in the order of these, at least `spacing` apart and within the range
    /// where that has room for all.
    package static func spread(_ wanted: [Double], spacing: Double, within range: ClosedRange<Double>) -> [Double] {
        // Neighbours that are too near form a block, whose middle is the mean of what its members want.
        var blocks: [(members: [Int], start: Double)] = []
        func start(_ members: [Int]) -> Double {
            let sum = members.enumerated().reduce(0.0) { $0 + wanted[$1.element] - Double($1.offset) * spacing }
            let free = sum / Double(members.count)
            let latest = range.upperBound - Double(members.count - 1) * spacing
            return max(min(free, latest), range.lowerBound)
        }
        for index in wanted.indices.sorted(by: { (wanted[$0], $0) < (wanted[$1], $1) }) {
            blocks.append(([index], start([index])))
            while blocks.count > 1 {
                let (last, before) = (blocks[blocks.count - 1], blocks[blocks.count - 2])
                guard last.start < before.start + Double(before.members.count) * spacing else { break }
                let members = before.members + last.members
                blocks.removeLast(2)
                blocks.append((members, start(members)))
            }
        }
        var places = wanted
        for block in blocks {
            for (offset, index) in block.members.enumerated() { places[index] = block.start + Double(offset) * spacing }
        }
        return places
    }
}
