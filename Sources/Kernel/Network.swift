/// A feed-forward classifier: layers in sequence, softmax cross-entropy at the end, all parameters in one flat vector.
///
///     let network = Network(input: FeatureShape(features: 784), [
///         .dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 10),
///     ])
///     let parameters = network.initialParameters(.he, seeds: SeedSequence(1))
///
/// Immutable and stateless: one network serves all ranks and threads, each with its own vectors and ``Workspace``.
public struct Network: Objective {
    /// A layer whose input shape is the output shape of the one before.
    public struct Description: Sendable {
        package let layer: @Sendable (FeatureShape) -> any Layer

        /// y = W x + b. The name is that of its tensors: `fc1.weight` and `fc1.bias`.
        public static func dense(_ name: String, outputs: Int) -> Self {
            Self { Dense(name: name, inputs: $0.count, outputs: outputs) }
        }

        /// A convolution with a bias for each channel. The name is that of its tensors.
        public static func conv2D(
            _ name: String, filters: Int, kernel: Int, stride: Int = 1, padding: Padding = .same
        ) -> Self {
            Self { Conv2D(name, input: $0, filters: filters, kernel: kernel, stride: stride, padding: padding) }
        }

        /// By a given algorithm, to compare them: stride 1, padded to the same size.
        package static func conv2D(
            _ name: String, filters: Int, kernel: Int, by algorithm: any ConvolutionAlgorithm.Type
        ) -> Self {
            Self {
                Conv2D(
                    name, input: $0, filters: filters, kernel: kernel, stride: 1, padding: .same, algorithm: algorithm)
            }
        }

        /// The largest number of each window of so many rows and columns; windows do not overlap.
        public static func maxPool2D(_ window: Int) -> Self { Self { MaxPool2D(input: $0, window: window) } }
        /// max(0, x)
        public static var relu: Self { Self { ReLU(input: $0) } }
        /// Takes a grid as a row of features, for a dense layer.
        public static var flatten: Self { Self { Flatten(input: $0) } }
    }

    /// The shape of one sample.
    public let input: FeatureShape
    /// Where each tensor lies in the vector of all parameters.
    public let layout: ParameterLayout
    /// As described.
    let layers: [any Layer]
    /// As computed: the layers without those that would move nothing, with ReLUs merged into the layer before where it
    /// can, and with conversions between the orders of channels.
    let stages: [Stage]
    /// The first stage with parameters: nobody asks for the gradient of its input, or for that of the stages before.
    private let firstTrained: Int

    struct Stage: Sendable {
        var layer: any Layer
        /// The start of the layer's range in the flat vector.
        let offset: Int
    }

    /// Layers from the input on; the last one has an output for each class.
    public init(input: FeatureShape, _ descriptions: [Description]) {
        precondition(!descriptions.isEmpty, "a network of no layers")
        var (layout, layers, stages, shape) = (ParameterLayout(), [any Layer](), [Stage](), input)
        // Of the samples, as data sets hold them.
        var order = ChannelOrder.first
        for description in descriptions {
            let layer = description.layer(shape)
            let offset = layout.count
            for parameter in layer.parameters { layout.append(parameter) }
            layers.append(layer)
            if let wanted = layer.inputOrder, wanted != order, shape.hasChannelOrder, !(layer is Flatten) {
                stages.append(
                    Stage(layer: wanted == .last ? Interleave(input: shape) : Flatten(input: shape), offset: offset))
            }
            if layer is ReLU, let fused = stages.last?.layer.fusedWithReLU {
                stages[stages.count - 1].layer = fused
            } else if !(layer is Flatten) || (order == .last && shape.hasChannelOrder) {
                stages.append(Stage(layer: layer, offset: offset))
            }
            order = layer.outputOrder ?? (layer.inputOrder == nil ? order : .first)
            shape = layer.output
        }
        // The loss's gradient is written over the logits, which a layer in place would need for its own gradient.
        precondition(layers.last?.operatesInPlace == false, "the last layer must have an output of its own")
        precondition(!layout.slots.isEmpty, "a network without parameters")
        self.input = input
        self.layout = layout
        self.layers = layers
        self.stages = stages
        firstTrained = stages.firstIndex { !$0.layer.parameters.isEmpty } ?? 0
    }

    /// Outputs of the last layer.
    public var classCount: Int { layers[layers.count - 1].output.count }
    /// Operations of forward and backward of one sample: backward costs twice the forward pass, but the input gradient
    /// of the first layer with parameters is not computed.
    public var trainingFlopsPerSample: Double {
        let first = layers.first { !$0.parameters.isEmpty }
        return 3 * layers.reduce(0) { $0 + $1.flopsPerSample } - (first?.flopsPerSample ?? 0)
    }

    /// One line per layer and the total, for `bench list --task`.
    public var summary: String {
        let shapes = layers.map { "\($0.name) \($0.output)" }.joined(separator: ", ")
        return "\(input) -> \(shapes)"
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
        let logits = forward(workspace, batch.count, parameters)
        let loss = SoftmaxCrossEntropy.lossAndGradient(
            logits, labels: labels(of: batch), batch: batch.count, classes: classCount, scale: scale)
        backward(workspace, batch.count, parameters, logits, into: result, startingFrom: start, progress)
        return loss
    }

    public func lossAndCorrect(
        of workspace: Workspace, at parameters: ParameterVector
    ) -> (loss: Double, correct: Int) {
        let batch = workspace.batch
        let logits = forward(own(workspace), batch.count, parameters)
        return SoftmaxCrossEntropy.lossAndCorrect(
            logits, labels: labels(of: batch), batch: batch.count, classes: classCount)
    }

    public func judge(
        _ workspace: Workspace, at parameters: ParameterVector,
        _ each: (_ sample: Int, _ loss: Double, _ isRight: Bool) -> Void
    ) {
        let batch = workspace.batch
        let logits = forward(own(workspace), batch.count, parameters)
        SoftmaxCrossEntropy.judge(
            logits, labels: labels(of: batch), batch: batch.count, classes: classCount, each)
    }

    func labels(of batch: Batch) -> UnsafePointer<UInt8> {
        precondition(batch.count > 0, "an empty batch")
        // The memory of a batch that holds samples is never nil.
        return UnsafePointer(batch.labels.baseAddress.unsafelyUnwrapped)
    }

    /// Runs all layers; returns the logits `[B, classes]`, which live in the workspace.
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
                    scratch: workspace.scratch, saved: workspace.saved[index]))
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
            let offset = stages[index].offset
            stages[index].layer.backward(
                BackwardPass(
                    batch: count, parameters: parameters.numbers + offset, gradient: result + offset,
                    start: start.map { $0 + offset }, input: stageInput(index, workspace),
                    output: UnsafePointer(workspace.activations[index]), outputGradient: outputGradient,
                    inputGradient: index == firstTrained ? nil : next, scratch: workspace.scratch,
                    // The next layer, which has read this one's output, is done; the last layer's is the loss's gradient.
                    spare: index == stages.count - 1 ? spare : workspace.activations[index],
                    saved: UnsafePointer(workspace.saved[index])))
            if let progress, !stages[index].layer.parameters.isEmpty { progress(offset) }
            (outputGradient, next, spare) = (next, spare, next)
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
