import Randomness
import Testing

@testable import Kernel

@Suite struct SmallProductsTests {
    /// Eight numbers at a time, and sixteen where this processor can.
    static let widths = SmallProducts.canBeWide ? [false, true] : [false]

    struct Operands: Sendable {
        let isTransposed: Bool
        let hasStart: Bool
    }
    static let operands = [false, true].flatMap { isTransposed in
        [false, true].map { Operands(isTransposed: isTransposed, hasStart: $0) }
    }

    /// All edges of the tiles (5 x 16, or 10 x 32), with and without a start, with A plain and transposed. In every
    /// eighth case the products are longer than what is multiplied in one part.
    @Test(arguments: widths, operands)
    func multiplyEqualsNaiveLoops(isWide: Bool, operands: Operands) {
        let (transposed, starts) = (operands.isTransposed, operands.hasStart)
        for seed in 0..<80 {
            var stream = RandomStream(test: seed)
            let (rows, columns) = (stream.int(1...23), 8 * stream.int(1...10))
            let inner = seed % 8 == 0 ? stream.int(190...400) : stream.int(1...20)
            let (a, b) = (stream.floats(rows * inner), stream.floats(inner * columns))
            let start = stream.floats(rows * columns)
            var c = [Float](repeating: .nan, count: rows * columns)
            a.withUnsafeBufferPointer { a in
                guard let values = a.baseAddress else { return }
                SmallProducts.multiply(
                    rows: rows, columns: columns, inner: inner,
                    SmallProducts.Left(values, rowStride: transposed ? 1 : inner, innerStride: transposed ? rows : 1),
                    b, strideB: columns, into: &c, strideC: columns, startingFrom: starts ? start : nil, isWide: isWide)
            }
            var expected = [Reference](repeating: Reference(), count: rows * columns)
            for row in 0..<rows {
                for column in 0..<columns {
                    if starts { expected[row * columns + column].add(Double(start[row * columns + column])) }
                    for term in 0..<inner {
                        let left = a[transposed ? term * rows + row : row * inner + term]
                        expected[row * columns + column].add(Double(left) * Double(b[term * columns + column]))
                    }
                }
            }
            expectEqual(c, expected, terms: inner + 1, "seed \(seed): \(rows)x\(inner)x\(columns)")
        }
    }

    /// In every tenth case, A is larger than a cache should hold at a time.
    @Test(arguments: widths, [false, true]) func multiplyByTransposedEqualsNaiveLoops(isWide: Bool, hasReLU: Bool) {
        for seed in 0..<40 {
            var stream = RandomStream(test: seed)
            let (rows, columns) = (stream.int(1...17), stream.int(1...13))
            let inner = seed % 10 == 0 ? 8 * stream.int(1000...2000) : 8 * stream.int(1...8)
            let (a, b, bias) = (
                stream.floats(rows * inner), stream.floats(columns * inner), stream.floats(columns)
            )
            var c = [Float](repeating: .nan, count: rows * columns)
            SmallProducts.multiplyByTransposed(
                rows: rows, columns: columns, inner: inner, a, b, plus: bias, hasReLU: hasReLU, into: &c, isWide: isWide
            )
            var expected = [Reference](repeating: Reference(), count: rows * columns)
            for index in expected.indices {
                let (row, column) = index.quotientAndRemainder(dividingBy: columns)
                expected[index].add(Double(bias[column]))
                for term in 0..<inner {
                    expected[index].add(Double(a[row * inner + term]) * Double(b[column * inner + term]))
                }
                if hasReLU { expected[index].value = max(expected[index].value, 0) }
            }
            expectEqual(c, expected, terms: inner + 1, "seed \(seed): \(rows)x\(inner)x\(columns)")
        }
    }

    /// A sum that is added to a large number is rounded once: the product for itself, plus that number, to the bit. Also
    /// where the sum goes to the large numbers' place.
    @Test(arguments: widths, [false, true]) func whatAProductIsAddedToIsAddedOnce(isWide: Bool, isInPlace: Bool) {
        for seed in 0..<40 {
            var stream = RandomStream(test: seed)
            let (rows, columns, inner) = (stream.int(1...23), 8 * stream.int(1...10), stream.int(1...192))
            let (a, b) = (stream.floats(rows * inner), stream.floats(inner * columns))
            let base = (0..<rows * columns).map { _ in 16384 * Float(stream.int(-1...1)) }
            func product(addedTo base: [Float]?) -> [Float] {
                var c = base.flatMap { isInPlace ? $0 : nil } ?? [Float](repeating: .nan, count: rows * columns)
                a.withUnsafeBufferPointer { a in
                    c.withUnsafeMutableBufferPointer { c in
                        guard let values = a.baseAddress, let target = c.baseAddress else { return }
                        func multiply(_ base: UnsafePointer<Float>?) {
                            SmallProducts.multiply(
                                rows: rows, columns: columns, inner: inner,
                                SmallProducts.Left(values, rowStride: inner, innerStride: 1), b, strideB: columns,
                                into: target, strideC: columns, addedTo: base, isWide: isWide)
                        }
                        guard let base else { return multiply(nil) }
                        base.withUnsafeBufferPointer { multiply(isInPlace ? UnsafePointer(target) : $0.baseAddress) }
                    }
                }
                return c
            }
            let expected = zip(base, product(addedTo: nil)).map { $0 + $1 }
            #expect(product(addedTo: base) == expected, "seed \(seed): \(rows)x\(inner)x\(columns)")
        }
    }

    @Test func sumsOfRowsEqualNaiveLoops() {
        for seed in 0..<10 {
            var stream = RandomStream(test: seed)
            let (rows, columns) = (stream.int(1...40), stream.int(1...40))
            let (matrix, start) = (stream.floats(rows * columns), stream.floats(columns))
            var sums = [Float](repeating: .nan, count: columns)
            sumRows(of: matrix, rows: rows, columns: columns, into: &sums, addedTo: nil)
            let expected = (0..<columns).map { column in
                (0..<rows).reduce(into: Reference()) { $0.add(Double(matrix[$1 * columns + column])) }
            }
            expectEqual(sums, expected, terms: rows, "seed \(seed), \(rows)x\(columns)")
            // Added once: the sum for itself, plus the start, to the bit.
            var added = start
            added.withUnsafeMutableBufferPointer { added in
                guard let target = added.baseAddress else { return }
                sumRows(of: matrix, rows: rows, columns: columns, into: target, addedTo: target)
            }
            #expect(added == zip(start, sums).map { $0 + $1 }, "seed \(seed), \(rows)x\(columns)")
        }
    }
}
