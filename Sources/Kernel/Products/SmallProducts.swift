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
        for row in stride(from: 0, to: rows, by: 5) {
            let last = rows - 1 - row
            let (rowsA, rowsC) = (FiveRows(last: last, stride: a.rowStride), FiveRows(last: last, stride: strideC))
            let (from, to) = (a.values + row * a.rowStride, c + row * strideC)
            var column = 0
            while column + 16 <= columns {
                let place = row * strideC + column
                var tile = SmallTile()
                if let start { tile.load(start + place, rowsC) }
                accumulate(inner, from, a.innerStride, b + column, strideB) { tile.add($0, rowsA, $1) }
                if let base { tile.add(base + place, rowsC) }
                tile.store(to: to + column, rowsC)
                column += 16
            }
            if column < columns {
                let place = row * strideC + column
                var tile = SlimTile()
                if let start { tile.load(start + place, rowsC) }
                accumulate(inner, from, a.innerStride, b + column, strideB) { tile.add($0, rowsA, $1) }
                if let base { tile.add(base + place, rowsC) }
                tile.store(to: to + column, rowsC)
            }
        }
    }

    /// Calls `body` with where each column of A and each row of B begin.
    @inline(__always)
    private static func accumulate(
        _ inner: Int, _ a: UnsafePointer<Float>, _ innerStride: Int, _ b: UnsafePointer<Float>, _ strideB: Int,
        _ body: (_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Void
    ) {
        var (offset, right) = (0, b)
        for _ in 0..<inner {
            body(a + offset, right)
            offset += innerStride
            right += strideB
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
        for column in stride(from: 0, to: columns, by: 5) {
            // Beyond the edges, the last row or column once more.
            let last = columns - 1 - column
            let (rowsB, places) = (FiveRows(last: last, stride: inner), FiveRows(last: last, stride: 1))
            let (right, plus) = (b + column * inner, bias + column)
            for row in stride(from: 0, to: rows, by: 2) {
                let next = min(1, rows - 1 - row)
                let upperA = a + row * inner
                let lowerA = upperA + next * inner
                var (upper, lower) = (FiveProducts(), FiveProducts())
                var term = 0
                while term < inner {
                    let y = rowsB.lanes(right + term)
                    upper.add(upperA.lanes(term), y)
                    lower.add(lowerA.lanes(term), y)
                    term += 8
                }
                let target = c + row * columns + column
                upper.store(to: target, places, plus: plus, hasReLU: hasReLU)
                lower.store(to: target + next * columns, places, plus: plus, hasReLU: hasReLU)
            }
        }
    }
}

// What `SmallProducts` keeps in registers. It stands in the same file, since the compiler puts methods of another one into loops only
// where it sees the whole module.

/// Where five rows in a row begin, in floats from the first on; those beyond the last are the last once more, so that the same
/// numbers are written to the same place twice.
private struct FiveRows {
    let r1: Int
    let r2: Int
    let r3: Int
    let r4: Int

    /// - Parameters:
    ///   - last: the number of the last row that exists, from the first of the five on.
    ///   - stride: the distance of two rows.
    @inline(__always)
    init(last: Int, stride: Int) {
        // Without checks for overflow, which would be looked at for each row of each tile.
        r1 = min(1, last) &* stride
        r2 = min(2, last) &* stride
        r3 = min(3, last) &* stride
        r4 = min(4, last) &* stride
    }

    /// Eight numbers of each row.
    @inline(__always)
    func lanes(_ values: UnsafePointer<Float>) -> (Lanes, Lanes, Lanes, Lanes, Lanes) {
        (values.lanes(0), values.lanes(r1), values.lanes(r2), values.lanes(r3), values.lanes(r4))
    }
}

/// 5 x 16 numbers of C.
private struct SmallTile {
    private var s00 = Lanes(), s01 = Lanes(), s10 = Lanes(), s11 = Lanes(), s20 = Lanes()
    private var s21 = Lanes(), s30 = Lanes(), s31 = Lanes(), s40 = Lanes(), s41 = Lanes()

    @inline(__always)
    init() {}

    /// Starts from the numbers at the tile's place in another matrix.
    @inline(__always)
    mutating func load(_ start: UnsafePointer<Float>, _ rows: FiveRows) {
        (s00, s01) = (start.lanes(0), start.lanes(8))
        (s10, s11) = (start.lanes(rows.r1), start.lanes(rows.r1 &+ 8))
        (s20, s21) = (start.lanes(rows.r2), start.lanes(rows.r2 &+ 8))
        (s30, s31) = (start.lanes(rows.r3), start.lanes(rows.r3 &+ 8))
        (s40, s41) = (start.lanes(rows.r4), start.lanes(rows.r4 &+ 8))
    }

    /// Adds the products of a column of A with a row of B.
    @inline(__always)
    mutating func add(_ a: UnsafePointer<Float>, _ rows: FiveRows, _ values: UnsafePointer<Float>) {
        let (b0, b1) = (values.lanes(0), values.lanes(8))
        let x0 = Lanes(repeating: a[0])
        s00.add(x0, times: b0)
        s01.add(x0, times: b1)
        let x1 = Lanes(repeating: a[rows.r1])
        s10.add(x1, times: b0)
        s11.add(x1, times: b1)
        let x2 = Lanes(repeating: a[rows.r2])
        s20.add(x2, times: b0)
        s21.add(x2, times: b1)
        let x3 = Lanes(repeating: a[rows.r3])
        s30.add(x3, times: b0)
        s31.add(x3, times: b1)
        let x4 = Lanes(repeating: a[rows.r4])
        s40.add(x4, times: b0)
        s41.add(x4, times: b1)
    }

    /// Adds the numbers at the tile's place in another matrix; all of them before the first is stored, which may be there.
    @inline(__always)
    mutating func add(_ base: UnsafePointer<Float>, _ rows: FiveRows) {
        s00 += base.lanes(0)
        s01 += base.lanes(8)
        s10 += base.lanes(rows.r1)
        s11 += base.lanes(rows.r1 &+ 8)
        s20 += base.lanes(rows.r2)
        s21 += base.lanes(rows.r2 &+ 8)
        s30 += base.lanes(rows.r3)
        s31 += base.lanes(rows.r3 &+ 8)
        s40 += base.lanes(rows.r4)
        s41 += base.lanes(rows.r4 &+ 8)
    }

    @inline(__always)
    func store(to target: UnsafeMutablePointer<Float>, _ rows: FiveRows) {
        target.set(0, s00)
        target.set(8, s01)
        target.set(rows.r1, s10)
        target.set(rows.r1 &+ 8, s11)
        target.set(rows.r2, s20)
        target.set(rows.r2 &+ 8, s21)
        target.set(rows.r3, s30)
        target.set(rows.r3 &+ 8, s31)
        target.set(rows.r4, s40)
        target.set(rows.r4 &+ 8, s41)
    }
}

/// 5 x 8 numbers of C: what is left of a panel whose columns are no multiple of 16.
private struct SlimTile {
    private var s0 = Lanes(), s1 = Lanes(), s2 = Lanes(), s3 = Lanes(), s4 = Lanes()

    @inline(__always)
    init() {}

    /// Starts from the numbers at the tile's place in another matrix.
    @inline(__always)
    mutating func load(_ start: UnsafePointer<Float>, _ rows: FiveRows) {
        (s0, s1, s2) = (start.lanes(0), start.lanes(rows.r1), start.lanes(rows.r2))
        (s3, s4) = (start.lanes(rows.r3), start.lanes(rows.r4))
    }

    @inline(__always)
    mutating func add(_ a: UnsafePointer<Float>, _ rows: FiveRows, _ values: UnsafePointer<Float>) {
        let b0 = values.lanes(0)
        s0.add(Lanes(repeating: a[0]), times: b0)
        s1.add(Lanes(repeating: a[rows.r1]), times: b0)
        s2.add(Lanes(repeating: a[rows.r2]), times: b0)
        s3.add(Lanes(repeating: a[rows.r3]), times: b0)
        s4.add(Lanes(repeating: a[rows.r4]), times: b0)
    }

    @inline(__always)
    mutating func add(_ base: UnsafePointer<Float>, _ rows: FiveRows) {
        s0 += base.lanes(0)
        s1 += base.lanes(rows.r1)
        s2 += base.lanes(rows.r2)
        s3 += base.lanes(rows.r3)
        s4 += base.lanes(rows.r4)
    }

    @inline(__always)
    func store(to target: UnsafeMutablePointer<Float>, _ rows: FiveRows) {
        target.set(0, s0)
        target.set(rows.r1, s1)
        target.set(rows.r2, s2)
        target.set(rows.r3, s3)
        target.set(rows.r4, s4)
    }
}

/// Five scalar products with one row of A, eight partial sums each.
private struct FiveProducts {
    private var s0 = Lanes(), s1 = Lanes(), s2 = Lanes(), s3 = Lanes(), s4 = Lanes()

    @inline(__always)
    init() {}

    @inline(__always)
    mutating func add(_ x: Lanes, _ y: (Lanes, Lanes, Lanes, Lanes, Lanes)) {
        s0.add(x, times: y.0)
        s1.add(x, times: y.1)
        s2.add(x, times: y.2)
        s3.add(x, times: y.3)
        s4.add(x, times: y.4)
    }

    /// Writes the sums with their biases, both of which are `places` apart; a NaN stays a NaN.
    @inline(__always)
    func store(
        to target: UnsafeMutablePointer<Float>, _ places: FiveRows, plus bias: UnsafePointer<Float>, hasReLU: Bool
    ) {
        func finish(_ sum: Float) -> Float { hasReLU && sum < 0 ? 0 : sum }
        target[0] = finish(s0.treeSum + bias[0])
        target[places.r1] = finish(s1.treeSum + bias[places.r1])
        target[places.r2] = finish(s2.treeSum + bias[places.r2])
        target[places.r3] = finish(s3.treeSum + bias[places.r3])
        target[places.r4] = finish(s4.treeSum + bias[places.r4])
    }
}
