/// A layer of a network as its users write it down in a task file.
package struct LayerOutline: Sendable {
    /// The layer's word in a task file, such as `conv`.
    package let kind: String
    /// The name of the layer's tensors; nil for layers without any.
    package let name: String?
    /// The options that have no default or another value than it, such as `("outputs", "200")`, in the order in which
    /// people write them.
    package let options: [(key: String, value: String)]
    /// The layers of a residual's body; empty for all other layers.
    package let body: [LayerOutline]
    /// The shape of one sample behind the layer.
    package let output: FeatureShape
    /// Numbers in the layer's parameters; for a residual, those of its whole body.
    package let parameters: Int
    /// Floating-point operations of a forward pass of one sample; for a residual, its body's and the sum at its end.
    package let flops: Double
}

extension Network {
    /// The layers as they were described, from the input on.
    package var outline: [LayerOutline] { nodes.map(LayerOutline.init) }
}

extension LayerOutline {
    fileprivate init(_ node: NetworkNode) {
        switch node {
        case .layer(let layer):
            let (kind, options) = layer.words
            let name = layer.parameters.first.map {
                String($0.name.prefix(upTo: $0.name.lastIndex(of: ".") ?? $0.name.endIndex))
            }
            self.init(
                kind: kind, name: name, options: options, body: [], output: layer.output,
                parameters: layer.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }, flops: layer.flopsPerSample)
        case .residual(let nodes, let shape):
            let body = nodes.map(LayerOutline.init)
            self.init(
                kind: "residual", name: nil, options: [], body: body, output: shape,
                parameters: body.reduce(0) { $0 + $1.parameters },
                flops: body.reduce(Add(input: shape).flopsPerSample) { $0 + $1.flops })
        }
    }
}

extension Layer {
    /// The layer's word in a task file, and its options there.
    fileprivate var words: (kind: String, options: [(key: String, value: String)]) {
        switch self {
        case let layer as Dense: ("dense", [("outputs", "\(layer.outputs)")])
        case let layer as Conv2D: ("conv", layer.options)
        case let layer as MaxPool2D: ("maxpool", [("window", "\(layer.window)")])
        case let layer as AvgPool2D: ("avgpool", [("window", "\(layer.window)")])
        case let layer as GroupNorm: ("groupnorm", [("groups", "\(layer.groups)")] + option(layer.epsilon))
        case is ReLU: ("relu", [])
        case is Flatten: ("flatten", [])
        case is GELU: ("gelu", [])
        case let layer as Activation: (layer.function == .tanh ? "tanh" : "sigmoid", [])
        case let layer as Embedding:
            ("embedding", [("dimension", "\(layer.dimension)"), ("vocabulary", "\(layer.vocabulary)")])
        case is Positions: ("positions", [])
        case let layer as LayerNorm: ("layernorm", option(layer.epsilon))
        case let layer as CausalSelfAttention: ("attention", [("heads", "\(layer.heads)")])
        case let layer as LSTM: ("lstm", [("hidden", "\(layer.output.width)")])
        case let layer as Positionwise: ("positionwise", [("outputs", "\(layer.output.width)")])
        case is LastPosition: ("last", [])
        default: preconditionFailure("no task file has a word for '\(name)'")
        }
    }

    private func option(_ epsilon: Float) -> [(key: String, value: String)] {
        epsilon == 1e-5 ? [] : [("epsilon", "\(epsilon)")]
    }
}

extension Conv2D {
    fileprivate var options: [(key: String, value: String)] {
        var options = [(key: "filters", value: "\(output.channels)"), (key: "kernel", value: "\(kernel)")]
        if geometry.stride > 1 { options.append(("stride", "\(geometry.stride)")) }
        return options + [("padding", geometry.isPadded ? "same" : "valid")]
    }
}

extension ConvolutionGeometry {
    /// Whether the output has as many places as the stride leaves of the input.
    fileprivate var isPadded: Bool {
        output.height == (input.height + stride - 1) / stride && output.width == (input.width + stride - 1) / stride
            && kernel > 1
    }
}
