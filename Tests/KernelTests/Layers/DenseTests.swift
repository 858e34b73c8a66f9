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

    @Test func sumRowsEqualsNaiveLoops() {
        for seed in 0..<10 {
            var stream = RandomStream(test: seed)
            let (rows, columns) = (stream.int(1...40), stream.int(1...40))
            let matrix = stream.floats(rows * columns)
            var sums = [Float](repeating: .nan, count: columns)
            sumRows(of: matrix, rows: rows, columns: columns, into: &sums)
            let expected = (0..<columns).map { column in
                (0..<rows).reduce(into: Reference()) { $0.add(Double(matrix[$1 * columns + column])) }
            }
            expectEqual(sums, expected, terms: rows, "seed \(seed), \(rows)x\(columns)")
        }
    }

    private func forEachShape(_ body: (Int, Int, Int, inout RandomStream, String) -> Void) {
        for seed in 0..<12 {
            var stream = RandomStream(test: seed)
            // Past 16 and 32, where BLAS kernels change from blocks to edges.
            let (inputs, outputs, batch) = (stream.int(1...50), stream.int(1...40), stream.int(1...20))
            body(inputs, outputs, batch, &stream, "seed \(seed): \(inputs) -> \(outputs), batch \(batch)")
        }
    }
}
