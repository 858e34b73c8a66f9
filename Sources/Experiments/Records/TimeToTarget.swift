import Statistics
public import Training

/// When a run reached a target, in cluster time.
///
/// An evaluation is *at* the target if its value is the target or better: above it for an accuracy, below it for a
/// loss.
public struct TimeToTarget: Hashable, Sendable {
    /// Cluster seconds of the first evaluation at the target; nil if there is none.
    public let firstCrossingSeconds: Double?
    /// The headline: the first evaluation at the target for which the mean of the last three evaluations, including
    /// this one, is at the target as well; nil if there is none. A lucky spike on a noisy curve does not count. The
    /// mean is of the metric's values: of three perplexities, not of the losses behind them.
    public let sustainedPoint: TrainingRun.Evaluation?

    /// The evaluation before ``sustainedPoint``; nil without either.
    public let pointBefore: TrainingRun.Evaluation?

    /// Cluster seconds until the target was reached for good; nil if it never was.
    public var sustainedSeconds: Double? { sustainedPoint?.clusterSeconds }

    /// The time to the target with the step in which it lies: from the evaluation before ``sustainedPoint`` to that
    /// one.
    package var sustainedTime: SteppedValue {
        guard let seconds = sustainedSeconds else { return .never }
        return SteppedValue(seconds, after: min(seconds, pointBefore?.clusterSeconds ?? seconds))
    }

    /// How many evaluations have a mean that must reach the target.
    public static let window = 3

    /// Finds when the evaluations of one run, in their order, reached the target.
    public init(_ evaluations: [TrainingRun.Evaluation], target: Target) {
        func isReached(_ points: ArraySlice<TrainingRun.Evaluation>) -> Bool {
            target.isReached(by: points.lazy.map(target.metric.measured(in:)))
        }
        firstCrossingSeconds = evaluations.indices.first { isReached(evaluations[$0...$0]) }
            .map { evaluations[$0].clusterSeconds }
        let sustained = evaluations.indices.first { index in
            guard index + 1 >= Self.window, isReached(evaluations[index...index]) else { return false }
            return isReached(evaluations[(index + 1 - Self.window)...index])
        }
        sustainedPoint = sustained.map { evaluations[$0] }
        pointBefore = sustained.flatMap { $0 > 0 ? evaluations[$0 - 1] : nil }
    }
}
