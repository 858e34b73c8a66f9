import Lanes

/// The numbers of each position less their mean and divided by their deviation, times a weight and plus a bias for each of
/// the D features: PyTorch's `nn.LayerNorm(D)`; J. L. Ba, J. R. Kiros and G. E. Hinton 2016, *Layer Normalization*, section 3.
struct LayerNorm: Layer {
    let name: String
    let input: FeatureShape
    let epsilon: Float
    private let positions: Int
    private let dimension: Int

    /// - Parameter epsilon: is added to the variance, in which the sum of squares is divided by D and not by D - 1.
    init(name: String, input: FeatureShape, epsilon: Float) throws(NetworkError) {
        try require(epsilon > 0 && epsilon.isFinite, "epsilon must be above 0, found \(epsilon)")
        self.name = name
        self.input = input
        self.epsilon = epsilon
        (positions, dimension) = try input.sequence()
    }

    var output: FeatureShape { input }
    /// Sums of the weights' gradient and of the biases'.
    var scratchCount: Int { 2 * dimension }
    /// Mean, and one over the deviation.
    var savedCountPerSample: Int { 2 * positions }
    /// Two sums of D terms, one of them of squares, and three operations for each number.
    var flopsPerSample: Double { 7 * Double(input.count) }
    var parameters: [ParameterSpecification] {
        [
            ParameterSpecification(name: name + ".weight", shape: [dimension], fanIn: 0, fanOut: 0, constant: 1),
            ParameterSpecification(name: name + ".bias", shape: [dimension], fanIn: 0, fanOut: 0, constant: 0),
        ]
    }

    func forward(_ pass: ForwardPass) {
        let statistics = pass.savedFloats(layer: self)
        for row in 0..<pass.batch * positions {
            let (mean, inverse) = moments(pass.input + row * dimension)
            (statistics[2 * row], statistics[2 * row + 1]) = (mean, inverse)
            normalise(
                pass.input + row * dimension, mean, inverse, pass.parameters, pass.parameters + dimension,
                into: pass.output + row * dimension)
        }
    }

    /// The mean of a row and one over its deviation.
    @inline(__always)
    private func moments(_ values: UnsafePointer<Float>) -> (mean: Float, inverse: Float) {
        var sum = Lanes()
        // Behind the last number there are zeros.
        forEachLanes(dimension) { column, lanes in sum += values.lanes(column, lanes) }
        let mean = sum.treeSum / Float(dimension)
        var squares = Lanes()
        forEachLanes(dimension) { column, lanes in
            let distance = values.lanes(column, lanes, behind: mean) - mean
            squares.add(distance, times: distance)
        }
        return (mean, 1 / (squares.treeSum / Float(dimension) + epsilon).squareRoot())
    }

    @inline(__always)
    private func normalise(
        _ values: UnsafePointer<Float>, _ mean: Float, _ inverse: Float, _ weights: UnsafePointer<Float>,
        _ biases: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
    ) {
        forEachLanes(dimension) { column, lanes in
            let unit = (values.lanes(column, lanes) - mean) * inverse
            target.set(column, unit * weights.lanes(column, lanes) + biases.lanes(column, lanes), lanes)
        }
    }

    func backward(_ pass: BackwardPass) {
        let statistics = pass.savedFloats(layer: self)
        pass.scratch.update(repeating: 0, count: 2 * dimension)
        for row in 0..<pass.batch * positions {
            let (input, slope) = (pass.input + row * dimension, UnsafePointer(pass.outputGradient + row * dimension))
            let (mean, inverse) = (statistics[2 * row], statistics[2 * row + 1])
            let means = accumulate(input, slope, mean, inverse, pass.parameters, into: pass.scratch)
            if let inputGradient = pass.inputGradient {
                let target = inputGradient + row * dimension
                differentiate(input, slope, mean, inverse, pass.parameters, means, into: target)
            }
        }
        pass.store(pass.scratch, count: 2 * dimension, at: 0)
    }

    /// Adds a row to the gradients of the weights and biases; returns the means of g and of g u, where u is the unit and g
    /// the loss's derivative by it.
    @inline(__always)
    private func accumulate(
        _ values: UnsafePointer<Float>, _ slopes: UnsafePointer<Float>, _ mean: Float, _ inverse: Float,
        _ weights: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>
    ) -> (slope: Float, product: Float) {
        let biases = gradient + dimension
        var (sum, product) = (Lanes(), Lanes())
        forEachLanes(dimension) { column, lanes in
            // Behind the last number, slopes are zeros.
            let (unit, slope) = ((values.lanes(column, lanes) - mean) * inverse, slopes.lanes(column, lanes))
            let weighted = slope * weights.lanes(column, lanes)
            sum += weighted
            product.add(weighted, times: unit)
            gradient.set(column, gradient.lanes(column, lanes) + slope * unit, lanes)
            biases.set(column, biases.lanes(column, lanes) + slope, lanes)
        }
        return (sum.treeSum / Float(dimension), product.treeSum / Float(dimension))
    }

    /// dx = (g - mean(g) - u mean(g u)) / deviation.
    @inline(__always)
    private func differentiate(
        _ values: UnsafePointer<Float>, _ slopes: UnsafePointer<Float>, _ mean: Float, _ inverse: Float,
        _ weights: UnsafePointer<Float>, _ means: (slope: Float, product: Float),
        into target: UnsafeMutablePointer<Float>
    ) {
        forEachLanes(dimension) { column, lanes in
            let unit = (values.lanes(column, lanes) - mean) * inverse
            let weighted = slopes.lanes(column, lanes) * weights.lanes(column, lanes)
            target.set(column, (weighted - means.slope - unit * means.product) * inverse, lanes)
        }
    }
}
