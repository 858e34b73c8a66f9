import Diagnostics
import Experiments

/// Nodes that are judged one by one: who gains, and who listens to whom.
extension PicturedRuns {
    private static let mostMatrices = 4

    // MARK: Gains

    /// A mark for every node of every strategy, at what it gains over being alone; nil where nodes are not compared.
    package var nodeGains: Picture? {
        let comparisons = NodeComparison.all(results).filter { $0.terms == .equalSamples && !$0.verdicts.isEmpty }
        let gains = comparisons.flatMap { $0.verdicts.map(\.gain) }
        guard let least = gains.min(), let most = gains.max() else { return nil }
        let room = max((most - least) * 0.06, 0.005)
        let left = 150.0
        let x = AxisScale(.linear, .fraction, low: min(least, 0) - room, high: max(most, 0) + room)
        let rows = comparisons.map { ($0, Self.swarm($0, x, width: Picture.standardWidth - left - 24)) }
        let heights = rows.map { Double(($0.1.map(\.level).max() ?? 0) + 1) * 9 + 26 }
        let panel = Panel(
            left: left, top: 34, width: Picture.standardWidth - left - 24, height: heights.reduce(0, +), x: x,
            y: AxisScale(.linear, .count, low: 0, high: 1))
        var elements =
            Self.verdictLegend(left) + panel.xAxis(xTitle: "points of own accuracy, against the same node alone")
        elements.append(.line(panel.px(0), panel.top, panel.px(0), panel.bottom, .text, width: 1.2))
        var bottom = panel.top
        for ((comparison, marks), height) in zip(rows, heights) {
            bottom += height
            elements.append(.line(8, bottom, panel.right, bottom, .grid))
            elements.append(
                .label(MarkupText.fitted(comparison.strategy, size: 12, width: left - 20), 8, bottom - height / 2 + 4))
            elements.append(
                .group(
                    [("data-strategy", .text(comparison.strategy))],
                    marks.map { Self.mark($0.verdict, panel.px($0.verdict.gain), bottom - 14 - Double($0.level) * 9) }))
        }
        let words = comparisons.map { "\($0.strategy): \(NodeSection.counts($0))" }.joined(separator: ". ")
        return Picture(
            name: "node-gains", title: "Who gains by taking part",
            finding: VisibleText.line("Against being alone, at equal samples. \(words)."), height: panel.bottom + 44,
            elements)
    }

    /// Marks that would overlap are put on top of each other.
    private static func swarm(
        _ comparison: NodeComparison, _ x: AxisScale, width: Double
    ) -> [(verdict: NodeVerdict, level: Int)] {
        var ends: [Double] = []
        return comparison.verdicts.sorted { ($0.gain, $0.node) < ($1.gain, $1.node) }.map { verdict in
            let place = x.fraction(verdict.gain) * width
            let level = ends.firstIndex { $0 + 9 <= place } ?? ends.count
            if level == ends.count { ends.append(place) } else { ends[level] = place }
            return (verdict, level)
        }
    }

    private static func mark(_ verdict: NodeVerdict, _ x: Double, _ y: Double) -> SVGElement {
        func p(_ dx: Double, _ dy: Double) -> String { "\(MarkupText.pixels(x + dx)) \(MarkupText.pixels(y + dy))" }
        let (path, ink): (String, Ink) =
            switch verdict.outcome {
            case .gains: ("M\(p(0, -4.5))L\(p(4.2, 3.5))L\(p(-4.2, 3.5))Z", .gain)
            case .loses: ("M\(p(0, 4.5))L\(p(4.2, -3.5))L\(p(-4.2, -3.5))Z", .loss)
            case .noDifferenceShown: ("M\(p(-3.5, 0))a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z", .open)
            }
        let isOpen = verdict.outcome == .noDifferenceShown
        let kind = verdict.kind.map { " (kind \($0))" } ?? ""
        let points = Format.fixed(verdict.gain * 100, 2)
        return SVGElement(
            "path",
            [
                ("d", .path(path)), ("fill", .ink(isOpen ? .paper : ink)), ("stroke", .ink(ink)),
                ("data-node", .path("\(verdict.node)")), ("data-gain", .path(CSV.number(verdict.gain))),
            ],
            [
                SVGElement(
                    "title",
                    text:
                        "node \(verdict.node)\(kind): \(verdict.gain >= 0 ? "+" : "")\(points) points, \(verdict.outcome.rawValue)"
                )
            ])
    }

    private static func verdictLegend(_ left: Double) -> [SVGElement] {
        var x = left
        return [("gains", NodeVerdict.Outcome.gains), ("loses", .loses), ("no difference shown", .noDifferenceShown)]
            .flatMap {
                text, outcome -> [SVGElement] in
                defer { x += 34 + MarkupText.width(text, size: 12) }
                let (path, ink): (String, Ink) =
                    switch outcome {
                    case .gains: ("M\(x + 5) 11L\(x + 9) 19L\(x + 1) 19Z", .gain)
                    case .loses: ("M\(x + 5) 20L\(x + 9) 12L\(x + 1) 12Z", .loss)
                    case .noDifferenceShown: ("M\(x + 1) 16a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z", .open)
                    }
                return [
                    SVGElement(
                        "path",
                        [
                            ("d", .path(path)), ("fill", .ink(outcome == .noDifferenceShown ? .paper : ink)),
                            ("stroke", .ink(ink)),
                        ]), .label(text, x + 16, 20),
                ]
            }
    }

    // MARK: Who listens to whom

    /// A matrix for every strategy whose nodes chose whom they took models from, of up to ``mostMatrices``.
    package var listening: [Picture] {
        let matrices = summaries.compactMap { summary in ListeningShares(summary).map { (summary, $0) } }
        return matrices.prefix(Self.mostMatrices).enumerated().map { index, entry in
            Self.matrix(entry.0.strategy, entry.1, index)
        }
    }

    private static func matrix(_ strategy: String, _ shares: ListeningShares, _ index: Int) -> Picture {
        let count = shares.rows.count
        let (left, top) = (64.0, 44.0)
        let cell = min(28, (Picture.standardWidth - left - 150) / Double(count))
        let most = max(shares.rows.flatMap { $0 }.max() ?? 1, 1e-12)
        var elements: [SVGElement] = [
            .label("peer", left, 16, .muted), .label("node", 8, top - 8, .muted),
            .rectangle(left, top, cell * Double(count), cell * Double(count), fill: .paper, [("stroke", .ink(.muted))]),
        ]
        for (row, node) in shares.order.enumerated() {
            let place = top + Double(row) * cell
            if cell >= 11 || row % 5 == 0 {
                elements.append(.label("\(node)", left - 6, place + cell / 2 + 4, .muted, size: 11, anchor: .end))
                elements.append(
                    .label("\(node)", left + (Double(row) + 0.5) * cell, top - 6, .muted, size: 11, anchor: .middle))
            }
        }
        elements += cells(shares, most: most, left: left, top: top, size: cell)
        // A line between kinds, so that a community of alike nodes is seen as a block.
        for row in shares.order.indices.dropFirst() where shares.kind(row) != shares.kind(row - 1) {
            let place = Double(row) * cell
            elements.append(.line(left - 4, top + place, left + cell * Double(count), top + place, .text))
            elements.append(.line(left + place, top - 4, left + place, top + cell * Double(count), .text))
        }
        let right = left + cell * Double(count) + 18
        for (step, share) in [0.0, 0.25, 0.5, 0.75, 1].enumerated() {
            let y = top + Double(step) * 20
            elements.append(
                .rectangle(
                    right, y, 14, 14, fill: share == 0 ? .paper : .share(0.08 + 0.92 * share),
                    [("stroke", .ink(.muted)), ("stroke-width", .path("0.5"))]))
            elements.append(
                .label(share == 0 ? "nothing" : Format.percent(share * most, decimals: 0), right + 20, y + 12))
        }
        let finding =
            shares.withinKind.map {
                "\(Format.percent($0, decimals: 0)) of the weight that nodes give to others is within their own kind."
            } ?? shares.largest.map {
                "Node \($0.node) gives most to one other: \(Format.percent($0.share, decimals: 0)) to node \($0.peer)."
            } ?? "No node took in another's model."
        let order = shares.withinKind == nil ? "" : " Nodes of one kind stand together."
        return Picture(
            name: "listening-\(index + 1)", title: VisibleText.line("Who listens to whom: \(strategy)"),
            finding: VisibleText.line(
                """
                \(finding) The darker a square, the larger the peer's share in the weight of the models that the node took in, \
                over all seeds.\(order)
                """
            ),
            height: max(top + cell * Double(count), top + 100) + 14, elements)
    }
}

extension PicturedRuns {
    /// Squares with their own words are for those whom a reader can point at.
    private static let mostSquares = 150
    private static let tints = 12

    private static func cells(
        _ shares: ListeningShares, most: Double, left: Double, top: Double, size: Double
    ) -> [SVGElement] {
        var squares: [SVGElement] = []
        var paths = Array(repeating: "", count: tints)
        for (row, node) in shares.order.enumerated() {
            for (column, peer) in shares.order.enumerated() where shares.rows[node][peer] > 0 {
                let share = shares.rows[node][peer]
                let (x, y) = (left + Double(column) * size + 0.5, top + Double(row) * size + 0.5)
                squares.append(
                    .rectangle(
                        x, y, size - 1, size - 1, fill: .share(0.08 + 0.92 * share / most),
                        [("data-node", .path("\(node)")), ("data-peer", .path("\(peer)"))],
                        title: "node \(node) took \(Format.percent(share)) from node \(peer)"))
                let side = MarkupText.pixels(size - 1)
                let tint = min(tints - 1, Int(share / most * Double(tints)))
                paths[tint] += "M\(MarkupText.pixels(x)) \(MarkupText.pixels(y))h\(side)v\(side)h-\(side)Z"
            }
        }
        guard squares.count > mostSquares else { return squares }
        // With many squares, all of nearly one shade are one element, so that the page stays small.
        return paths.enumerated().filter { !$0.element.isEmpty }.map { tint, path in
            let share = (Double(tint) + 0.5) / Double(tints)
            return SVGElement("path", [("d", .path(path)), ("fill", .ink(.share(0.08 + 0.92 * share)))])
        }
    }
}

/// The shares with which nodes listened to their peers, over all seeds.
struct ListeningShares {
    /// For each node, the share of each peer, by peer; 0 where the node did not listen to it.
    let rows: [[Double]]
    /// The nodes in the order in which they are drawn: nodes of one kind together.
    let order: [Int]
    private let kinds: [Int?]
    /// The share of all weight that nodes gave to peers of their own kind; nil where there are no kinds.
    let withinKind: Double?
    /// The greatest share that a node gives to another; nil where none gives any.
    let largest: (node: Int, peer: Int, share: Double)?

    private static let mostNodes = 40

    /// The shares; nil where nobody listened, where seeds have other nodes, and for more nodes than a picture holds.
    init?(_ summary: StrategySummary) {
        let runs = summary.runs.compactMap(\.nodes)
        guard let count = runs.first?.count, count > 1, count <= Self.mostNodes, runs.allSatisfy({ $0.count == count }),
            runs.contains(where: { $0.contains { $0.listened != nil } })
        else { return nil }
        let kinds = runs[0].map(\.kind)
        let hasKinds = Set(kinds).count > 1 && runs.allSatisfy { $0.map(\.kind) == kinds }
        var (rows, within, all) = ([[Double]](), 0.0, 0.0)
        for node in 0..<count {
            var weights = Array(repeating: 0.0, count: count)
            for run in runs {
                for entry in run[node].listened ?? [] where entry.peer != node { weights[entry.peer] += entry.weight }
            }
            let sum = weights.reduce(0, +)
            rows.append(weights.map { sum > 0 ? $0 / sum : 0 })
            all += sum
            for peer in 0..<count where kinds[peer] == kinds[node] { within += weights[peer] }
        }
        self.rows = rows
        self.kinds = hasKinds ? kinds : Array(repeating: nil, count: count)
        order = hasKinds ? (0..<count).sorted { (kinds[$0] ?? -1, $0) < (kinds[$1] ?? -1, $1) } : Array(0..<count)
        withinKind = hasKinds && all > 0 ? within / all : nil
        let pairs = rows.indices.flatMap { node in
            rows[node].indices.filter { $0 != node }.map { (node: node, peer: $0, share: rows[node][$0]) }
        }
        largest = pairs.max { $0.share < $1.share }.flatMap { $0.share > 0 ? $0 : nil }
    }

    /// The kind of the node at a place of ``order``; nil where there are no kinds.
    func kind(_ place: Int) -> Int? { kinds[order[place]] }
}
