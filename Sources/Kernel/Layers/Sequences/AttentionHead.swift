import Lanes

/// One head of one sample: softmax(Q Kᵀ / √d) V, where no position sees those behind it.
///
/// Q, K and V are `[T, d]` and lie side by side: a row of each is `3 stride` numbers behind the one before, K is `stride` behind
/// Q and V behind K. A row of the result is `stride` behind the one before.
struct AttentionHead: Sendable {
    let positions: Int
    /// d
    let dimension: Int
    let stride: Int

    /// A transposed `[d, T]` and scores `[T, T]`.
    var scratchCount: Int { positions * (dimension + positions) }
    private var scale: Float { 1 / Float(dimension).squareRoot() }

    /// - Parameters:
    ///   - projected: Q, K and V.
    ///   - weights: `[T, T]`, where softmax(Q Kᵀ / √d) goes.
    ///   - result: `[T, d]`
    func forward(
        _ projected: UnsafePointer<Float>, weights: UnsafeMutablePointer<Float>,
        into result: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let row = 3 * stride
        transposeRows(projected + stride, into: scratch)
        multiply(
            positions, by: positions, inner: dimension, Operand(projected, stride: row), scratch, positions,
            into: weights, positions)
        for query in 0..<positions { softmax(weights + query * positions, seen: query + 1) }
        multiply(
            positions, by: dimension, inner: positions, Operand(weights, stride: positions), projected + 2 * stride,
            row, into: result, stride)
    }

    /// Overwrites Q, K and V with the loss's derivatives by them.
    ///
    /// - Parameters:
    ///   - weights: as forward left them.
    ///   - resultGradient: `[T, d]`
    func backward(
        _ projected: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>,
        _ resultGradient: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let (row, slopes) = (3 * stride, scratch + positions * dimension)
        let (queries, keys, values) = (projected, projected + stride, projected + 2 * stride)
        transposeRows(values, into: scratch)
        multiply(
            positions, by: positions, inner: dimension, Operand(resultGradient, stride: stride), scratch, positions,
            into: slopes, positions)
        multiply(
            positions, by: dimension, inner: positions, Operand(weights, stride: positions, isTransposed: true),
            resultGradient, stride, into: values, row)
        for query in 0..<positions {
            differentiate(slopes + query * positions, weights + query * positions, seen: query + 1)
        }
        // Queries are needed for the keys' derivative, and keys for the queries'.
        multiply(
            positions, by: dimension, inner: positions, Operand(slopes, stride: positions, isTransposed: true), queries,
            row, into: scratch, dimension)
        multiply(
            positions, by: dimension, inner: positions, Operand(slopes, stride: positions), keys, row, into: queries,
            row)
        for key in 0..<positions { (keys + key * row).update(from: scratch + key * dimension, count: dimension) }
    }

    /// The transpose `[d, T]` of keys or values.
    private func transposeRows(_ rows: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        for position in 0..<positions {
            let source = rows + position * 3 * stride
            for index in 0..<dimension { target[index * positions + position] = source[index] }
        }
    }

    /// softmax(row / √d) of the first numbers of a row of scores; zeros behind them.
    private func softmax(_ row: UnsafeMutablePointer<Float>, seen: Int) {
        var lanes = Lanes(repeating: row[0])
        // A NaN has an exponential of NaN, and so has the sum.
        forEachLanes(seen) { column, count in
            lanes = pointwiseMax(lanes, row.lanes(column, count, behind: row[0]))
        }
        let (largest, scale) = (lanes.max(), scale)
        var sum = Lanes()
        forEachLanes(seen) { column, count in
            // The exponential of what lies behind the last number is 0.
            let value = Lanes.exp((row.lanes(column, count, behind: -.infinity) - largest) * scale)
            sum += value
            row.set(column, value, count)
        }
        let inverse = 1 / sum.treeSum
        mapLanes(row, into: row, count: seen) { $0 * inverse }
        (row + seen).update(repeating: 0, count: positions - seen)
    }

    /// Turns the derivatives by a row of weights into those by its scores: p (g - Σ p g) / √d.
    private func differentiate(_ row: UnsafeMutablePointer<Float>, _ weights: UnsafePointer<Float>, seen: Int) {
        var lanes = Lanes()
        forEachLanes(seen) { column, count in
            lanes.add(row.lanes(column, count), times: weights.lanes(column, count))
        }
        let (mean, scale) = (lanes.treeSum, scale)
        mapLanes(row, weights, into: row, count: seen) { ($0 - mean) * $1 * scale }
        (row + seen).update(repeating: 0, count: positions - seen)
    }

    private struct Operand {
        let values: UnsafePointer<Float>
        let stride: Int
        let isTransposed: Bool

        init(_ values: UnsafePointer<Float>, stride: Int, isTransposed: Bool = false) {
            self.values = values
            self.stride = stride
            self.isTransposed = isTransposed
        }
    }

    /// C = A B, C `[rows, columns]`.
    private func multiply(
        _ rows: Int, by columns: Int, inner: Int, _ a: Operand, _ b: UnsafePointer<Float>, _ strideB: Int,
        into c: UnsafeMutablePointer<Float>, _ strideC: Int
    ) {
        if rows <= SmallProducts.mostRows, columns % 8 == 0 {
            SmallProducts.multiply(
                rows: rows, columns: columns, inner: inner,
                SmallProducts.Left(
                    a.values, rowStride: a.isTransposed ? 1 : a.stride, innerStride: a.isTransposed ? a.stride : 1), b,
                strideB: strideB, into: c, strideC: strideC, startingFrom: nil)
        } else {
            BLAS.multiply(
                rows: rows, columns: columns, inner: inner,
                BLAS.Matrix(a.values, stride: a.stride, transposed: a.isTransposed), BLAS.Matrix(b, stride: strideB),
                into: c, stride: strideC)
        }
    }
}
