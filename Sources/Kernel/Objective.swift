public import Randomness

/// What is minimised: a function of a vector of parameters and of samples. ``Network`` is one, a classifier; strategies, the
/// harness and the clock ask for nothing that is not here.
///
/// Immutable and stateless: one objective serves all ranks and threads, each with its own vectors and ``Workspace``.
public protocol Objective: Sendable {
    /// The shape of one sample.
    var input: FeatureShape { get }
    /// Numbers that belong to a sample beside its label, which a batch holds for it: what a regression's outputs should be.
    var targetCount: Int { get }
    /// Where each tensor lies in the vector of all parameters.
    var layout: ParameterLayout { get }
    /// Operations of loss and gradient of one sample, which a compute model may charge.
    var trainingFlopsPerSample: Double { get }
    /// The objective in a line.
    var summary: String { get }

    /// Parameters at the start of training, `[P]`, which depend on the seed alone.
    func initialParameters(_ initialization: Initialization, seeds: SeedSequence) -> ParameterVector

    /// For every slot of ``layout``, the share of a step's work that is done when its part of the gradient is there; that of
    /// the first is 1, and none is larger than the one before.
    var gradientReadiness: [Double] { get }

    /// What a thread needs to work on batches of up to `capacity` samples.
    func workspace(capacity: Int) -> Workspace
    /// The bytes of such a workspace.
    func workspaceBytes(samples: Int) -> Int

    /// The loss of the samples in `workspace.batch`, and its gradient.
    ///
    /// - Parameters:
    ///   - workspace: one of the objective's own.
    ///   - parameters: `[P]`, read.
    ///   - gradient: `[P]`, overwritten with the gradient of (sum of losses) / `divisor`. With the size of the *global*
    ///     batch as divisor, the gradients of ranks that share a batch add up to the batch's mean gradient.
    ///   - progress: told while parts of the gradient become final; nil where nobody asks.
    /// - Returns: the sum of the losses, not divided.
    func lossAndGradient(
        of workspace: Workspace, dividedBy divisor: Int, at parameters: ParameterVector, into gradient: ParameterVector,
        progress: GradientProgress?
    ) -> Double

    /// One step of plain SGD on the samples in `workspace.batch`: p - rate * gradient.
    ///
    /// - Parameters:
    ///   - parameters: `[P]`, read.
    ///   - result: `[P]`, overwritten; may be `parameters`.
    ///   - divisor: as for ``lossAndGradient(of:dividedBy:at:into:progress:)``.
    /// - Returns: the sum of the losses, not divided.
    func descend(
        _ workspace: Workspace, dividedBy divisor: Int, from parameters: ParameterVector, rate: Float,
        into result: ParameterVector
    ) -> Double

    /// The loss of each sample in `workspace.batch` and whether the model is right about it, in their order.
    func judge(
        _ workspace: Workspace, at parameters: ParameterVector,
        _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void)

    /// The sum of the losses of the samples in `workspace.batch` and of how many of them the model is right.
    func lossAndCorrect(of workspace: Workspace, at parameters: ParameterVector) -> (loss: Double, correct: Int)
}

extension Objective {
    /// The loss and its gradient, without reports of how far the gradient is.
    public func lossAndGradient(
        of workspace: Workspace, dividedBy divisor: Int, at parameters: ParameterVector, into gradient: ParameterVector
    ) -> Double {
        lossAndGradient(of: workspace, dividedBy: divisor, at: parameters, into: gradient, progress: nil)
    }

    /// P, the length of a vector of all parameters.
    public var parameterCount: Int { layout.count }

    /// Computes the gradient first, and then makes the step.
    public func descend(
        _ workspace: Workspace, dividedBy divisor: Int, from parameters: ParameterVector, rate: Float,
        into result: ParameterVector
    ) -> Double {
        let gradient = ParameterVector(count: parameterCount)
        let loss = lossAndGradient(of: workspace, dividedBy: divisor, at: parameters, into: gradient, progress: nil)
        if result !== parameters { result.copy(from: parameters) }
        result.add(gradient, scaledBy: -rate)
        return loss
    }

    /// The sum of what ``judge(_:at:_:)`` says of each sample.
    public func lossAndCorrect(of workspace: Workspace, at parameters: ParameterVector) -> (loss: Double, correct: Int)
    {
        var (sum, correct) = (0.0, 0)
        judge(workspace, at: parameters) { _, loss, isRight in
            sum += loss
            if isRight { correct += 1 }
        }
        return (sum, correct)
    }

    /// 1 for every slot, as if no gradient were there before the end.
    public var gradientReadiness: [Double] { layout.slots.map { _ in 1 } }

    /// 0: labels say what outputs should be.
    public var targetCount: Int { 0 }

    /// A workspace that has a batch and nothing else.
    public func workspace(capacity: Int) -> Workspace {
        Workspace(Batch(capacity: capacity, featureCount: input.count, targetCount: targetCount))
    }

    /// The bytes of a workspace that has a batch and nothing else.
    public func workspaceBytes(samples: Int) -> Int {
        Batch.bytes(capacity: samples, featureCount: input.count, targetCount: targetCount)
    }
}
