import Diagnostics
import Experiments
import Reports

/// The sections of one history.
struct PicturedHistory {
    private let history: JudgedHistory
    private let index: Int
    private let isAlone: Bool
    private let metrics: [String]
    private let names: [String]
    private let styles: SeriesStyles
    /// The columns of `summary.csv` by place and strategy.
    private let values: [[String: [String: String]]]
    private let plot: HistoryPlot

    init(
        _ history: JudgedHistory, index: Int, isAlone: Bool, metrics: [String], strategies: [String]?,
        styles: SeriesStyles
    ) {
        (self.history, self.index, self.isAlone, self.metrics) = (history, index, isAlone, metrics)
        self.styles = styles
        names = history.strategies(strategies)
        values = history.entries.map { entry in
            Dictionary(
                HistoryTable.values(entry.results).map { ($0["label"] ?? "", $0) },
                uniquingKeysWith: { first, _ in first })
        }
        plot = HistoryPlot(
            names: history.entries.map { JudgedHistory.short($0.commit) },
            moves: history.moves.enumerated().map { number, move in
                HistoryPlot.Move(place: move.place.map(Double.init) ?? Double(move.next) - 0.5, number: number + 1)
            })
    }

    private func title(_ text: String) -> String { isAlone ? text : "\(text): \(history.plan)" }
    private func name(_ text: String) -> String { "history-\(index + 1)-\(text)" }

    var sections: [PageSection] {
        [gate, moves] + metrics.compactMap(section) + [ratios].compactMap(\.self) + [notCompared].compactMap(\.self)
    }

    // MARK: What the gate says

    private static let mostRows = 40

    private var gate: PageSection {
        let series = history.series.filter { names.contains($0.strategy) }
        let moved = series.filter(\.hasMoved)
        let unjudged = series.filter { !$0.hasMoved && $0.isNeverCompared }
        let quiet = series.filter { !$0.hasMoved && !$0.isNeverCompared }
        // Those that are worse now before those that were once.
        let sorted = moved.enumerated().sorted { one, other in
            let (a, b) = (
                one.element.figures.last??.status == .regression, other.element.figures.last??.status == .regression
            )
            return a != b ? a : one.offset < other.offset
        }.map(\.element)
        let rows = sorted.prefix(Self.mostRows).map { series in
            (name: series.title, verdicts: series.figures.map { $0.map(Self.verdict) ?? .unchanged })
        }
        let shown = rows.count < moved.count ? " \(moved.count - rows.count) more are in the table." : ""
        let picture = plot.verdicts(
            name: name("gate"), title: title("What the gate says, result by result"),
            finding: gateFinding(moved) + shown, Array(rows))
        var blocks: [PageBlock] =
            picture.map {
                [
                    .figure(
                        PageFigure(
                            $0,
                            note: """
                                A bar above the line: worse than the baseline of the time; below it: better; a thin one on it: not \
                                compared. Upright lines are accepted moves of the baseline, by their numbers in the list below.
                                """, numbers: changes(sorted)))
                ]
            } ?? [.markdown("No figure was ever worse or better than its baseline.\n")]
        if !quiet.isEmpty {
            blocks.append(.details("\(quiet.count) figures that never changed", [.markdown(Self.list(quiet))]))
        }
        if !unjudged.isEmpty {
            let title = "\(unjudged.count) figures that were never compared"
            blocks.append(.details(title, [.markdown(Self.list(unjudged))]))
        }
        return PageSection(title("What the gate says"), blocks)
    }

    private static func verdict(_ figure: Figure) -> HistoryPlot.Verdict {
        switch figure.status {
        case .same, .withinTolerance: .unchanged
        case .regression: .worse
        case .improvement: .better
        case .notCompared: .notCompared
        }
    }

    private func gateFinding(_ moved: [JudgedHistory.Series]) -> String {
        let words = moved.prefix(4).map { series -> String in
            let (worse, better) = (series.places(.regression), series.places(.improvement))
            let parts = [("worse", worse), ("better", better)].filter { !$0.1.isEmpty }.map { word, places in
                "\(word) in \(places.count) of \(history.entries.count), first at \(JudgedHistory.short(history.entries[places[0]].commit))"
            }
            return "\(series.title) is \(parts.joined(separator: " and "))"
        }
        return words.joined(separator: "; ") + (moved.count > 4 ? "; \(moved.count - 4) further figures changed." : ".")
    }

    private static let mostChanges = 40

    /// A table of every change of a figure's verdict: the value before and after, and the test.
    private func changes(_ series: [JudgedHistory.Series]) -> TextTable {
        var table = TextTable([
            ("figure", .left), ("commit", .left), ("verdict", .left), ("baseline", .right), ("then", .right),
            ("change", .left), ("test", .left),
        ])
        for one in series.prefix(Self.mostChanges) {
            var before: Figure.Status?
            for (place, figure) in one.figures.enumerated() {
                guard let figure else { continue }
                let isNew = figure.status != before && (figure.status == .regression || figure.status == .improvement)
                before = figure.status
                guard isNew else { continue }
                table.append([
                    one.title, JudgedHistory.short(history.entries[place].commit), ComparisonText.word(figure.status),
                    figure.baseline, figure.current, figure.change, figure.test,
                ])
            }
        }
        return table
    }

    private static func list(_ series: [JudgedHistory.Series]) -> String {
        var (order, byName) = ([String](), [String: [String]]())
        for one in series {
            if byName[one.strategy] == nil { order.append(one.strategy) }
            byName[one.strategy, default: []].append(one.name)
        }
        return order.map { "- \(MarkdownText.plain($0)): \((byName[$0] ?? []).joined(separator: ", "))\n" }.joined()
    }

    // MARK: Accepted moves

    private var moves: PageSection {
        guard !history.moves.isEmpty else { return PageSection(title("Accepted moves"), []) }
        var text = ""
        for (number, move) in history.moves.enumerated() {
            let accepted = move.acceptance
            let (shown, rest) = (accepted.changes.prefix(5), accepted.changes.count - 5)
            let changes = shown.map { MarkdownText.plain($0) }.joined(separator: "; ")
            text += """
                - **\(number + 1)**, \(MarkdownText.plain(accepted.date)), commit `\(JudgedHistory.short(accepted.commit))`: \
                \(MarkdownText.plain(accepted.reason)). What moved: \(changes)\(rest > 0 ? "; and \(rest) more" : "").\
                \(move.place == nil ? " The results that were accepted are not among these." : "")

                """
        }
        return PageSection(title("Accepted moves of the baseline"), [.markdown(text)])
    }

    // MARK: Metrics

    private func section(_ metric: String) -> PageSection? {
        let column = HistoryColumn(metric)
        let kinds = names.reduce(into: [String: [String]]()) { kinds, name in
            let clock = values.lazy.compactMap { $0[name]?["clock"] }.last ?? ""
            kinds[clock, default: []].append(name)
        }
        let figures = kinds.keys.sorted().compactMap { clock -> PageFigure? in
            let rows = kinds[clock] ?? []
            let shown = rows.filter { styles[$0] != nil }
            let lines = shown.map { HistoryPlot.Line($0, styles[$0], points($0, column)) }
            let more = rows.count - shown.count
            let finding = lines.map { self.finding($0, column) }.joined(separator: "; ")
            let picture = plot.picture(
                name: name("\(metric.replacing("_", with: "-"))-\(clock.filter { $0.isASCII && $0.isLowercase })"),
                title: title("\(column.title)\(clock.isEmpty ? "" : ", \(clock)")"),
                finding: finding + "." + (more > 0 ? " \(more) more are in the data." : ""), quantity: column.quantity,
                lines)
            return picture.map {
                PageFigure(
                    $0, note: column.note(hasGate: lines.contains { $0.points.contains { $0.baseline != nil } }),
                    numbers: numbers(shown, column))
            }
        }
        guard !figures.isEmpty else {
            return PageSection(
                title(column.title),
                [.markdown("No result has a number for `\(metric)`: it was never reached, or has none.\n")])
        }
        return PageSection(title(column.title), [.figures(figures)])
    }

    private func points(_ strategy: String, _ column: HistoryColumn) -> [HistoryPlot.Point] {
        values.indices.compactMap { place -> HistoryPlot.Point? in
            guard let row = values[place][strategy], let value = column.value(row) else { return nil }
            let entry = history.entries[place]
            let figure = entry.comparison?.figures.first {
                $0.strategy == strategy && column.isJudged(by: $0.name, row["clock"])
            }
            let reference = entry.reference.flatMap { values[$0][strategy] }.flatMap(column.value)
            // The test's bounds are for the mean over seeds; they are drawn around the baseline's value of this column.
            let half = figure?.kind == .measured ? nil : figure?.numbers.map { $0.allowed.upperBound - $0.baseline }
            let isJudged = figure != nil && figure?.status != .notCompared && figure?.kind != .measured
            let verdict = figure.map(Self.verdict) ?? .unchanged
            let words = "\(JudgedHistory.short(entry.commit)), \(JudgedHistory.day(entry.date)): \(column.text(value))"
            return HistoryPlot.Point(
                place: place, value: value, interval: column.interval(row), baseline: isJudged ? reference : nil,
                allowed: isJudged ? half.flatMap { half in reference.map { ($0 - half)...($0 + half) } } : nil,
                verdict: verdict,
                words: words
                    + (verdict == .worse || verdict == .better ? ", \(verdict.rawValue) than its baseline" : "")
                    + (history.isAccepted(place) ? ", accepted" : ""))
        }
    }

    private func finding(_ line: HistoryPlot.Line, _ column: HistoryColumn) -> String {
        guard let first = line.points.first, let last = line.points.last else { return "\(line.name): no number" }
        let values = Set(line.points.map { column.text($0.value) })
        guard values.count > 1 else { return "\(line.name): \(column.text(last.value)) throughout" }
        let change =
            first.value != 0 && column.text(first.value) != column.text(last.value)
            ? " (\(last.value >= first.value ? "+" : "")\(Format.significant((last.value / first.value - 1) * 100)) %)"
            : ""
        let worse = line.points.count { $0.verdict == .worse }
        let count = worse > 0 ? ", worse than its baseline \(worse) time\(worse == 1 ? "" : "s")" : ""
        return
            "\(line.name): \(column.text(first.value)) at \(JudgedHistory.short(history.entries[first.place].commit)), \(column.text(last.value)) at \(JudgedHistory.short(history.entries[last.place].commit))\(change)\(count)"
    }

    private static let mostNumbers = 16

    /// A table of the newest results, the first one, and those that were accepted.
    private func numbers(_ shown: [String], _ column: HistoryColumn) -> TextTable {
        var table = TextTable([("commit", .left), ("date", .left)] + shown.map { ($0, TextTable.Alignment.right) })
        let all = history.entries.indices
        let told = all.filter { place in
            history.isAccepted(place) || place == 0
        }.suffix(Self.mostNumbers)
        for place in Set(all.suffix(Self.mostNumbers)).union(told).sorted(by: >) {
            let entry = history.entries[place]
            table.append(
                [
                    JudgedHistory.short(entry.commit) + (history.isAccepted(place) ? " (accepted)" : ""),
                    JudgedHistory.day(entry.date),
                ]
                    + shown.map { name in
                        guard let row = values[place][name], let value = column.value(row) else { return "-" }
                        let interval = column.interval(row).map {
                            " [\(column.text($0.lowerBound)), \(column.text($0.upperBound))]"
                        }
                        return column.text(value) + (interval ?? "")
                    })
        }
        return table
    }

    // MARK: Measured times

    /// The ratios, with intervals, by which the gate judges measured times; nil where no times could be compared.
    private var ratios: PageSection? {
        let measured = history.series.filter { series in
            series.kind == .measured && names.contains(series.strategy)
                && series.figures.contains { $0?.numbers != nil }
        }
        guard !measured.isEmpty else { return nil }
        let figures = Set(measured.map(\.name)).sorted().compactMap { kind -> PageFigure? in
            let lines = measured.filter { $0.name == kind && styles[$0.strategy] != nil }.map { series in
                HistoryPlot.Line(
                    series.strategy, styles[series.strategy],
                    series.figures.enumerated().compactMap { place, figure in
                        figure?.numbers.map {
                            HistoryPlot.Point(
                                place: place, value: $0.current, interval: $0.interval, baseline: 1,
                                allowed: $0.allowed,
                                verdict: figure.map(Self.verdict) ?? .unchanged, words: figure?.words ?? "")
                        }
                    })
            }
            let words = lines.compactMap { line -> String? in
                guard let last = line.points.last else { return nil }
                let interval = last.interval.map {
                    " [\(Format.fixed($0.lowerBound, 3)), \(Format.fixed($0.upperBound, 3))]"
                }
                return
                    "\(line.name): \(Format.fixed(last.value, 3))\(interval ?? "") times its baseline at \(JudgedHistory.short(history.entries[last.place].commit))"
            }
            return plot.picture(
                name: name("ratio-\(kind.replacing(" ", with: "-"))"),
                title: title("\(kind.prefix(1).uppercased() + kind.dropFirst()), in times of the baseline"),
                finding: words.joined(separator: "; ") + ".", quantity: .count, lines
            ).map {
                PageFigure(
                    $0,
                    note: """
                        Measured on a clock, divided by the control of the same moments; intervals are those of the gate, and the grey \
                        band is what it does not call a change. A time is a regression only where the whole interval lies above it.
                        """)
            }
        }
        return PageSection(title("Measured times against their baseline"), [.figures(figures)])
    }

    /// The reasons why figures or whole results were not compared, each reason once.
    private var notCompared: PageSection? {
        var (order, counts) = ([String](), [String: Int]())
        for entry in history.entries {
            let reasons =
                entry.note.map { [$0] }
                ?? entry.comparison?.notCompared.map { "\($0.strategy): \($0.name): \($0.test)" } ?? []
            for reason in Set(reasons) {
                if counts[reason] == nil { order.append(reason) }
                counts[reason, default: 0] += 1
            }
        }
        guard !order.isEmpty else { return nil }
        let shown = order.sorted { (counts[$1] ?? 0, $0) < (counts[$0] ?? 0, $1) }.prefix(30)
        let lines = shown.map {
            "- \(MarkdownText.plain(VisibleText.line($0))) (\(counts[$0] ?? 0) result\(counts[$0] == 1 ? "" : "s"))\n"
        }
        let rest = order.count > shown.count ? "\n\(order.count - shown.count) further reasons are not listed.\n" : ""
        return PageSection(
            title("What was not compared"),
            [.details("\(order.count) reason\(order.count == 1 ? "" : "s")", [.markdown(lines.joined() + rest)])])
    }
}
