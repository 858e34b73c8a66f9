/// The matrix products of `SmallProducts` in vectors of sixteen floats, for processors with AVX-512.
///
/// A module of its own, built for such processors whatever the rest is built for: nothing else may be in it, and nothing
/// of it may be called before the processor was asked. Sixteen floats a register and twice as many registers make room for
/// tiles of 10 x 32 numbers of C, or 5 x 5 scalar products.
package enum WideProducts {
    /// What ``multiply(rows:columns:inner:_:rowStride:innerStride:_:strideB:into:strideC:startingFrom:addedTo:)`` takes at
    /// a time.
    package static let columnBlock = 32

    /// C = A * B + start + base, as `SmallProducts.multiply` says.
    ///
    /// - Parameters:
    ///   - columns: a multiple of ``columnBlock``.
    ///   - base: nil, if there are more than ``longestPanel`` terms.
    package static func multiply(
        rows: Int, columns: Int, inner: Int, _ a: UnsafePointer<Float>, rowStride: Int, innerStride: Int,
        _ b: UnsafePointer<Float>, strideB: Int, into c: UnsafeMutablePointer<Float>, strideC: Int,
        startingFrom start: UnsafePointer<Float>?, addedTo base: UnsafePointer<Float>?
    ) {
        precondition(base == nil || inner <= longestPanel, "\(inner) terms, which do not stay in registers")
        // A panel of B that stays in a first-level cache of 32 kB while all rows of A meet it; of a long product, a part at
        // a time, which the next one adds to.
        for firstTerm in stride(from: 0, to: max(inner, 1), by: longestPanel) {
            let terms = min(longestPanel, inner - firstTerm)
            let panel = max(columnBlock, 6144 / max(terms, 1) / columnBlock * columnBlock)
            for first in stride(from: 0, to: columns, by: panel) {
                multiplyPanel(
                    rows: rows, columns: first..<min(first + panel, columns), inner: terms, a + firstTerm * innerStride,
                    rowStride: rowStride, innerStride: innerStride, b + firstTerm * strideB, strideB: strideB, into: c,
                    strideC: strideC, startingFrom: firstTerm == 0 ? start : UnsafePointer(c), addedTo: base)
            }
        }
    }

    /// The most terms of a sum that stays in registers from its first base to its last.
    package static let longestPanel = 192

    private static func multiplyPanel(
        rows: Int, columns: Range<Int>, inner: Int, _ a: UnsafePointer<Float>, rowStride: Int, innerStride: Int,
        _ b: UnsafePointer<Float>, strideB: Int, into c: UnsafeMutablePointer<Float>, strideC: Int,
        startingFrom start: UnsafePointer<Float>?, addedTo base: UnsafePointer<Float>?
    ) {
        var row = 0
        while row < rows {
            let last = rows - 1 - row
            let from = a + row * rowStride
            // Rows beyond the last are the last once more: the same numbers are written to the same place twice.
            let (upper, lower) = (FiveRows(0, last, strideC), FiveRows(5, last, strideC))
            let (upperA, lowerA) = (FiveRows(0, last, rowStride), FiveRows(5, last, rowStride))
            for column in stride(from: columns.lowerBound, to: columns.upperBound, by: columnBlock) {
                let target = c + row * strideC + column
                let origin = start.map { $0 + row * strideC + column }
                let addend = base.map { $0 + row * strideC + column }
                if last < 5 {
                    var tile = Tile(origin, upper)
                    accumulate(inner, from, innerStride, b + column, strideB) { tile.add($0, upperA, $1, $2) }
                    if let addend { tile.add(addend, upper) }
                    tile.store(to: target, upper)
                } else {
                    var top = Tile(origin, upper)
                    var bottom = Tile(origin, lower)
                    accumulate(inner, from, innerStride, b + column, strideB) { a, b0, b1 in
                        top.add(a, upperA, b0, b1)
                        bottom.add(a, lowerA, b0, b1)
                    }
                    if let addend {
                        top.add(addend, upper)
                        bottom.add(addend, lower)
                    }
                    top.store(to: target, upper)
                    bottom.store(to: target, lower)
                }
            }
            row += last < 5 ? 5 : 10
        }
    }

    @inline(__always)
    private static func accumulate(
        _ inner: Int, _ a: UnsafePointer<Float>, _ innerStride: Int, _ b: UnsafePointer<Float>, _ strideB: Int,
        _ body: (_ a: UnsafePointer<Float>, _ b0: Wide, _ b1: Wide) -> Void
    ) {
        var (left, values) = (a, b)
        for _ in 0..<inner {
            body(left, values.wide(0), values.wide(16))
            left += innerStride
            values += strideB
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
                let right = FiveRows(0, columns - 1 - column, 1)
                let rightB = FiveRows(0, columns - 1 - column, inner)
                for row in stride(from: first, to: end, by: 5) {
                    let left = FiveRows(0, end - 1 - row, columns)
                    let leftA = FiveRows(0, end - 1 - row, inner)
                    let sums = scalarProducts(inner, a + row * inner, leftA, b + column * inner, rightB)
                    let target = c + row * columns + column
                    let plus = bias + column
                    sums.0.finish(target + right.r0, left, plus[right.r0], hasReLU)
                    sums.1.finish(target + right.r1, left, plus[right.r1], hasReLU)
                    sums.2.finish(target + right.r2, left, plus[right.r2], hasReLU)
                    sums.3.finish(target + right.r3, left, plus[right.r3], hasReLU)
                    sums.4.finish(target + right.r4, left, plus[right.r4], hasReLU)
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
            let x = left.vectors(a + term)
            sums.0.add(x, (b + term + right.r0).wide(0))
            sums.1.add(x, (b + term + right.r1).wide(0))
            sums.2.add(x, (b + term + right.r2).wide(0))
            sums.3.add(x, (b + term + right.r3).wide(0))
            sums.4.add(x, (b + term + right.r4).wide(0))
            term += 16
        }
        if term < inner {
            let x = left.halves(a + term)
            sums.0.add(x, (b + term + right.r0).half(0))
            sums.1.add(x, (b + term + right.r1).half(0))
            sums.2.add(x, (b + term + right.r2).half(0))
            sums.3.add(x, (b + term + right.r3).half(0))
            sums.4.add(x, (b + term + right.r4).half(0))
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

/// Where five rows in a row begin, in floats from the first on; those beyond the last are the last once more.
private struct FiveRows {
    let r0: Int
    let r1: Int
    let r2: Int
    let r3: Int
    let r4: Int

    /// - Parameters:
    ///   - first: the number of the first of the five rows.
    ///   - last: the number of the last row that exists.
    ///   - stride: the distance of two rows.
    @inline(__always)
    init(_ first: Int, _ last: Int, _ stride: Int) {
        // Without checks for overflow, which would be looked at for each row of each tile.
        r0 = min(first, last) &* stride
        r1 = min(first &+ 1, last) &* stride
        r2 = min(first &+ 2, last) &* stride
        r3 = min(first &+ 3, last) &* stride
        r4 = min(first &+ 4, last) &* stride
    }

    @inline(__always)
    func vectors(_ values: UnsafePointer<Float>) -> (Wide, Wide, Wide, Wide, Wide) {
        (
            values.wide(r0), values.wide(r1), values.wide(r2), values.wide(r3),
            values.wide(r4)
        )
    }

    @inline(__always)
    func halves(_ values: UnsafePointer<Float>) -> (Wide, Wide, Wide, Wide, Wide) {
        (
            values.half(r0), values.half(r1), values.half(r2), values.half(r3),
            values.half(r4)
        )
    }
}

/// 5 x 32 numbers of C.
private struct Tile {
    private var s00 = Wide(), s01 = Wide(), s10 = Wide(), s11 = Wide(), s20 = Wide()
    private var s21 = Wide(), s30 = Wide(), s31 = Wide(), s40 = Wide(), s41 = Wide()

    @inline(__always)
    init(_ start: UnsafePointer<Float>?, _ rows: FiveRows) {
        guard let start else { return }
        (s00, s01) = (start.wide(rows.r0), start.wide(rows.r0 + 16))
        (s10, s11) = (start.wide(rows.r1), start.wide(rows.r1 + 16))
        (s20, s21) = (start.wide(rows.r2), start.wide(rows.r2 + 16))
        (s30, s31) = (start.wide(rows.r3), start.wide(rows.r3 + 16))
        (s40, s41) = (start.wide(rows.r4), start.wide(rows.r4 + 16))
    }

    @inline(__always)
    mutating func add(_ a: UnsafePointer<Float>, _ rows: FiveRows, _ b0: Wide, _ b1: Wide) {
        let x0 = Wide(repeating: a[rows.r0])
        s00.addProduct(x0, b0)
        s01.addProduct(x0, b1)
        let x1 = Wide(repeating: a[rows.r1])
        s10.addProduct(x1, b0)
        s11.addProduct(x1, b1)
        let x2 = Wide(repeating: a[rows.r2])
        s20.addProduct(x2, b0)
        s21.addProduct(x2, b1)
        let x3 = Wide(repeating: a[rows.r3])
        s30.addProduct(x3, b0)
        s31.addProduct(x3, b1)
        let x4 = Wide(repeating: a[rows.r4])
        s40.addProduct(x4, b0)
        s41.addProduct(x4, b1)
    }

    /// Adds the numbers at the tile's place in another matrix; all of them before the first is stored, which may be there.
    @inline(__always)
    mutating func add(_ base: UnsafePointer<Float>, _ rows: FiveRows) {
        s00 += base.wide(rows.r0)
        s01 += base.wide(rows.r0 + 16)
        s10 += base.wide(rows.r1)
        s11 += base.wide(rows.r1 + 16)
        s20 += base.wide(rows.r2)
        s21 += base.wide(rows.r2 + 16)
        s30 += base.wide(rows.r3)
        s31 += base.wide(rows.r3 + 16)
        s40 += base.wide(rows.r4)
        s41 += base.wide(rows.r4 + 16)
    }

    @inline(__always)
    func store(to target: UnsafeMutablePointer<Float>, _ rows: FiveRows) {
        func set(_ row: Int, _ left: Wide, _ right: Wide) {
            let to = UnsafeMutableRawPointer(target + row)
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
        _ target: UnsafeMutablePointer<Float>, _ rows: FiveRows, _ bias: Float, _ hasReLU: Bool
    ) {
        func set(_ row: Int, _ sums: Wide) {
            let eight = sums.lowHalf + sums.highHalf
            let four = eight.lowHalf + eight.highHalf
            let two = four.lowHalf + four.highHalf
            let sum = two[0] + two[1] + bias
            target[row] = hasReLU && sum < 0 ? 0 : sum
        }
        set(rows.r0, s0)
        set(rows.r1, s1)
        set(rows.r2, s2)
        set(rows.r3, s3)
        set(rows.r4, s4)
    }
}
