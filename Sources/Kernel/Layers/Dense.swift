/// A fully connected layer: Y = X Wᵀ + b, with W `[O, I]` as PyTorch's `Linear` keeps it.
struct Dense: Layer {
    let name: String
    let inputs: Int
    let outputs: Int

    var input: FeatureShape { FeatureShape(features: inputs) }
    var output: FeatureShape { FeatureShape(features: outputs) }
    var flopsPerSample: Double { 2 * Double(inputs) * Double(outputs) }
    var parameters: [ParameterSpecification] {
        [
            .weight(of: name, [outputs, inputs], fanIn: inputs, fanOut: outputs),
            .bias(of: name, outputs),
        ]
    }

    func forward(_ pass: ForwardPass) {
        let bias = pass.parameters + outputs * inputs
        for sample in 0..<pass.batch { (pass.output + sample * outputs).update(from: bias, count: outputs) }
        BLAS.multiply(
            rows: pass.batch, columns: outputs, inner: inputs,
            BLAS.Matrix(pass.input, stride: inputs), BLAS.Matrix(pass.parameters, stride: inputs, transposed: true),
            into: pass.output, stride: outputs, beta: 1)
    }

    func backward(_ pass: BackwardPass) {
        BLAS.multiply(
            rows: outputs, columns: inputs, inner: pass.batch,
            BLAS.Matrix(pass.outputGradient, stride: outputs, transposed: true),
            BLAS.Matrix(pass.input, stride: inputs),
            into: pass.gradient, stride: inputs)
        sumRows(of: pass.outputGradient, rows: pass.batch, columns: outputs, into: pass.gradient + outputs * inputs)
        guard let inputGradient = pass.inputGradient else { return }
        BLAS.multiply(
            rows: pass.batch, columns: inputs, inner: outputs,
            BLAS.Matrix(pass.outputGradient, stride: outputs), BLAS.Matrix(pass.parameters, stride: inputs),
            into: inputGradient, stride: inputs)
    }
}

/// sums[c] = the sum over r of matrix[r, c]; matrix `[rows, columns]`.
func sumRows(
    of matrix: UnsafePointer<Float>, rows: Int, columns: Int, into sums: UnsafeMutablePointer<Float>
) {
    sums.update(from: matrix, count: columns)
    for row in 1..<max(rows, 1) {
        let values = matrix + row * columns
        for column in 0..<columns { sums[column] += values[column] }
    }
}
