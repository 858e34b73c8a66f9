internal import COpenBLAS

/// Eigenvalues of a square matrix of doubles, by LAPACK's `dsyev` and `dgeev`, which OpenBLAS contains.
///
/// Not for hot paths: time grows as the cube of the matrix's rows.
public enum Eigenvalues {
    /// The eigenvalues of a symmetric matrix, ascending; nil where LAPACK found none, as for a matrix with a NaN.
    ///
    /// - Parameter matrix: `[n, n]`, row after row; only one of its halves is looked at.
    public static func ofSymmetric(_ matrix: [Double]) -> [Double]? {
        let rows = rows(of: matrix)
        guard rows > 0 else { return [] }
        guard matrix.allSatisfy(\.isFinite) else { return nil }
        var (entries, values) = (matrix, [Double](repeating: 0, count: rows))
        var (count, info) = (blasint(rows), blasint(0))
        // The first call asks how much room the second needs.
        var (size, work) = (blasint(-1), [0.0])
        for _ in 0..<2 {
            dsyev_("N", "U", &count, &entries, &count, &values, &work, &size, &info, 1, 1)
            guard info == 0 else { return nil }
            if size == -1 {
                size = blasint(work[0])
                work = Array(repeating: 0, count: Int(size))
            }
        }
        return values
    }

    /// The absolute values of the eigenvalues of any square matrix, descending; nil where LAPACK found none.
    ///
    /// - Parameter matrix: `[n, n]`, row after row.
    public static func magnitudes(of matrix: [Double]) -> [Double]? {
        let rows = rows(of: matrix)
        guard rows > 0 else { return [] }
        guard matrix.allSatisfy(\.isFinite) else { return nil }
        // LAPACK reads it by columns, that is the transposed matrix, which has the same eigenvalues.
        var entries = matrix
        var (real, imaginary) = ([Double](repeating: 0, count: rows), [Double](repeating: 0, count: rows))
        var (count, one, info) = (blasint(rows), blasint(1), blasint(0))
        var (size, work) = (blasint(-1), [0.0])
        for _ in 0..<2 {
            dgeev_(
                "N", "N", &count, &entries, &count, &real, &imaginary, nil, &one, nil, &one, &work, &size, &info, 1, 1)
            guard info == 0 else { return nil }
            if size == -1 {
                size = blasint(work[0])
                work = Array(repeating: 0, count: Int(size))
            }
        }
        return zip(real, imaginary).map { ($0 * $0 + $1 * $1).squareRoot() }.sorted(by: >)
    }

    private static func rows(of matrix: [Double]) -> Int {
        let rows = Int(Double(matrix.count).squareRoot().rounded())
        precondition(rows * rows == matrix.count, "a square matrix of \(matrix.count) numbers")
        return rows
    }
}
