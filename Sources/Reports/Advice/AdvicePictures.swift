import Advice
import Diagnostics
import Statistics

/// The pictures of advice.
extension AdviceText {
    var styles: SeriesStyles { SeriesStyles(advice.names) }

    package var mapPicture: Picture? {
        guard let map = advice.map, let finding = self.map?.statements.first?.text else { return nil }
        return MapPicture(map, names: advice.names, styles: styles).picture(finding: finding.replacing("`", with: ""))
    }

    /// How far each strategy is behind the first, cluster by cluster.
    package var regretPicture: Picture? {
        guard let regret = advice.regret, advice.names.count > 1 else { return nil }
        let styles = styles
        let rows = zip(regret.clusters, regret.cells).map { cluster, cells in
            DotPlot.Row(
                cluster.name,
                zip(advice.names, cells).compactMap { name, cell in
                    cell.ratio.map { ratio in
                        DotPlot.Dot(
                            name, styles[name], ratio,
                            words: "\(name) on \(cluster.name): \(RatioText(ratio).factor) of the first",
                            data: "\(ratio)")
                    }
                })
        }
        return DotPlot.picture(
            name: "regret", title: "How many times longer than the first, by cluster",
            finding: (self.regret?.statements.first?.text ?? "").replacing("`", with: ""),
            xTitle: "time to \(target), in times of the first (log)", reference: 1,
            legend: styles.named.map { ($0.name, $0.style) }, rows: rows)
    }

    /// The bars of a cluster's figures, the longest first.
    ///
    /// - Parameter index: of the cluster, which is part of the picture's name.
    func tornadoPicture(_ cluster: ClusterAdvice, _ index: Int) -> Picture? {
        guard let first = cluster.standing.first else { return nil }
        let bars = cluster.tornado.filter {
            $0.low.lead.isFinite && $0.high.lead.isFinite && $0.low.lead > 0 && $0.high.lead > 0
        }
        guard !bars.isEmpty, let now = cluster.standing.factor(of: cluster.standing.next),
            let axis = AxisScale.logarithmic(.count, around: bars.flatMap { [$0.low.lead, $0.high.lead] } + [1, now])
        else { return nil }
        let panel = Panel(
            left: 160, top: 40, width: Picture.standardWidth - 350, height: Double(bars.count) * 26 + 6, x: axis,
            y: AxisScale(.linear, .count, low: 0, high: 1))
        var elements = panel.xAxis(xTitle: "lead of \(advice.names[first]): time of the next over its own (log)")
        elements += [
            .line(panel.px(1), panel.top - 4, panel.px(1), panel.bottom, .text, width: 1.2),
            .line(panel.px(now), panel.top - 4, panel.px(now), panel.bottom, .muted, dash: "3 3"),
            .label("now", panel.px(now), panel.top - 8, .muted, size: 11, anchor: .middle),
            .label("hollow: figure less, full: more", 12, 19, .muted),
        ]
        for (row, bar) in bars.enumerated() {
            let y = panel.top + 16 + Double(row) * 26
            elements += tornadoBar(bar, panel, y, cluster, first)
        }
        let text = tornado(cluster)?.statements.first?.text ?? ""
        return Picture(
            name: "tornado-\(index + 1)",
            title: "What changing one figure of \(VisibleText.line(cluster.cluster.name)) does",
            finding: VisibleText.line(text.replacing("`", with: "")), height: panel.bottom + 44, elements)
    }

    private func tornadoBar(
        _ bar: TornadoBar, _ panel: Panel, _ y: Double, _ cluster: ClusterAdvice, _ first: Int
    ) -> [SVGElement] {
        let (low, high) = (panel.px(bar.low.lead), panel.px(bar.high.lead))
        func end(_ end: TornadoBar.End, _ x: Double, fill: Ink) -> SVGElement {
            let words =
                "\(bar.figure.words) \(bar.figure.text(end.value, in: cluster.cluster)): lead \(Format.significant(end.lead))"
            return SVGElement(
                "circle",
                [
                    ("cx", .pixels(x)), ("cy", .pixels(y)), ("r", 5), ("fill", .ink(fill)),
                    ("stroke", .ink(.series(1))),
                    ("stroke-width", .path("1.5")), ("data-value", .text("\(end.lead)")),
                ], [SVGElement("title", text: words)])
        }
        let note =
            bar.changesFirst(from: first)
            ? "changes the first" : bar.leavesOpen(first) ? "too close to call" : ""
        return [
            .label(MarkupText.fitted(bar.figure.words, size: 12, width: 140), 150, y + 4, anchor: .end),
            .line(low, y, high, y, .series(1), width: 8), end(bar.low, low, fill: .paper),
            end(bar.high, high, fill: .series(1)),
            .label(note, panel.right + 10, y + 4, bar.changesFirst(from: first) ? .text : .muted, size: 11),
        ]
    }

    /// All pictures, those of the map and of the table first.
    var pictures: [Picture] {
        [mapPicture, regretPicture].compactMap(\.self)
            + advice.clusters.enumerated().flatMap {
                [tornadoPicture($1, $0), paretoPicture($1, $0)].compactMap(\.self)
            }
    }

    /// The names that pictures of advice about so many clusters can have.
    static func pictureNames(clusters: Int) -> [String] {
        ["first-map", "regret"]
            + (1...max(clusters, 20)).flatMap { ["tornado-\($0)", "pareto-\($0)"] }
    }

    // MARK: Page

    /// What the page is called, beside that of the run.
    package static let pageName = "advice.html"

    package var page: ReportPage {
        func statements(_ parts: [AdvicePart]) -> [String] {
            parts.flatMap { part in sections.filter { $0.part == part } }.flatMap(\.statements).map(\.text)
        }
        // How it is known is the same on most clusters, and said once.
        var said: Set<String> = []
        let firsts = sections.filter { $0.part == .first }.flatMap(\.statements)
        let answers = firsts.map { statement in
            let isNew = statement.evidence.map { said.insert($0).inserted } ?? true
            return "- \(isNew ? statement.text : statement.plain)\n"
        }.joined()
        // What bounds the answer stands below it, on the first screen.
        let until = parts.contains(.until) ? advice.clusters.compactMap(nearestChange) : []
        let bounds = [("Until", until), ("If in doubt", Array(statements([.regret]).prefix(1)))]
            .filter { !$0.1.isEmpty }.map { title, texts in
                "\n**\(title)**\n\n" + texts.prefix(Self.mostBounds).map { "- \($0)\n" }.joined()
            }.joined()
        let blocks = sections.map { section in PageSection(section.title, self.blocks(section)) }
        return ReportPage(
            title: "Advice on \(advice.task) to \(target)",
            verdict: answers.isEmpty ? "Parts of some advice.\n" : answers + bounds,
            styles: styles,
            sections: blocks + [
                PageSection("What is left out", leftOutBlocks),
                PageSection(
                    "How to read it", [.markdown("\n\(Self.explanation(seeds: advice.prices.seeds.count))\n")]),
                PageSection("Data", downloads),
            ])
    }

    /// All files together. A map of forty by forty cells has 100 kB, and advice on six clusters 90 kB.
    private static let mostBytes = 150_000
    private static let mostBounds = 8

    private var downloads: [PageBlock] {
        var downloads = PageDownloads(mostBytes: Self.mostBytes)
        downloads.add(PageFile(AdviceCSV.name, "every figure", AdviceCSV.render(advice)))
        if let map = advice.map {
            downloads.add(PageFile(MapCSV.name, "the cells of the map", MapCSV.render(map, names: advice.names)))
        }
        return downloads.blocks
    }

    private var leftOutBlocks: [PageBlock] {
        let rows = advice.leftOut.map { "- `\($0.name)` is in no statement: \($0.reason).\n" }.joined()
        return rows.isEmpty ? [] : [.markdown("\n\(rows)")]
    }

    /// The picture of a part; nil where it has none.
    func picture(_ section: AdviceSection) -> Picture? {
        switch section.part {
        case .map: mapPicture
        case .regret: regretPicture
        case .tornado:
            advice.clusters.enumerated().first { tornado($1)?.title == section.title }.flatMap {
                tornadoPicture($1, $0)
            }
        case .pareto:
            advice.clusters.enumerated().first { pareto($1)?.title == section.title }.flatMap {
                paretoPicture($1, $0)
            }
        default: nil
        }
    }

    private func blocks(_ section: AdviceSection) -> [PageBlock] {
        // One command often says all of a part again.
        let commands = Set(section.statements.map(\.commandText))
        let statements = section.statements.map { statement in
            "- \(statement.text)\(commands.count > 1 ? " \(MarkdownText.code(statement.commandText))" : "")\n"
        }.joined()
        let again = commands.count == 1 ? "\nSaid again by \(MarkdownText.code(commands.first ?? ""))\n" : ""
        let figure = picture(section)
        return [.markdown("\n\(statements)\(again)")] + (figure.map { [.figure(PageFigure($0))] } ?? [])
            + (section.table.map { [.table($0)] } ?? []) + (section.note.map { [.markdown("\n\($0)\n")] } ?? [])
    }
}
