import Foundation

@testable import Kernel

/// Layers in naive loops and Double, images with their channels first as PyTorch has them. Says of itself what a
/// ``Network`` is told, and shares no code with it.
indirect enum ReferenceLayer: Sendable {
    case dense(String, Int)
    case conv2D(String, filters: Int, kernel: Int)
    case maxPool2D(Int)
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
        case .flatten: .flatten
        case .relu: .relu
        case .tanh: .tanh
        case .sigmoid: .sigmoid
        case .gelu: .gelu
        case .residual(let body): .residual(body.map(\.description))
        }
    }

    /// What leaves the layer.
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

/// What lies between two layers.
struct ReferenceState {
    let batch: Int
    /// `[B, C, H, W]`
    var values: [Double]
    var shape: FeatureShape
    /// Of the layers still to come.
    var parameters: ArraySlice<Double>

    mutating func take(_ count: Int) -> [Double] {
        defer { parameters = parameters.dropFirst(count) }
        return Array(parameters.prefix(count))
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

    var network: Network { Network(input: input, layers.map(\.description)) }

    /// What leaves the last layer, `[B, outputs]`.
    func outputs(_ parameters: [Double], _ input: [Float]) -> [Double] {
        let state = ReferenceState(
            batch: input.count / self.input.count, values: input.map(Double.init), shape: self.input,
            parameters: parameters[...])
        return layers.reduce(state) { $1.apply($0) }.values
    }
}
