import Lanes

/// A fully connected layer: Y = X Wᵀ + b, with W `[O, I]` as PyTorch's `Linear` keeps it, and if asked max(Y, 0).
struct Dense: Layer {
    let name: String
    let inputs: Int
    let outputs: Int
    var hasReLU = false

    var input: FeatureShape { FeatureShape(features: inputs) }
    var output: FeatureShape { FeatureShape(features: outputs) }
    var inputOrder: ChannelOrder? { .first }
    var flopsPerSample: Double { 2 * Double(inputs) * Double(outputs) }
    var parameters: [ParameterSpecification] {
        [
            .weight(of: name, [outputs, inputs], fanIn: inputs, fanOut: outputs),
            .bias(of: name, outputs),
        ]
    }

    var readsOutput: Bool { hasReLU }
    var fusedWithReLU: (any Layer)? {
        var fused = self
        fused.hasReLU = true
        return fused
    }

    private func usesSmallProducts(_ batch: Int) -> Bool { batch <= SmallProducts.mostRows && inputs % 8 == 0 }

    func forward(_ pass: ForwardPass) {
        let bias = pass.parameters + outputs * inputs
        if usesSmallProducts(pass.batch) {
            SmallProducts.multiplyByTransposed(
                rows: pass.batch, columns: outputs, inner: inputs, pass.input, pass.parameters, plus: bias,
                hasReLU: hasReLU, into: pass.output)
        } else {
            BLAS.multiply(
                rows: pass.batch, columns: outputs, inner: inputs,
                BLAS.Matrix(pass.input, stride: inputs), BLAS.Matrix(pass.parameters, stride: inputs, transposed: true),
                into: pass.output, stride: outputs)
            addBias(bias, to: pass.output, rows: pass.batch)
        }
    }

    func backward(_ pass: BackwardPass) {
        if hasReLU { maskGradient(pass.outputGradient, where: pass.output, count: pass.batch * outputs) }
        // Before the weights change, which may be the gradient's memory.
        if let inputGradient = pass.inputGradient { backwardInput(pass, into: inputGradient) }
        let weights = outputs * inputs
        sumRows(
            of: pass.outputGradient, rows: pass.batch, columns: outputs, into: pass.gradient + weights,
            addedTo: pass.start.map { $0 + weights })
        if let start = pass.start, pass.batch > SmallProducts.longestSum {
            addLongSums(pass, to: start)
        } else {
            multiplyWeightGradient(pass, 0..<inputs, into: pass.gradient, stride: inputs, addedTo: pass.start)
        }
    }

    /// So many columns of start + dW, where the products would add a sum of so many samples to C in parts: blocks of dW are
    /// made elsewhere, and added once.
    private func addLongSums(_ pass: BackwardPass, to start: UnsafePointer<Float>) {
        // Small products find a block of their own in the cache; OpenBLAS packs its operands for each. Not wider than the
        // spare memory, which has a row of outputs for each sample.
        let widest = usesSmallProducts(pass.batch) ? SmallProducts.columnBlock : min(inputs, pass.batch)
        let blocks = (inputs + widest - 1) / widest
        for block in 0..<blocks {
            let columns =
                usesSmallProducts(pass.batch)
                ? block * widest..<min((block + 1) * widest, inputs) : (0..<inputs).part(block, of: blocks)
            multiplyWeightGradient(pass, columns, into: pass.spare, stride: columns.count, addedTo: nil)
            for row in 0..<outputs {
                let first = row * inputs + columns.lowerBound
                add(
                    start + first, pass.spare + row * columns.count, into: pass.gradient + first, count: columns.count)
            }
        }
    }

    /// Writes some columns of dW = transposed(dY) X, added to `base` where it is not nil.
    private func multiplyWeightGradient(
        _ pass: BackwardPass, _ columns: Range<Int>, into target: UnsafeMutablePointer<Float>, stride: Int,
        addedTo base: UnsafePointer<Float>?
    ) {
        let input = pass.input + columns.lowerBound
        if usesSmallProducts(pass.batch) {
            SmallProducts.multiply(
                rows: outputs, columns: columns.count, inner: pass.batch,
                SmallProducts.Left(pass.outputGradient, rowStride: 1, innerStride: outputs),
                input, strideB: inputs, into: target, strideC: stride, addedTo: base)
        } else {
            // OpenBLAS, too, sums in registers before it adds to C, if the sums are not longer than a block of its own.
            if let base, base != UnsafePointer(target) { target.update(from: base, count: outputs * inputs) }
            BLAS.multiply(
                rows: outputs, columns: columns.count, inner: pass.batch,
                BLAS.Matrix(pass.outputGradient, stride: outputs, transposed: true), BLAS.Matrix(input, stride: inputs),
                into: target, stride: stride, beta: base == nil ? 0 : 1)
        }
    }

    private func backwardInput(_ pass: BackwardPass, into inputGradient: UnsafeMutablePointer<Float>) {
        if usesSmallProducts(pass.batch) {
            SmallProducts.multiply(
                rows: pass.batch, columns: inputs, inner: outputs,
                SmallProducts.Left(pass.outputGradient, rowStride: outputs, innerStride: 1),
                pass.parameters, strideB: inputs, into: inputGradient, strideC: inputs, startingFrom: nil)
        } else {
            BLAS.multiply(
                rows: pass.batch, columns: inputs, inner: outputs,
                BLAS.Matrix(pass.outputGradient, stride: outputs), BLAS.Matrix(pass.parameters, stride: inputs),
                into: inputGradient, stride: inputs)
        }
    }

    /// Bias and ReLU in one pass over the output.
    private func addBias(_ bias: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>, rows: Int) {
        let zero = Lanes()
        for row in 0..<rows {
            let values = output + row * outputs
            var column = 0
            while column + 8 <= outputs {
                let sum = values.lanes(column) + bias.lanes(column)
                values.set(column, hasReLU ? sum.kept(where: .!(sum .< zero)) : sum)
                column += 8
            }
            while column < outputs {
                let sum = values[column] + bias[column]
                values[column] = hasReLU && sum < 0 ? 0 : sum
                column += 1
            }
        }
    }
}

/// Zeroes the derivatives where the ReLU's output is not positive.
func maskGradient(
    _ gradient: UnsafeMutablePointer<Float>, where output: UnsafePointer<Float>, count: Int
) {
    let zero = Lanes()
    var index = 0
    while index + 8 <= count {
        gradient.set(index, gradient.lanes(index).kept(where: output.lanes(index) .> zero))
        index += 8
    }
    while index < count {
        if !(output[index] > 0) { gradient[index] = 0 }
        index += 1
    }
}
