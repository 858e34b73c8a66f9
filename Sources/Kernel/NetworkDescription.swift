extension Network {
    /// A layer whose input shape is the output shape of the one before.
    public struct Description: Sendable {
        /// The layer's name in errors, such as `dense 'fc1'`.
        package let title: String
        let content: Content

        enum Content: Sendable {
            case layer(@Sendable (FeatureShape) throws(NetworkError) -> any Layer)
            case residual([Description])
        }

        /// - Parameters:
        ///   - kind: the name of the function that describes such layers.
        ///   - name: the name of the layer's tensors; nil for layers without any.
        ///   - layer: makes the layer for samples of a shape; throws what does not fit, without saying which layer
        ///     it is.
        package init(
            _ kind: String, named name: String? = nil,
            _ layer: @escaping @Sendable (FeatureShape) throws(NetworkError) -> any Layer
        ) {
            title = name.map { "\(kind) '\($0)'" } ?? kind
            content = .layer(layer)
        }

        init(_ kind: String, _ content: Content) {
            title = kind
            self.content = content
        }

        /// The layer by itself, for samples of a shape.
        ///
        /// - Precondition: it is one layer, and the shape fits.
        package func layer(_ input: FeatureShape) -> any Layer {
            guard case .layer(let make) = content else { preconditionFailure("\(title) is several layers") }
            do {
                return try make(input)
            } catch {
                preconditionFailure("\(title): \(error.description)")
            }
        }
    }
}

extension Network.Description {
    /// y = W x + b, with the tensors `name.weight` and `name.bias`.
    public static func dense(_ name: String, outputs: Int) -> Self {
        Self("dense", named: name) { input throws(NetworkError) in
            try requireSizes(["outputs": outputs, "inputs": input.count])
            return Dense(name: name, inputs: input.count, outputs: outputs)
        }
    }

    /// A convolution with a bias for each channel; its tensors are `name.weight` and `name.bias`.
    public static func conv2D(
        _ name: String, filters: Int, kernel: Int, stride: Int = 1, padding: Padding = .same
    ) -> Self {
        conv2D(name, filters: filters, kernel: kernel, stride: stride, padding: padding, algorithm: nil)
    }

    /// A convolution that is computed by a given algorithm, to compare algorithms: stride 1, padded to the same size.
    package static func conv2D(
        _ name: String, filters: Int, kernel: Int, by algorithm: any ConvolutionAlgorithm.Type
    ) -> Self {
        conv2D(name, filters: filters, kernel: kernel, stride: 1, padding: .same, algorithm: algorithm)
    }

    private static func conv2D(
        _ name: String, filters: Int, kernel: Int, stride: Int, padding: Padding,
        algorithm: (any ConvolutionAlgorithm.Type)?
    ) -> Self {
        Self("conv2D", named: name) { input throws(NetworkError) in
            try requireSizes(["filters": filters, "channels": input.channels, "rows": kernel, "columns": kernel])
            try requireSizes(["stride": stride])
            try require(
                padding == .same || min(input.height, input.width) >= kernel,
                "a kernel of \(kernel) x \(kernel) without padding is larger than the input \(input)")
            try requireSizes(["filters": filters, "rows": input.height, "columns": input.width])
            return Conv2D(
                name, input: input, filters: filters, kernel: kernel, stride: stride, padding: padding,
                algorithm: algorithm)
        }
    }

    /// The largest number of each window of so many rows and columns; windows do not overlap.
    public static func maxPool2D(_ window: Int) -> Self {
        Self("maxPool2D") { input throws(NetworkError) in
            try requireWindow(window, fits: input)
            return MaxPool2D(input: input, window: window)
        }
    }

    static func requireWindow(_ window: Int, fits input: FeatureShape) throws(NetworkError) {
        try require(
            window > 0 && window <= min(input.height, input.width),
            "a window of \(window) x \(window) on the input \(input); allowed are 1 to \(min(input.height, input.width))"
        )
    }

    /// max(0, x)
    public static var relu: Self { Self("relu") { ReLU(input: $0) } }
    /// Takes a grid as a row of features, for a dense layer.
    public static var flatten: Self { Self("flatten") { Flatten(input: $0) } }

    /// x + body(x), as `x + self.body(x)` in a PyTorch module; inside it may be any layers, other residuals, too.
    ///
    ///     Network(input: FeatureShape(channels: 16, height: 8, width: 8), [
    ///         .residual([.conv2D("conv1", filters: 16, kernel: 3), .relu, .conv2D("conv2", filters: 16, kernel: 3)]),
    ///         .relu, .flatten, .dense("fc", outputs: 10),
    ///     ])
    ///
    /// Its parameters are those of its layers, in their order, under their own names. The shape that leaves the last
    /// layer must be the one that enters the first (K. He et al. 2016, *Deep Residual Learning for Image Recognition*, eq. 1).
    public static func residual(_ body: [Network.Description]) -> Self { Self("residual", .residual(body)) }
}
