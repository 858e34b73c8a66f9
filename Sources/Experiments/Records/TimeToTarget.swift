import Statistics
public import Training

/// When a run reached a target, in cluster time.
///
/// An evaluation is *at* the target where its value is that or better: above it for an accuracy, below it for a loss.
public struct TimeToTarget: Hashable, Sendable {
    /// The first evaluation at the target.
    public let firstCrossingSeconds: Double?
    /// The headline: the first evaluation at the target at which the mean of the last three evaluations, this one among
    /// them, is so too. A lucky spike on a noisy curve does not count. The mean is of the metric's values: of three
    /// perplexities, not of the losses that they come from.
    public let sustainedPoint: TrainingRun.Evaluation?

    /// The evaluation before ``sustainedPoint``, at which the model was not there yet.
    public let pointBefore: TrainingRun.Evaluation?

    /// Seconds until the target was reached for good; nil if it never was.
    public var sustainedSeconds: Double? { sustainedPoint?.clusterSeconds }

    /// The time with the step in which it lies, from the evaluation before to that which found the target reached.
    package var sustainedTime: SteppedValue {
        guard let seconds = sustainedSeconds else { return .never }
        return SteppedValue(seconds, after: min(seconds, pointBefore?.clusterSeconds ?? seconds))
    }

    /// Evaluations whose mean has to reach the target.
    public static let window = 3

    /// Of the evaluations of one run, in their order.
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
