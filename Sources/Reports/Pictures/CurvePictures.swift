import Diagnostics
import Experiments
import Statistics

/// The curves of a comparison: quality against cluster time, bytes, money and rounds.
extension PicturedRuns {
    private static let plotLeft = 56.0
    private static let plotHeight = 210.0

    /// The metric against cluster time: a panel for each kind of clock, each with an axis of its own, so that nothing
    /// that was measured races against a model.
    package var accuracyAgainstTime: Picture? {
        let panels = Self.byKind(summaries).map { group in
            let places = Set(group.summaries.map(\.clock.words))
            return (
                places.count == 1 ? places.first ?? "" : "\(group.kind.rawValue), on machines that differ",
                group.summaries
            )
        }
        return picture(
            .time, name: "accuracy-time", title: "\(capitalisedQuality) against cluster time", xTitle: "cluster time",
            .seconds,
            panels)
    }

    /// The metric against the bytes that all ranks have sent; nil unless something was sent.
    package var accuracyAgainstBytes: Picture? {
        let senders = summaries.filter { $0.count(\.traffic.bytesTotal) > 0 }
        guard !senders.isEmpty else { return nil }
        return picture(
            .bytes, name: "accuracy-bytes", title: "\(capitalisedQuality) against bytes sent",
            xTitle: "sent by all ranks", .bytes,
            [("", senders)])
    }

    /// The metric against money; nil where no price is known.
    package var accuracyAgainstMoney: Picture? {
        let priced = summaries.filter { ($0.totalCost(\.money)?.median ?? 0) > 0 }
        guard !priced.isEmpty else { return nil }
        let panels = Self.byKind(priced).map { ("\($0.kind.rawValue) time", $0.summaries) }
        return picture(
            .money, name: "accuracy-money", title: "\(capitalisedQuality) against money",
            xTitle: "paid for nodes and traffic",
            .money,
            panels)
    }

    /// The metric against rounds, for strategies that have rounds: those with a server, and communities.
    package var accuracyAgainstRounds: Picture? {
        let inRounds = summaries.filter { summary in
            !summary.plan.roles.servers.isEmpty || summary.runs.contains { $0.nodes != nil }
        }
        guard !inRounds.isEmpty else { return nil }
        return picture(
            .rounds, name: "accuracy-rounds", title: "\(capitalisedQuality) against rounds",
            xTitle: "rounds, or updates of the model",
            .count, [("", inRounds)])
    }

    // MARK: Parts

    private struct Part {
        let title: String
        let curves: [(summary: StrategySummary, points: [PlotPoint])]
        let x: AxisScale
    }

    private func picture(
        _ against: Against, name: String, title: String, xTitle: String, _ quantity: AxisScale.Quantity,
        _ panels: [(String, [StrategySummary])]
    ) -> Picture? {
        let parts = panels.compactMap { title, rows -> Part? in
            let curves = rows.map { ($0, curve($0, against)) }.filter { !$0.1.isEmpty }
            return Self.axis(quantity, curves.map(\.1)).map { Part(title: title, curves: curves, x: $0) }
        }
        guard !parts.isEmpty, let y = qualityAxis(parts.flatMap { $0.curves.map(\.points) }) else { return nil }
        var elements: [SVGElement] = []
        var top = 18.0
        for (index, part) in parts.enumerated() {
            if !part.title.isEmpty {
                elements.append(.label(part.title, 12, top + 2, isBold: true))
                top += 12
            }
            let panel = Panel(
                left: Self.plotLeft, top: top + 18,
                width: Picture.standardWidth - Self.plotLeft - LinePlot.labelWidth - 8, height: Self.plotHeight,
                x: part.x, y: y)
            elements += panel.axes(
                xTitle: xTitle + (part.x.kind == .logarithmic ? " (log)" : ""), yTitle: qualityTitle)
            elements += targetLine(panel)
            let lines = part.curves.map { line($0.summary, $0.points, against) }
            elements += LinePlot.elements(
                panel, lines, clip: "\(name)-clip\(index)", share: 1 / Double(parts.count))
            top = panel.bottom + 54
        }
        return Picture(
            name: name, title: title, finding: finding(parts.flatMap { $0.curves.map(\.summary) }, against),
            height: top - 12, elements)
    }

    /// An axis for curves; logarithmic where they end far from each other, since a linear axis would show only the
    /// slowest.
    static func axis(_ quantity: AxisScale.Quantity, _ curves: [[PlotPoint]]) -> AxisScale? {
        let ends = curves.compactMap(\.last?.x).filter { $0 > 0 }
        guard let least = ends.min(), let most = ends.max() else { return nil }
        guard most / least > 12 else {
            return AxisScale.linear(quantity, around: [0] + curves.flatMap { $0.map(\.x) })
        }
        // From where the first curve has its first steps behind it.
        let starts = curves.compactMap { points in
            points.first { $0.x > points[0].x || $0.x > 0 && points.count == 1 }?.x
        }
        let low = max((starts.filter { $0 > 0 }.min() ?? least), most * 1e-6)
        return AxisScale(.logarithmic, quantity, low: min(low, least * 0.9), high: most * 1.05)
    }

    private func targetLine(_ panel: Panel) -> [SVGElement] {
        guard (0...1).contains(panel.y.fraction(target)) else { return [] }
        let y = panel.py(target)
        return [
            .line(panel.left, y, panel.right, y, .muted, width: 1.2, dash: "4 4"),
            .label("target \(targetText)", panel.right - 4, y + 14, .muted, anchor: .end),
        ]
    }

    private func line(_ summary: StrategySummary, _ points: [PlotPoint], _ against: Against) -> PlotLine {
        var line = PlotLine(summary.strategy, styles[summary.strategy], points)
        let reached = reached(summary, against)
        line.mark = reached.map { ($0, target) }
        line.data = [("data-final", CSV.number(summary.finalValue.median))]
        if against == .time || against == .money {
            line.data.append(("data-reached", against == .money ? CSV.amount(reached) : CSV.number(reached)))
        }
        return line
    }

    /// What the curves say, of every strategy that has a colour.
    private func finding(_ rows: [StrategySummary], _ against: Against) -> String {
        let shown = rows.filter { styles[$0.strategy] != nil }
        let words = shown.map { summary -> String in
            let end = qualityText(summary.finalValue.median)
            guard let reached = reached(summary, against) else {
                return "\(summary.strategy) does not reach \(targetText) and ends at \(end)"
            }
            let amount =
                switch against {
                case .time: "at \(Format.seconds(reached))"
                case .bytes: "with \(Format.bytes(reached))"
                case .money: "for \(Format.money(reached))"
                case .rounds: "in round \(Format.significant(reached))"
                }
            return "\(summary.strategy) reaches \(targetText) \(amount) and ends at \(end)"
        }
        let rest = rows.count > shown.count ? " \(rows.count - shown.count) others are drawn in grey." : ""
        return VisibleText.line(words.joined(separator: "; ")) + "." + rest
    }

    /// Rows of at most eight evaluations of each strategy that has a colour, for the table under a picture.
    func numbers(_ against: Against) -> TextTable {
        let title =
            switch against {
            case .time: "cluster time"
            case .bytes: "sent"
            case .money: "money"
            case .rounds: "round"
            }
        var table = TextTable([
            ("strategy", .left), (title, .right), ("median \(qualityWord)", .right), ("from", .right),
            ("to", .right),
        ])
        let most = summaries.count > Ink.seriesCount ? 4 : 8
        for summary in summaries where styles[summary.strategy] != nil {
            let points = curve(summary, against)
            let step = max(1, (points.count + most - 1) / most)
            for (index, point) in points.enumerated() where index % step == 0 || index == points.count - 1 {
                table.append([
                    summary.strategy, Self.text(point.x, against), qualityText(point.y),
                    qualityText(point.low), qualityText(point.high),
                ])
            }
        }
        return table
    }

    private static func text(_ value: Double, _ against: Against) -> String {
        switch against {
        case .time: Format.seconds(value)
        case .bytes: Format.bytes(value)
        case .money: Format.money(value)
        case .rounds: Format.significant(value)
        }
    }

    /// How the curves are to be read.
    var curveNote: String {
        let seeds = results.plan.seeds.count
        let band =
            seeds == 1
            ? "One seed."
            : seeds < 10
                ? "Lines are medians over \(seeds) seeds at each evaluation; bands reach from the least to the greatest seed."
                : "Lines are medians over \(seeds) seeds at each evaluation; bands hold the middle four fifths of the seeds."
        return """
            \(band) The large marker is where the target counts as reached, as in the table: by the mean of the last three \
            evaluations, too, and thus later than where the line first crosses. The vertical axis \
            leaves out what lies far below the target.
            """
    }
}
