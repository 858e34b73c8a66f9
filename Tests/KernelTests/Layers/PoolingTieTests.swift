import Foundation
import Randomness
import Testing

@testable import Kernel

/// Max-pooling takes the first of equal windows. A fast convolution must not tell them apart by its rounding, or the slope
/// would go to another pixel than by the definition.
@Suite struct PoolingTieTests {
    /// Images of flat rectangles: of the four windows under each maximum, those that hold the same numbers give the same
    /// output, to the bit.
    @Test func equalWindowsOfAWinogradConvolutionGiveEqualOutputs() {
        let input = FeatureShape(channels: 8, height: 8, width: 10)
        let layer = Conv2D(
            "conv", input: input, filters: 8, kernel: 5, stride: 1, padding: .same,
            algorithm: WinogradConvolution.self)
        var ties = 0
        for seed in 0..<20 {
            var stream = RandomStream(test: seed)
            let image = flatRectangles(input, count: 3, &stream)
            let probe = LayerProbe(layer: layer, batch: 1)
            let output = probe.forward(stream.floats(probe.parameterCount), image)
            /// The numbers under the window of an output; zeros outside.
            func window(_ y: Int, _ x: Int) -> [Float] {
                (0..<8 * 25).map { index in
                    let (channel, tap) = index.quotientAndRemainder(dividingBy: 25)
                    let (row, column) = (y + tap / 5 - 2, x + tap % 5 - 2)
                    guard (0..<8).contains(row), (0..<10).contains(column) else { return 0 }
                    return image[(channel * 8 + row) * 10 + column]
                }
            }
            for (y, x) in (0..<4).flatMap({ y in (0..<5).map { (2 * y, 2 * $0) } }) {
                let places = [(y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)]
                let windows = places.map { window($0.0, $0.1) }
                for (first, second) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
                where windows[first] == windows[second] {
                    ties += 1
                    for filter in 0..<8 {
                        let values = [first, second].map { output[(filter * 8 + places[$0].0) * 10 + places[$0].1] }
                        #expect(values[0] == values[1], "seed \(seed): \(places[first]) and \(places[second])")
                    }
                }
            }
        }
        #expect(ties > 100, "\(ties) ties are too few to tell")
    }

    private func flatRectangles(_ shape: FeatureShape, count: Int, _ stream: inout RandomStream) -> [Float] {
        var image = [Float](repeating: 0, count: shape.count)
        for _ in 0..<count {
            let (top, left) = (stream.int(0...shape.height - 1), stream.int(0...shape.width - 1))
            let (bottom, right) = (stream.int(top...shape.height - 1), stream.int(left...shape.width - 1))
            let values = stream.floats(shape.channels)
            for channel in 0..<shape.channels {
                for row in top...bottom {
                    for column in left...right {
                        image[(channel * shape.height + row) * shape.width + column] = values[channel]
                    }
                }
            }
        }
        return image
    }

    /// Forty steps of a small network of mnist-cnn's layers on images of flat rectangles, beside the same steps in float64
    /// by the definition, which takes the first of equal windows.
    ///
    /// Two runs move apart by roundings: a gradient of size 1 has an error of 1e-6 at most by the transforms, which in 40
    /// steps with a rate of 0.1 adds up to 4e-6. A slope that goes to another pixel or another channel, once, moves weights
    /// by rate / 2 times a slope and an activation, some 1e-3. So would a maximum or a ReLU that is undecided within the
    /// transforms' error, of which these images have none: that is where a longer run leaves float64.
    @Test func fortyStepsAreThoseOfFloat64() {
        let network = Network(
            input: FeatureShape(channels: 1, height: 12, width: 12),
            [
                .conv2D("conv1", filters: 16, kernel: 5), .maxPool2D(2), .relu, .conv2D("conv2", filters: 8, kernel: 5),
                .maxPool2D(2), .relu, .flatten, .dense("fc", outputs: 4),
            ])
        let names = network.layers.compactMap { ($0 as? Conv2D).map { String(describing: type(of: $0.algorithm)) } }
        #expect(names == ["DirectConvolution", "WinogradConvolution"])
        var stream = RandomStream(test: 5)
        let parameters = network.initialParameters(.he, seeds: SeedSequence(1))
        for slot in network.layout.slots where slot.fanIn == 0 {
            for index in slot.range { parameters[index] = Float(0.1 * (2 * stream.uniform() - 1)) }
        }
        var exact = ExactNetwork(parameters.values.map(Double.init))
        let workspace = NetworkWorkspace(for: network, capacity: 2)
        for _ in 0..<40 {
            let images = (0..<2).map { _ in flatRectangles(network.input, count: 2, &stream) }
            let labels = stream.labels(2, classes: 4)
            workspace.batch.resize(to: 2)
            for (index, value) in images.joined().enumerated() { workspace.batch.inputs[index] = value }
            for (index, label) in labels.enumerated() { workspace.batch.labels[index] = label }
            _ = network.descend(workspace, dividedBy: 2, from: parameters, rate: 0.1, into: parameters)
            exact.step(images, labels.map(Int.init), rate: 0.1)
        }
        #expect(exact.ties > 500 && exact.undecided == 0, "\(exact.ties) ties, \(exact.undecided) undecided")
        let distance = zip(exact.parameters, parameters.values).map { abs($0 - Double($1)) }.max() ?? 0
        #expect(distance < 4e-6)
    }
}

/// The network of the test above in float64 and naive loops: two convolutions, each with a pool and a ReLU, and a dense
/// layer.
private struct ExactNetwork {
    private(set) var parameters: [Double]
    /// Maxima with an equal beside them, and decisions that the transforms' rounding may turn: of two numbers this close,
    /// or of one this close to zero.
    private(set) var ties = 0
    private(set) var undecided = 0
    private static let closeness = 5e-6

    private struct Block {
        let channels: Int
        let filters: Int
        let side: Int
        let offset: Int
        var weights: Int { filters * channels * 25 }
    }
    private static let blocks = [
        Block(channels: 1, filters: 16, side: 12, offset: 0),
        Block(channels: 16, filters: 8, side: 6, offset: 16 * 25 + 16),
    ]
    private static let denseOffset = 16 * 25 + 16 + 8 * 16 * 25 + 8
    private static let (features, classes) = (8 * 9, 4)

    init(_ parameters: [Double]) { self.parameters = parameters }

    mutating func step(_ images: [[Float]], _ labels: [Int], rate: Double) {
        var gradient = [Double](repeating: 0, count: parameters.count)
        for (image, label) in zip(images, labels) {
            let input = image.map(Double.init)
            let first = forward(Self.blocks[0], input)
            let second = forward(Self.blocks[1], first.output)
            let slopes = dense(second.output, label, &gradient)
            let inner = backward(Self.blocks[1], first.output, second, slopes, &gradient)
            _ = backward(Self.blocks[0], input, first, inner, &gradient)
        }
        for index in parameters.indices { parameters[index] -= rate / Double(images.count) * gradient[index] }
    }

    /// A convolution, the maximum of each 2 x 2, and max(·, 0) of that.
    private mutating func forward(_ block: Block, _ input: [Double]) -> (output: [Double], places: [Int]) {
        var values = [Double](repeating: 0, count: block.filters * block.side * block.side)
        for index in values.indices {
            values[index] = parameters[block.offset + block.weights + index / (block.side * block.side)]
        }
        values.withUnsafeMutableBufferPointer { values in
            parameters.withUnsafeBufferPointer { parameters in
                input.withUnsafeBufferPointer { input in
                    Self.forEachProduct(block) { values[$0] += parameters[block.offset + $1] * input[$2] }
                }
            }
        }
        var (output, places): ([Double], [Int]) = ([], [])
        let half = block.side / 2
        for window in 0..<block.filters * half * half {
            let (filter, place) = window.quotientAndRemainder(dividingBy: half * half)
            let corner = (filter * block.side + place / half * 2) * block.side + place % half * 2
            let candidates = [corner, corner + 1, corner + block.side, corner + block.side + 1]
            let best = candidates.reduce(corner) { values[$1] > values[$0] ? $1 : $0 }
            for other in candidates where other != best && values[best] > 0 {
                let gap = values[best] - values[other]
                if gap == 0 { ties += 1 } else if gap < Self.closeness { undecided += 1 }
            }
            if abs(values[best]) < Self.closeness { undecided += 1 }
            output.append(max(values[best], 0))
            places.append(best)
        }
        return (output, places)
    }

    /// Adds the block's part of the gradient; returns the slopes by its input.
    private func backward(
        _ block: Block, _ input: [Double], _ pass: (output: [Double], places: [Int]), _ slopes: [Double],
        _ gradient: inout [Double]
    ) -> [Double] {
        var spread = [Double](repeating: 0, count: block.filters * block.side * block.side)
        for (index, place) in pass.places.enumerated() where pass.output[index] > 0 { spread[place] = slopes[index] }
        for (index, slope) in spread.enumerated() {
            gradient[block.offset + block.weights + index / (block.side * block.side)] += slope
        }
        var result = [Double](repeating: 0, count: input.count)
        gradient.withUnsafeMutableBufferPointer { gradient in
            result.withUnsafeMutableBufferPointer { result in
                spread.withUnsafeBufferPointer { spread in
                    Self.forEachProduct(block, where: { spread[$0] != 0 }) { output, weight, pixel in
                        gradient[block.offset + weight] += spread[output] * input[pixel]
                        result[pixel] += spread[output] * parameters[block.offset + weight]
                    }
                }
            }
        }
        return result
    }

    /// Adds the gradient of the last layer for one sample; returns the slopes by its input.
    private func dense(_ input: [Double], _ label: Int, _ gradient: inout [Double]) -> [Double] {
        let (count, classes, offset) = (Self.features, Self.classes, Self.denseOffset)
        let logits = (0..<classes).map { row in
            (0..<count).reduce(parameters[offset + classes * count + row]) {
                $0 + parameters[offset + row * count + $1] * input[$1]
            }
        }
        let largest = logits.max() ?? 0
        let powers = logits.map { exp($0 - largest) }
        let total = powers.reduce(0, +)
        var slopes = [Double](repeating: 0, count: count)
        for row in 0..<classes {
            let slope = powers[row] / total - (row == label ? 1 : 0)
            gradient[offset + classes * count + row] += slope
            for index in 0..<count {
                gradient[offset + row * count + index] += slope * input[index]
                slopes[index] += slope * parameters[offset + row * count + index]
            }
        }
        return slopes
    }

    /// Calls `body` with the places in the output, the weights and the input of every product of a block's convolution.
    private static func forEachProduct(
        _ block: Block, where isWanted: (Int) -> Bool = { _ in true },
        _ body: (_ output: Int, _ weight: Int, _ input: Int) -> Void
    ) {
        let (side, channels) = (block.side, block.channels)
        for output in 0..<block.filters * side * side where isWanted(output) {
            let (filter, place) = output.quotientAndRemainder(dividingBy: side * side)
            let (y, x) = place.quotientAndRemainder(dividingBy: side)
            for channel in 0..<channels {
                for row in max(y - 2, 0)...min(y + 2, side - 1) {
                    for column in max(x - 2, 0)...min(x + 2, side - 1) {
                        body(
                            output, ((filter * channels + channel) * 5 + row - y + 2) * 5 + column - x + 2,
                            (channel * side + row) * side + column)
                    }
                }
            }
        }
    }
}
