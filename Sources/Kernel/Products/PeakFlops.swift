import Foundation
import Host

/// What this machine's cores can do: the floating-point operations a second of a large SGEMM in OpenBLAS.
package enum PeakFlops {
    private static let size = 1024

    /// The sum over `threads` threads of the rate at which each makes one product of 1024 x 1024 matrices, in
    /// operations a second. A first product is not counted.
    package static func measure(threads: Int) -> Double {
        let rates = UnsafeMutableBufferPointer<Double>.allocate(capacity: threads)
        defer { rates.deallocate() }
        nonisolated(unsafe) let results = rates
        ParallelLoop.run(threads, threads: threads) { results[$0] = rate() }
        return rates.reduce(0, +)
    }

    private static func rate() -> Double {
        let (a, b, c) = (square(0.5), square(0.25), square(0))
        func multiply() { Self.multiply(a, b, into: c, size: size) }
        multiply()
        let start = ContinuousClock.now
        for _ in 0..<3 { multiply() }
        let passed = (ContinuousClock.now - start).components
        let seconds = Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
        return 3 * 2 * pow(Double(size), 3) / seconds
    }

    /// C = A * B in OpenBLAS, whatever its size: all `[size, size]`.
    package static func multiply(_ a: ParameterVector, _ b: ParameterVector, into c: ParameterVector, size: Int) {
        precondition(min(a.count, b.count, c.count) >= size * size, "a matrix of less than \(size) x \(size)")
        BLAS.multiply(
            rows: size, columns: size, inner: size, BLAS.Matrix(a.storage, stride: size),
            BLAS.Matrix(b.storage, stride: size), into: c.storage, stride: size)
    }

    private static func square(_ value: Float) -> ParameterVector {
        let matrix = ParameterVector(count: size * size)
        matrix.fill(with: value)
        return matrix
    }
}
