import Randomness
import Testing

@testable import Kernel

@Suite struct Conv2DTests {
    @Test(arguments: [Padding.same, .valid], [1, 2, 3])
    func forwardEqualsDirectConvolution(padding: Padding, stride: Int) {
        forEachShape(padding, stride) { layer, batch, stream, context in
            let probe = LayerProbe(layer: layer, batch: batch)
            let (parameters, input) = (stream.floats(probe.parameterCount), stream.floats(probe.inputCount))
            let (filters, positions) = (layer.output.channels, layer.output.height * layer.output.width)
            let biases = parameters.suffix(filters).map(Double.init)
            var expected = [Reference](repeating: Reference(), count: probe.outputCount)
            for index in expected.indices { expected[index].add(biases[index / positions % filters]) }
            Naive.forEachProduct(
                batch: batch, input: layer.input, filters: filters, kernel: layer.kernel, stride: stride,
                padding: padding
            ) { output, weight, pixel in
                expected[output].add(Double(parameters[weight]) * Double(input[pixel]))
            }
            expectEqual(probe.forward(parameters, input), expected, terms: window(layer) + 1, context)
        }
    }

    @Test(arguments: [Padding.same, .valid], [1, 2, 3])
    func backwardEqualsDirectConvolution(padding: Padding, stride: Int) {
        forEachShape(padding, stride) { layer, batch, stream, context in
            let probe = LayerProbe(layer: layer, batch: batch)
            let (parameters, input) = (stream.floats(probe.parameterCount), stream.floats(probe.inputCount))
            let upstream = stream.floats(probe.outputCount)
            let (filters, positions) = (layer.output.channels, layer.output.height * layer.output.width)
            let weights = probe.parameterCount - filters
            var expected = [Reference](repeating: Reference(), count: probe.parameterCount)
            var expectedInput = [Reference](repeating: Reference(), count: probe.inputCount)
            for index in upstream.indices {
                expected[weights + index / positions % filters].add(Double(upstream[index]))
            }
            Naive.forEachProduct(
                batch: batch, input: layer.input, filters: filters, kernel: layer.kernel, stride: stride,
                padding: padding
            ) { output, weight, pixel in
                expected[weight].add(Double(upstream[output]) * Double(input[pixel]))
                expectedInput[pixel].add(Double(upstream[output]) * Double(parameters[weight]))
            }
            let actual = probe.backward(parameters, input, upstream)
            expectEqual(actual.parameters, expected, terms: batch * positions, context + " parameters")
            expectEqual(
                actual.input, expectedInput, terms: filters * layer.kernel * layer.kernel, context + " input")
        }
    }

    @Test func samePaddingPutsTheOddZerosBelowAndToTheRight() {
        // A 2x2 window of ones over 1...9 in a 3x3 image; torch.nn.Conv2d(1, 1, 2, padding="same") gives the same.
        let input = FeatureShape(channels: 1, height: 3, width: 3)
        let layer = Conv2D("conv", input: input, filters: 1, kernel: 2, stride: 1, padding: .same)
        let output = LayerProbe(layer: layer, batch: 1).forward([1, 1, 1, 1, 0], (1...9).map(Float.init))
        expectClose(output, [12, 16, 9, 24, 28, 15, 15, 17, 9], tolerance: 1e-6, "exact in float32")
    }

    @Test func kernelIsNotFlipped() {
        // Cross-correlation, as in PyTorch: (1, 2, 3) under the weights (1, 10, 100) is 321, not 123.
        let input = FeatureShape(channels: 1, height: 3, width: 3)
        let layer = Conv2D("conv", input: input, filters: 1, kernel: 3, stride: 1, padding: .valid)
        let weights: [Float] = [1, 10, 100, 0, 0, 0, 0, 0, 0, 0.5]
        let output = LayerProbe(layer: layer, batch: 1).forward(weights, [1, 2, 3, 9, 9, 9, 9, 9, 9])
        expectClose(output, [321.5], tolerance: 1e-6, "exact in float32")
    }

    @Test func laneSumEqualsNaiveLoop() {
        for count in 0...40 {
            var stream = RandomStream(test: count)
            let values = stream.floats(count)
            let expected = values.reduce(into: Reference()) { $0.add(Double($1)) }
            expectEqual([laneSum(values, count: count)], [expected], terms: count, "\(count) numbers")
        }
    }

    private func window(_ layer: Conv2D) -> Int { layer.input.channels * layer.kernel * layer.kernel }

    private func forEachShape(
        _ padding: Padding, _ stride: Int, _ body: (Conv2D, Int, inout RandomStream, String) -> Void
    ) {
        for seed in 0..<8 {
            var stream = RandomStream(test: seed)
            let kernel = stream.int(1...5)
            let least = padding == .same ? 1 : kernel
            let input = FeatureShape(
                channels: stream.int(1...3), height: stream.int(least...9), width: stream.int(least...9))
            let layer = Conv2D(
                "conv", input: input, filters: stream.int(1...4), kernel: kernel, stride: stride, padding: padding)
            let batch = stream.int(1...3)
            body(
                layer, batch, &stream,
                "seed \(seed): \(input), kernel \(kernel), stride \(stride), \(padding), \(batch)")
        }
    }
}
