import Diagnostics
import Foundation
public import Kernel

/// The figure of merit of a task: what its target is one of, and what its verdicts are about.
///
/// Its values follow from what an evaluation measures: the accuracy, the mean loss, and for ``auc`` the area that is measured
/// beside them. What is no number, such as the loss of a model that diverged, is the worst value there is.
public enum Metric: String, CaseIterable, Codable, Hashable, Sendable {
    /// The share of test samples that the model is right about.
    case accuracy
    /// The mean loss over the test set, in the unit of the objective: nats of a cross-entropy.
    case loss
    /// exp(mean loss), of a cross-entropy: among how many equally likely answers the model is as unsure.
    case perplexity
    /// sqrt(mean loss), of squared errors: in the unit of what is predicted.
    case rmse
    /// The area under the ROC curve, of two classes; see ``AreaUnderROC``.
    case auc

    /// The metric's name in tables and sentences.
    public var title: String {
        switch self {
        case .accuracy, .loss, .perplexity: rawValue
        case .rmse: "RMSE"
        case .auc: "AUC"
        }
    }

    /// The name with its article, such as `a perplexity`.
    public var oneOfThem: String {
        switch self {
        case .accuracy, .auc, .rmse: "an \(title)"
        case .loss, .perplexity: "a \(title)"
        }
    }

    /// Several values, such as `perplexities`.
    public var plural: String {
        switch self {
        case .accuracy: "accuracies"
        case .loss: "losses"
        case .perplexity: "perplexities"
        case .rmse: "RMSEs"
        case .auc: "AUCs"
        }
    }

    // MARK: Direction

    /// Whether a larger value is the better one.
    public var isHigherBetter: Bool { self == .accuracy || self == .auc }

    /// `higher is better` or `lower is better`.
    public var direction: String { isHigherBetter ? "higher is better" : "lower is better" }

    /// The worst value, which a model has that has diverged.
    public var worst: Double { isHigherBetter ? 0 : .infinity }

    /// Whether the first of two values is better than the second; what is no number is as bad as ``worst``.
    public func isBetter(_ value: Double, than other: Double) -> Bool {
        let (value, other) = (orWorst(value), orWorst(other))
        return isHigherBetter ? value > other : value < other
    }

    /// The value itself, or ``worst`` where it is no number.
    public func orWorst(_ value: Double) -> Double { value.isNaN ? worst : value }

    /// The best of some values; nil where there are none.
    public func best(of values: some Sequence<Double>) -> Double? {
        values.reduce(nil) { best, value in
            guard let best else { return orWorst(value) }
            return isBetter(value, than: best) ? value : best
        }
    }

    /// The values from the worst to the best.
    public func fromWorstToBest(_ values: some Sequence<Double>) -> [Double] {
        values.map(orWorst).sorted { isBetter($1, than: $0) }
    }

    /// By how much the first of two values is better than the second; below 0 where it is worse. Between two models
    /// that have both diverged there is no difference.
    public func gain(of value: Double, over other: Double) -> Double {
        value == other ? 0 : isHigherBetter ? value - other : other - value
    }

    /// The range of all possible values; nil where it is not known.
    public var bounds: ClosedRange<Double>? {
        switch self {
        case .accuracy, .auc: 0...1
        case .perplexity: 1...Double.infinity
        case .rmse: 0...Double.infinity
        case .loss: nil
        }
    }

    /// The range in which an interval over some values may lie: ``bounds`` where they are known. Losses have none, but
    /// where all of these are 0 or more, as a network's are, neither is an interval below 0. Nil where there is no
    /// bound.
    public func bounds(of values: [Double]) -> ClosedRange<Double>? {
        bounds ?? (values.allSatisfy { $0 >= 0 } ? 0...Double.infinity : nil)
    }

    // MARK: Values

    /// The metric of a model from what was measured of it; ``worst`` where that gives no number.
    ///
    /// - Parameter auc: nil where it was not measured.
    package func value(accuracy: Double, loss: Double, auc: Double?) -> Double {
        orWorst(measured(accuracy: accuracy, loss: loss, auc: auc))
    }

    /// The metric of a model, NaN where that is what was measured: a NaN reaches no target, however low.
    private func measured(accuracy: Double, loss: Double, auc: Double?) -> Double {
        switch self {
        case .accuracy: accuracy
        case .loss: loss
        case .perplexity: exp(loss)
        case .rmse: loss.squareRoot()
        case .auc: auc ?? .nan
        }
    }

    /// The value of a model on the test set, NaN where that is what was measured.
    package func measured(in evaluation: TrainingRun.Evaluation) -> Double {
        measured(accuracy: evaluation.testAccuracy, loss: evaluation.testLoss, auc: evaluation.testAUC)
    }

    /// The value of a model on the test set.
    public func value(of evaluation: TrainingRun.Evaluation) -> Double {
        value(accuracy: evaluation.testAccuracy, loss: evaluation.testLoss, auc: evaluation.testAUC)
    }

    /// The value of a model by a node's own distribution.
    public func value(of score: OwnScore) -> Double {
        value(accuracy: score.accuracy, loss: score.loss, auc: score.auc)
    }

    /// The value of the mean of all nodes' models on everybody's data.
    package func value(ofAverage consensus: TrainingRun.Consensus) -> Double {
        value(accuracy: consensus.averageAccuracy, loss: consensus.averageLoss, auc: consensus.averageAUC)
    }

    /// What tells two models apart sample by sample: where it is accuracy, which samples each has right; else numbers.
    package var isOfRightAnswers: Bool { self == .accuracy }

    // MARK: What may be asked

    /// Whether a task may have this value for its target.
    public func allows(target: Double) -> Bool {
        switch self {
        case .accuracy, .auc: target > 0 && target <= 1
        case .loss, .rmse: target > 0 && target.isFinite
        case .perplexity: target >= 1 && target.isFinite
        }
    }

    /// The values that ``allows(target:)`` accepts, in words.
    public var allowedTargets: String {
        switch self {
        case .accuracy: "an accuracy above 0 up to 1"
        case .auc: "an AUC above 0 up to 1"
        case .loss: "a loss above 0"
        case .rmse: "an RMSE above 0"
        case .perplexity: "a perplexity of 1 or more"
        }
    }

    /// Why models of this objective have no such value, or one without a meaning, in words; nil where they have. What the loss
    /// of an objective of another package is the package knows.
    public func problem(of objective: any Objective) -> String? {
        if let network = objective as? Network, let problem = problem(of: network.loss) { return problem }
        guard self == .auc else { return nil }
        if (objective as? any ScoringObjective)?.hasScores == true { return nil }
        return """
            an AUC is of a model with one output, or two, for labels 0 and 1; found is \(objective.summary)
            """
    }

    /// Why no model that minimises this loss has such a value with a meaning, in words; nil where some have.
    package func problem(of loss: Loss) -> String? {
        switch self {
        case .loss: nil
        // A regression's outputs are never right or wrong, and belong to no label.
        case .accuracy: loss == .squaredError ? "an accuracy is of classes, and the loss is a squared error" : nil
        case .auc: loss == .squaredError ? "an AUC is of labels 0 and 1, and the loss is a squared error" : nil
        case .perplexity:
            loss == .squaredError ? "a perplexity is exp of a cross-entropy, and the loss is a squared error" : nil
        case .rmse:
            loss == .squaredError ? nil : "an RMSE is the root of a squared error, and the loss is a cross-entropy"
        }
    }
}
