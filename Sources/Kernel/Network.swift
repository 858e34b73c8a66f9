/// A feed-forward network: layers in sequence, a loss at the end, all parameters in one flat vector.
///
///     let network = Network(input: FeatureShape(features: 784), [
///         .dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 10),
///     ])
///     let parameters = network.initialParameters(.he, seeds: SeedSequence(1))
///
/// Immutable and stateless: one network serves all ranks and threads, each with its own vectors and ``Workspace``.
public struct Network: Objective {
    /// The shape of one sample.
    public let input: FeatureShape
    /// What is minimised.
    public let loss: Loss
    /// Where each tensor lies in the vector of all parameters.
    public let layout: ParameterLayout
    /// The layers as described; a residual is the layers of its body with an ``Add`` behind them.
    let layers: [any Layer]
    /// The layers as described; residuals contain their bodies.
    let nodes: [NetworkNode]
    /// As computed: the layers without those that would move nothing, with ReLUs merged into the layer before where it
    /// can, and with conversions between the orders of channels.
    let stages: [Stage]
    /// One line: the shapes of samples and of what leaves every layer.
    public let summary: String
    /// The index of the first stage with parameters: gradients by its input, and by earlier ones, are not computed.
    private let firstTrained: Int

    /// Layers from the input on; the last one has an output for each class, or as many as the loss takes.
    ///
    /// - Precondition: the layers fit each other and the loss; ``init(checking:_:loss:)`` says how they do not.
    public init(input: FeatureShape, _ descriptions: [Description], loss: Loss = .softmaxCrossEntropy) {
        do {
            self = try Network(checking: input, descriptions, loss: loss)
        } catch {
            preconditionFailure(error.description)
        }
    }

    /// A network of layers that a user has written, whose mistakes are thrown.
    ///
    /// - Throws: what does not fit, and in which layer.
    public init(
        checking input: FeatureShape, _ descriptions: [Description], loss: Loss = .softmaxCrossEntropy
    ) throws(NetworkError) {
        let plan = try NetworkPlan(input: input, descriptions)
        (self.input, self.loss) = (input, loss)
        (layout, layers, nodes, stages, summary) = (plan.layout, plan.layers, plan.nodes, plan.stages, plan.summary)
        firstTrained = stages.firstIndex { !$0.layer.parameters.isEmpty } ?? 0
        try loss.check(outputs: plan.outputCount)
    }

    /// Outputs of the last layer.
    public var classCount: Int { layers[layers.count - 1].output.count }
    /// Outputs of the last layer where they are compared with numbers, else 0.
    public var targetCount: Int { loss == .squaredError ? classCount : 0 }
    /// Operations of forward and backward of one sample: backward costs twice the forward pass, but the input gradient
    /// of the first layer with parameters is not computed.
    public var trainingFlopsPerSample: Double {
        let first = layers.first { !$0.parameters.isEmpty }
        return 3 * layers.reduce(0) { $0 + $1.flopsPerSample } - (first?.flopsPerSample ?? 0)
    }

    public func workspace(capacity: Int) -> Workspace { NetworkWorkspace(for: self, capacity: capacity) }

    public func lossAndGradient(
        of workspace: Workspace, dividedBy divisor: Int, at parameters: ParameterVector, into gradient: ParameterVector,
        progress: GradientProgress? = nil
    ) -> Double {
        precondition(gradient.count == parameterCount, "gradient of \(gradient.count), not \(parameterCount)")
        return differentiate(
            own(workspace), scale: 1 / Float(divisor), parameters, into: gradient.storage, startingFrom: nil, progress)
    }

    /// One step of plain SGD with no gradient in between. The loss is scaled by -rate, so that every product of the backward
    /// pass is a part of the step, which is summed over the batch first and added to the weights once, as a gradient would be.
    public func descend(
        _ workspace: Workspace, dividedBy divisor: Int, from parameters: ParameterVector, rate: Float,
        into result: ParameterVector
    ) -> Double {
        precondition(result.count == parameterCount, "result of \(result.count), not \(parameterCount)")
        // First, since where both are one vector, its numbers may move.
        let target = result.storage
        return differentiate(
            own(workspace), scale: -rate / Float(divisor), parameters, into: target, startingFrom: parameters.numbers)
    }

    func own(_ workspace: Workspace) -> NetworkWorkspace {
        guard let own = workspace as? NetworkWorkspace else { preconditionFailure("a workspace of another objective") }
        return own
    }

    /// result = start + the gradient of scale * (sum of losses).
    private func differentiate(
        _ workspace: NetworkWorkspace, scale: Float, _ parameters: ParameterVector,
        into result: UnsafeMutablePointer<Float>, startingFrom start: UnsafePointer<Float>?,
        _ progress: GradientProgress? = nil
    ) -> Double {
        precondition(scale.isFinite, "a loss times \(scale)")
        let batch = workspace.batch
        let outputs = forward(workspace, batch.count, parameters)
        let sum = loss.lossAndGradient(
            Loss.Samples(outputs: outputs, batch: batch, width: classCount), scale: scale)
        backward(workspace, batch.count, parameters, outputs, into: result, startingFrom: start, progress)
        return sum
    }

    public func lossAndCorrect(
        of workspace: Workspace, at parameters: ParameterVector
    ) -> (loss: Double, correct: Int) {
        var (sum, correct) = (0.0, 0)
        judgeSamples(workspace, at: parameters) { _, own, isRight in
            if isRight { correct += 1 }
            sum += own
        }
        return (sum, correct)
    }

    public func judge(
        _ workspace: Workspace, at parameters: ParameterVector,
        _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
    ) {
        judgeSamples(workspace, at: parameters, each)
    }

    @inline(__always)
    private func judgeSamples(
        _ workspace: Workspace, at parameters: ParameterVector,
        _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
    ) {
        let batch = workspace.batch
        let outputs = forward(own(workspace), batch.count, parameters)
        loss.judge(Loss.Samples(outputs: outputs, batch: batch, width: classCount), each)
    }

    /// Runs all layers; returns what leaves the last, `[B, outputs]`, which lives in the workspace.
    func forward(
        _ workspace: NetworkWorkspace, _ count: Int, _ parameters: ParameterVector
    ) -> UnsafeMutablePointer<Float> {
        precondition(parameters.count == parameterCount, "\(parameters.count) parameters, not \(parameterCount)")
        precondition(workspace.batch.featureCount == input.count, "a workspace of another network")
        for index in stages.indices {
            stages[index].layer.forward(
                ForwardPass(
                    batch: count, parameters: parameters.numbers + stages[index].offset,
                    input: stageInput(index, workspace), output: workspace.activations[index],
                    scratch: workspace.scratch, saved: workspace.saved[index],
                    aroundBody: stages[index].end.map { stageInput($0.start, workspace) }))
        }
        return workspace.activations[stages.count - 1]
    }

    func backward(
        _ workspace: NetworkWorkspace, _ count: Int, _ parameters: ParameterVector,
        _ lossGradient: UnsafeMutablePointer<Float>, into result: UnsafeMutablePointer<Float>,
        startingFrom start: UnsafePointer<Float>?, _ progress: GradientProgress?
    ) {
        var (outputGradient, next, spare) = (lossGradient, workspace.gradients.0, workspace.gradients.1)
        for index in (firstTrained..<stages.count).reversed() {
            let (offset, end) = (stages[index].offset, stages[index].end)
            stages[index].layer.backward(
                BackwardPass(
                    batch: count, parameters: parameters.numbers + offset, gradient: result + offset,
                    start: start.map { $0 + offset }, input: stageInput(index, workspace),
                    output: UnsafePointer(workspace.activations[index]), outputGradient: outputGradient,
                    inputGradient: index == firstTrained ? nil : next, scratch: workspace.scratch,
                    // The next layer, which has read this one's output, is done; the last layer's is the loss's gradient.
                    spare: index == stages.count - 1 ? spare : workspace.activations[index],
                    saved: UnsafePointer(workspace.saved[index]),
                    gradientAroundBody: end.flatMap {
                        $0.start > firstTrained ? workspace.gradientsAroundBodies[$0.depth] : nil
                    }))
            if let progress, !stages[index].layer.parameters.isEmpty { progress(offset) }
            if end == nil { (outputGradient, next, spare) = (next, spare, next) }
            guard index > firstTrained else { continue }
            for depth in stages[index].beginning {
                add(
                    outputGradient, workspace.gradientsAroundBodies[depth], into: outputGradient,
                    count: count * stages[index].layer.input.count)
            }
        }
    }

    /// What a stage read: the batch for the first, else the output of the stage before (for one that works in place
    /// that is its own output, too).
    private func stageInput(_ index: Int, _ workspace: NetworkWorkspace) -> UnsafePointer<Float> {
        index == 0
            ? UnsafePointer(workspace.batch.inputs.baseAddress.unsafelyUnwrapped)
            : UnsafePointer(workspace.activations[index - 1])
    }
}
