public import Cluster
public import Fabrics
public import Kernel

/// What a strategy does whose workers train in lockstep on parts of the same batches, in the terms of its paper;
/// ``StepLoop`` does all else.
public protocol StepRule: Sendable {
    /// What ranks keep between updates; the model is its ``NamedState/parameters``.
    var state: NamedState { get }

    /// How contributions are combined: summed or averaged.
    var reduction: Reduction { get }
    /// What contributions are for, in the count of bytes.
    var purpose: TrafficPurpose { get }

    /// A rank's part of one step. Called for all steps of an update in order, with the same vector.
    ///
    /// - Parameters:
    ///   - contribution: `[P]`, what the rank brings to the all-reduce; arbitrary numbers at an update's first step.
    ///   - progress: told which end of the vector is final, where parts of it are sent meanwhile; nil where none are.
    /// - Returns: the sum of the samples' losses.
    func localStep(_ part: BatchPart, _ contribution: ParameterVector, _ progress: GradientProgress?) -> Double

    /// Changes the state by what the all-reduce made of the contributions. Called for ranges that together are the whole
    /// vector, maybe side by side, once for each memory that ranks share.
    ///
    /// - Parameter rate: of the update's last step.
    func combine(_ reduced: ParameterVector, in range: Range<Int>, rate: Float)

    /// A step and its update in one, for a rank that is alone; nil where such a rank makes them as all others do.
    var stepAlone: (@Sendable (_ part: BatchPart) -> Double)? { get }
}

extension StepRule {
    public var stepAlone: (@Sendable (_ part: BatchPart) -> Double)? { nil }
}

/// A rank's part of a step's global batch.
public struct BatchPart: Sendable {
    /// The rank that computes.
    public let rank: Int
    /// Among how many the batch is shared.
    public let ranks: Int
    /// Whether it is the first step since the last update.
    public let isFirst: Bool
    /// The rank's samples of the global batch.
    public let indices: ArraySlice<Int32>
    /// Samples of the whole batch.
    public let globalCount: Int
    /// η of the step.
    public let rate: Float
}
