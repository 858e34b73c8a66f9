import Cluster
import Diagnostics
package import Experiments
import Foundation
import Statistics
import Training

/// What the pictures of a comparison are made from: its rows, each with its look, and the medians of its curves over seeds.
///
/// Everything that a picture shows of a run's quality is read through this type.
package struct PicturedRuns: Sendable {
    let results: Results
    let summaries: [StrategySummary]
    package let styles: SeriesStyles
    /// The time to the target over all seeds, by strategy.
    let timesToTarget: [String: SpreadSummary]

    package init(_ results: Results) {
        self.results = results
        summaries = results.summaries
        timesToTarget = Dictionary(summaries.map { ($0.strategy, $0.timeToTarget) }, uniquingKeysWith: { a, _ in a })
        styles = SeriesStyles(summaries.map(\.strategy), foremost: Self.foremost(summaries, timesToTarget))
    }

    /// Rows of one kind of clock, by their time and then by their accuracy; the kinds take turns, so that none is ranked against
    /// another.
    private static func foremost(_ summaries: [StrategySummary], _ times: [String: SpreadSummary]) -> [String] {
        guard summaries.count > Ink.seriesCount else { return summaries.map(\.strategy) }
        let groups = byKind(summaries).map { group in
            group.summaries.map {
                (
                    $0.strategy, times[$0.strategy]?.median ?? .infinity,
                    -$0.metric.gain(of: $0.finalValue.median, over: 0)
                )
            }
            .sorted { ($0.1, $0.2, $0.0) < ($1.1, $1.2, $1.0) }.map(\.0)
        }
        let longest = groups.map(\.count).max() ?? 0
        return (0..<longest).flatMap { place in groups.compactMap { $0.indices.contains(place) ? $0[place] : nil } }
    }

    /// Rows whose times are told by one kind of clock: what may share an axis of time.
    static func byKind(_ summaries: [StrategySummary]) -> [(kind: ClockClass.Kind, summaries: [StrategySummary])] {
        var groups: [(kind: ClockClass.Kind, summaries: [StrategySummary])] = []
        for summary in summaries {
            if let index = groups.firstIndex(where: { $0.kind == summary.clock.kind }) {
                groups[index].summaries.append(summary)
            } else {
                groups.append((summary.clock.kind, [summary]))
            }
        }
        return groups
    }

    // MARK: Quality

    /// The metric by which models are judged.
    var metric: Metric { results.plan.metric }
    /// The value of an evaluation that curves show.
    func quality(_ point: TrainingRun.Evaluation) -> Double { metric.value(of: point) }
    /// The name of the value that curves show.
    var qualityWord: String { metric.title }
    /// The name of the value that curves show, with its direction where a reader might mistake it.
    var qualityTitle: String { metric == .accuracy ? qualityWord : "\(qualityWord) (\(metric.direction))" }
    var capitalisedQuality: String { qualityWord.prefix(1).uppercased() + qualityWord.dropFirst() }
    var qualityQuantity: AxisScale.Quantity { metric.isShare ? .fraction : .count }
    func qualityText(_ value: Double) -> String {
        metric.isShare ? Format.percent(value, decimals: 2) : metric.text(value)
    }

    var target: Double { results.plan.target }
    var targetText: String { ComparisonTable.target(results) }

    // MARK: Curves

    /// What curves are drawn against.
    enum Against {
        case time, bytes, money, rounds
    }

    /// The median over seeds at each evaluation, with a band that holds the middle of the seeds: all of them where
    /// there are fewer than ten, else all except a tenth at either end.
    func curve(_ summary: StrategySummary, _ against: Against) -> [PlotPoint] {
        let count = summary.runs.map(\.evaluations.count).max() ?? 0
        return (0..<count).compactMap { index in
            let runs = summary.runs.filter { $0.evaluations.count > index }
            // Where most runs have ended, the median would not be of the same seeds any more.
            guard 2 * runs.count >= summary.runs.count else { return nil }
            let xs = runs.compactMap { place($0, $0.evaluations[index], against, summary) }
            let ys = runs.map { quality($0.evaluations[index]) }.filter(\.isFinite).sorted()
            guard xs.count == runs.count, !ys.isEmpty else { return nil }
            let cut = ys.count / 10
            return PlotPoint(x: Median.of(xs), y: Median.of(ys), low: ys[cut], high: ys[ys.count - 1 - cut])
        }
    }

    private func place(
        _ run: RunRecord, _ point: TrainingRun.Evaluation, _ against: Against, _ summary: StrategySummary
    ) -> Double? {
        switch against {
        case .time: point.clusterSeconds
        case .bytes: Double(point.bytesSent)
        case .rounds: Double(point.round)
        case .money: RunCost(run, summary.plan, on: summary.machines, until: point).money
        }
    }

    /// What reaching the target took, in the unit of a curve's axis; nil where it was not reached.
    func reached(_ summary: StrategySummary, _ against: Against) -> Double? {
        let value: Double?
        switch against {
        case .time: value = timesToTarget[summary.strategy]?.median
        case .money: value = summary.costToTarget(\.money)?.median
        case .bytes:
            value = Self.median(summary) { Double($0.bytesSent) }
        case .rounds:
            value = Self.median(summary) { Double($0.round) }
        }
        return value.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func median(_ summary: StrategySummary, _ value: (TrainingRun.Evaluation) -> Double) -> Double {
        Median.of(
            summary.runs.map { run in
                TimeToTarget(run.evaluations, target: summary.target).sustainedPoint.map(value) ?? .infinity
            })
    }

    /// The part of the vertical axis in which something happens: from the worse quarter of what the curves show, or a little worse
    /// than the target and the ends, to the best. Nil where there is nothing to draw.
    func qualityAxis(_ curves: [[PlotPoint]]) -> AxisScale? { Self.qualityAxis(curves, metric, target: target) }

    static func qualityAxis(_ curves: [[PlotPoint]], _ metric: Metric, target: Double) -> AxisScale? {
        let quantity: AxisScale.Quantity = metric.isShare ? .fraction : .count
        // Values are turned into gains, of which the higher is the better whatever the metric.
        func gain(_ value: Double) -> Double { metric.gain(of: value, over: 0) }
        let ends = curves.compactMap(\.last?.y).map(gain)
        let shown = curves.flatMap { $0.map(\.y) }.map(gain).sorted()
        guard let worst = ends.min(), let best = shown.last, !shown.isEmpty else { return nil }
        let goal = gain(target)
        let top = max(best, goal, curves.flatMap { $0.flatMap { [gain($0.low), gain($0.high)] } }.max() ?? best)
        let floor = min(worst, goal)
        let quarter = shown[shown.count / 4]
        let least = metric.isShare ? 0.02 : 0.02 * max(abs(top), abs(floor), .leastNormalMagnitude)
        let low = max(shown[0], min(floor - 0.35 * max(top - floor, least), quarter))
        let room = max(0.02 * (top - low), least / 10)
        let (worse, better) = (low - room, metric.isShare ? min(top + room, max(1, top)) : top + room)
        return metric.isHigherBetter
            ? AxisScale(.linear, quantity, low: worse, high: better)
            : AxisScale(.linear, quantity, low: max(0, -better), high: -worse)
    }
}

/// A point of a curve, with its band.
package struct PlotPoint: Hashable, Sendable {
    package var x, y, low, high: Double

    package init(x: Double, y: Double, low: Double, high: Double) {
        (self.x, self.y, self.low, self.high) = (x, y, low, high)
    }
    package init(x: Double, y: Double) { self.init(x: x, y: y, low: y, high: y) }

    /// At most `limit` points: the lowest and the highest of each stretch, so that no spike is lost, with a band that
    /// holds all bands of the stretch. The first and the last point stay.
    package static func thinned(_ points: [PlotPoint], to limit: Int) -> [PlotPoint] {
        guard points.count > limit, limit >= 4, let first = points.first, let last = points.last else { return points }
        let inner = Array(points.dropFirst().dropLast())
        let bins = (limit - 2) / 2
        var kept = [first]
        for bin in 0..<bins {
            let part = inner[(bin * inner.count / bins)..<((bin + 1) * inner.count / bins)]
            guard let low = part.indices.min(by: { part[$0].y < part[$1].y }),
                let high = part.indices.max(by: { part[$0].y < part[$1].y })
            else { continue }
            let (least, most) = (part.map(\.low).min() ?? 0, part.map(\.high).max() ?? 0)
            for index in Set([low, high]).sorted() {
                kept.append(PlotPoint(x: part[index].x, y: part[index].y, low: least, high: most))
            }
        }
        return kept + [last]
    }
}
