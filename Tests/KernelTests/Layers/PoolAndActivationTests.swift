import Randomness
import Testing

@testable import Kernel

@Suite struct PoolAndActivationTests {
    @Test func maxPoolEqualsNaiveLoopsBothWays() {
        for seed in 0..<20 {
            var stream = RandomStream(test: seed)
            let (window, batch) = (stream.int(1...4), stream.int(1...3))
            let input = FeatureShape(
                channels: stream.int(1...3), height: stream.int(window...9), width: stream.int(window...9))
            let probe = LayerProbe(layer: MaxPool2D(input: input, window: window), batch: batch)
            // Eighths: with 17 values there are many ties, and the gradient has to go to the first of them.
            let (values, upstream) = (stream.eighths(probe.inputCount), stream.eighths(probe.outputCount))
            let pooled = Naive.maxPool(values.map(Double.init), batch: batch, input: input, window: window)
            var gradient = [Double](repeating: 0, count: probe.inputCount)
            for (output, (_, index)) in pooled.enumerated() { gradient[index] += Double(upstream[output]) }
            let context = "seed \(seed): \(input), window \(window), batch \(batch)"
            // Nothing is added or multiplied: the numbers are copies.
            expectClose(probe.forward([], values), pooled.map(\.value), tolerance: 1e-9, context)
            expectClose(probe.backward([], values, upstream).input, gradient, tolerance: 1e-9, context + " gradient")
        }
    }

    @Test(arguments: 0..<4) func maxPoolPassesNaNFromEveryPositionOfAWindow(position: Int) {
        var values: [Float] = [4, 3, 2, 1]
        values[position] = .nan
        let layer = MaxPool2D(input: FeatureShape(channels: 1, height: 2, width: 2), window: 2)
        #expect(LayerProbe(layer: layer, batch: 1).forward([], values)[0].isNaN)
        #expect(LayerProbe(layer: layer, batch: 1).forward([], values.map { -$0 })[0].isNaN)
    }

    @Test func maxPoolPassesNegativeInfinity() {
        let layer = MaxPool2D(input: FeatureShape(channels: 1, height: 2, width: 2), window: 2)
        let probe = LayerProbe(layer: layer, batch: 1)
        #expect(probe.forward([], [-.infinity, -.infinity, -.infinity, -.infinity]) == [-.infinity])
        #expect(probe.forward([], [-.infinity, -.infinity, -5, -.infinity]) == [-5])
    }

    @Test func reluKeepsPositivesAndNaNAndZeroesNegatives() {
        let probe = LayerProbe(layer: ReLU(input: FeatureShape(features: 6)), batch: 1)
        let output = probe.forward([], [-1, 0, 2.5, .nan, -.infinity, .infinity])
        #expect(output[3].isNaN)
        #expect(output[..<3] == [0, 0, 2.5] && output[4...] == [0, .infinity], "\(output)")
    }

    @Test func reluGradientIsZeroAtAndBelowZero() {
        let probe = LayerProbe(layer: ReLU(input: FeatureShape(features: 3)), batch: 1)
        #expect(probe.backward([], [-1, 0, 2], [5, 6, 7]).input == [0, 0, 7])
    }

    @Test func flattenKeepsOrderAndForgetsShape() {
        let layer = Flatten(input: FeatureShape(channels: 2, height: 2, width: 3))
        #expect(layer.output == FeatureShape(features: 12))
        let values = (0..<24).map(Float.init)
        #expect(LayerProbe(layer: layer, batch: 2).forward([], values) == values)
        #expect(LayerProbe(layer: layer, batch: 2).backward([], values, values).input == values)
    }
}
