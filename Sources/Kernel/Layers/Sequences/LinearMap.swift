import Lanes

/// Y = X Wᵀ + b for many rows X, W `[O, I]` as PyTorch's `Linear` keeps it: what layers do at every position of every sample
/// at once, in R = B T rows.
///
/// Where few numbers go in, the scalar products of ``Dense`` would spend more time on the sums of their vectors than on
/// multiplying. So W is transposed first, which costs R times less than the product.
struct LinearMap: Sendable {
    let inputs: Int
    let outputs: Int

    var weightCount: Int { inputs * outputs }
    var flopsPerRow: Double { 2 * Double(inputs) * Double(outputs) }

    /// What the rows of Y are before X Wᵀ is added to them.
    enum Start {
        case zeros
        /// b `[O]` in each.
        case bias(UnsafePointer<Float>)
        /// What is in Y.
        case itself
    }

    /// W `[O, I]` and, where products want it, Wᵀ.
    struct Weights {
        let values: UnsafePointer<Float>
        let transposed: UnsafePointer<Float>?
    }

    /// So many rows that they are in the cache when they are multiplied.
    private static let block = 40

    private func usesSmallProducts(_ rows: Int, columns: Int) -> Bool {
        rows <= SmallProducts.mostRows && columns % 8 == 0
    }

    /// The weights as ``forward(rows:_:_:startingFrom:into:)`` wants them for so many rows.
    ///
    /// - Parameter memory: `[I, O]`, kept while the result is used.
    func prepared(
        _ weights: UnsafePointer<Float>, rows: Int, in memory: UnsafeMutablePointer<Float>
    ) -> Weights {
        guard usesSmallProducts(rows, columns: outputs) else { return Weights(values: weights, transposed: nil) }
        transpose(weights, rows: outputs, columns: inputs, into: memory)
        return Weights(values: weights, transposed: UnsafePointer(memory))
    }

    /// Y = start + X Wᵀ.
    ///
    /// - Parameters:
    ///   - input: X `[R, I]`
    ///   - output: Y `[R, O]`
    func forward(
        rows: Int, _ input: UnsafePointer<Float>, _ weights: Weights, startingFrom start: Start,
        into output: UnsafeMutablePointer<Float>
    ) {
        guard let transposed = weights.transposed else {
            let isNew = begin(output, rows: rows, start)
            BLAS.multiply(
                rows: rows, columns: outputs, inner: inputs, BLAS.Matrix(input, stride: inputs),
                BLAS.Matrix(weights.values, stride: inputs, transposed: true), into: output, stride: outputs,
                beta: isNew ? 0 : 1)
            return
        }
        for first in stride(from: 0, to: rows, by: Self.block) {
            let (count, target) = (min(Self.block, rows - first), output + first * outputs)
            let isNew = begin(target, rows: count, start)
            SmallProducts.multiply(
                rows: count, columns: outputs, inner: inputs,
                SmallProducts.Left(input + first * inputs, rowStride: inputs, innerStride: 1), transposed,
                strideB: outputs, into: target, strideC: outputs, startingFrom: isNew ? nil : UnsafePointer(target))
        }
    }

    /// Writes what rows of Y start from; returns whether they are to be overwritten.
    private func begin(_ output: UnsafeMutablePointer<Float>, rows: Int, _ start: Start) -> Bool {
        switch start {
        case .zeros: return true
        case .itself: return false
        case .bias(let bias):
            for row in 0..<rows { (output + row * outputs).update(from: bias, count: outputs) }
            return false
        }
    }

    /// dX = dY W.
    ///
    /// - Parameters:
    ///   - outputGradient: dY `[R, O]`
    ///   - weights: W `[O, I]`
    ///   - inputGradient: dX `[R, I]`
    func backwardInput(
        rows: Int, _ outputGradient: UnsafePointer<Float>, weights: UnsafePointer<Float>,
        into inputGradient: UnsafeMutablePointer<Float>
    ) {
        if usesSmallProducts(rows, columns: inputs) {
            SmallProducts.multiply(
                rows: rows, columns: inputs, inner: outputs,
                SmallProducts.Left(outputGradient, rowStride: outputs, innerStride: 1), weights, strideB: inputs,
                into: inputGradient, strideC: inputs, startingFrom: nil)
        } else {
            BLAS.multiply(
                rows: rows, columns: inputs, inner: outputs, BLAS.Matrix(outputGradient, stride: outputs),
                BLAS.Matrix(weights, stride: inputs), into: inputGradient, stride: inputs)
        }
    }

    /// dW = dYᵀ X, one product over all rows; zeros where there are none.
    ///
    /// - Parameters:
    ///   - outputGradient: dY `[R, O]`
    ///   - input: X `[R, I]`
    ///   - target: dW `[O, I]`
    func weightGradient(
        rows: Int, _ outputGradient: UnsafePointer<Float>, _ input: UnsafePointer<Float>,
        into target: UnsafeMutablePointer<Float>
    ) {
        if usesSmallProducts(rows, columns: inputs) {
            SmallProducts.multiply(
                rows: outputs, columns: inputs, inner: rows,
                SmallProducts.Left(outputGradient, rowStride: 1, innerStride: outputs), input, strideB: inputs,
                into: target, strideC: inputs, startingFrom: nil)
        } else {
            BLAS.multiply(
                rows: outputs, columns: inputs, inner: rows,
                BLAS.Matrix(outputGradient, stride: outputs, transposed: true), BLAS.Matrix(input, stride: inputs),
                into: target, stride: inputs)
        }
    }

    /// The gradient of W `[O, I]` and of b behind it, which start at `offset` among the layer's parameters.
    ///
    /// - Parameter scratch: `[O, I]`
    func backwardParameters(
        _ pass: BackwardPass, at offset: Int, rows: Int, _ outputGradient: UnsafePointer<Float>,
        _ input: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        // Where there is a start, the gradient is summed elsewhere, and added once.
        let sum = pass.start == nil ? pass.gradient + offset : scratch
        weightGradient(rows: rows, outputGradient, input, into: sum)
        pass.store(sum, count: weightCount, at: offset)
        let bias = offset + weightCount
        sumRows(
            of: outputGradient, rows: rows, columns: outputs, into: pass.gradient + bias,
            addedTo: pass.start.map { $0 + bias })
    }
}

extension BackwardPass {
    /// Writes a part of the gradient, which is summed over the batch, on top of what it starts from.
    ///
    /// - Parameters:
    ///   - sum: may be the gradient's own memory where there is no start.
    ///   - offset: where the part begins.
    func store(_ sum: UnsafePointer<Float>, count: Int, at offset: Int) {
        if let start {
            add(start + offset, sum, into: gradient + offset, count: count)
        } else if sum != UnsafePointer(gradient + offset) {
            (gradient + offset).update(from: sum, count: count)
        }
    }
}
