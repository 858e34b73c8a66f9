/// A layer of a network as its users write it down.
package struct LayerOutline: Sendable {
    /// The word for it in a task file, such as `conv`; for a layer that has none, its name.
    package let kind: String
    /// Whether a task file can say it.
    package let isKnown: Bool
    /// That of its tensors; nil for layers without any.
    package let name: String?
    /// Such as `("outputs", "200")`, in the order in which people write them.
    package let options: [(key: String, value: String)]
    /// The shape of one sample behind it.
    package let output: FeatureShape
    package let parameters: Int
    /// Of a forward pass of one sample.
    package let flops: Double
}

extension Network {
    /// The layers as they were described, from the input on.
    package var outline: [LayerOutline] {
        layers.map { layer in
            var (kind, isKnown, options) = (layer.name, true, [(key: String, value: String)]())
            switch layer {
            case let layer as Dense: (kind, options) = ("dense", [("outputs", "\(layer.outputs)")])
            case let layer as Conv2D:
                kind = "conv"
                options = [("filters", "\(layer.output.channels)"), ("kernel", "\(layer.kernel)")]
                if layer.geometry.stride > 1 { options.append(("stride", "\(layer.geometry.stride)")) }
                options.append(("padding", layer.geometry.isPadded ? "same" : "valid"))
            case let layer as MaxPool2D: (kind, options) = ("maxpool", [("window", "\(layer.window)")])
            case is ReLU: kind = "relu"
            case is Flatten: kind = "flatten"
            case is GELU: kind = "gelu"
            case let layer as Activation: kind = layer.function == .tanh ? "tanh" : "sigmoid"
            case is Embedding: (kind, isKnown) = ("embedding", false)
            default: isKnown = false
            }
            let name = layer.parameters.first.map {
                String($0.name.prefix(upTo: $0.name.lastIndex(of: ".") ?? $0.name.endIndex))
            }
            return LayerOutline(
                kind: kind, isKnown: isKnown, name: name, options: options, output: layer.output,
                parameters: layer.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }, flops: layer.flopsPerSample)
        }
    }
}

extension ConvolutionGeometry {
    /// Whether the output has as many places as the stride leaves of the input.
    fileprivate var isPadded: Bool {
        output.height == (input.height + stride - 1) / stride && output.width == (input.width + stride - 1) / stride
            && kernel > 1
    }
}
