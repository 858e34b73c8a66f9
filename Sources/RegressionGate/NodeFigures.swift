import Diagnostics
import Experiments
import Foundation
import Statistics
import Training

/// The nodes' own accuracies, or values of another metric, at the end, where nodes are judged one by one. Nodes are
/// compared one by one, since a mean hides that one node lost what another gained.
///
/// On one kind of processor the values are the same bits. Elsewhere each node has a tolerance as ``AccuracyFigures``
/// derives it for a run, at the level divided by the number of nodes, so that all nodes together are called changed no
/// more often than one figure. For another metric the tolerance comes from the spread over the baseline's seeds.
enum NodeFigures {
    static func compare(_ pair: StrategyPair) -> [Figure] {
        let runs = Array(zip(pair.baseline, pair.current))
        guard runs.contains(where: { $0.0.nodes != nil || $0.1.nodes != nil }) else { return [] }
        let counts = runs.map { ($0.0.nodes?.count ?? 0, $0.1.nodes?.count ?? 0) }
        guard counts.allSatisfy({ $0.0 == $0.1 }), let nodes = counts.first?.0, counts.allSatisfy({ $0.0 == nodes })
        else {
            return [
                figure(
                    pair, .regression, "\(counts.map(\.0).max() ?? 0) nodes", "\(counts.map(\.1).max() ?? 0) nodes",
                    change: "other nodes", test: "exact")
            ]
        }
        let metric = pair.baselineResults.plan.metric
        let changes = (0..<nodes).map { node in
            Change(
                node: node, metric: metric, before: runs.map { ($0.0.nodes ?? [])[node].ownValue(metric) },
                after: runs.map { ($0.1.nodes ?? [])[node].ownValue(metric) })
        }
        let different = changes.filter { $0.before != $0.after }
        guard !different.isEmpty else {
            return [figure(pair, .same, "\(nodes) nodes", "\(nodes) nodes", change: "equal", test: "exact")]
        }
        return [pair.hasExactNumbers ? exact(pair, different, nodes) : tolerated(pair, different, nodes)]
    }

    /// One node's values by seed.
    private struct Change {
        let node: Int
        let metric: Metric
        let before, after: [Double]

        var difference: Double { mean(after) - mean(before) }
        /// By how much the node is better off; 0 where it is undefined, as between two models that diverged.
        var gain: Double {
            let gain = metric.gain(of: mean(after), over: mean(before))
            return gain.isNaN ? 0 : gain
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    }

    private static func exact(_ pair: StrategyPair, _ different: [Change], _ nodes: Int) -> Figure {
        // A reader has to see the node that lost most; gains of other nodes do not make up for it.
        let isWorse = different.contains { change in
            zip(change.before, change.after).contains { change.metric.isBetter($0, than: $1) }
        }
        let shown = worst(different)
        return figure(
            pair, isWorse ? .regression : .improvement, text(shown, shown.before), text(shown, shown.after),
            change: "\(text(shown)); \(different.count) of \(nodes) nodes differ", test: "exact")
    }

    private static func tolerated(_ pair: StrategyPair, _ different: [Change], _ nodes: Int) -> Figure {
        let metric = pair.baselineResults.plan.metric
        let samples = pair.baselineResults.testSamples.map(Double.init)
        func notCompared(_ reason: String) -> Figure {
            let shown = worst(different)
            return figure(
                pair, .notCompared, text(shown, shown.before), text(shown, shown.after), change: text(shown),
                test: reason)
        }
        guard metric != .accuracy || samples != nil else {
            return notCompared("the number of test samples is not known")
        }
        guard metric == .accuracy || pair.baseline.count > 1 else {
            return notCompared("one seed gives no tolerance for it")
        }
        let level = pair.settings.toleranceLevel / Double(nodes)
        func tolerance(_ change: Change) -> Double {
            guard metric == .accuracy, let samples else {
                // A node whose model diverged has no tolerance, so any value of another model is beyond it.
                return AccuracyFigures.toleranceOfSeeds(change.before, level) ?? 0
            }
            let right = change.before.map { ($0 * samples + 1) / (samples + 2) }
            let count = Double(right.count)
            let variance = right.reduce(0) { $0 + 2 * $1 * (1 - $1) / samples } / count
            return Normal.quantile(1 - level / 2) * (variance / count).squareRoot()
        }
        let beyond = different.filter { abs($0.gain) > tolerance($0) }
        let shown = worst(beyond.isEmpty ? different : beyond)
        let status: Figure.Status =
            beyond.isEmpty ? .withinTolerance : shown.gain < 0 ? .regression : .improvement
        return figure(
            pair, status, text(shown, shown.before), text(shown, shown.after),
            change: "\(text(shown)); \(beyond.count) of \(nodes) nodes beyond their tolerance",
            test: """
                \(metric.differenceText(tolerance(shown)))\(metric.differenceUnit), the \
                \(Format.significant(level * 100)) % bound of \
                \(metric == .accuracy ? "independent errors" : "the seeds' spread") for each of \(nodes) nodes
                """)
    }

    private static func worst(_ changes: [Change]) -> Change {
        changes.dropFirst().reduce(changes[0]) { $1.gain < $0.gain ? $1 : $0 }
    }

    private static func text(_ change: Change, _ values: [Double]) -> String {
        "\(change.metric.text(change.mean(values))) (node \(change.node))"
    }

    private static func text(_ change: Change) -> String {
        let difference = change.difference
        return "\(difference > 0 ? "+" : "")\(change.metric.differenceText(difference))\(change.metric.differenceUnit)"
    }

    private static func figure(
        _ pair: StrategyPair, _ status: Figure.Status, _ baseline: String, _ current: String, change: String,
        test: String
    ) -> Figure {
        Figure(
            strategy: pair.strategy.name, name: "own \(pair.baselineResults.plan.metric.plural) of nodes",
            kind: pair.hasExactNumbers ? .exact : .tolerance, status: status, baseline: baseline, current: current,
            change: change, test: test)
    }
}
