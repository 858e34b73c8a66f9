import Foundation
import Randomness
import Testing

@testable import Kernel

extension RandomStream {
    /// The stream of one test case.
    init(test seed: Int) { self = SeedSequence(2024).stream(.test, seed) }

    mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + integer(below: range.count) }

    /// Multiples of 1/8 in -1...1: sums of up to 2^18 products of two of them are exact in float32, whatever the order.
    mutating func eighths(_ count: Int) -> [Float] { (0..<count).map { _ in Float(int(-8...8)) / 8 } }

    /// Numbers in -1...1 that do round.
    mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in Float(2 * uniform() - 1) } }

    /// Distinct odd multiples of 1/64 on both sides of zero: no two closer than 1/32, none closer than 1/64 to zero.
    mutating func separated(_ count: Int) -> [Float] {
        shuffled((0..<count).map { Float(2 * ($0 - count / 2) + 1) / 64 })
    }

    mutating func labels(_ count: Int, classes: Int) -> [UInt8] { (0..<count).map { _ in UInt8(int(0...classes - 1)) } }
}

/// Half the distance from 1 to the next float32: the relative error of one rounding.
let roundoff = 0x1p-24

/// A number computed in Double with the sum of its terms' magnitudes, from which the error of float32 follows.
struct Reference {
    var value = 0.0
    var magnitude = 0.0

    mutating func add(_ term: Double) {
        value += term
        magnitude += abs(term)
    }
}

/// Checks sums of `terms` float32 numbers against their Double reference. Any order of n additions and n products has an
/// error below 2n roundoffs of the sum of magnitudes (Higham 2002, section 3.1).
func expectEqual(
    _ actual: [Float], _ expected: [Reference], terms: Int, _ context: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectClose(
        actual, expected.map(\.value),
        tolerances: expected.map { Double(2 * terms + 2) * roundoff * $0.magnitude + 1e-30 },
        context, sourceLocation: sourceLocation)
}

/// One failure, naming the first position that is off, rather than one failure a number. NaN is never close.
func expectClose(
    _ actual: [Float], _ expected: [Double], tolerances: [Double], _ context: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, "\(context)", sourceLocation: sourceLocation)
    let wrong = zip(actual.indices, zip(expected, tolerances)).first { index, pair in
        !(abs(Double(actual[index]) - pair.0) <= pair.1)
    }
    if let (index, (value, tolerance)) = wrong {
        Issue.record(
            "\(context): [\(index)] is \(actual[index]), expected \(value) within \(tolerance)",
            sourceLocation: sourceLocation)
    }
}

func expectClose(
    _ actual: [Float], _ expected: [Double], tolerance: Double, _ context: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectClose(
        actual, expected, tolerances: expected.map { tolerance * max(1, abs($0)) }, context,
        sourceLocation: sourceLocation)
}

/// Runs one layer on arrays, in which images have their channels first whatever the layer wants. What a layer has to
/// write is filled with NaN before, so that adding to it, or leaving a hole, is seen.
struct LayerProbe {
    let layer: any Layer
    let batch: Int
    /// What the gradient is added to; nil for zeros.
    var start: [Float]? = nil

    var parameterCount: Int { layer.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) } }
    var inputCount: Int { batch * layer.input.count }
    var outputCount: Int { batch * layer.output.count }

    func forward(_ parameters: [Float], _ input: [Float]) -> [Float] {
        run(parameters, input, outputGradient: nil).output
    }

    func backward(
        _ parameters: [Float], _ input: [Float], _ outputGradient: [Float]
    ) -> (parameters: [Float], input: [Float]) {
        let result = run(parameters, input, outputGradient: outputGradient)
        return (result.gradient, result.inputGradient)
    }

    private func run(
        _ parameters: [Float], _ input: [Float], outputGradient: [Float]?
    ) -> (output: [Float], gradient: [Float], inputGradient: [Float]) {
        func garbage(_ count: Int) -> ParameterVector { ParameterVector([Float](repeating: .nan, count: count)) }
        let parameters = ParameterVector(parameters)
        let input = ParameterVector(reorder(input, layer.input, layer.inputOrder, to: .last))
        let (output, scratch) = (garbage(outputCount), garbage(layer.scratchCount))
        let (gradient, inputGradient) = (garbage(parameterCount), garbage(inputCount))
        let spare = garbage(outputCount)
        let saved = UnsafeMutablePointer<Int32>.allocate(capacity: batch * layer.savedCountPerSample + 1)
        saved.initialize(repeating: 0, count: batch * layer.savedCountPerSample + 1)
        defer { saved.deallocate() }
        let upstream = ParameterVector(reorder(outputGradient ?? [], layer.output, layer.outputOrder, to: .last))
        let start = start.map { ParameterVector($0) }
        withExtendedLifetime((parameters, input, output, scratch, gradient, inputGradient, spare, upstream, start)) {
            layer.forward(
                ForwardPass(
                    batch: batch, parameters: parameters.storage, input: input.storage, output: output.storage,
                    scratch: scratch.storage, saved: saved))
            guard outputGradient != nil else { return }
            layer.backward(
                BackwardPass(
                    batch: batch, parameters: parameters.storage, gradient: gradient.storage,
                    start: start.map { UnsafePointer($0.storage) },
                    input: layer.operatesInPlace ? output.storage : input.storage, output: output.storage,
                    outputGradient: upstream.storage,
                    inputGradient: inputGradient.storage, scratch: scratch.storage, spare: spare.storage, saved: saved))
        }
        return (
            reorder(output.values, layer.output, layer.outputOrder, to: .first), gradient.values,
            reorder(inputGradient.values, layer.input, layer.inputOrder, to: .first)
        )
    }

    /// Images between the order of arrays, channels first, and the layer's.
    private func reorder(
        _ values: [Float], _ shape: FeatureShape, _ layersOrder: ChannelOrder?, to order: ChannelOrder
    ) -> [Float] {
        guard layersOrder == .last else { return values }
        let (channels, pixels) = (shape.channels, shape.height * shape.width)
        return values.indices.map { index in
            let (sample, place) = index.quotientAndRemainder(dividingBy: shape.count)
            let other =
                order == .last
                ? place % channels * pixels + place / channels : place % pixels * channels + place / pixels
            return values[sample * shape.count + other]
        }
    }
}

extension SoftmaxCrossEntropy {
    /// The sum of the losses, and how many samples are right.
    static func lossAndCorrect(
        _ logits: UnsafeMutablePointer<Float>, labels: UnsafePointer<UInt8>, batch: Int, classes: Int
    ) -> (loss: Double, correct: Int) {
        var (sum, correct) = (0.0, 0)
        judge(logits, labels: labels, batch: batch, classes: classes) { _, loss, isRight in
            sum += loss
            if isRight { correct += 1 }
        }
        return (sum, correct)
    }
}

/// The parts of a network in naive loops and Double.
enum Naive {
    static func dense(_ parameters: [Double], _ input: [Double], inputs: Int, outputs: Int) -> [Reference] {
        var result: [Reference] = []
        for sample in 0..<input.count / inputs {
            for output in 0..<outputs {
                var sum = Reference()
                sum.add(parameters[outputs * inputs + output])
                for index in 0..<inputs {
                    sum.add(parameters[output * inputs + index] * input[sample * inputs + index])
                }
                result.append(sum)
            }
        }
        return result
    }

    /// Where a window starts: TensorFlow's and PyTorch's "same" puts the odd row of padding at the end.
    static func extent(_ size: Int, kernel: Int, stride: Int, padding: Padding) -> (output: Int, before: Int) {
        guard padding == .same else { return ((size - kernel) / stride + 1, 0) }
        var output = 0
        while output * stride < size { output += 1 }
        return (output, max(0, (output - 1) * stride + kernel - size) / 2)
    }

    /// Calls `body` with the flat indices of the output, the weight and the input of every product of a convolution.
    static func forEachProduct(
        batch: Int, input: FeatureShape, filters: Int, kernel: Int, stride: Int, padding: Padding,
        _ body: (_ output: Int, _ weight: Int, _ input: Int) -> Void
    ) {
        let (height, top) = extent(input.height, kernel: kernel, stride: stride, padding: padding)
        let (width, left) = extent(input.width, kernel: kernel, stride: stride, padding: padding)
        for sample in 0..<batch {
            for filter in 0..<filters {
                for y in 0..<height {
                    for x in 0..<width {
                        for channel in 0..<input.channels {
                            for ky in 0..<kernel {
                                for kx in 0..<kernel {
                                    let (imageY, imageX) = (y * stride + ky - top, x * stride + kx - left)
                                    guard imageY >= 0, imageX >= 0, imageY < input.height, imageX < input.width else {
                                        continue
                                    }
                                    body(
                                        ((sample * filters + filter) * height + y) * width + x,
                                        ((filter * input.channels + channel) * kernel + ky) * kernel + kx,
                                        ((sample * input.channels + channel) * input.height + imageY) * input.width
                                            + imageX)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The largest of each window, and where in the input it stood.
    static func maxPool(
        _ values: [Double], batch: Int, input: FeatureShape, window: Int
    ) -> [(value: Double, index: Int)] {
        var result: [(Double, Int)] = []
        for plane in 0..<batch * input.channels {
            for y in 0..<input.height / window {
                for x in 0..<input.width / window {
                    let inside = (0..<window * window).map { position in
                        (plane * input.height + y * window + position / window) * input.width + x * window
                            + position % window
                    }
                    let best = inside.reduce(inside[0]) { values[$1] > values[$0] ? $1 : $0 }
                    result.append((values[best], best))
                }
            }
        }
        return result
    }

    static func losses(_ logits: [Double], _ labels: [UInt8], classes: Int) -> [Double] {
        labels.indices.map { sample in
            let row = logits[sample * classes..<(sample + 1) * classes]
            let largest = row.reduce(-Double.infinity, max)
            let total = row.reduce(0) { $0 + exp($1 - largest) }
            return log(total) + largest - row[row.startIndex + Int(labels[sample])]
        }
    }
}
