import Diagnostics
import Experiments
import Training

/// The whole curve, evaluation by evaluation: what people plot, and what a time to a target is read from.
///
/// Updates and samples at each evaluation follow from the plan. Bytes and times are exact on a virtual clock with a
/// fixed device. Accuracies and losses are the same bits on one kind of processor with one OpenBLAS; elsewhere they are
/// not compared here, but within the tolerances of ``AccuracyFigures``.
enum CurveFigures {
    static func compare(_ pair: StrategyPair) -> [Figure] {
        var figures = [
            ExactFigures.figure(pair, "evaluations", lessIsWorse: true, { $0.evaluations.count }) { String($0) },
            figure(pair, "curve updates", { [Double($0.round)] }, text: count),
            figure(pair, "curve samples", { [Double($0.samples)] }, text: count),
        ]
        if pair.strategy.fabric == .simulated {
            figures.append(figure(pair, "curve bytes", { [Double($0.bytesSent)] }, isBetter: <, text: count))
            figures.append(
                pair.hasExactTimes
                    ? figure(pair, "curve times", { [nanoseconds($0.clusterSeconds)] }, isBetter: <, text: time)
                    : notCompared(pair, "curve times", ExactFigures.calibrated))
        }
        guard pair.hasExactNumbers else {
            return figures
                + (["curve accuracies", "curve losses"] + (hasAreas(pair) ? ["curve AUCs"] : []) + [headline(pair)]).map
            {
                notCompared(pair, $0, otherProcessor(pair))
            }
        }
        return figures + [
            figure(
                pair, "curve accuracies", { [$0.testAccuracy] }, isBetter: >,
                text: { Format.percent($0, decimals: 2) }),
            figure(
                pair, "curve losses", { [$0.testLoss, $0.trainLoss ?? 0] }, isBetter: <, text: Format.significant),
        ] + (hasAreas(pair) ? [areas(pair)] : []) + [toTarget(pair)]
    }

    /// Whether the plan's metric is an AUC, which is neither an accuracy nor follows from the losses.
    private static func hasAreas(_ pair: StrategyPair) -> Bool { pair.baselineResults.plan.metric == .auc }

    private static func areas(_ pair: StrategyPair) -> Figure {
        figure(
            pair, "curve AUCs", { [$0.testAUC ?? .nan] }, isBetter: Metric.auc.isBetter, text: Metric.auc.text)
    }

    // MARK: Point by point

    /// - Parameters:
    ///   - values: the values at an evaluation; the first one that differs is shown.
    ///   - isBetter: whether a new value is better than an old one; nil where any other value is a regression.
    private static func figure(
        _ pair: StrategyPair, _ name: String, _ values: (TrainingRun.Evaluation) -> [Double],
        isBetter: ((Double, Double) -> Bool)? = nil, text: (Double) -> String
    ) -> Figure {
        let runs = zip(pair.baseline, pair.current).map { before, after in
            Difference(before, after, values)
        }
        let different = runs.filter { $0.points > 0 }
        guard let shown = different.first(where: { !$0.isImprovement(isBetter) }) ?? different.first else {
            let points = pair.baseline.reduce(0) { $0 + $1.evaluations.count }
            return Figure(
                strategy: pair.strategy.name, name: name, kind: .exact, status: .same, baseline: "\(points) points",
                current: "\(points) points", change: "equal", test: "exact")
        }
        let isImprovement = different.allSatisfy { $0.isImprovement(isBetter) }
        let seeds = different.count == pair.baseline.count ? "every seed" : "seed \(shown.seed)"
        return Figure(
            strategy: pair.strategy.name, name: name, kind: .exact,
            status: isImprovement ? .improvement : .regression, baseline: shown.old.map(text) ?? "none",
            current: shown.new.map(text) ?? "none",
            change: """
                at evaluation \(shown.first + 1) of \(shown.count), the first of \(shown.points) that \
                differ\(shown.points == 1 ? "s" : ""); in \(seeds)
                """, test: "exact")
    }

    /// Where two curves of one seed differ.
    private struct Difference {
        let seed: UInt64
        let count: Int
        /// The index of the first evaluation that differs, followed by its old and new values.
        private(set) var first = 0
        private(set) var old: Double?
        private(set) var new: Double?
        private(set) var points = 0
        private var pairs: [(old: Double?, new: Double?)] = []

        init(_ before: RunRecord, _ after: RunRecord, _ values: (TrainingRun.Evaluation) -> [Double]) {
            seed = before.seed
            let (olds, news) = (before.evaluations.map(values), after.evaluations.map(values))
            count = max(olds.count, news.count)
            for index in 0..<count {
                let old = index < olds.count ? olds[index] : []
                let new = index < news.count ? news[index] : []
                let isSame = old.count == new.count && zip(old, new).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
                if isSame { continue }
                let place = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
                pairs.append((old.isEmpty ? nil : old[place], new.isEmpty ? nil : new[place]))
                if points == 0 { (first, self.old, self.new) = (index, pairs[0].old, pairs[0].new) }
                points += 1
            }
        }

        /// Whether every value that differs is better than before.
        func isImprovement(_ isBetter: ((Double, Double) -> Bool)?) -> Bool {
            guard let isBetter else { return points == 0 }
            return pairs.allSatisfy { pair in
                guard let old = pair.old, let new = pair.new else { return false }
                return isBetter(new, old)
            }
        }
    }

    // MARK: To the target

    /// The name of the figure: the time where times are exact; else the samples, which are as exact as accuracies.
    private static func headline(_ pair: StrategyPair) -> String {
        pair.strategy.fabric == .simulated && pair.hasExactTimes ? "time to target" : "samples to target"
    }

    private static func toTarget(_ pair: StrategyPair) -> Figure {
        let target = pair.baselineResults.plan.goal
        let isTime = headline(pair) == "time to target"
        // Larger than any value of a run, and small enough that differences do not overflow.
        let never = Int.max / 4
        func value(_ run: RunRecord) -> Int {
            guard let point = TimeToTarget(run.evaluations, target: target).sustainedPoint else { return never }
            return isTime ? Int(nanoseconds(point.clusterSeconds)) : point.samples
        }
        func text(_ value: Int) -> String {
            value == never ? "never" : isTime ? time(Double(value)) : String(value)
        }
        func difference(_ change: Int) -> String {
            guard abs(change) < never / 2 else { return change > 0 ? "no longer reached" : "reached" }
            return (change > 0 ? "+" : "-") + text(abs(change))
        }
        return ExactFigures.figure(
            pair, headline(pair), value, difference: difference, showsRelative: { $0 != never && $1 != never },
            text: text)
    }

    // MARK: Texts

    private static func notCompared(_ pair: StrategyPair, _ name: String, _ reason: String) -> Figure {
        Figure(
            strategy: pair.strategy.name, name: name, kind: .exact, status: .notCompared, baseline: "-", current: "-",
            change: "-", test: reason)
    }

    private static func otherProcessor(_ pair: StrategyPair) -> String {
        let (old, new) = (pair.baselineResults.machine, pair.currentResults.machine)
        let differs =
            old.processor == new.processor ? "\(old.blas) and \(new.blas)" : "\(old.processor) and \(new.processor)"
        return "\(differs) round otherwise; compared within a tolerance"
    }

    private static func nanoseconds(_ seconds: Double) -> Double { (seconds * 1e9).rounded() }
    private static func time(_ nanoseconds: Double) -> String { Format.seconds(nanoseconds / 1e9) }
    private static func count(_ value: Double) -> String { Format.fixed(value, 0) }
}

extension StrategyPair {
    /// Whether a simulated time is the same on every machine.
    var hasExactTimes: Bool { baselineResults.plan.compute != "calibrated" }

    /// Whether accuracies and losses can be compared bit by bit: on the same kind of processor they have to be equal,
    /// and where they are equal anyway, machines do not matter.
    var hasExactNumbers: Bool {
        let (old, new) = (baselineResults.machine, currentResults.machine)
        if old.processor == new.processor, old.blas == new.blas { return true }
        return zip(baseline, current).allSatisfy { before, after in
            before.evaluations.map(\.testAccuracy) == after.evaluations.map(\.testAccuracy)
                && before.evaluations.map(\.testLoss) == after.evaluations.map(\.testLoss)
                && before.evaluations.map(\.trainLoss) == after.evaluations.map(\.trainLoss)
                && before.evaluations.map(\.testAUC) == after.evaluations.map(\.testAUC)
        }
    }
}
