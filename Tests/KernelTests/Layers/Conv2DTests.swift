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

    /// The products are summed first: where the bias is large beside them, each would be rounded for itself otherwise.
    @Test(arguments: ["Winograd", "direct", "im2col"]) func aBiasIsAddedOnce(algorithm: String) {
        let type: any ConvolutionAlgorithm.Type =
            switch algorithm {
            case "Winograd": WinogradConvolution.self
            case "direct": DirectConvolution.self
            default: Im2ColConvolution.self
            }
        let layer = Conv2D(
            "conv", input: FeatureShape(channels: algorithm == "direct" ? 1 : 32, height: 6, width: 7), filters: 16,
            kernel: 5, stride: 1, padding: .same, algorithm: type)
        var stream = RandomStream(test: 1)
        let probe = LayerProbe(layer: layer, batch: 2)
        let input = stream.floats(probe.inputCount)
        var parameters = stream.floats(probe.parameterCount - 16) + [Float](repeating: 0, count: 16)
        let sums = probe.forward(parameters, input)
        for index in parameters.count - 16..<parameters.count { parameters[index] = 16384 }
        #expect(probe.forward(parameters, input) == sums.map { $0 + 16384 })
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

    @Test func algorithmIsTheFastestThatFits() {
        func algorithm(_ channels: Int, _ filters: Int, kernel: Int, stride: Int = 1) -> String {
            let input = FeatureShape(channels: channels, height: 9, width: 9)
            let layer = Conv2D(
                "conv", input: input, filters: filters, kernel: kernel, stride: stride, padding: .same)
            return String(describing: type(of: layer.algorithm))
        }
        #expect(algorithm(32, 64, kernel: 5) == "WinogradConvolution")
        #expect(algorithm(1, 32, kernel: 5) == "DirectConvolution")
        #expect(algorithm(1, 32, kernel: 5, stride: 2) == "Im2ColConvolution")
        #expect(algorithm(32, 64, kernel: 3) == "Im2ColConvolution")
        #expect(algorithm(12, 64, kernel: 5) == "Im2ColConvolution")
    }

    /// All algorithms on the shapes that the special ones are for, the sizes of mnist-cnn among them.
    @Test(arguments: [Padding.same, .valid], 0..<6)
    func algorithmsAgree(padding: Padding, seed: Int) {
        var stream = RandomStream(test: seed)
        let height = seed == 0 ? 14 : stream.int(padding == .same ? 1...9 : 5...9)
        let input = FeatureShape(
            channels: 8 * stream.int(1...2), height: height, width: seed == 0 ? 14 : stream.int(5...9))
        let deep = ConvolutionGeometry(
            input: input, filters: 8 * stream.int(1...3), kernel: 5, stride: 1, padding: padding)
        // The transforms of F(2x2, 5x5) cancel digits: 30 times the error bound of plain sums is never reached here,
        // 10 times is.
        compare(WinogradConvolution.self, deep, padding, allowance: 30, &stream)
        let grey = ConvolutionGeometry(
            input: FeatureShape(channels: 1, height: height, width: stream.int(5...9)), filters: 16 * stream.int(1...2),
            kernel: stream.int(1...5), stride: 1, padding: padding)
        compare(DirectConvolution.self, grey, padding, allowance: 1, &stream)
    }

    private func compare(
        _ algorithm: any ConvolutionAlgorithm.Type, _ geometry: ConvolutionGeometry, _ padding: Padding,
        allowance: Int, _ stream: inout RandomStream
    ) {
        let batch = stream.int(1...2)
        let layer = Conv2D(
            "conv", input: geometry.input, filters: geometry.output.channels, kernel: geometry.kernel, stride: 1,
            padding: padding, algorithm: algorithm)
        var probe = LayerProbe(layer: layer, batch: batch)
        let (parameters, input) = (stream.floats(probe.parameterCount), stream.floats(probe.inputCount))
        let (upstream, start) = (stream.floats(probe.outputCount), stream.floats(probe.parameterCount))
        let (filters, positions) = (geometry.output.channels, geometry.positions)
        var output = (0..<probe.outputCount).map { _ in Reference() }
        var gradient = start.map { value in Reference(value: Double(value), magnitude: abs(Double(value))) }
        var inputGradient = (0..<probe.inputCount).map { _ in Reference() }
        for index in output.indices {
            let channel = index / positions % filters
            output[index].add(Double(parameters[geometry.weightCount + channel]))
            gradient[geometry.weightCount + channel].add(Double(upstream[index]))
        }
        Naive.forEachProduct(
            batch: batch, input: geometry.input, filters: filters, kernel: geometry.kernel, stride: 1,
            padding: padding
        ) { place, weight, pixel in
            output[place].add(Double(parameters[weight]) * Double(input[pixel]))
            gradient[weight].add(Double(upstream[place]) * Double(input[pixel]))
            inputGradient[pixel].add(Double(upstream[place]) * Double(parameters[weight]))
        }
        let context = "\(algorithm), \(geometry), batch \(batch)"
        let window = geometry.windowCount
        // At the border few products count, but the transforms mix in their neighbours' size.
        func bound(_ sums: [Reference]) -> [Reference] {
            let largest = sums.map(\.magnitude).max() ?? 0
            return allowance == 1
                ? sums : sums.map { Reference(value: $0.value, magnitude: max($0.magnitude, largest)) }
        }
        expectEqual(probe.forward(parameters, input), bound(output), terms: allowance * 4 + window, context)
        probe.start = start
        let actual = probe.backward(parameters, input, upstream)
        expectEqual(
            actual.parameters, bound(gradient), terms: allowance * 4 + batch * positions + 1, context + " parameters")
        expectEqual(
            actual.input, bound(inputGradient), terms: allowance * 4 + filters * geometry.kernel * geometry.kernel,
            context + " input")
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
