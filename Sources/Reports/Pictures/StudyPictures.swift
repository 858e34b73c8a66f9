import Diagnostics
import Experiments
import Foundation
package import Studies

/// What a search tried and what it found.
package struct PicturedStudy: Sendable {
    private let results: StudyResults
    private let summaries: [StudySummary]
    package let styles: SeriesStyles

    package init(_ results: StudyResults) {
        self.results = results
        summaries = results.summaries
        styles = SeriesStyles(summaries.map(\.strategy.name))
    }

    private var isTime: Bool { results.plan.metric == .time }
    private var metricText: String {
        isTime ? "time to \(StudyTable.target(results)) (log)" : results.plan.shownMetric.title
    }

    private func text(_ value: Double) -> String {
        isTime ? Format.seconds(value) : results.plan.shownMetric.text(value)
    }

    private func axis(_ values: [Double]) -> AxisScale? {
        isTime
            ? .logarithmic(.seconds, around: values)
            : .linear(results.plan.shownMetric.isShare ? .fraction : .count, around: values, fromZero: false)
    }

    // MARK: Trials

    private static let mostDimensions = 4

    private var outcomes: [TrialOutcome] { summaries.flatMap(\.outcomes) }
    private var strip: StudyStrip {
        StudyStrip(outcomes, isTime: isTime, isHigherBetter: !isTime && results.plan.shownMetric.isHigherBetter)
    }

    /// Every trial by one of its options, a panel for each option that was varied.
    package var trials: Picture? {
        let options = results.plan.dimensions.map(\.option).reduce(into: [StudyOption]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let strip = strip
        let values = outcomes.filter { !strip.holds($0) }.map(\.value)
        guard let y = axis(values) ?? axis([1]), !options.isEmpty else { return nil }
        var elements: [SVGElement] = []
        var top = 30.0
        for option in options.prefix(Self.mostDimensions) {
            let marks = marks(option)
            guard !marks.isEmpty else { continue }
            let choices = Choices(marks.map(\.choice))
            let held = marks.map(\.outcome).filter(strip.holds)
            let room = held.isEmpty ? 0 : StudyStrip.height
            let panel = Panel(
                left: 64, top: top + (strip.isAtTop ? room : 0), width: 520, height: 150, x: choices.axis, y: y)
            // What stands below an axis stands below the strip, where the strip is at the bottom.
            let frame = Panel(
                left: 64, top: top, width: 520, height: panel.height + room, x: choices.axis, y: y)
            elements += held.isEmpty ? [] : strip.frame(panel, held, text)
            elements += values.isEmpty ? [] : panel.yAxis(yTitle: strip.isAtTop ? nil : metricText)
            if strip.isAtTop { elements.append(.label(metricText, 20, frame.top - 8, .muted)) }
            elements.append(.line(panel.left, panel.bottom, panel.right, panel.bottom, .muted))
            elements += choices.ticks(frame)
            elements.append(.label(option.rawValue, panel.right, frame.bottom + 34, .muted, anchor: .end))
            elements += marks.map { $0.element(panel, choices, text, strip) }
            top = frame.bottom + 64
        }
        guard !elements.isEmpty else { return nil }
        return Picture(
            name: "trials", title: "Every trial by what was varied", finding: trialFinding, height: top - 22, elements)
    }

    private struct Mark {
        let outcome: TrialOutcome
        let strategy: String
        let style: SeriesStyle?
        let choice: String
        /// How many marks' widths the mark is moved to the right: strategies stand beside each other, so that equal
        /// values are all seen.
        let beside: Double
        let isBest: Bool

        func element(_ panel: Panel, _ choices: Choices, _ text: (Double) -> String, _ strip: StudyStrip) -> SVGElement
        {
            let x = panel.px(choices.place(choice)) + beside * choices.step(panel)
            let isInStrip = strip.holds(outcome)
            let y = isInStrip ? strip.place(panel) : panel.py(outcome.value)
            let result = isInStrip ? strip.words(outcome, text) : text(outcome.value)
            let words = "\(strategy): \(outcome.trial.words): \(result)\(isBest ? ", chosen" : "")"
            var elements: [SVGElement] = []
            if isBest {
                elements.append(
                    SVGElement(
                        "circle",
                        [
                            ("cx", .pixels(x)), ("cy", .pixels(y)), ("r", 9.0), ("stroke", .ink(.text)),
                            ("stroke-width", .path("1.5")),
                        ]))
            }
            elements.append(
                style?.marker(x, y, size: 5, title: words)
                    ?? .rectangle(x - 3, y - 3, 6, 6, fill: .muted, [("rx", .path("3"))], title: words))
            return .group(
                (style.map { [("data-series", .pixels(Double($0.index)))] } ?? []) + [
                    ("data-strategy", .text(strategy)), ("data-trial", .path("\(outcome.trial.index + 1)")),
                    ("data-value", .path(CSV.number(outcome.value))),
                ], elements)
        }
    }

    private func marks(_ option: StudyOption) -> [Mark] {
        summaries.enumerated().flatMap { place, summary in
            let beside = Double(place) - Double(summaries.count - 1) / 2
            return summary.outcomes.compactMap { outcome -> Mark? in
                guard let choice = outcome.trial.value(of: option) else { return nil }
                return Mark(
                    outcome: outcome, strategy: summary.strategy.name, style: styles[summary.strategy.name],
                    choice: choice, beside: beside, isBest: outcome.trial == summary.best.trial)
            }
        }
    }

    /// Values of an option along an axis: numbers by their size where there are many, else side by side in their order.
    private struct Choices {
        private let values: [String]
        let axis: AxisScale
        private let isNumeric: Bool

        init(_ found: [String]) {
            let distinct = Set(found)
            let numbers = distinct.compactMap(Double.init)
            isNumeric = numbers.count == distinct.count && distinct.count > 8
            values = distinct.sorted {
                if let one = Double($0), let other = Double($1) { return one < other }
                return $0 < $1
            }
            let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 1)
            axis =
                !isNumeric
                ? AxisScale(.linear, .count, low: -0.5, high: Double(values.count) - 0.5)
                : low > 0 && high / low > 10
                    ? AxisScale(.logarithmic, .count, low: low * 0.85, high: high * 1.15)
                    : AxisScale(.linear, .count, low: low - (high - low) * 0.05, high: high + (high - low) * 0.05)
        }

        func place(_ choice: String) -> Double {
            isNumeric ? Double(choice) ?? 0 : Double(values.firstIndex(of: choice) ?? 0)
        }

        /// The distance from one strategy's mark to the next one's, in pixels: a mark's width where there is room for
        /// it.
        func step(_ panel: Panel) -> Double {
            isNumeric ? 4 : min(11, panel.width / Double(max(values.count, 1)) / 8)
        }

        func ticks(_ panel: Panel) -> [SVGElement] {
            if isNumeric { return panel.xAxis(xTitle: "") }
            let room = panel.width / Double(max(values.count, 1))
            return values.enumerated().map { index, value in
                .label(
                    MarkupText.fitted(value, size: 12, width: room), panel.px(Double(index)), panel.bottom + 16, .muted,
                    anchor: .middle)
            }
        }
    }

    private var trialFinding: String {
        let words = summaries.map { summary in
            let best = summary.best
            return best.value.isFinite
                ? "\(summary.strategy.name): the best of \(summary.outcomes.count) is \(best.trial.words), \(text(best.value))"
                : "\(summary.strategy.name): none of \(summary.outcomes.count) got to \(StudyTable.target(results))"
        }
        return VisibleText.line(words.joined(separator: "; ")) + ". A ring marks what was chosen."
            + strip.sentence(outcomes, text)
    }

    // MARK: After k trials

    /// What the best of k trials is worth.
    package var afterTrials: Picture? {
        let lines = summaries.map { summary -> PlotLine in
            let points = summary.afterTrials.filter { $0.best.isFinite && (!isTime || $0.best > 0) }.map {
                PlotPoint(x: Double($0.trials), y: $0.best, low: $0.low, high: $0.high.isFinite ? $0.high : $0.best)
            }
            var line = PlotLine(summary.strategy.name, styles[summary.strategy.name], points)
            line.hasMarkers = points.count <= 16
            return line
        }
        let most = summaries.map(\.outcomes.count).max() ?? 0
        guard most > 1, let y = axis(Self.shown(lines.flatMap(\.points))) else {
            return nil
        }
        let panel = Panel(
            left: 64, top: 30, width: Picture.standardWidth - 64 - LinePlot.labelWidth - 8, height: 210,
            x: AxisScale(.linear, .count, low: 0.8, high: Double(most) + 0.2), y: y)
        let elements =
            panel.axes(xTitle: "trials (k)", yTitle: metricText, xTicks: min(most, 8))
            + LinePlot.elements(panel, lines, clip: "after-trials-clip")
        return Picture(
            name: "after-trials", title: StudyTable.title(results), finding: afterFinding, height: panel.bottom + 44,
            elements)
    }

    /// What the axis has to hold: the lines, and bands as far as they do not take it from them.
    private static func shown(_ points: [PlotPoint]) -> [Double] {
        let lines = points.map(\.y)
        guard let least = lines.min(), let most = lines.max() else { return [] }
        let room = most - least
        return lines + points.flatMap { [max($0.low, least - room), min($0.high, most + room)] }
    }

    private var afterFinding: String {
        let words = summaries.compactMap { summary -> String? in
            let points = summary.afterTrials
            guard let first = points.first, let last = points.last, points.count > 1 else { return nil }
            func said(_ value: Double) -> String { value.isFinite ? text(value) : "never" }
            return
                "\(summary.strategy.name): \(said(first.best)) after one trial, \(said(last.best)) after \(last.trials)"
        }
        return VisibleText.line(words.joined(separator: "; ")) + ". Bands hold the best of k in nine of ten draws; "
            + "they may go on beyond the axis."
    }
}
