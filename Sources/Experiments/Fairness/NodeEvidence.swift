import Foundation
import Statistics
import Training

/// What one seed says about one node.
struct NodeEvidence {
    /// The value of the node's model when it takes part, in the metric's unit.
    let value: Double
    /// The value of the model of the same node alone, in the metric's unit.
    let aloneValue: Double
    let samples: Samples

    enum Samples {
        /// Samples that tell the two models apart.
        case paired([McNemar.Stratum])
        /// Numbers of right answers of each model, out of so many.
        case counts(joined: Int, alone: Int, of: Int)
        /// For each sample, the loss of the node alone less that of the node taking part, times the weight of the
        /// sample.
        case losses([Double])
        /// The areas under the two ROC curves.
        case areas(DeLong)
        /// Nothing is known sample by sample.
        case unknown
    }

    /// The p-value of the test samples of all seeds.
    static func pValue(_ seeds: [NodeEvidence], _ metric: Metric) -> Double {
        var (strata, losses, areas) = ([McNemar.Stratum](), [Double](), [DeLong]())
        var (joined, alone, all) = (0, 0, 0)
        var isUnknown = false
        for seed in seeds {
            switch seed.samples {
            case .paired(let own): strata += own
            case .counts(let right, let other, let count):
                (joined, alone, all) = (joined + right, alone + other, all + count)
            case .losses(let differences): losses += differences
            case .areas(let difference): areas.append(difference)
            case .unknown: isUnknown = true
            }
        }
        // Where seeds are of several kinds, the least significant kind decides.
        if metric.isOfRightAnswers {
            let paired = McNemar.pValue(strata)
            guard all > 0 else { return paired }
            let counted = FisherExact.pValue(joined, all - joined, alone, all - alone)
            return strata.isEmpty ? counted : max(paired, counted)
        }
        guard !isUnknown else { return ofSeeds(seeds, metric) }
        // The mean of perplexities over seeds can differ in one direction and the mean of losses in the other.
        let gain = seeds.reduce(0.0) { $0 + metric.gain(of: $1.value, over: $1.aloneValue) }
        let shown = losses.reduce(0, +) + areas.reduce(0) { $0 + $1.difference }
        guard gain * shown > 0 else { return 1 }
        return metric == .auc ? DeLong.pValue(areas) : SignFlip.pValue(losses)
    }

    /// The p-value of the sign test over seeds.
    private static func ofSeeds(_ seeds: [NodeEvidence], _ metric: Metric) -> Double {
        SignTest.pValue(
            wins: seeds.count { metric.isBetter($0.value, than: $0.aloneValue) },
            losses: seeds.count { metric.isBetter($0.aloneValue, than: $0.value) })
    }
}

extension NodeEvidence.Samples {
    /// What the test samples of a node say about two of its models by a metric other than accuracy.
    ///
    /// - Parameters:
    ///   - joined: a loss or a score for each test sample, NaN for samples that do not count for the node; nil where
    ///     they are not known.
    ///   - alone: losses or scores of the model of the node alone, in the same form.
    ///   - weights: by class; nil where all samples that count have the same weight.
    ///   - classes: the classes of the test samples.
    init(
        _ metric: Metric, _ joined: [Float]?, _ alone: [Float]?, weights: [Double]?, _ classes: TestClassCounts?
    ) {
        guard let joined, let alone, joined.count == alone.count, !joined.isEmpty else {
            self = .unknown
            return
        }
        self =
            metric == .auc
            ? Self.areas(joined, alone, classes) : Self.differences(joined, alone, weights, classes)
    }

    /// A sample that does not count for the node is NaN in both, as is a sample on which both models have diverged;
    /// neither says anything. A sample that is NaN for one model only is infinitely worse for that model.
    private static func differences(
        _ joined: [Float], _ alone: [Float], _ weights: [Double]?, _ classes: TestClassCounts?
    ) -> Self {
        if weights != nil, classes?.labels.count != joined.count { return .unknown }
        let counted = joined.indices.filter { !joined[$0].isNaN || !alone[$0].isNaN }
        func weight(_ sample: Int) -> Double {
            guard let weights, let classes else { return 1 / Double(counted.count) }
            let label = classes.labels[sample]
            return weights.indices.contains(label) ? weights[label] / Double(classes.count(label)) : 0
        }
        func loss(_ losses: [Float], _ sample: Int) -> Double {
            losses[sample].isNaN ? .infinity : Double(losses[sample])
        }
        return .losses(counted.map { weight($0) * (loss(alone, $0) - loss(joined, $0)) })
    }

    private static func areas(_ joined: [Float], _ alone: [Float], _ classes: TestClassCounts?) -> Self {
        guard let classes, classes.labels.count == joined.count else { return .unknown }
        let counted = joined.indices.filter { !joined[$0].isNaN || !alone[$0].isNaN }
        let difference = DeLong(
            counted.map { joined[$0] }, counted.map { alone[$0] }, labels: counted.map { classes.labels[$0] != 0 })
        return difference.map(Self.areas) ?? .unknown
    }
}
