import Statistics
package import Training

/// Whether a node is better off by taking part than alone.
///
/// A verdict needs two things. *The node's test samples* must tell its two models apart: McNemar's exact test on the samples
/// that one model has right and the other wrong, two-sided, corrected by Holm's procedure over all nodes of the strategy, at
/// 5 %. *The seeds* must agree: with six or more that differ, by the sign test at 5 %; with two to five, which the sign test
/// can never call a difference (the fewest for that are six), none may go the other way. With one seed the first is all there
/// is, and the verdict is about these two models, not about what another start would give.
///
/// *Several seeds* are put together by adding up their discordant pairs. That takes the samples of different seeds for
/// independent: a sample that is in the test sets of several seeds counts several times, so that the first test alone calls
/// too much a difference. It is why the seeds have to agree as well.
///
/// *Label skew.* A node whose distribution weighs classes counts a sample of class c for p(c) / n(c), where n(c) is the
/// number of test samples of that class: the weighted difference of wins and losses is then the difference of the node's own
/// accuracies, and its distribution is exact by the same coins (``McNemar/pValue(_:)``).
///
/// *Other metrics.* Where the metric comes from a mean loss (loss, perplexity, RMSE), the first test is Fisher's randomisation
/// test of the mean difference of the two models' losses, sample by sample (``SignFlip``), of which McNemar's is the case of
/// right and wrong; samples weigh as above. Of an AUC it is the test of DeLong et al. 1988 (``DeLong``) on the samples' scores.
/// A node gains where the metric is better by its own direction: where its loss falls. Losses and scores are known of the last
/// models alone; where another evaluation is compared, the seeds alone speak, by the sign test, for which six are the fewest.
///
/// *Not at the end of both.* Which samples a model had right is known of the last models alone. Where another evaluation is
/// compared, only the counts are, and Fisher's exact test takes the two counts for those of different samples: on the same
/// samples models err alike, so that it calls less a difference than could be shown. Of a node that weighs classes the counts
/// are those of Kish's effective sample size (L. Kish 1965), 1 / sum of p(c)² / n(c).
package struct NodeVerdict: Hashable, Sendable {
    package enum Outcome: String, Hashable, Sendable {
        case gains, loses
        case noDifferenceShown = "no difference shown"
    }

    /// The place among the nodes.
    package let node: Int
    package let kind: Int?
    package let metric: Metric
    /// Means over seeds, on the node's own distribution.
    package let value: Double
    package let aloneValue: Double
    /// Seeds in which the node is better off, and worse off.
    package let seedsUp: Int
    package let seedsDown: Int
    /// Of the test samples, two-sided, by itself.
    package let pValue: Double
    /// The same, corrected for the number of nodes.
    package let adjustedPValue: Double
    package let outcome: Outcome

    /// By how much the node is better off, in the metric's unit; below 0 where it is worse off.
    package var gain: Double { metric.gain(of: value, over: aloneValue) }

    /// The level of all tests.
    package static let level = 0.05

    /// - Parameter seeds: what the node has in each.
    init(node: Int, kind: Int?, _ metric: Metric, _ seeds: [NodeEvidence], pValue: Double, adjusted: Double) {
        self.node = node
        self.kind = kind
        self.metric = metric
        let count = Double(seeds.count)
        value = seeds.reduce(0) { $0 + $1.value } / count
        aloneValue = seeds.reduce(0) { $0 + $1.aloneValue } / count
        seedsUp = seeds.count { metric.isBetter($0.value, than: $0.aloneValue) }
        seedsDown = seeds.count { metric.isBetter($0.aloneValue, than: $0.value) }
        self.pValue = pValue
        adjustedPValue = adjusted
        let difference = metric.gain(of: value, over: aloneValue)
        let isShown = adjusted <= Self.level && Self.agree(up: seedsUp, down: seedsDown)
        outcome =
            !isShown || difference == 0 || difference.isNaN || (difference > 0) != (seedsUp > seedsDown)
            ? .noDifferenceShown : difference > 0 ? .gains : .loses
    }

    /// Whether seeds agree as far as so many can.
    static func agree(up: Int, down: Int) -> Bool {
        guard up + down >= SignTest.leastPairs(level: level) else { return min(up, down) == 0 && up + down > 0 }
        return SignTest.pValue(wins: up, losses: down) <= level
    }
}
