/// A feed-forward classifier: layers in sequence, softmax cross-entropy at the end, all parameters in one flat vector.
///
///     let network = Network(input: FeatureShape(features: 784), [
///         .dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 10),
///     ])
///     let parameters = network.initialParameters(.he, seeds: SeedSequence(1))
///
/// Immutable and stateless: one network serves all ranks and threads, each with its own vectors and ``Workspace``.
public struct Network: Sendable {
    /// A layer whose input shape is the output shape of the one before.
    public struct Description: Sendable {
        let layer: @Sendable (FeatureShape) -> any Layer

        public static func dense(_ name: String, outputs: Int) -> Self {
            Self { Dense(name: name, inputs: $0.count, outputs: outputs) }
        }

        public static func conv2D(
            _ name: String, filters: Int, kernel: Int, stride: Int = 1, padding: Padding = .same
        ) -> Self {
            Self { Conv2D(name, input: $0, filters: filters, kernel: kernel, stride: stride, padding: padding) }
        }

        public static func maxPool2D(_ window: Int) -> Self { Self { MaxPool2D(input: $0, window: window) } }
        public static var relu: Self { Self { ReLU(input: $0) } }
        public static var flatten: Self { Self { Flatten(input: $0) } }
    }

    public let input: FeatureShape
    public let layout: ParameterLayout
    let layers: [any Layer]
    /// The start of each layer's range in the flat vector.
    private let offsets: [Int]

    public init(input: FeatureShape, _ descriptions: [Description]) {
        precondition(!descriptions.isEmpty, "a network of no layers")
        var (layout, layers, offsets, shape) = (ParameterLayout(), [any Layer](), [Int](), input)
        for description in descriptions {
            let layer = description.layer(shape)
            offsets.append(layout.count)
            for parameter in layer.parameters { layout.append(parameter) }
            layers.append(layer)
            shape = layer.output
        }
        // The loss's gradient is written over the logits, which a layer in place would need for its own gradient.
        precondition(layers.last?.operatesInPlace == false, "the last layer must have an output of its own")
        self.input = input
        self.layout = layout
        self.layers = layers
        self.offsets = offsets
    }

    public var classCount: Int { layers[layers.count - 1].output.count }
    public var parameterCount: Int { layout.count }

    /// Operations of forward and backward of one sample: backward costs twice the forward pass, but the first layer's
    /// input gradient is not computed.
    public var trainingFlopsPerSample: Double {
        3 * layers.reduce(0) { $0 + $1.flopsPerSample } - (layers.first?.flopsPerSample ?? 0)
    }

    /// One line per layer and the total, for `bench list --task`.
    public var summary: String {
        let shapes = layers.map { "\($0.name) \($0.output)" }.joined(separator: ", ")
        return "\(input) -> \(shapes)"
    }

    /// The loss of the samples in `workspace.batch`, and its gradient.
    ///
    /// - Parameters:
    ///   - parameters: `[P]`, read.
    ///   - gradient: `[P]`, overwritten with the gradient of (sum of losses) / `divisor`. With the size of the *global*
    ///     batch as divisor, the gradients of ranks that share a batch add up to the batch's mean gradient.
    /// - Returns: the sum of the losses, not divided.
    public func lossAndGradient(
        of workspace: Workspace, dividedBy divisor: Int, at parameters: ParameterVector, into gradient: ParameterVector
    ) -> Double {
        precondition(gradient.count == parameterCount, "gradient of \(gradient.count), not \(parameterCount)")
        precondition(divisor > 0, "a loss divided by \(divisor)")
        let batch = workspace.batch
        let logits = forward(workspace, batch.count, parameters)
        let loss = SoftmaxCrossEntropy.lossAndGradient(
            logits, labels: labels(of: batch), batch: batch.count, classes: classCount, scale: 1 / Float(divisor))
        backward(workspace, batch.count, parameters, logits, gradient)
        return loss
    }

    /// The sum of the losses of the samples in `workspace.batch` and how many of them are classified right.
    public func lossAndCorrect(
        of workspace: Workspace, at parameters: ParameterVector
    ) -> (loss: Double, correct: Int) {
        let batch = workspace.batch
        let logits = forward(workspace, batch.count, parameters)
        return SoftmaxCrossEntropy.lossAndCorrect(
            logits, labels: labels(of: batch), batch: batch.count, classes: classCount)
    }

    private func labels(of batch: Batch) -> UnsafePointer<UInt8> {
        precondition(batch.count > 0, "an empty batch")
        // The memory of a batch that holds samples is never nil.
        return UnsafePointer(batch.labels.baseAddress.unsafelyUnwrapped)
    }

    /// Runs all layers; returns the logits `[B, classes]`, which live in the workspace.
    private func forward(
        _ workspace: Workspace, _ count: Int, _ parameters: ParameterVector
    ) -> UnsafeMutablePointer<Float> {
        precondition(parameters.count == parameterCount, "\(parameters.count) parameters, not \(parameterCount)")
        precondition(workspace.batch.featureCount == input.count, "a workspace of another network")
        for index in layers.indices {
            layers[index].forward(
                ForwardPass(
                    batch: count, parameters: UnsafePointer(parameters.storage + offsets[index]),
                    input: layerInput(index, workspace), output: workspace.activations[index],
                    scratch: workspace.scratch, saved: workspace.saved[index]))
        }
        return workspace.activations[layers.count - 1]
    }

    private func backward(
        _ workspace: Workspace, _ count: Int, _ parameters: ParameterVector,
        _ lossGradient: UnsafeMutablePointer<Float>, _ gradient: ParameterVector
    ) {
        var (outputGradient, next, spare) = (lossGradient, workspace.gradients.0, workspace.gradients.1)
        for index in layers.indices.reversed() {
            let layer = layers[index]
            layer.backward(
                BackwardPass(
                    batch: count, parameters: UnsafePointer(parameters.storage + offsets[index]),
                    gradient: gradient.storage + offsets[index], input: layerInput(index, workspace),
                    outputGradient: outputGradient, inputGradient: index == 0 ? nil : next,
                    scratch: workspace.scratch, saved: UnsafePointer(workspace.saved[index])))
            (outputGradient, next, spare) = (next, spare, next)
        }
    }

    /// What a layer read: the batch for the first, else the output of the layer before (for one that works in place
    /// that is its own output, too).
    private func layerInput(_ index: Int, _ workspace: Workspace) -> UnsafePointer<Float> {
        index == 0
            ? UnsafePointer(workspace.batch.inputs.baseAddress.unsafelyUnwrapped)
            : UnsafePointer(workspace.activations[index - 1])
    }
}
