import Foundation

/// A linear model y = X b fitted by weighted least squares.
///
/// Uses a QR decomposition with Householder reflections (G. Golub and C. Van Loan, *Matrix Computations*, 4th edition,
/// section 5.3), which unlike the normal equations does not square the condition number of X.
package struct LeastSquares: Hashable, Sendable {
    /// b, in the order of X's columns.
    package let coefficients: [Double]
    /// The standard error of each coefficient, from the scatter about the fit; infinite where there are no more
    /// observations than coefficients, so that there is no scatter.
    package let standardErrors: [Double]
    /// The root of the weighted sum of squares over its degrees of freedom: with weights 1 / y² it is the typical
    /// relative deviation.
    package let residualDeviation: Double

    /// Why there is no fit.
    package enum Failure: Error, Equatable {
        /// Fewer observations than coefficients.
        case tooFew(observations: Int, coefficients: Int)
        /// A column of X is a combination of the columns before it: the observations do not tell the coefficients
        /// apart.
        case dependent(column: Int)
    }

    /// - Parameters:
    ///   - rows: X, [observations, coefficients].
    ///   - values: y, [observations].
    ///   - weights: the weights of the squares, [observations]; nil for 1.
    package init(_ rows: [[Double]], _ values: [Double], weights: [Double]? = nil) throws(Failure) {
        let (count, width) = (rows.count, rows.first?.count ?? 0)
        precondition(values.count == count && weights?.count ?? count == count, "\(count) rows, \(values.count) values")
        precondition(rows.allSatisfy { $0.count == width }, "rows of different lengths")
        guard count >= width, width > 0 else { throw .tooFew(observations: count, coefficients: width) }

        // Columns are scaled to the same size, so that columns in different units can be compared with a rounding
        // error.
        let roots = (weights ?? Array(repeating: 1, count: count)).map { $0.squareRoot() }
        var columns = (0..<width).map { column in (0..<count).map { rows[$0][column] * roots[$0] } }
        var right = (0..<count).map { values[$0] * roots[$0] }
        let scales = columns.map { Self.norm($0[...]) }
        for (column, scale) in scales.enumerated() {
            guard scale > 0 else { throw .dependent(column: column) }
            for row in 0..<count { columns[column][row] /= scale }
        }

        // R overwrites X.
        for column in 0..<width {
            let norm = Self.norm(columns[column][column...])
            guard norm > Self.leastNorm else { throw .dependent(column: column) }
            let pivot = columns[column][column] > 0 ? -norm : norm
            var reflector = columns[column]
            for row in 0..<column { reflector[row] = 0 }
            reflector[column] -= pivot
            let square = reflector.reduce(0) { $0 + $1 * $1 }
            func reflect(_ vector: inout [Double]) {
                let product = zip(reflector, vector).reduce(0) { $0 + $1.0 * $1.1 }
                for row in column..<count { vector[row] -= 2 * product / square * reflector[row] }
            }
            for other in column..<width { reflect(&columns[other]) }
            reflect(&right)
        }

        // Solves R b = Q'y from the last row up.
        var solution = Array(repeating: 0.0, count: width)
        var inverse = Array(repeating: Array(repeating: 0.0, count: width), count: width)
        for row in stride(from: width - 1, through: 0, by: -1) {
            let later = row + 1..<width
            let known = later.reduce(0) { $0 + columns[$1][row] * solution[$1] }
            solution[row] = (right[row] - known) / columns[row][row]
            for column in 0..<width {
                let known = later.reduce(0) { $0 + columns[$1][row] * inverse[$1][column] }
                inverse[row][column] = ((row == column ? 1 : 0) - known) / columns[row][row]
            }
        }
        coefficients = zip(solution, scales).map { $0 / $1 }
        let freedom = count - width
        residualDeviation = freedom > 0 ? Self.norm(right[width...]) / Double(freedom).squareRoot() : 0
        // The covariance is s² R^-1 R^-T.
        let deviation = residualDeviation
        standardErrors = (0..<width).map { row in
            freedom > 0 ? deviation * Self.norm(inverse[row][...]) / scales[row] : .infinity
        }
    }

    /// The rest of a column of length 1 that is smaller than this is rounding.
    private static let leastNorm = 1e-10

    private static func norm(_ values: ArraySlice<Double>) -> Double {
        values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
}
