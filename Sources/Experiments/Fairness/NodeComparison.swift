import Foundation
import Statistics
import Training

/// All nodes of a strategy against the same nodes alone, on the same seeds.
package struct NodeComparison: Sendable {
    /// The moments at which a node in the two strategies is compared.
    package enum Terms: String, CaseIterable, Sendable {
        /// When the node has trained on as many samples of its own.
        case equalSamples = "at equal samples"
        /// When as much cluster time has passed.
        case equalTime = "at equal cluster time"
    }

    package let strategy: String
    package let baseline: String
    package let terms: Terms
    package let seeds: Int
    /// Verdicts in the order of nodes.
    package let verdicts: [NodeVerdict]
    /// By seed, what each node has more than alone at the moments that are compared.
    package let gains: [UInt64: [Gain]]

    /// Of one node with one seed.
    package struct Gain: Hashable, Sendable {
        /// Own accuracy, whatever the metric is.
        package let accuracy: Double
        /// By the metric's own direction.
        package let value: Double
    }

    package func count(_ outcome: NodeVerdict.Outcome) -> Int { verdicts.count { $0.outcome == outcome } }

    /// The registered name of the strategy whose nodes send nothing.
    package static let baselineName = "alone"

    /// Every strategy with nodes against the first row of ``baselineName``, in the order of the table, equal samples first.
    package static func all(_ results: Results) -> [NodeComparison] {
        guard let alone = baseline(results) else { return [] }
        return results.summaries.filter { $0.strategy != alone.strategy }.flatMap { summary in
            Terms.allCases.compactMap { NodeComparison(summary, alone, $0, testSamples: results.testSamples) }
        }
    }

    /// The first row of ``baselineName`` whose runs have nodes; nil without one.
    package static func baseline(_ results: Results) -> StrategySummary? {
        results.everySummary.first { $0.plan.strategy == baselineName && $0.runs.contains { $0.nodes != nil } }
    }

    /// Nil where the two have no nodes, no seed in common, other nodes or nodes of other architectures, and for times of
    /// different clocks or machines.
    package init?(
        _ summary: StrategySummary, _ alone: StrategySummary, _ terms: Terms, testSamples: Int?
    ) {
        guard terms == .equalSamples || summary.clock.relation(to: alone.clock) == .sameMachines,
            summary.plan.options["partition"] == alone.plan.options["partition"],
            summary.plan.architectures == alone.plan.architectures, let testSamples
        else { return nil }
        var bySeed: [[NodeEvidence]] = []
        var gains: [UInt64: [Gain]] = [:]
        let metric = summary.metric
        var kinds: [Int?]?
        for run in summary.runs {
            guard let other = alone.runs.first(where: { $0.seed == run.seed }), let nodes = run.nodes,
                let others = other.nodes
            else { continue }
            guard nodes.map(\.kind) == others.map(\.kind) else { return nil }
            kinds = kinds ?? nodes.map(\.kind)
            let classes = TestClassCounts(run.testClasses ?? other.testClasses)
            let pairs = zip(nodes, others).map { NodePair($0, $1, terms) }
            let evidence = pairs.map { $0.evidence(metric, classes, testSamples: testSamples) }
            bySeed.append(evidence)
            gains[run.seed] = zip(pairs, evidence).map {
                Gain(accuracy: $0.accuracyGain, value: metric.gain(of: $1.value, over: $1.aloneValue))
            }
        }
        guard let kinds, let first = bySeed.first, bySeed.allSatisfy({ $0.count == first.count }) else { return nil }
        let byNode = kinds.indices.map { node in bySeed.map { $0[node] } }
        let pValues = byNode.map { NodeEvidence.pValue($0, metric) }
        let adjusted = Holm.adjusted(pValues)
        strategy = summary.strategy
        baseline = alone.strategy
        self.terms = terms
        self.gains = gains
        seeds = bySeed.count
        verdicts = kinds.indices.map {
            NodeVerdict(node: $0, kind: kinds[$0], metric, byNode[$0], pValue: pValues[$0], adjusted: adjusted[$0])
        }
    }
}

/// The classes of the test samples of one seed, and the number of samples of each class.
struct TestClassCounts {
    let labels: [Int]
    private let counts: [Int: Int]

    init?(_ text: String?) {
        guard let labels = text.flatMap(TestClasses.labels) else { return nil }
        self.labels = labels
        counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
    }

    func count(_ label: Int) -> Int { counts[label] ?? 0 }

    /// Kish's effective sample size of a distribution over classes.
    func effectiveSamples(_ weights: [Double]) -> Double {
        let sum = weights.enumerated().reduce(0.0) { sum, weight in
            let count = count(weight.offset)
            return count == 0 ? sum : sum + weight.element * weight.element / Double(count)
        }
        return sum > 0 ? 1 / sum : 0
    }
}

/// A node and the same node alone, with one seed, at the moments that are compared.
private struct NodePair {
    private let joined, alone: NodeResult
    /// The evaluations that are compared, as places in the two curves.
    private let joinedPlace, alonePlace: Int

    init(_ joined: NodeResult, _ alone: NodeResult, _ terms: NodeComparison.Terms) {
        (self.joined, self.alone) = (joined, alone)
        switch terms {
        case .equalSamples:
            let (own, other) = (Self.ownSamples(joined), Self.ownSamples(alone))
            let least = min(own.last ?? 0, other.last ?? 0)
            // A last round can go a little beyond the common number of samples.
            let most = least * (1 + Self.slack)
            func place(_ samples: [Double]) -> Int {
                let place = samples.lastIndex { $0 <= most } ?? 0
                // Where evaluations are far apart, one a little later is more equal than one much earlier.
                guard place + 1 < samples.count, samples[place + 1] - least < least - samples[place] else {
                    return place
                }
                return place + 1
            }
            joinedPlace = place(own)
            alonePlace = place(other)
        case .equalTime:
            let end = min(joined.seconds, alone.seconds)
            joinedPlace = joined.evaluations.lastIndex { $0.clusterSeconds <= end } ?? 0
            alonePlace = alone.evaluations.lastIndex { $0.clusterSeconds <= end } ?? 0
        }
    }

    /// Numbers of samples this close to each other, relatively, are taken for equal.
    private static let slack = 0.02

    /// The node's own samples at each evaluation, in proportion to all samples: only the node's last count is recorded,
    /// and its share of all samples is the same throughout.
    private static func ownSamples(_ node: NodeResult) -> [Double] {
        let all = node.evaluations.map { Double($0.samples) }
        guard let last = all.last, last > 0, let trained = node.trainedSamples, trained > 0 else { return all }
        return all.map { $0 / last * Double(trained) }
    }

    /// What the node has more than alone in own accuracy.
    var accuracyGain: Double { value(joined, joinedPlace, .accuracy) - value(alone, alonePlace, .accuracy) }

    private func value(_ node: NodeResult, _ place: Int, _ metric: Metric) -> Double {
        let curve = node.ownCurve
        return curve.indices.contains(place) ? metric.value(of: curve[place]) : metric.worst
    }

    func evidence(_ metric: Metric, _ classes: TestClassCounts?, testSamples: Int) -> NodeEvidence {
        let (own, other) = (value(joined, joinedPlace, metric), value(alone, alonePlace, metric))
        guard metric.isOfRightAnswers else {
            return NodeEvidence(
                value: own, aloneValue: other,
                samples: NodeEvidence.Samples(
                    metric, areEnds ? joined.sampleNumbers : nil, areEnds ? alone.sampleNumbers : nil,
                    weights: joined.classWeights, classes))
        }
        return NodeEvidence(
            value: own, aloneValue: other,
            samples: paired(classes, testSamples) ?? counts(own, other, classes, testSamples))
    }

    /// Whether both nodes are compared at their last evaluations, where the outcome of each test sample is known.
    private var areEnds: Bool {
        joinedPlace == joined.evaluations.count - 1 && alonePlace == alone.evaluations.count - 1
    }

    /// Nil unless both nodes are compared at their last evaluations and their right answers are known.
    private func paired(_ classes: TestClassCounts?, _ testSamples: Int) -> NodeEvidence.Samples? {
        guard areEnds,
            let own = joined.correctBits, let other = alone.correctBits, own.count == other.count,
            8 * own.count >= testSamples
        else { return nil }
        guard let weights = joined.classWeights else {
            let (wins, losses) = Self.discordant(own, other)
            return .paired([McNemar.Stratum(weight: 1 / Double(testSamples), wins: wins, losses: losses)])
        }
        guard let classes, classes.labels.count == testSamples else { return nil }
        var (wins, losses) = (Array(repeating: 0, count: weights.count), Array(repeating: 0, count: weights.count))
        for (sample, label) in classes.labels.enumerated() where weights.indices.contains(label) {
            let (first, second) = (own[sample / 8] >> (sample % 8) & 1, other[sample / 8] >> (sample % 8) & 1)
            if first > second { wins[label] += 1 } else if first < second { losses[label] += 1 }
        }
        return .paired(
            weights.indices.filter { classes.count($0) > 0 }.map { label in
                McNemar.Stratum(
                    weight: weights[label] / Double(classes.count(label)), wins: wins[label], losses: losses[label])
            })
    }

    /// How many samples the first has right and the second wrong, and how many the other way round.
    private static func discordant(_ first: [UInt8], _ second: [UInt8]) -> (wins: Int, losses: Int) {
        zip(first, second).reduce((0, 0)) { counts, bytes in
            (
                counts.0 + (bytes.0 & ~bytes.1).nonzeroBitCount,
                counts.1 + (bytes.1 & ~bytes.0).nonzeroBitCount
            )
        }
    }

    /// Right answers of both models, as counts.
    ///
    /// - Parameters:
    ///   - own: the accuracy of the model of the node that takes part.
    ///   - other: the accuracy of the model of the node alone.
    private func counts(
        _ own: Double, _ other: Double, _ classes: TestClassCounts?, _ testSamples: Int
    ) -> NodeEvidence.Samples {
        let effective = joined.classWeights.flatMap { weights in classes.map { $0.effectiveSamples(weights) } }
        let count = Int(effective ?? joined.ownTestSamples ?? Double(testSamples))
        func right(_ accuracy: Double) -> Int { Int((accuracy * Double(count)).rounded()) }
        return .counts(joined: right(own), alone: right(other), of: count)
    }
}

extension NodeResult {
    /// How many test samples count for the node if all count alike: its right answers divided by its accuracy.
    fileprivate var ownTestSamples: Double? {
        guard classWeights == nil, let bits = correctBits, ownAccuracy > 0 else { return nil }
        return (Double(bits.reduce(0) { $0 + $1.nonzeroBitCount }) / ownAccuracy).rounded()
    }
}
