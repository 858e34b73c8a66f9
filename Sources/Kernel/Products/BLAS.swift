internal import COpenBLAS

/// The one place that calls OpenBLAS.
package enum BLAS {
    /// Makes OpenBLAS compute on the calling thread alone: ranks bring the parallelism. Called once, before any thread.
    ///
    /// - Throws: ``BLASError`` where OpenBLAS does not obey, as builds with OpenMP don't: their own threads would run
    ///   beside the ranks', and every measured time would be wrong.
    package static func useOneThreadPerCaller() throws {
        openblas_set_num_threads(1)
        // 2 is OPENBLAS_OPENMP of cblas.h: its thread count belongs to each calling thread, not to the process.
        if openblas_get_parallel() == 2 {
            throw BLASError(
                description: """
                    OpenBLAS was built with OpenMP, which ignores openblas_set_num_threads; install the build with \
                    POSIX threads (Debian: libopenblas0-pthread) or set OMP_NUM_THREADS=1 and a serial build
                    """)
        }
    }

    /// OpenBLAS's own description of its build: version, options, and the core it dispatches to.
    package static var configuration: String { String(cString: openblas_get_config()) + " core=" + core }

    private static var core: String { String(cString: openblas_get_corename()) }

    /// Whether OpenBLAS chose a kernel for AVX-512; versions older than the processor, and `OPENBLAS_CORETYPE`, choose others.
    static var isWide: Bool { ["SkylakeX", "Cooperlake", "SapphireRapids"].contains(core) }

    /// C = alpha * op(A) * op(B) + beta * C, rows first: op(A) is `[rows, inner]`, op(B) `[inner, columns]`,
    /// C `[rows, columns]`; a stride is the distance between the starts of two stored rows, in floats.
    package static func multiply(
        rows: Int, columns: Int, inner: Int,
        _ a: Matrix, _ b: Matrix,
        into c: UnsafeMutablePointer<Float>, stride strideC: Int,
        alpha: Float = 1, beta: Float = 0
    ) {
        cblas_sgemm(
            CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
            blasint(rows), blasint(columns), blasint(inner), alpha, a.values, blasint(a.stride),
            b.values, blasint(b.stride), beta, c, blasint(strideC))
    }

    /// An operand: stored rows of `stride` numbers, read as they are or transposed.
    package struct Matrix {
        let values: UnsafePointer<Float>
        let stride: Int
        let isTransposed: Bool

        package init(_ values: UnsafePointer<Float>, stride: Int, transposed: Bool = false) {
            self.values = values
            self.stride = stride
            isTransposed = transposed
        }
    }
}

package struct BLASError: Error, CustomStringConvertible {
    package let description: String
}
