internal import CProcessor
import Foundation
import Lanes
internal import WideProducts

/// Matrix products with operands so small that OpenBLAS would spend as long on packing them as on multiplying: batches of
/// a few samples, and the many small matrices of a Winograd convolution. Operands are read where they are.
///
/// Register blocking after K. Goto and R. van de Geijn 2008, *Anatomy of High-Performance Matrix Multiplication*: tiles
/// of 5 x 16 numbers of C in ten vector registers, which leaves room for a row of B and a number of A, and keeps two
/// FMA units of latency 4 or 5 busy. On processors with AVX-512, ``WideProducts`` does the same with larger tiles.
package enum SmallProducts {
    /// Whether this processor can compute sixteen numbers at a time.
    package static let canBeWide = processor_has_avx512()

    /// Whether products are computed sixteen numbers at a time: on processors with AVX-512, unless `BENCH_AVX512=0`.
    package static let isWide = canBeWide && ProcessInfo.processInfo.environment["BENCH_AVX512"] != "0"

    /// The most rows of A, which is to say samples, with which these products are faster than an OpenBLAS that computes
    /// as many numbers at a time (`bench speed`, Benchmarks/).
    static let fewRows = 64

    /// The most rows for which these are faster than the OpenBLAS that is here: any where it computes eight numbers at a time
    /// and these sixteen.
    package static let mostRows = isWide && !BLAS.isWide ? Int.max : fewRows

    /// The most terms of a sum that stays in registers from its first base to its last, whatever the processor.
    static let longestSum = WideProducts.longestPanel

    /// The columns of C that the widest products make at a time.
    static let columnBlock = WideProducts.columnBlock

    /// Where the numbers of A are: A[row, inner] at `values[row * rowStride + inner * innerStride]`, so that a transposed
    /// A is one with its strides exchanged.
    package struct Left {
        let values: UnsafePointer<Float>
        let rowStride: Int
        let innerStride: Int

        @inline(__always)
        package init(_ values: UnsafePointer<Float>, rowStride: Int, innerStride: Int) {
            self.values = values
            self.rowStride = rowStride
            self.innerStride = innerStride
        }
    }

    /// C = A * B + start + base: C `[rows, columns]`, A `[rows, inner]`, B `[inner, columns]` with rows of `strideB` numbers.
    ///
    /// - Parameters:
    ///   - columns: a multiple of 8.
    ///   - start: what the sums start from, `[rows, columns]` with C's stride; C itself to go on with sums that were begun
    ///     there, nil for zero.
    ///   - base: what the sums are added to, `[rows, columns]` with C's stride, once and last, so that a small sum is rounded
    ///     once where the base is large; may be C itself; nil for nothing, and where there are more terms than
    ///     ``longestSum``.
    ///   - isWide: sixteen numbers at a time; only where ``canBeWide``.
    package static func multiply(
        rows: Int, columns: Int, inner: Int, _ a: Left, _ b: UnsafePointer<Float>, strideB: Int,
        into c: UnsafeMutablePointer<Float>, strideC: Int, startingFrom start: UnsafePointer<Float>? = nil,
        addedTo base: UnsafePointer<Float>? = nil, isWide: Bool = isWide
    ) {
        assert(columns % 8 == 0, "\(columns) columns")
        let wide = isWide ? columns / WideProducts.columnBlock * WideProducts.columnBlock : 0
        if wide > 0 {
            WideProducts.multiply(
                rows: rows, columns: wide, inner: inner, a.values, rowStride: a.rowStride, innerStride: a.innerStride,
                b, strideB: strideB, into: c, strideC: strideC, startingFrom: start, addedTo: base)
            if wide == columns { return }
        }
        // A panel of B that stays in a first-level cache of 32 kB while all rows of A meet it.
        let panel = max(16, 6144 / max(inner, 1) / 16 * 16)
        for first in stride(from: wide, to: columns, by: panel) {
            multiplyPanel(
                rows: rows, columns: min(panel, columns - first), inner: inner, a, b + first, strideB: strideB,
                into: c + first, strideC: strideC, startingFrom: start.map { $0 + first },
                addedTo: base.map { $0 + first })
        }
    }

    private static func multiplyPanel(
        rows: Int, columns: Int, inner: Int, _ a: Left, _ b: UnsafePointer<Float>, strideB: Int,
        into c: UnsafeMutablePointer<Float>, strideC: Int, startingFrom start: UnsafePointer<Float>?,
        addedTo base: UnsafePointer<Float>?
    ) {
        var row = 0
        while row < rows {
            // Rows beyond the last are the last once more: the same numbers are written to the same place twice.
            let last = rows - 1 - row
            let a0 = a.values + row * a.rowStride
            let (r1, r2, r3, r4) = (min(1, last), min(2, last), min(3, last), min(4, last))
            let (a1, a2) = (a0 + r1 * a.rowStride, a0 + r2 * a.rowStride)
            let (a3, a4) = (a0 + r3 * a.rowStride, a0 + r4 * a.rowStride)
            let c0 = c + row * strideC
            // Without checks for overflow, which would be looked at for each row of each tile.
            let (c1, c2, c3, c4) = (r1 &* strideC, r2 &* strideC, r3 &* strideC, r4 &* strideC)
            var column = 0
            while column + 16 <= columns {
                var (s00, s01, s10, s11) = (Lanes(), Lanes(), Lanes(), Lanes())
                var (s20, s21, s30, s31) = (Lanes(), Lanes(), Lanes(), Lanes())
                var (s40, s41) = (Lanes(), Lanes())
                if let start {
                    let from = start + row * strideC + column
                    (s00, s01) = (from.lanes(0), from.lanes(8))
                    (s10, s11) = (from.lanes(c1), from.lanes(c1 &+ 8))
                    (s20, s21) = (from.lanes(c2), from.lanes(c2 &+ 8))
                    (s30, s31) = (from.lanes(c3), from.lanes(c3 &+ 8))
                    (s40, s41) = (from.lanes(c4), from.lanes(c4 &+ 8))
                }
                var values = b + column
                var offset = 0
                for _ in 0..<inner {
                    let (b0, b1) = (values.lanes(0), values.lanes(8))
                    let x0 = Lanes(repeating: a0[offset])
                    s00.add(x0, times: b0)
                    s01.add(x0, times: b1)
                    let x1 = Lanes(repeating: a1[offset])
                    s10.add(x1, times: b0)
                    s11.add(x1, times: b1)
                    let x2 = Lanes(repeating: a2[offset])
                    s20.add(x2, times: b0)
                    s21.add(x2, times: b1)
                    let x3 = Lanes(repeating: a3[offset])
                    s30.add(x3, times: b0)
                    s31.add(x3, times: b1)
                    let x4 = Lanes(repeating: a4[offset])
                    s40.add(x4, times: b0)
                    s41.add(x4, times: b1)
                    values += strideB
                    offset += a.innerStride
                }
                // All of them before the first is stored, which may be there.
                if let base {
                    let from = base + row * strideC + column
                    s00 += from.lanes(0)
                    s01 += from.lanes(8)
                    s10 += from.lanes(c1)
                    s11 += from.lanes(c1 &+ 8)
                    s20 += from.lanes(c2)
                    s21 += from.lanes(c2 &+ 8)
                    s30 += from.lanes(c3)
                    s31 += from.lanes(c3 &+ 8)
                    s40 += from.lanes(c4)
                    s41 += from.lanes(c4 &+ 8)
                }
                let to = c0 + column
                to.set(0, s00)
                to.set(8, s01)
                to.set(c1, s10)
                to.set(c1 &+ 8, s11)
                to.set(c2, s20)
                to.set(c2 &+ 8, s21)
                to.set(c3, s30)
                to.set(c3 &+ 8, s31)
                to.set(c4, s40)
                to.set(c4 &+ 8, s41)
                column += 16
            }
            if column < columns {
                var (s0, s1, s2, s3, s4) = (Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
                if let start {
                    let from = start + row * strideC + column
                    (s0, s1) = (from.lanes(0), from.lanes(c1))
                    (s2, s3) = (from.lanes(c2), from.lanes(c3))
                    s4 = from.lanes(c4)
                }
                var values = b + column
                var offset = 0
                for _ in 0..<inner {
                    let b0 = values.lanes(0)
                    s0.add(Lanes(repeating: a0[offset]), times: b0)
                    s1.add(Lanes(repeating: a1[offset]), times: b0)
                    s2.add(Lanes(repeating: a2[offset]), times: b0)
                    s3.add(Lanes(repeating: a3[offset]), times: b0)
                    s4.add(Lanes(repeating: a4[offset]), times: b0)
                    values += strideB
                    offset += a.innerStride
                }
                if let base {
                    let from = base + row * strideC + column
                    s0 += from.lanes(0)
                    s1 += from.lanes(c1)
                    s2 += from.lanes(c2)
                    s3 += from.lanes(c3)
                    s4 += from.lanes(c4)
                }
                let to = c0 + column
                to.set(0, s0)
                to.set(c1, s1)
                to.set(c2, s2)
                to.set(c3, s3)
                to.set(c4, s4)
            }
            row += 5
        }
    }

    /// C = A * transposed(B) + bias by scalar products along the rows of both: C `[rows, columns]`, A `[rows, inner]`,
    /// B `[columns, inner]`, bias `[columns]`, all without gaps; if asked, negative numbers become zero.
    ///
    /// - Parameter inner: a multiple of 8.
    package static func multiplyByTransposed(
        rows: Int, columns: Int, inner: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        plus bias: UnsafePointer<Float>, hasReLU: Bool, into c: UnsafeMutablePointer<Float>, isWide: Bool = isWide
    ) {
        assert(inner % 8 == 0, "\(inner) terms")
        if isWide {
            WideProducts.multiplyByTransposed(
                rows: rows, columns: columns, inner: inner, a, b, plus: bias, hasReLU: hasReLU, into: c)
            return
        }
        // Five rows of B, which stay in the cache while all rows of A pass, two by two.
        var column = 0
        while column < columns {
            // Beyond the edges, the last row or column once more.
            let last = columns - 1 - column
            let (n1, n2, n3, n4) = (min(1, last), min(2, last), min(3, last), min(4, last))
            let b0 = b + column * inner
            let (b1, b2, b3, b4) = (b0 + n1 * inner, b0 + n2 * inner, b0 + n3 * inner, b0 + n4 * inner)
            let plus = bias + column
            var row = 0
            while row < rows {
                let r1 = min(1, rows - 1 - row)
                let a0 = a + row * inner
                let a1 = a0 + r1 * inner
                var (s00, s01, s02, s03, s04) = (Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
                var (s10, s11, s12, s13, s14) = (Lanes(), Lanes(), Lanes(), Lanes(), Lanes())
                var term = 0
                while term < inner {
                    let (x0, x1) = (a0.lanes(term), a1.lanes(term))
                    let y0 = b0.lanes(term)
                    s00.add(x0, times: y0)
                    s10.add(x1, times: y0)
                    let y1 = b1.lanes(term)
                    s01.add(x0, times: y1)
                    s11.add(x1, times: y1)
                    let y2 = b2.lanes(term)
                    s02.add(x0, times: y2)
                    s12.add(x1, times: y2)
                    let y3 = b3.lanes(term)
                    s03.add(x0, times: y3)
                    s13.add(x1, times: y3)
                    let y4 = b4.lanes(term)
                    s04.add(x0, times: y4)
                    s14.add(x1, times: y4)
                    term += 8
                }
                /// A NaN stays a NaN.
                func finish(_ sum: Float) -> Float { hasReLU && sum < 0 ? 0 : sum }
                let upper = c + row * columns + column
                upper[0] = finish(s00.treeSum + plus[0])
                upper[n1] = finish(s01.treeSum + plus[n1])
                upper[n2] = finish(s02.treeSum + plus[n2])
                upper[n3] = finish(s03.treeSum + plus[n3])
                upper[n4] = finish(s04.treeSum + plus[n4])
                let lower = upper + r1 * columns
                lower[0] = finish(s10.treeSum + plus[0])
                lower[n1] = finish(s11.treeSum + plus[n1])
                lower[n2] = finish(s12.treeSum + plus[n2])
                lower[n3] = finish(s13.treeSum + plus[n3])
                lower[n4] = finish(s14.treeSum + plus[n4])
                row += 2
            }
            column += 5
        }
    }
}
