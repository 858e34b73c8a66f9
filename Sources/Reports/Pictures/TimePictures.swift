import Diagnostics
import Experiments
import Statistics

/// When strategies reach targets, and where their time goes.
extension PicturedRuns {
    private static let nameWidth = 150.0
    private static let valueWidth = 176.0
    private static let mostRows = 40

    // MARK: Time to the target

    /// A dot and an interval for every strategy, on a logarithmic axis of its own for each kind of clock.
    package var timeToTarget: Picture? {
        guard !summaries.isEmpty else { return nil }
        var elements: [SVGElement] = []
        var top = 10.0
        for group in Self.byKind(summaries) {
            let rows = shown(group.summaries)
            let times = rows.compactMap { timesToTarget[$0.strategy] }
            let axis =
                AxisScale.logarithmic(.seconds, around: times.flatMap { [$0.median, $0.low, $0.high] })
                ?? AxisScale(.logarithmic, .seconds, low: 0.1, high: 10)
            let places = Self.byMachines(rows)
            let height = Double(rows.count) * 24 + Double(places.count) * 22 + 6
            let panel = Panel(
                left: Self.nameWidth, top: top, width: Picture.standardWidth - Self.nameWidth - Self.valueWidth,
                height: height, x: axis, y: AxisScale(.linear, .count, low: 0, high: 1))
            elements += panel.xAxis(xTitle: "time to \(targetText) (log)")
            var y = top + 16
            for place in places {
                elements.append(.label(MarkupText.fitted(place.words, size: 12, width: 620), 8, y, isBold: true))
                y += 20
                for row in place.rows {
                    elements.append(dot(row, y, panel))
                    y += 24
                }
                y += 2
            }
            if group.summaries.count > rows.count {
                elements.append(
                    .label("\(group.summaries.count - rows.count) more are in the table", 8, panel.bottom + 16, .muted))
            }
            top = panel.bottom + 52
        }
        return Picture(
            name: "time-to-target", title: "Time to \(targetText)",
            finding: PlainText.of(Headline.sentences(results).verdicts.joined(separator: " ")),
            height: top - 8, elements)
    }

    /// The foremost where there are more than a picture has room for.
    private func shown(_ rows: [StrategySummary]) -> [StrategySummary] {
        guard rows.count > Self.mostRows else { return rows }
        let chosen = Set(
            rows.sorted {
                (timesToTarget[$0.strategy]?.median ?? .infinity, $0.strategy)
                    < (timesToTarget[$1.strategy]?.median ?? .infinity, $1.strategy)
            }.prefix(Self.mostRows).map(\.strategy))
        return rows.filter { chosen.contains($0.strategy) }
    }

    private static func byMachines(_ rows: [StrategySummary]) -> [(words: String, rows: [StrategySummary])] {
        var groups: [(words: String, rows: [StrategySummary])] = []
        for row in rows {
            if let index = groups.firstIndex(where: { $0.rows[0].clock.relation(to: row.clock) == .sameMachines }) {
                groups[index].rows.append(row)
            } else {
                groups.append((row.clock.words, [row]))
            }
        }
        return groups
    }

    private func dot(_ row: StrategySummary, _ y: Double, _ panel: Panel) -> SVGElement {
        let time = timesToTarget[row.strategy] ?? row.timeToTarget
        let style = styles[row.strategy]
        let ink = style?.ink ?? .muted
        var elements: [SVGElement] = [
            .label(
                MarkupText.fitted(row.strategy, size: 12, width: Self.nameWidth - 26), Self.nameWidth - 10, y + 4,
                anchor: .end)
        ]
        let counts = "\(row.seedsReached) of \(row.runs.count)"
        if time.median.isFinite {
            let right = time.high.isFinite ? panel.px(time.high) : panel.right
            elements.append(.line(panel.px(time.low), y, right, y, ink, width: 3))
            if !time.high.isFinite { elements.append(.label("→", right - 2, y + 4)) }
            let words = "\(row.strategy): \(ComparisonTable.timeToTarget(row)), reached by \(counts) seeds"
            let marker = style?.marker(panel.px(time.median), y, size: 6, title: words)
            elements.append(
                marker
                    ?? .rectangle(
                        panel.px(time.median) - 4, y - 4, 8, 8, fill: .muted, [("rx", .path("4"))], title: words))
            elements.append(.label(ComparisonTable.timeToTarget(row), panel.right + 10, y + 4))
        } else {
            elements.append(.label("not reached (\(counts) seeds)", panel.right + 10, y + 4, .muted))
        }
        return .group(
            (style.map { [("data-series", .pixels(Double($0.index)))] } ?? []) + [
                ("data-strategy", .text(row.strategy)), ("data-median", .text(CSV.number(time.median))),
                ("data-low", .text(CSV.number(time.low))), ("data-high", .text(CSV.number(time.high))),
                ("data-reached", .text(CSV.count(row.seedsReached))),
            ], elements)
    }

    var timeToTargetNumbers: TextTable {
        var table = TextTable([
            ("strategy", .left), ("clock", .left), ("seeds reached", .right), ("median", .right), ("low", .right),
            ("high", .right),
        ])
        func text(_ seconds: Double?) -> String {
            seconds.map { $0.isFinite ? Format.seconds($0) : "never" } ?? "-"
        }
        for row in summaries {
            let time = timesToTarget[row.strategy]
            table.append([
                row.strategy, row.clock.words, "\(row.seedsReached) of \(row.runs.count)", text(time?.median),
                text(time?.low), text(time?.high),
            ])
        }
        return table
    }

    // MARK: Time against target

    /// Cluster time against the accuracy that is asked for; nil where that is one alone.
    package var timeAgainstTarget: Picture? {
        let curve = TargetCurve(results)
        guard curve.targets.count > 1 else { return nil }
        let points = Dictionary(curve.points.map { ($0.strategy, $0.points) }, uniquingKeysWith: { a, _ in a })
        var elements: [SVGElement] = []
        var top = 18.0
        let groups = Self.byKind(summaries)
        for (index, group) in groups.enumerated() {
            let lines = group.summaries.map { targetLine($0, points[$0.strategy] ?? [], curve.targets) }
            guard
                let y = AxisScale.logarithmic(.seconds, around: lines.flatMap { $0.points.flatMap { [$0.y, $0.low] } })
            else { continue }
            elements.append(.label("\(group.kind.rawValue)", 12, top + 2, isBold: true))
            let panel = Panel(
                left: 64, top: top + 30, width: Picture.standardWidth - 64 - LinePlot.labelWidth - 8, height: 190,
                x: AxisScale(.linear, .count, low: -0.3, high: Double(curve.targets.count) - 0.7), y: y)
            elements += panel.yAxis(yTitle: "cluster time (log)")
            elements.append(.line(panel.left, panel.bottom, panel.right, panel.bottom, .muted))
            elements += targetTicks(curve.targets, own: target, panel)
            elements += LinePlot.elements(
                panel, lines, clip: "time-targets-clip\(index)", share: 1 / Double(groups.count))
            top = panel.bottom + 56
        }
        guard !elements.isEmpty else { return nil }
        return Picture(
            name: "time-targets", title: "Time against target", finding: targetFinding(curve), height: top - 10,
            elements)
    }

    /// Targets stand side by side, the closer the higher they are, so that their places and not their values are the axis.
    private func targetTicks(_ targets: [Double], own: Double, _ panel: Panel) -> [SVGElement] {
        targets.enumerated().map { index, value in
            .label(
                metric.targetText(value), panel.px(Double(index)), panel.bottom + 16,
                value == own ? .text : .muted, size: targets.count > 10 ? 10 : 11, anchor: .middle, isBold: value == own
            )
        } + [
            .label(
                "\(qualityWord) to be reached; the plan's target is bold", panel.right, panel.bottom + 34, .muted,
                anchor: .end)
        ]
    }

    private func targetLine(
        _ row: StrategySummary, _ points: [TargetCurve.Point], _ targets: [Double]
    ) -> PlotLine {
        let shown = zip(targets.indices, points).compactMap { index, point -> PlotPoint? in
            guard point.time.median.isFinite else { return nil }
            let high = point.time.high.isFinite ? point.time.high : point.time.median
            return PlotPoint(x: Double(index), y: point.time.median, low: point.time.low, high: high)
        }
        var line = PlotLine(row.strategy, styles[row.strategy], shown)
        line.hasMarkers = true
        line.data = [("data-medians", points.map { CSV.number($0.time.median) }.joined(separator: " "))]
        return line
    }

    private func targetFinding(_ curve: TargetCurve) -> String {
        let words = curve.points.filter { styles[$0.strategy] != nil }.compactMap { strategy, points -> String? in
            guard let last = points.last(where: { $0.time.median.isFinite }) else {
                return "\(strategy) reaches none of the targets"
            }
            return
                "\(strategy) gets to \(metric.targetText(last.target)), after \(Format.seconds(last.time.median))"
        }
        return VisibleText.line(
            "The \(metric.isHigherBetter ? "highest" : "lowest") target that each reaches with more than half of its seeds: "
                + words.joined(separator: "; "))
            + "."
    }

    // MARK: Where the time goes

    /// The four parts of a working worker's cluster time, side by side for every strategy.
    package var timeShares: Picture? {
        let rows = shown(summaries)
        guard !rows.isEmpty else { return nil }
        let parts = [("compute", 0.95), ("network", 0.6), ("waiting for others", 0.32), ("rest", 0.12)]
        let left = Self.nameWidth
        let width = Picture.standardWidth - left - 120
        var elements: [SVGElement] = []
        var x = left
        for (name, share) in parts {
            elements.append(
                .rectangle(
                    x, 12, 12, 12, fill: .share(share), [("stroke", .ink(.muted)), ("stroke-width", .path("0.5"))]))
            elements.append(.label(name, x + 17, 22))
            x += 30 + MarkupText.width(name, size: 12)
        }
        var y = 40.0
        for row in rows {
            elements.append(shares(row, parts.map(\.1), left: left, width: width, y: y))
            y += 26
        }
        return Picture(
            name: "time-shares", title: "Where the time goes", finding: sharesFinding(rows), height: y + 10, elements)
    }

    /// Compute, network, waiting, rest, as shares of the cluster time: medians over seeds.
    static func shares(of row: StrategySummary) -> [Double] {
        let total = row.spread(\.clusterSeconds).median
        guard total > 0 else { return [0, 0, 0, 0] }
        let isSplit = row.runs.allSatisfy { $0.waitingSeconds != nil }
        let waiting = isSplit ? row.spread { $0.waitingSeconds ?? 0 }.median : 0
        let rest = row.spread { max(0, $0.idleSeconds - (isSplit ? $0.waitingSeconds ?? 0 : 0)) }.median
        return [row.spread(\.computeSeconds).median, row.spread(\.communicationSeconds).median, waiting, rest]
            .map { $0 / total }
    }

    private func shares(_ row: StrategySummary, _ tints: [Double], left: Double, width: Double, y: Double) -> SVGElement
    {
        let shares = Self.shares(of: row)
        // Medians of parts need not add up to the whole; the bar shows them as parts of their sum.
        let sum = max(shares.reduce(0, +), 1e-12)
        let names = ["compute", "network", "waiting for others", "rest"]
        var elements: [SVGElement] = [
            .label(MarkupText.fitted(row.strategy, size: 12, width: left - 18), left - 10, y + 14, anchor: .end)
        ]
        var x = left
        for (index, share) in shares.enumerated() where share > 0 {
            let part = share / sum * width
            elements.append(
                .rectangle(
                    x, y, max(part - 1, 0.5), 19, fill: .share(tints[index]),
                    title: "\(row.strategy): \(Format.percent(share)) \(names[index])"))
            let text = Format.percent(share, decimals: 0)
            if part > MarkupText.width(text, size: 11) + 8 {
                elements.append(
                    .label(text, x + part / 2, y + 14, tints[index] > 0.7 ? .paper : .text, size: 11, anchor: .middle))
            }
            x += part
        }
        let total = row.spread(\.clusterSeconds).median
        elements.append(.label("of \(Format.seconds(total))", left + width + 8, y + 14, .muted))
        return .group(
            [
                ("data-strategy", .text(row.strategy)), ("data-cluster", .text(CSV.number(total))),
                ("data-compute", .text(CSV.number(row.spread(\.computeSeconds).median))),
                ("data-network", .text(CSV.number(row.spread(\.communicationSeconds).median))),
                ("data-idle", .text(CSV.number(row.spread(\.idleSeconds).median))),
            ], elements)
    }

    private func sharesFinding(_ rows: [StrategySummary]) -> String {
        let names = ["computation", "network", "waiting for others", "idle time"]
        let words = rows.filter { styles[$0.strategy] != nil }.map { row -> String in
            let shares = Self.shares(of: row)
            let most = shares.indices.max { shares[$0] < shares[$1] } ?? 0
            return
                "\(row.strategy) spends most on \(names[most]), \(Format.percent(shares[most], decimals: 0)) of \(Format.seconds(row.spread(\.clusterSeconds).median))"
        }
        return VisibleText.line(words.joined(separator: "; ")) + "."
    }

    var timeShareNumbers: TextTable {
        var table = TextTable([
            ("strategy", .left), ("clock", .left), ("cluster time", .right), ("compute", .right), ("network", .right),
            ("waiting for others", .right), ("rest", .right),
        ])
        for row in summaries {
            table.append(
                [row.strategy, row.clock.title, Format.seconds(row.spread(\.clusterSeconds).median)]
                    + Self.shares(of: row).map { Format.percent($0) })
        }
        return table
    }
}
