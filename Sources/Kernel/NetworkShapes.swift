extension Network.Description {
    /// The shape that leaves the layer, or the layers of a residual, for samples of a shape, and how many parameters there are.
    ///
    /// - Throws: ``NetworkError`` for a shape that does not fit.
    package func output(of input: FeatureShape) throws(NetworkError) -> (shape: FeatureShape, parameters: Int) {
        switch content {
        case .layer(let make):
            let layer = try make(input)
            return (layer.output, layer.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) })
        case .residual(let body):
            var (shape, parameters) = (input, 0)
            for description in body {
                let inner = try description.output(of: shape)
                (shape, parameters) = (inner.shape, parameters + inner.parameters)
            }
            guard shape == input else {
                throw NetworkError("its layers make \(shape) of \(input), and only what has one shape can be added up")
            }
            return (shape, parameters)
        }
    }
}
