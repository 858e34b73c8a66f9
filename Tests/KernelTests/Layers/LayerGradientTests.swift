import Randomness
import Testing

@testable import Kernel

/// Each layer's backward pass against central differences of a random linear functional of its outputs.
///
/// All numbers are small multiples of 1/64 and every layer is linear (in its parameters, and in its inputs) as far as
/// the step reaches, so that float32 computes both sides without rounding and a central difference has no truncation
/// error: the tolerance only has to tell right from wrong.
@Suite struct LayerGradientTests {
    /// Smaller than any single term of a gradient, 1/64 of 1/8.
    private let tolerance = 1e-5

    @Test func denseMatchesCentralDifferences() {
        for seed in 0..<8 {
            var stream = RandomStream(test: seed)
            let layer = Dense(name: "fc", inputs: stream.int(1...9), outputs: stream.int(1...7))
            check(layer, batch: stream.int(1...5), step: 1, seed: seed, &stream) { $0.eighths($1) }
        }
    }

    @Test(arguments: [1, 2, 3], [1, 2, 3, 4, 5])
    func conv2DMatchesCentralDifferences(stride: Int, kernel: Int) {
        for (seed, padding) in [Padding.same, .valid, .same, .valid].enumerated() {
            var stream = RandomStream(test: 1000 + 100 * stride + 10 * kernel + seed)
            // From one pixel on with padding, where the window is larger than the image.
            let least = padding == .same ? 1 : kernel
            let input = FeatureShape(
                channels: stream.int(1...2), height: stream.int(least...6), width: stream.int(least...7))
            let layer = Conv2D(
                "conv", input: input, filters: stream.int(1...3), kernel: kernel, stride: stride, padding: padding)
            check(layer, batch: stream.int(1...2), step: 1, seed: seed, &stream) { $0.eighths($1) }
        }
    }

    @Test func maxPool2DMatchesCentralDifferencesAwayFromTies() {
        for seed in 0..<8 {
            var stream = RandomStream(test: seed)
            let window = stream.int(1...3)
            let input = FeatureShape(
                channels: stream.int(1...3), height: stream.int(window...7), width: stream.int(window...7))
            // The step stays below half the distance of two inputs, so that no window changes its maximum.
            check(MaxPool2D(input: input, window: window), batch: 2, step: 1 / 128, seed: seed, &stream) {
                $0.separated($1)
            }
        }
    }

    @Test func reluMatchesCentralDifferencesAwayFromItsKink() {
        for seed in 0..<4 {
            var stream = RandomStream(test: seed)
            let layer = ReLU(input: FeatureShape(channels: stream.int(1...3), height: 4, width: stream.int(1...5)))
            check(layer, batch: stream.int(1...4), step: 1 / 128, seed: seed, &stream) { $0.separated($1) }
        }
    }

    @Test func flattenMatchesCentralDifferences() {
        for seed in 0..<4 {
            var stream = RandomStream(test: seed)
            let layer = Flatten(input: FeatureShape(channels: stream.int(1...3), height: 2, width: stream.int(1...5)))
            check(layer, batch: stream.int(1...4), step: 1, seed: seed, &stream) { $0.eighths($1) }
        }
    }

    private func check(
        _ layer: any Layer, batch: Int, step: Float, seed: Int, _ stream: inout RandomStream,
        inputs: (inout RandomStream, Int) -> [Float]
    ) {
        let probe = LayerProbe(layer: layer, batch: batch)
        let parameters = stream.eighths(probe.parameterCount)
        let input = inputs(&stream, probe.inputCount)
        let functional = stream.eighths(probe.outputCount)
        let gradient = probe.backward(parameters, input, functional)
        let context = "\(type(of: layer)) \(layer.input) -> \(layer.output), batch \(batch), seed \(seed)"

        func value(_ parameters: [Float], _ input: [Float]) -> Double {
            zip(probe.forward(parameters, input), functional).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        func differences(_ point: [Float], _ value: ([Float]) -> Double) -> [Double] {
            point.indices.map { index in
                var (above, below) = (point, point)
                above[index] += step
                below[index] -= step
                return (value(above) - value(below)) / (2 * Double(step))
            }
        }
        expectClose(
            gradient.parameters, differences(parameters) { value($0, input) }, tolerance: tolerance,
            context + ", parameters")
        expectClose(
            gradient.input, differences(input) { value(parameters, $0) }, tolerance: tolerance, context + ", inputs")
    }
}
