import Foundation

@testable import Kernel

/// Layers in naive loops and Double, images with their channels first as PyTorch has them. Says of itself what a
/// ``Network`` is told, and shares no code with it.
indirect enum ReferenceLayer: Sendable {
    case dense(String, Int)
    case conv2D(String, filters: Int, kernel: Int)
    case maxPool2D(Int)
    case avgPool2D(Int)
    case groupNorm(String, groups: Int)
    case flatten
    case relu
    case tanh
    case sigmoid
    case gelu
    case residual([ReferenceLayer])

    var description: Network.Description {
        switch self {
        case .dense(let name, let outputs): .dense(name, outputs: outputs)
        case .conv2D(let name, let filters, let kernel): .conv2D(name, filters: filters, kernel: kernel)
        case .maxPool2D(let window): .maxPool2D(window)
        case .avgPool2D(let window): .avgPool2D(window)
        case .groupNorm(let name, let groups): .groupNorm(name, groups: groups)
        case .flatten: .flatten
        case .relu: .relu
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        case .gelu: .gelu
        case .residual(let body): .residual(body.map(\.description))
        }
    }

    /// The numbers that leave the layer, and what parameters are left.
    func apply(_ state: ReferenceState) -> ReferenceState {
        var state = state
        switch self {
        case .dense(_, let outputs):
            let inputs = state.shape.count
            let own = state.take(outputs * inputs + outputs)
            state.values = Naive.dense(own, state.values, inputs: inputs, outputs: outputs).map(\.value)
            state.shape = FeatureShape(features: outputs)
        case .conv2D(_, let filters, let kernel): state.convolve(filters: filters, kernel: kernel)
        case .maxPool2D(let window):
            state.values = Naive.maxPool(state.values, batch: state.batch, input: state.shape, window: window).map(
                \.value)
            state.shape = FeatureShape(
                channels: state.shape.channels, height: state.shape.height / window, width: state.shape.width / window)
        case .avgPool2D(let window): state.average(window)
        case .groupNorm(_, let groups): state.normalize(groups: groups)
        case .flatten: state.shape = FeatureShape(features: state.shape.count)
        case .relu: state.values = state.values.map { max($0, 0) }
        case .tanh: state.values = state.values.map { Foundation.tanh($0) }
        case .sigmoid: state.values = state.values.map { 1 / (1 + exp(-$0)) }
        case .gelu: state.values = state.values.map { $0 * erfc(-$0 / 2.0.squareRoot()) / 2 }
        case .residual(let body):
            let entered = state.values
            state = body.reduce(state) { $1.apply($0) }
            state.values = zip(entered, state.values).map { $0 + $1 }
        }
        return state
    }
}

/// The numbers between two layers, and the parameters of the layers behind.
struct ReferenceState {
    let batch: Int
    /// `[B, C, H, W]`
    var values: [Double]
    var shape: FeatureShape
    /// The parameters of the layers that are still to come.
    var parameters: ArraySlice<Double>

    mutating func take(_ count: Int) -> [Double] {
        defer { parameters = parameters.dropFirst(count) }
        return Array(parameters.prefix(count))
    }

    mutating func average(_ window: Int) {
        let (input, source) = (shape, values)
        shape = FeatureShape(channels: input.channels, height: input.height / window, width: input.width / window)
        values = (0..<batch * shape.count).map { index in
            let (plane, place) = index.quotientAndRemainder(dividingBy: shape.height * shape.width)
            let (y, x) = place.quotientAndRemainder(dividingBy: shape.width)
            var sum = 0.0
            for row in 0..<window {
                for column in 0..<window {
                    sum += source[(plane * input.height + y * window + row) * input.width + x * window + column]
                }
            }
            return sum / Double(window * window)
        }
    }

    mutating func normalize(groups: Int) {
        let (weights, biases) = (take(shape.channels), take(shape.channels))
        let (pixels, size) = (shape.height * shape.width, shape.count / groups)
        for group in 0..<batch * groups {
            let members = group * size..<(group + 1) * size
            let mean = values[members].reduce(0, +) / Double(size)
            let variance = values[members].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
            for index in members {
                let channel = index / pixels % shape.channels
                values[index] =
                    (values[index] - mean) / (variance + 1e-5).squareRoot() * weights[channel] + biases[channel]
            }
        }
    }

    mutating func convolve(filters: Int, kernel: Int) {
        let positions = shape.height * shape.width
        let own = take(filters * shape.channels * kernel * kernel + filters)
        var output = (0..<batch * filters * positions).map { own[own.count - filters + $0 / positions % filters] }
        Naive.forEachProduct(
            batch: batch, input: shape, filters: filters, kernel: kernel, stride: 1, padding: .same
        ) { output[$0] += own[$1] * values[$2] }
        (values, shape) = (output, FeatureShape(channels: filters, height: shape.height, width: shape.width))
    }
}

/// Layers behind each other, as a ``Network`` and in Double.
struct ReferenceNetwork: Sendable {
    let input: FeatureShape
    let layers: [ReferenceLayer]
    var loss = Loss.softmaxCrossEntropy

    var network: Network { Network(input: input, layers.map(\.description), loss: loss) }

    /// The losses of samples by the definition of each.
    func losses(_ parameters: [Double], _ samples: Samples) -> [Double] {
        let outputs = outputs(parameters, samples.inputs)
        let width = outputs.count / samples.labels.count
        switch loss {
        case .softmaxCrossEntropy: return Naive.losses(outputs, samples.labels, classes: width)
        case .binaryCrossEntropy:
            return zip(outputs, samples.labels).map { -log(1 / (1 + exp($1 == 1 ? -$0 : $0))) }
        case .squaredError:
            return samples.labels.indices.map { sample in
                (sample * width..<(sample + 1) * width).reduce(0) {
                    $0 + (outputs[$1] - Double(samples.targets[$1])) * (outputs[$1] - Double(samples.targets[$1]))
                } / Double(width)
            }
        }
    }

    /// What leaves the last layer, `[B, outputs]`.
    func outputs(_ parameters: [Double], _ input: [Float]) -> [Double] {
        let state = ReferenceState(
            batch: input.count / self.input.count, values: input.map(Double.init), shape: self.input,
            parameters: parameters[...])
        return layers.reduce(state) { $1.apply($0) }.values
    }
}
