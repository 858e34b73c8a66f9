/// The matrix products of `SmallProducts` in vectors of sixteen floats, for processors with AVX-512.
///
/// A module of its own, built for such processors whatever the rest is built for: nothing else may be in it, and nothing
/// of it may be called before the processor was asked. Sixteen floats a register and twice as many registers make room for
/// tiles of 10 x 32 numbers of C, or 5 x 5 scalar products.
package enum WideProducts {
    /// What ``multiply(rows:columns:inner:_:rowStride:innerStride:_:strideB:into:strideC:startingFrom:)`` takes at a time.
    package static let columnBlock = 32

    /// C = A * B + start, as `SmallProducts.multiply` says.
    ///
    /// - Parameter columns: a multiple of ``columnBlock``.
    package static func multiply(
        rows: Int, columns: Int, inner: Int, _ a: UnsafePointer<Float>, rowStride: Int, innerStride: Int,
        _ b: UnsafePointer<Float>, strideB: Int, into c: UnsafeMutablePointer<Float>, strideC: Int,
        startingFrom start: UnsafePointer<Float>?
    ) {
        // A panel of B that stays in a first-level cache of 32 kB while all rows of A meet it; of a long product, a part at
        // a time, which the next one adds to.
        for firstTerm in stride(from: 0, to: max(inner, 1), by: longestPanel) {
            let terms = min(longestPanel, inner - firstTerm)
            let panel = max(columnBlock, 6144 / max(terms, 1) / columnBlock * columnBlock)
            for first in stride(from: 0, to: columns, by: panel) {
                multiplyPanel(
                    rows: rows, columns: first..<min(first + panel, columns), inner: terms, a + firstTerm * innerStride,
                    rowStride: rowStride, innerStride: innerStride, b + firstTerm * strideB, strideB: strideB, into: c,
                    strideC: strideC, startingFrom: firstTerm == 0 ? start : UnsafePointer(c))
            }
        }
    }

    private static let longestPanel = 192

    private static func multiplyPanel(
        rows: Int, columns: Range<Int>, inner: Int, _ a: UnsafePointer<Float>, rowStride: Int, innerStride: Int,
        _ b: UnsafePointer<Float>, strideB: Int, into c: UnsafeMutablePointer<Float>, strideC: Int,
        startingFrom start: UnsafePointer<Float>?
    ) {
        var row = 0
        while row < rows {
            let last = rows - 1 - row
            let from = a + row * rowStride
            // Rows beyond the last are the last once more: the same numbers are written to the same place twice.
            let upper = FiveRows(last: last, first: 0)
            let lower = FiveRows(last: last, first: 5)
            for column in stride(from: columns.lowerBound, to: columns.upperBound, by: columnBlock) {
                let target = c + row * strideC + column
                let origin = start.map { $0 + row * strideC + column }
                if last < 5 {
                    var tile = Tile(origin, upper, stride: strideC)
                    accumulate(inner, b + column, strideB, innerStride) { offset, b0, b1 in
                        tile.add(from + offset, upper, rowStride, b0, b1)
                    }
                    tile.store(to: target, upper, stride: strideC)
                } else {
                    var top = Tile(origin, upper, stride: strideC)
                    var bottom = Tile(origin, lower, stride: strideC)
                    accumulate(inner, b + column, strideB, innerStride) { offset, b0, b1 in
                        top.add(from + offset, upper, rowStride, b0, b1)
                        bottom.add(from + offset, lower, rowStride, b0, b1)
                    }
                    top.store(to: target, upper, stride: strideC)
                    bottom.store(to: target, lower, stride: strideC)
                }
            }
            row += last < 5 ? 5 : 10
        }
    }

    @inline(__always)
    private static func accumulate(
        _ inner: Int, _ b: UnsafePointer<Float>, _ strideB: Int, _ innerStride: Int,
        _ body: (_ offset: Int, _ b0: Wide, _ b1: Wide) -> Void
    ) {
        var values = b
        var offset = 0
        for _ in 0..<inner {
            body(offset, values.wide(0), values.wide(16))
            values += strideB
            offset += innerStride
        }
    }

    /// C = A * transposed(B) + bias, as `SmallProducts.multiplyByTransposed` says.
    ///
    /// - Parameter inner: a multiple of 8.
    package static func multiplyByTransposed(
        rows: Int, columns: Int, inner: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        plus bias: UnsafePointer<Float>, hasReLU: Bool, into c: UnsafeMutablePointer<Float>
    ) {
        // As many rows of A as stay in a second-level cache while all of B passes.
        let block = max(5, 65536 / max(inner, 1) / 5 * 5)
        for first in stride(from: 0, to: rows, by: block) {
            let end = min(first + block, rows)
            for column in stride(from: 0, to: columns, by: 5) {
                let right = FiveRows(last: columns - 1 - column, first: 0)
                for row in stride(from: first, to: end, by: 5) {
                    let left = FiveRows(last: end - 1 - row, first: 0)
                    let sums = scalarProducts(inner, a + row * inner, left, b + column * inner, right)
                    let target = c + row * columns + column
                    let plus = bias + column
                    sums.0.finish(target + right.r0, left, columns, plus[right.r0], hasReLU)
                    sums.1.finish(target + right.r1, left, columns, plus[right.r1], hasReLU)
                    sums.2.finish(target + right.r2, left, columns, plus[right.r2], hasReLU)
                    sums.3.finish(target + right.r3, left, columns, plus[right.r3], hasReLU)
                    sums.4.finish(target + right.r4, left, columns, plus[right.r4], hasReLU)
                }
            }
        }
    }

    /// The 5 x 5 scalar products of five rows of A with five of B, all of `inner` numbers.
    @inline(__always)
    private static func scalarProducts(
        _ inner: Int, _ a: UnsafePointer<Float>, _ left: FiveRows, _ b: UnsafePointer<Float>, _ right: FiveRows
    ) -> (Products, Products, Products, Products, Products) {
        var sums = (Products(), Products(), Products(), Products(), Products())
        let whole = inner / 16 * 16
        var term = 0
        while term < whole {
            let x = left.vectors(a + term, stride: inner)
            sums.0.add(x, (b + term + right.r0 * inner).wide(0))
            sums.1.add(x, (b + term + right.r1 * inner).wide(0))
            sums.2.add(x, (b + term + right.r2 * inner).wide(0))
            sums.3.add(x, (b + term + right.r3 * inner).wide(0))
            sums.4.add(x, (b + term + right.r4 * inner).wide(0))
            term += 16
        }
        if term < inner {
            let x = left.halves(a + term, stride: inner)
            sums.0.add(x, (b + term + right.r0 * inner).half(0))
            sums.1.add(x, (b + term + right.r1 * inner).half(0))
            sums.2.add(x, (b + term + right.r2 * inner).half(0))
            sums.3.add(x, (b + term + right.r3 * inner).half(0))
            sums.4.add(x, (b + term + right.r4 * inner).half(0))
        }
        return sums
    }
}

/// Sixteen floats: what one AVX-512 register holds.
private typealias Wide = SIMD16<Float>

extension UnsafePointer<Float> {
    @inline(__always)
    fileprivate func wide(_ index: Int) -> Wide { UnsafeRawPointer(self + index).loadUnaligned(as: Wide.self) }

    /// Eight numbers and eight zeros.
    @inline(__always)
    fileprivate func half(_ index: Int) -> Wide {
        Wide(lowHalf: UnsafeRawPointer(self + index).loadUnaligned(as: SIMD8<Float>.self), highHalf: SIMD8())
    }
}

/// The numbers of five rows in a row, where those beyond the last are the last once more.
private struct FiveRows {
    let r0: Int
    let r1: Int
    let r2: Int
    let r3: Int
    let r4: Int

    @inline(__always)
    init(last: Int, first: Int) {
        (r0, r1, r2) = (min(first, last), min(first + 1, last), min(first + 2, last))
        (r3, r4) = (min(first + 3, last), min(first + 4, last))
    }

    @inline(__always)
    func vectors(_ values: UnsafePointer<Float>, stride: Int) -> (Wide, Wide, Wide, Wide, Wide) {
        (
            values.wide(r0 * stride), values.wide(r1 * stride), values.wide(r2 * stride), values.wide(r3 * stride),
            values.wide(r4 * stride)
        )
    }

    @inline(__always)
    func halves(_ values: UnsafePointer<Float>, stride: Int) -> (Wide, Wide, Wide, Wide, Wide) {
        (
            values.half(r0 * stride), values.half(r1 * stride), values.half(r2 * stride), values.half(r3 * stride),
            values.half(r4 * stride)
        )
    }
}

/// 5 x 32 numbers of C.
private struct Tile {
    private var s00 = Wide(), s01 = Wide(), s10 = Wide(), s11 = Wide(), s20 = Wide()
    private var s21 = Wide(), s30 = Wide(), s31 = Wide(), s40 = Wide(), s41 = Wide()

    @inline(__always)
    init(_ start: UnsafePointer<Float>?, _ rows: FiveRows, stride: Int) {
        guard let start else { return }
        (s00, s01) = (start.wide(rows.r0 * stride), start.wide(rows.r0 * stride + 16))
        (s10, s11) = (start.wide(rows.r1 * stride), start.wide(rows.r1 * stride + 16))
        (s20, s21) = (start.wide(rows.r2 * stride), start.wide(rows.r2 * stride + 16))
        (s30, s31) = (start.wide(rows.r3 * stride), start.wide(rows.r3 * stride + 16))
        (s40, s41) = (start.wide(rows.r4 * stride), start.wide(rows.r4 * stride + 16))
    }

    @inline(__always)
    mutating func add(_ a: UnsafePointer<Float>, _ rows: FiveRows, _ stride: Int, _ b0: Wide, _ b1: Wide) {
        let x0 = Wide(repeating: a[rows.r0 * stride])
        s00.addProduct(x0, b0)
        s01.addProduct(x0, b1)
        let x1 = Wide(repeating: a[rows.r1 * stride])
        s10.addProduct(x1, b0)
        s11.addProduct(x1, b1)
        let x2 = Wide(repeating: a[rows.r2 * stride])
        s20.addProduct(x2, b0)
        s21.addProduct(x2, b1)
        let x3 = Wide(repeating: a[rows.r3 * stride])
        s30.addProduct(x3, b0)
        s31.addProduct(x3, b1)
        let x4 = Wide(repeating: a[rows.r4 * stride])
        s40.addProduct(x4, b0)
        s41.addProduct(x4, b1)
    }

    @inline(__always)
    func store(to target: UnsafeMutablePointer<Float>, _ rows: FiveRows, stride: Int) {
        func set(_ row: Int, _ left: Wide, _ right: Wide) {
            let to = UnsafeMutableRawPointer(target + row * stride)
            to.storeBytes(of: left, as: Wide.self)
            to.storeBytes(of: right, toByteOffset: 64, as: Wide.self)
        }
        set(rows.r0, s00, s01)
        set(rows.r1, s10, s11)
        set(rows.r2, s20, s21)
        set(rows.r3, s30, s31)
        set(rows.r4, s40, s41)
    }
}

/// Five scalar products with one row of B, sixteen partial sums each.
private struct Products {
    private var s0 = Wide(), s1 = Wide(), s2 = Wide(), s3 = Wide(), s4 = Wide()

    @inline(__always)
    mutating func add(_ x: (Wide, Wide, Wide, Wide, Wide), _ y: Wide) {
        s0.addProduct(x.0, y)
        s1.addProduct(x.1, y)
        s2.addProduct(x.2, y)
        s3.addProduct(x.3, y)
        s4.addProduct(x.4, y)
    }

    /// A NaN stays a NaN.
    @inline(__always)
    func finish(
        _ target: UnsafeMutablePointer<Float>, _ rows: FiveRows, _ stride: Int, _ bias: Float, _ hasReLU: Bool
    ) {
        func set(_ row: Int, _ sums: Wide) {
            let eight = sums.lowHalf + sums.highHalf
            let four = eight.lowHalf + eight.highHalf
            let two = four.lowHalf + four.highHalf
            let sum = two[0] + two[1] + bias
            target[row * stride] = hasReLU && sum < 0 ? 0 : sum
        }
        set(rows.r0, s0)
        set(rows.r1, s1)
        set(rows.r2, s2)
        set(rows.r3, s3)
        set(rows.r4, s4)
    }
}
