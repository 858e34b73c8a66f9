import Statistics
package import Training

/// Whether a node is better off by taking part than alone.
///
/// A verdict needs two things. *The node's test samples* must tell its two models apart: McNemar's exact test on the
/// samples that one model has right and the other wrong, two-sided, corrected by Holm's procedure over all nodes of the
/// strategy, at 5 %. *The seeds* must agree: six or more seeds that differ by the sign test at 5 %; with two to five,
/// which are too few for the sign test, none may go the other way. With one seed only the first condition counts, and
/// the verdict is about these two models, not about what another start would give.
///
/// *Several seeds* are combined by adding up their discordant pairs. This treats the samples of different seeds as
/// independent: a sample that is in the test sets of several seeds counts several times, so that the first test alone
/// would find too many differences. This is why the seeds have to agree as well.
///
/// *Label skew.* A node whose distribution weighs classes counts a sample of class c for p(c) / n(c), where n(c) is the
/// number of test samples of that class: the weighted difference of wins and losses is then the difference of the node's own
/// accuracies, and its distribution is exact by the same coins (``McNemar/pValue(_:)``).
///
/// *Other metrics.* Where the metric comes from a mean loss (loss, perplexity, RMSE), the first test is Fisher's
/// randomisation test of the mean difference of the two models' losses, sample by sample (``SignFlip``), of which
/// McNemar's test is the special case for right and wrong answers; samples are weighted as above. For an AUC the first
/// test is that of DeLong et al. 1988 (``DeLong``) on the samples' scores. A node gains if the metric is better by its
/// own direction: if its loss falls. Losses and scores are known for the last models only; where another evaluation is
/// compared, only the seeds count, by the sign test, which needs at least six.
///
/// *Not at the end of both.* Which samples a model had right is known for the last models only. Where another
/// evaluation is compared, only the numbers of right answers are known, and Fisher's exact test treats the two as
/// counts of different samples. Since models err alike on the same samples, this test finds fewer differences than
/// could be shown. For a node that weighs classes the counts are out of Kish's effective sample size (L. Kish 1965), 1
/// / sum of p(c)² / n(c).
package struct NodeVerdict: Hashable, Sendable {
    package enum Outcome: String, Hashable, Sendable {
        case gains, loses
        case noDifferenceShown = "no difference shown"
    }

    /// The place among the nodes.
    package let node: Int
    package let kind: Int?
    package let metric: Metric
    /// Mean over seeds of the node's value when it takes part, on its own distribution.
    package let value: Double
    /// Mean over seeds of the value of the node alone, on its own distribution.
    package let aloneValue: Double
    /// How many seeds the node is better off in.
    package let seedsUp: Int
    /// How many seeds the node is worse off in.
    package let seedsDown: Int
    /// The p-value of the node's test samples, two-sided, without a correction.
    package let pValue: Double
    /// The p-value, corrected for the number of nodes.
    package let adjustedPValue: Double
    package let outcome: Outcome

    /// By how much the node is better off, in the metric's unit; below 0 where it is worse off.
    package var gain: Double { metric.gain(of: value, over: aloneValue) }

    /// The level of all tests.
    package static let level = 0.05

    /// - Parameter seeds: the node's evidence of each seed.
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

    /// Whether the seeds agree as far as that many seeds can.
    static func agree(up: Int, down: Int) -> Bool {
        guard up + down >= SignTest.leastPairs(level: level) else { return min(up, down) == 0 && up + down > 0 }
        return SignTest.pValue(wins: up, losses: down) <= level
    }
}
