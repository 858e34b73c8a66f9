import Benchmark
import Kernel

/// The matrix products of a dense layer, by hand and by OpenBLAS, at the shapes of mnist-2nn. Where the first is the
/// faster one decides `SmallProducts.mostRows`.
func registerProducts() {
    for (inputs, outputs) in [(784, 200), (200, 200), (200, 10)] {
        for batch in [10, 64, 512] {
            register(DenseProducts(inputs: inputs, outputs: outputs, batch: batch))
        }
    }
}

private func register(_ shape: DenseProducts) {
    let products: [(name: String, compute: (DenseProducts, Operands) -> Void)] = [
        ("SmallProducts.multiplyByTransposed, forward", { $0.smallForward($1) }),
        ("BLAS.multiply, forward", { $0.blasForward($1) }),
        ("SmallProducts.multiply, weight gradient", { $0.smallGradient($1) }),
        ("BLAS.multiply, weight gradient", { $0.blasGradient($1) }),
    ]
    var configuration = Benchmark.defaultConfiguration
    // A call of a few microseconds would be measured with the clock's own time.
    if shape.flops < 1e6 {
        configuration.scalingFactor = .kilo
        configuration.timeUnits = .nanoseconds
    }
    for (name, compute) in products {
        Benchmark(
            "\(name) \(shape.inputs)->\(shape.outputs), batch \(shape.batch)", configuration: configuration
        ) { benchmark, operands in
            for _ in benchmark.scaledIterations { compute(shape, operands) }
        } setup: {
            Operands(shape)
        }
    }
}

/// What a dense layer with weights `[O, I]` multiplies for a batch of B samples.
private struct DenseProducts: Sendable {
    let inputs: Int
    let outputs: Int
    let batch: Int

    var flops: Double { 2 * Double(inputs * outputs * batch) }

    /// output = input * transposed(weights) + bias
    func smallForward(_ operands: Operands) {
        SmallProducts.multiplyByTransposed(
            rows: batch, columns: outputs, inner: inputs, operands.input.storage, operands.weights.storage,
            plus: operands.bias.storage, hasReLU: false, into: operands.output.storage)
    }

    /// output = input * transposed(weights)
    func blasForward(_ operands: Operands) {
        BLAS.multiply(
            rows: batch, columns: outputs, inner: inputs, BLAS.Matrix(operands.input.storage, stride: inputs),
            BLAS.Matrix(operands.weights.storage, stride: inputs, transposed: true),
            into: operands.output.storage, stride: outputs)
    }

    /// gradient = transposed(output) * input, with the output in place of its gradient
    func smallGradient(_ operands: Operands) {
        SmallProducts.multiply(
            rows: outputs, columns: inputs, inner: batch,
            SmallProducts.Left(operands.output.storage, rowStride: 1, innerStride: outputs),
            operands.input.storage, strideB: inputs, into: operands.gradient.storage, strideC: inputs,
            startingFrom: nil)
    }

    /// gradient = transposed(output) * input, with the output in place of its gradient
    func blasGradient(_ operands: Operands) {
        BLAS.multiply(
            rows: outputs, columns: inputs, inner: batch,
            BLAS.Matrix(operands.output.storage, stride: outputs, transposed: true),
            BLAS.Matrix(operands.input.storage, stride: inputs), into: operands.gradient.storage, stride: inputs)
    }
}

private struct Operands {
    /// `[B, I]`
    let input: ParameterVector
    /// `[O, I]`
    let weights: ParameterVector
    /// `[O]`
    let bias: ParameterVector
    /// `[B, O]`
    let output: ParameterVector
    /// `[O, I]`
    let gradient: ParameterVector

    init(_ shape: DenseProducts) {
        input = randomVector(shape.batch * shape.inputs)
        weights = randomVector(shape.outputs * shape.inputs)
        bias = randomVector(shape.outputs)
        output = randomVector(shape.batch * shape.outputs)
        gradient = ParameterVector(count: shape.outputs * shape.inputs)
    }
}
