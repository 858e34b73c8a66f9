import Foundation

@testable import Kernel

/// Layers of sequences in naive loops and Double, one sample at a time: rows of positions.
enum NaiveSequences {
    typealias Rows = [[Double]]

    /// Reads tensors one behind the other.
    struct Reader {
        var values: ArraySlice<Double>

        init(_ values: [Double]) { self.values = values[...] }

        mutating func vector(_ count: Int) -> [Double] {
            defer { values = values.dropFirst(count) }
            return Array(values.prefix(count))
        }

        mutating func matrix(_ rows: Int, _ columns: Int) -> Rows { (0..<rows).map { _ in vector(columns) } }
    }

    static func rows(_ values: [Double], of dimension: Int) -> Rows {
        stride(from: 0, to: values.count, by: dimension).map { Array(values[$0..<$0 + dimension]) }
    }

    static func affine(_ x: Rows, _ weights: Rows, _ bias: [Double]) -> Rows {
        x.map { row in zip(weights, bias).map { dot($0, row) + $1 } }
    }

    static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }

    static func layerNorm(_ x: Rows, _ parameters: [Double], epsilon: Double) -> Rows {
        x.map { row in
            let count = Double(row.count)
            let mean = row.reduce(0, +) / count
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
            return row.indices.map {
                (row[$0] - mean) / sqrt(variance + epsilon) * parameters[$0] + parameters[row.count + $0]
            }
        }
    }

    static func attention(_ x: Rows, _ parameters: [Double], heads: Int) -> Rows {
        let dimension = x[0].count
        var reader = Reader(parameters)
        let (inWeights, inBias) = (reader.matrix(3 * dimension, dimension), reader.vector(3 * dimension))
        let (outWeights, outBias) = (reader.matrix(dimension, dimension), reader.vector(dimension))
        let projected = affine(x, inWeights, inBias)
        let size = dimension / heads
        let joined = x.indices.map { query in
            (0..<heads).flatMap { head -> [Double] in
                func part(_ which: Int, _ position: Int) -> [Double] {
                    Array(projected[position][which * dimension + head * size..<which * dimension + (head + 1) * size])
                }
                let weights = (0...query).map { exp(dot(part(0, query), part(1, $0)) / sqrt(Double(size))) }
                let total = weights.reduce(0, +)
                return (0..<size).map { column in
                    (0...query).reduce(0) { $0 + weights[$1] / total * part(2, $1)[column] }
                }
            }
        }
        return affine(joined, outWeights, outBias)
    }

    static func lstm(_ x: Rows, _ parameters: [Double], hidden: Int) -> Rows {
        var reader = Reader(parameters)
        let (inputWeights, stateWeights) = (reader.matrix(4 * hidden, x[0].count), reader.matrix(4 * hidden, hidden))
        let (inputBias, stateBias) = (reader.vector(4 * hidden), reader.vector(4 * hidden))
        func sigmoid(_ value: Double) -> Double { 1 / (1 + exp(-value)) }
        var (state, cell) = ([Double](repeating: 0, count: hidden), [Double](repeating: 0, count: hidden))
        return x.map { row in
            let sums = zip(affine([row], inputWeights, inputBias)[0], affine([state], stateWeights, stateBias)[0])
                .map { $0 + $1 }
            for unit in 0..<hidden {
                let (input, forget) = (sigmoid(sums[unit]), sigmoid(sums[hidden + unit]))
                cell[unit] = forget * cell[unit] + input * tanh(sums[2 * hidden + unit])
                state[unit] = sigmoid(sums[3 * hidden + unit]) * tanh(cell[unit])
            }
            return state
        }
    }
}
