import Benchmark
import Kernel

/// Single layers at the shapes of mnist-2nn and mnist-cnn, forward and backward; pools, norms and activations as behind the
/// first convolution. Backward computes the gradients of weights and input, but for a first layer, of whose input training
/// needs none, that of the weights.
func registerLayers() {
    let image = FeatureShape(channels: 1, height: 28, width: 28)
    let half = FeatureShape(channels: 32, height: 14, width: 14)
    for batch in [10, 64] {
        register("Dense 784->200", .dense("fc1", outputs: 200), image, batch: batch, isFirst: true)
        register(
            "Dense 3136->512", .dense("fc1", outputs: 512), FeatureShape(features: 3136), batch: batch)
        register(
            "Conv2D 1->32 5x5 on 28x28, DirectConvolution",
            .conv2D("conv1", filters: 32, kernel: 5, by: DirectConvolution.self), image, batch: batch, isFirst: true)
        register(
            "Conv2D 32->64 5x5 on 14x14, WinogradConvolution",
            .conv2D("conv2", filters: 64, kernel: 5, by: WinogradConvolution.self), half, batch: batch)
        register(
            "Conv2D 32->64 5x5 on 14x14, Im2ColConvolution",
            .conv2D("conv2", filters: 64, kernel: 5, by: Im2ColConvolution.self), half, batch: batch)
        register(
            "MaxPool2D 2x2 on 32x28x28", .maxPool2D(2), FeatureShape(channels: 32, height: 28, width: 28), batch: batch)
        register(
            "MaxPool2D 2x2 on 64x14x14", .maxPool2D(2), FeatureShape(channels: 64, height: 14, width: 14), batch: batch)
        let convolved = FeatureShape(channels: 32, height: 28, width: 28)
        register("AvgPool2D 2x2 on 32x28x28", .avgPool2D(2), convolved, batch: batch)
        register("GroupNorm of 8 groups on 32x28x28", .groupNorm("gn", groups: 8), convolved, batch: batch)
        register("Tanh on 32x28x28", .tanh, convolved, batch: batch)
        register("Sigmoid on 32x28x28", .sigmoid, convolved, batch: batch)
        register("GELU on 32x28x28", .gelu, convolved, batch: batch)
    }
}

private func register(
    _ name: String, _ description: Network.Description, _ input: FeatureShape, batch: Int, isFirst: Bool = false
) {
    let makeWork = { LayerWork(description.layer(input), batch: batch, isFirst: isFirst) }
    Benchmark("\(name), batch \(batch), forward") { _, work in
        work.forward()
    } setup: {
        makeWork()
    }
    Benchmark("\(name), batch \(batch), backward") { _, work in
        work.backward()
    } setup: {
        makeWork()
    }
}

/// A layer with all the buffers of a call, as ``Network`` would hand them to it.
private final class LayerWork {
    private let layer: any Layer
    private let batch: Int
    private let isFirst: Bool
    private let parameters: ParameterVector
    private let gradient: ParameterVector
    private let input: ParameterVector
    private let output: ParameterVector
    private let inputGradient: ParameterVector
    private let outputGradient: ParameterVector
    private let scratch: ParameterVector
    private let saved: UnsafeMutablePointer<Int32>

    init(_ layer: any Layer, batch: Int, isFirst: Bool) {
        self.layer = layer
        self.batch = batch
        self.isFirst = isFirst
        let parameterCount = layer.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }
        parameters = randomVector(parameterCount)
        gradient = ParameterVector(count: parameterCount)
        input = randomVector(batch * layer.input.count)
        output = ParameterVector(count: batch * layer.output.count)
        inputGradient = ParameterVector(count: batch * layer.input.count)
        outputGradient = randomVector(batch * layer.output.count)
        scratch = ParameterVector(count: layer.scratchCount)
        let savedCount = max(1, batch * layer.savedCountPerSample)
        saved = .allocate(capacity: savedCount)
        saved.initialize(repeating: 0, count: savedCount)
        // What backward reads.
        forward()
    }

    deinit { saved.deallocate() }

    func forward() {
        layer.forward(
            ForwardPass(
                batch: batch, parameters: parameters.storage, input: input.storage, output: output.storage,
                scratch: scratch.storage, saved: saved))
    }

    func backward() {
        layer.backward(
            BackwardPass(
                batch: batch, parameters: parameters.storage, gradient: gradient.storage, start: nil,
                input: input.storage, output: output.storage, outputGradient: outputGradient.storage,
                inputGradient: isFirst ? nil : inputGradient.storage, scratch: scratch.storage, spare: output.storage,
                saved: saved))
    }
}
