import Foundation
import Randomness
import Testing

@testable import Kernel

/// Layers of sequences beside naive loops in Double, and their gradients beside central differences of those.
@Suite struct SequenceLayerTests {
    private typealias Forward = (_ parameters: [Double], _ sample: [Double]) -> [Double]

    @Test func layerNormMatchesCentralDifferences() throws {
        try forEachShape { shape, stream in
            let epsilon: Float = stream.int(0...1) == 0 ? 1e-5 : 0.25
            let dimension = try shape.sequence().dimension
            return (
                try LayerNorm(name: "ln", input: shape, epsilon: epsilon),
                { parameters, sample in
                    NaiveSequences.layerNorm(
                        NaiveSequences.rows(sample, of: dimension), parameters, epsilon: Double(epsilon)
                    ).flatMap(\.self)
                }
            )
        }
    }

    @Test func positionwiseMatchesCentralDifferences() throws {
        try forEachShape { shape, stream in
            let (dimension, outputs) = (try shape.sequence().dimension, stream.int(1...12))
            return (
                try Positionwise(name: "fc", input: shape, outputs: outputs),
                { parameters, sample in
                    var reader = NaiveSequences.Reader(parameters)
                    let weights = reader.matrix(outputs, dimension)
                    return NaiveSequences.affine(
                        NaiveSequences.rows(sample, of: dimension), weights, reader.vector(outputs)
                    ).flatMap(\.self)
                }
            )
        }
    }

    @Test func attentionMatchesCentralDifferences() throws {
        try forEachShape { shape, stream in
            let dimension = try shape.sequence().dimension
            let heads = (1...dimension).filter { dimension % $0 == 0 }.randomElement(&stream)
            return (
                try CausalSelfAttention(name: "attn", input: shape, heads: heads),
                { parameters, sample in
                    NaiveSequences.attention(NaiveSequences.rows(sample, of: dimension), parameters, heads: heads)
                        .flatMap(\.self)
                }
            )
        }
    }

    @Test func lstmMatchesCentralDifferences() throws {
        try forEachShape { shape, stream in
            let (dimension, hidden) = (try shape.sequence().dimension, stream.int(1...10))
            return (
                try LSTM(name: "lstm", input: shape, hidden: hidden),
                { parameters, sample in
                    NaiveSequences.lstm(NaiveSequences.rows(sample, of: dimension), parameters, hidden: hidden)
                        .flatMap(\.self)
                }
            )
        }
    }

    @Test func positionsMatchCentralDifferences() throws {
        try forEachShape { shape, _ in
            (try Positions(name: "p", input: shape), { parameters, sample in zip(sample, parameters).map { $0 + $1 } })
        }
    }

    @Test func theLastPositionMatchesCentralDifferences() throws {
        try forEachShape { shape, _ in
            let dimension = try shape.sequence().dimension
            return (try LastPosition(input: shape), { _, sample in Array(sample.suffix(dimension)) })
        }
    }

    @Test func anEmbeddingIsItsTablesRowsAndSumsTheirGradients() throws {
        for seed in 0..<12 {
            var stream = RandomStream(test: seed)
            let (vocabulary, dimension, positions) = (stream.int(1...6), stream.int(1...11), stream.int(1...5))
            let layer = try Embedding(
                name: "e", input: FeatureShape(features: positions), vocabulary: vocabulary, dimension: dimension)
            var probe = LayerProbe(layer: layer, batch: stream.int(1...4))
            let table = stream.eighths(probe.parameterCount)
            let tokens = (0..<probe.inputCount).map { _ in stream.int(0...vocabulary - 1) }
            let slopes = stream.eighths(probe.outputCount)
            let inputs = tokens.map { Float($0) }
            let expected = tokens.flatMap { table[$0 * dimension..<($0 + 1) * dimension] }
            #expect(probe.forward(table, inputs) == expected, "seed \(seed)")
            let start = stream.eighths(probe.parameterCount)
            var sums = start
            for (place, token) in tokens.enumerated() {
                for column in 0..<dimension { sums[token * dimension + column] += slopes[place * dimension + column] }
            }
            probe.start = start
            let backward = probe.backward(table, inputs, slopes)
            #expect(backward.parameters == sums && backward.input.allSatisfy { $0 == 0 }, "seed \(seed)")
        }
    }

    /// Calls `make` with shapes around where vectors of eight end, with one position and with features on no grid; checks the
    /// layer that it returns beside the naive one for a batch of several samples.
    private func forEachShape(
        _ make: (_ shape: FeatureShape, _ stream: inout RandomStream) throws -> (any Layer, Forward)
    ) throws {
        for seed in 0..<16 {
            var stream = RandomStream(test: seed)
            let dimension = seed % 3 == 0 ? 8 * stream.int(1...2) : stream.int(2...10)
            let positions = seed % 4 == 0 ? 8 : stream.int(1...9)
            let shape =
                seed % 8 == 7
                ? FeatureShape(features: dimension) : FeatureShape(positions: positions, dimension: dimension)
            let (layer, naive) = try make(shape, &stream)
            check(layer, naive, seed: seed, &stream)
        }
    }

    private func check(_ layer: any Layer, _ naive: Forward, seed: Int, _ stream: inout RandomStream) {
        var probe = LayerProbe(layer: layer, batch: stream.int(1...3))
        let context = "\(type(of: layer)) \(layer.input) -> \(layer.output), batch \(probe.batch), seed \(seed)"
        let (parameters, input) = (stream.floats(probe.parameterCount), stream.floats(probe.inputCount))
        let slopes = stream.floats(probe.outputCount)
        let samples = NaiveSequences.rows(input.map(Double.init), of: layer.input.count)
        let expected = samples.flatMap { naive(parameters.map(Double.init), $0) }
        expectClose(probe.forward(parameters, input), expected, tolerance: 1e-5, context + ": outputs")

        /// The slopes' product with the outputs of some samples.
        func value(_ parameters: [Double], _ samples: [(number: Int, values: [Double])]) -> Double {
            samples.reduce(0) { sum, sample in
                let first = sample.number * layer.output.count
                return sum
                    + NaiveSequences.dot(
                        naive(parameters, sample.values),
                        slopes[first..<first + layer.output.count].map(Double.init))
            }
        }
        // With numbers of about 1, its error is about the square.
        let step = 1e-4
        func difference(_ point: [Double], _ index: Int, _ value: ([Double]) -> Double) -> Double {
            var (above, below) = (point, point)
            above[index] += step
            below[index] -= step
            return (value(above) - value(below)) / (2 * step)
        }
        let all = samples.enumerated().map { (number: $0, values: $1) }
        let point = parameters.map(Double.init)
        let gradient = probe.backward(parameters, input, slopes)
        // Some of many, in all tensors.
        let some = Array(stride(from: 0, to: point.count, by: max(1, point.count / 41)))
        expectClose(
            some.map { gradient.parameters[$0] }, some.map { index in difference(point, index) { value($0, all) } },
            tolerance: 2e-5, context + ": parameters")
        let slopesByInputs = all.flatMap { sample in
            sample.values.indices.map { index in
                difference(sample.values, index) { value(point, [(sample.number, $0)]) }
            }
        }
        expectClose(gradient.input, slopesByInputs, tolerance: 2e-5, context + ": inputs")
        let start = stream.floats(probe.parameterCount)
        probe.start = start
        expectClose(
            probe.backward(parameters, input, slopes).parameters,
            zip(start, gradient.parameters).map { Double($0) + Double($1) }, tolerance: 1e-6,
            context + ": added to a start")
    }
}

extension [Int] {
    fileprivate func randomElement(_ stream: inout RandomStream) -> Int { self[stream.int(0...count - 1)] }
}
