import Randomness
import Testing

@testable import Kernel

@Suite struct DenseTests {
    @Test func forwardEqualsNaiveLoops() {
        forEachShape { inputs, outputs, batch, stream, context in
            let probe = LayerProbe(layer: Dense(name: "fc", inputs: inputs, outputs: outputs), batch: batch)
            let (parameters, input) = (stream.floats(probe.parameterCount), stream.floats(probe.inputCount))
            expectEqual(
                probe.forward(parameters, input),
                Naive.dense(parameters.map(Double.init), input.map(Double.init), inputs: inputs, outputs: outputs),
                terms: inputs + 1, context)
        }
    }

    @Test func backwardEqualsNaiveLoops() {
        forEachShape { inputs, outputs, batch, stream, context in
            let probe = LayerProbe(layer: Dense(name: "fc", inputs: inputs, outputs: outputs), batch: batch)
            let (parameters, input) = (stream.floats(probe.parameterCount), stream.floats(probe.inputCount))
            let upstream = stream.floats(probe.outputCount)
            var expected = [Reference](repeating: Reference(), count: probe.parameterCount)
            var expectedInput = [Reference](repeating: Reference(), count: probe.inputCount)
            for sample in 0..<batch {
                for output in 0..<outputs {
                    let slope = Double(upstream[sample * outputs + output])
                    expected[outputs * inputs + output].add(slope)
                    for index in 0..<inputs {
                        let (weight, pixel) = (output * inputs + index, sample * inputs + index)
                        expected[weight].add(slope * Double(input[pixel]))
                        expectedInput[pixel].add(slope * Double(parameters[weight]))
                    }
                }
            }
            let actual = probe.backward(parameters, input, upstream)
            expectEqual(actual.parameters, expected, terms: batch, context + " parameters")
            expectEqual(actual.input, expectedInput, terms: outputs, context + " input")
        }
    }

    @Test func weightsAreOutputsByInputs() {
        // [[1, 2, 3], [4, 5, 6]] * (1, 10, 100) + (0.5, 0.25), as torch.nn.Linear computes it.
        let probe = LayerProbe(layer: Dense(name: "fc", inputs: 3, outputs: 2), batch: 1)
        let output = probe.forward([1, 2, 3, 4, 5, 6, 0.5, 0.25], [1, 10, 100])
        expectClose(output, [321.5, 654.25], tolerance: 1e-6, "exact in float32")
    }

    @Test func reluIsAppliedToTheOutputAndItsGradient() {
        forEachShape { inputs, outputs, batch, stream, context in
            let (plain, fused) = (
                LayerProbe(layer: Dense(name: "fc", inputs: inputs, outputs: outputs), batch: batch),
                LayerProbe(layer: Dense(name: "fc", inputs: inputs, outputs: outputs, hasReLU: true), batch: batch)
            )
            let (parameters, input) = (stream.floats(plain.parameterCount), stream.floats(plain.inputCount))
            let upstream = stream.floats(plain.outputCount)
            let output = plain.forward(parameters, input)
            #expect(fused.forward(parameters, input) == output.map { max($0, 0) }, "\(context)")
            let masked = zip(upstream, output).map { $1 > 0 ? $0 : 0 }
            #expect(
                fused.backward(parameters, input, upstream) == plain.backward(parameters, input, masked), "\(context)")
        }
    }

    @Test func reluKeepsNaN() {
        for batch in [1, SmallProducts.fewRows + 1] {
            let layer = Dense(name: "fc", inputs: 8, outputs: 9, hasReLU: true)
            let probe = LayerProbe(layer: layer, batch: batch)
            var parameters = [Float](repeating: 0, count: probe.parameterCount)
            parameters[probe.parameterCount - 1] = .nan
            let output = probe.forward(parameters, [Float](repeating: 0, count: probe.inputCount))
            #expect(output[8].isNaN && output[7] == 0)
        }
    }

    @Test func gradientIsAddedToTheStart() {
        forEachShape { inputs, outputs, batch, stream, context in
            var probe = LayerProbe(layer: Dense(name: "fc", inputs: inputs, outputs: outputs), batch: batch)
            let (parameters, input) = (stream.eighths(probe.parameterCount), stream.eighths(probe.inputCount))
            let (upstream, start) = (stream.eighths(probe.outputCount), stream.eighths(probe.parameterCount))
            let gradient = probe.backward(parameters, input, upstream).parameters
            probe.start = start
            #expect(
                probe.backward(parameters, input, upstream).parameters == zip(start, gradient).map { $0 + $1 },
                "\(context)")
        }
    }

    private func forEachShape(_ body: (Int, Int, Int, inout RandomStream, String) -> Void) {
        for seed in 0..<24 {
            var stream = RandomStream(test: seed)
            // Past 16 and 32, where BLAS kernels change from blocks to edges.
            let (outputs, batch) = (stream.int(1...40), stream.int(1...20))
            // Multiples of eight are what the small products can do.
            let inputs = seed % 2 == 0 ? stream.int(1...50) : 8 * stream.int(1...6)
            body(inputs, outputs, batch, &stream, "seed \(seed): \(inputs) -> \(outputs), batch \(batch)")
        }
    }
}
