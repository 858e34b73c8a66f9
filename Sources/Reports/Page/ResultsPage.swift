import Diagnostics
package import Experiments

/// The page of a comparison: what `report.md` says, in the same words, with pictures and the data behind them.
package enum ResultsPage {
    package static func make(_ results: Results) -> ReportPage {
        make(results, PicturedRuns(results), ResultsData(results))
    }

    /// - Parameters:
    ///   - folder: where the results lie, for commands; nil where that is not known.
    ///   - isRecorded: whether schedules lie beside them, from which a run is priced on other clusters.
    ///   - advice: what advice beside them says.
    static func make(
        _ results: Results, _ pictured: PicturedRuns, _ data: ResultsData, folder: String? = nil,
        isRecorded: Bool = false, advice: AdviceQuote = .none
    ) -> ReportPage {
        let advised = elsewhere(advice)
        let answer = PlainAnswer(results, folder: folder, isRecorded: isRecorded, advice: advice)
        var page = page(results, pictured, advised, answer, isBrief: false)
        // Of many strategies with nodes, what a picture shows and a file beside the page has is not told a third time.
        var bytes = page.html().utf8.count
        if bytes > mostBytes {
            page = Self.page(results, pictured, advised, answer, isBrief: true)
            bytes = page.html().utf8.count
        }
        let left = max(0, mostBytes - bytes)
        return page.adding(downloads(pictured, data, mostBytes: left))
    }

    /// The page without its downloads.
    private static func page(
        _ results: Results, _ pictured: PicturedRuns, _ advised: PageSection?, _ answer: PlainAnswer, isBrief: Bool
    ) -> ReportPage {
        let summaries = pictured.summaries
        let sections: [PageSection?] = [
            first(results, pictured), PageSection(markdown: shortened(VerdictSection.render(results))),
            targets(results, pictured), advised, costs(results, pictured, isBrief),
            PageSection(
                markdown: TimeSection.render(results),
                before: figure(pictured.timeShares, numbers: pictured.timeShareNumbers)),
            nodes(results, pictured, isBrief), rounds(pictured, isBrief),
            PageSection(markdown: ContractSection.render(results)),
            PageSection(markdown: MarkdownReport.tuned(results)),
            PageSection(markdown: MarkdownReport.clusters(results)),
            PageSection(markdown: DeviceSection.render(results)),
            PageSection(markdown: DropoutSection.render(results)),
            PageSection(markdown: MarkdownReport.traffic(results)),
            PageSection(markdown: MarkdownReport.skew(results), before: partitions(pictured, isBrief)),
            PageSection(markdown: MarkdownReport.machine(results)),
        ]
        return ReportPage(
            title: "Strategies of distributed training on \(results.plan.task)",
            verdict: verdict(results, summaries, answer),
            warnings: [
                results.isComplete ? "" : "**Stopped before its end: \(results.runs.count) runs are finished.**",
                DataText.warning(results) ?? "",
            ].filter { !$0.isEmpty },
            styles: pictured.styles, sections: sections.compactMap(\.self))
    }

    /// The most bytes of the whole page, less a little for the headings of what is added last.
    private static let mostBytes = 290_000

    /// Who is first, clock by clock: the first thing on the page.
    private static func verdict(_ results: Results, _ summaries: [StrategySummary], _ answer: PlainAnswer) -> String {
        guard !summaries.isEmpty else { return "No run was finished.\n" }
        let (verdicts, notes) = (answer.verdicts, Headline.sentences(results).notes)
        let first = verdicts.count == 1 ? verdicts[0] + "\n" : verdicts.map { "- \($0)\n" }.joined()
        let further = (notes + MarkdownReport.furtherSentences(results, summaries)).joined(separator: " ")
        let nodes = NodeSection.words(results).map { "\n" + $0.replacing("\n", with: "\n\n") } ?? ""
        // Two lists, so that the answer's items do not look like a part of the verdict.
        return "\(first)\n\(answer.markdown)\n\(further)\n\(nodes)"
    }

    // MARK: Sections

    private static func figure(_ picture: Picture?, note: String = "", numbers: TextTable? = nil) -> [PageBlock] {
        picture.map { [.figure(PageFigure($0, note: note, numbers: numbers))] } ?? []
    }

    private static func first(_ results: Results, _ pictured: PicturedRuns) -> PageSection? {
        guard !pictured.summaries.isEmpty else { return nil }
        let figures = [
            pictured.timeToTarget.map { PageFigure($0, numbers: pictured.timeToTargetNumbers) },
            pictured.accuracyAgainstTime.map {
                PageFigure($0, note: pictured.curveNote, numbers: pictured.numbers(.time))
            },
        ].compactMap(\.self)
        return PageSection(
            "Time to \(ComparisonTable.target(results))",
            [
                .figures(figures), .markdown(ComparisonTable.markdown(results)),
                .details("How to read the table", [.markdown(MarkdownReport.reading(results))]),
            ])
    }

    private static func targets(_ results: Results, _ pictured: PicturedRuns) -> PageSection? {
        PageSection(
            markdown: TargetSection.render(results),
            before: figure(
                pictured.timeAgainstTarget,
                note: "A table that names one target alone could have been made for the strategy that wins there."))
    }

    /// What all pictures of advice take of the page at most.
    private static let mostImageBytes = 100_000

    /// The map, the regret and the tornados of advice that lies beside the results, as far as there is room.
    private static func elsewhere(_ advice: AdviceQuote) -> PageSection? {
        var (images, left) = ([PageImage](), mostImageBytes)
        for image in advice.images where image.bytesInPage <= left {
            images.append(image)
            left -= image.bytesInPage
        }
        guard !images.isEmpty else { return nil }
        let rest = advice.images.count - images.count
        let more = rest == 0 ? "All statements" : "\(rest) more picture\(rest == 1 ? "" : "s"), and all statements,"
        return PageSection(
            "On other machines",
            [
                .images(images),
                .markdown(
                    """

                    Colours and markers are those of each picture's own legend. \(more) stand in [the page of \
                    advice](\(AdviceText.pageName)).

                    """),
            ])
    }

    private static func costs(_ results: Results, _ pictured: PicturedRuns, _ isBrief: Bool) -> PageSection? {
        func numbers(_ axis: PicturedRuns.Against) -> TextTable? { isBrief ? nil : pictured.numbers(axis) }
        let figures = [
            pictured.accuracyAgainstBytes.map { PageFigure($0, numbers: numbers(.bytes)) },
            pictured.accuracyAgainstMoney.map { PageFigure($0, numbers: numbers(.money)) },
        ].compactMap(\.self)
        let blocks: [PageBlock] = figures.isEmpty ? [] : [.figures(figures)]
        return PageSection(markdown: CostSection.render(results), before: blocks) ?? PageSection("What is sent", blocks)
    }

    private static func nodes(_ results: Results, _ pictured: PicturedRuns, _ isBrief: Bool) -> PageSection? {
        let matrices = pictured.listening.prefix(isBrief ? 2 : .max).map { PageFigure($0) }
        let text = NodeSection.render(results)
        // A table for each strategy with a row for each node is longer than all else on the page.
        let start = text.firstRange(of: nodeByNode)?.lowerBound ?? text.endIndex
        let section = PageSection(
            markdown: String(text[..<start]),
            before: figure(pictured.nodeGains) + (matrices.isEmpty ? [] : [.figures(matrices)]))
        guard let section, start < text.endIndex else { return section }
        guard !isBrief else {
            return PageSection(
                section.title,
                section.blocks + [
                    .markdown("\nEvery node by itself stands in `\(MarkdownReport.name)`, beside this page.\n")
                ])
        }
        let table = shortened(String(text[start...]), to: mostNodeBytes)
        return PageSection(
            section.title, section.blocks + [.details("Every node by itself", [.markdown(table)])])
    }

    private static let nodeByNode = "### Node by node"
    /// Bytes of Markdown, of which the page makes four times as many.
    private static let mostNodeBytes = 16_000

    /// The most dots of all partitions that are drawn; the first partition is drawn however many it has.
    private static let mostDots = 1200

    private static func partitions(_ pictured: PicturedRuns, _ isBrief: Bool) -> [PageBlock] {
        let partitions = pictured.partitionsOfFirstSeed
        var (figures, dots) = ([PageFigure](), 0)
        for (picture, partition) in zip(pictured.partitions, partitions) {
            dots += partition.holdings.count * partition.classes
            guard figures.isEmpty || dots <= mostDots && !isBrief else { break }
            figures.append(PageFigure(picture, numbers: PicturedRuns.numbers(partition)))
        }
        guard !figures.isEmpty else { return [] }
        let rest = partitions.count - figures.count
        let note =
            "Too large for a page: \(rest) other partition\(rest == 1 ? "" : "s"), whose counts stand in `results.json`.\n"
        return [.figures(figures)] + (rest == 0 ? [] : [.markdown(note)])
    }

    private static func rounds(_ pictured: PicturedRuns, _ isBrief: Bool) -> PageSection? {
        PageSection(
            "Rounds", figure(pictured.accuracyAgainstRounds, numbers: isBrief ? nil : pictured.numbers(.rounds)))
    }

    // MARK: Downloads

    /// The text up to a line of so many bytes: of thirty strategies there are 435 pairs, which nobody reads on a page.
    private static func shortened(_ text: String, to bytes: Int = 8_000) -> String {
        guard text.utf8.count > bytes else { return text }
        var (lines, left) = ([Substring](), bytes)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            left -= line.utf8.count + 1
            guard left >= 0 else { break }
            lines.append(line)
        }
        return lines.joined(separator: "\n") + "\n\nMore of them stand in `\(MarkdownReport.name)`, beside this page.\n"
    }

    private static func downloads(_ pictured: PicturedRuns, _ data: ResultsData, mostBytes: Int) -> PageSection {
        let mostOfOne = pictured.summaries.count > Ink.seriesCount ? 12_000 : 50_000
        var downloads = PageDownloads(mostBytes: mostBytes)
        downloads.add(PageFile(SummaryCSV.name, "a row a strategy", data.summary), isNeeded: true)
        downloads.add(PageFile(TargetsCSV.name, "time against target", data.targets), mostBytes: mostOfOne)
        let curves = PageFile(CurvesCSV.name, "every evaluation of every seed", data.curves)
        if !downloads.add(curves, mostBytes: mostOfOne) {
            // The data of the pictures are within the page alone, and not a file of the folder.
            let drawn = PageFile("curves-drawn.csv", "the medians and bands that are drawn", pictured.drawnCurves)
            if downloads.fits(drawn) { downloads.add(drawn) }
        }
        if let nodes = data.nodes {
            downloads.add(PageFile(NodesCSV.name, "a row a node of each run", nodes), mostBytes: mostOfOne)
        }
        return PageSection("Data", downloads.blocks)
    }
}

extension PicturedRuns {
    private static let drawnRows = 360

    /// What the pictures of curves show, as CSV: a row for each strategy and evaluation.
    var drawnCurves: String {
        var csv = CSV(columns: [
            "label", "cluster_seconds_median", "bytes_sent_median", "accuracy_median", "accuracy_low", "accuracy_high",
        ])
        let limit = max(12, Self.drawnRows / max(summaries.count, 1))
        for summary in summaries {
            let points = curve(summary, .time)
            let bytes = curve(summary, .bytes)
            let step = max(1, (points.count + limit - 1) / limit)
            for (index, point) in points.enumerated() where index % step == 0 || index == points.count - 1 {
                csv.append([
                    summary.strategy, CSV.number(point.x),
                    bytes.indices.contains(index) ? CSV.count(Int(bytes[index].x)) : "", CSV.number(point.y),
                    CSV.number(point.low), CSV.number(point.high),
                ])
            }
        }
        return csv.text
    }

    /// All pictures of the comparison, in the order of the page.
    package var pictures: [Picture] {
        [
            timeToTarget, accuracyAgainstTime, timeAgainstTarget, accuracyAgainstBytes, accuracyAgainstMoney,
            timeShares,
            nodeGains,
        ].compactMap(\.self) + listening + [accuracyAgainstRounds].compactMap(\.self) + partitions
    }
}
