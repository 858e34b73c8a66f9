import Randomness
import Testing

@testable import Kernel

@Suite struct SmallProductsTests {
    /// All edges of the 5 x 16 tiles, with and without a start, A as it is and transposed.
    @Test(arguments: [false, true], [false, true])
    func multiplyEqualsNaiveLoops(transposed: Bool, starts: Bool) {
        for seed in 0..<40 {
            var stream = RandomStream(test: seed)
            let (rows, columns, inner) = (stream.int(1...17), 8 * stream.int(1...5), stream.int(1...20))
            let (a, b) = (stream.floats(rows * inner), stream.floats(inner * columns))
            let start = stream.floats(rows * columns)
            var c = [Float](repeating: .nan, count: rows * columns)
            a.withUnsafeBufferPointer { a in
                guard let values = a.baseAddress else { return }
                SmallProducts.multiply(
                    rows: rows, columns: columns, inner: inner,
                    SmallProducts.Left(values, rowStride: transposed ? 1 : inner, innerStride: transposed ? rows : 1),
                    b, strideB: columns, into: &c, strideC: columns, startingFrom: starts ? start : nil)
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

    @Test(arguments: [false, true]) func multiplyByTransposedEqualsNaiveLoops(hasReLU: Bool) {
        for seed in 0..<40 {
            var stream = RandomStream(test: seed)
            let (rows, columns, inner) = (stream.int(1...17), stream.int(1...9), 8 * stream.int(1...8))
            let (a, b, bias) = (
                stream.floats(rows * inner), stream.floats(columns * inner), stream.floats(columns)
            )
            var c = [Float](repeating: .nan, count: rows * columns)
            SmallProducts.multiplyByTransposed(
                rows: rows, columns: columns, inner: inner, a, b, plus: bias, hasReLU: hasReLU, into: &c)
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

    @Test func laneSumEqualsNaiveLoop() {
        for count in 0...40 {
            var stream = RandomStream(test: count)
            let values = stream.floats(count)
            let expected = values.reduce(into: Reference()) { $0.add(Double($1)) }
            expectEqual([laneSum(values, count: count)], [expected], terms: count, "\(count) numbers")
        }
    }

    @Test func addRowsEqualsNaiveLoops() {
        for seed in 0..<10 {
            var stream = RandomStream(test: seed)
            let (rows, columns) = (stream.int(1...40), stream.int(1...40))
            let (matrix, start) = (stream.floats(rows * columns), stream.floats(columns))
            var sums = start
            addRows(of: matrix, rows: rows, columns: columns, to: &sums)
            let expected = (0..<columns).map { column in
                (0..<rows).reduce(into: Reference(value: Double(start[column]), magnitude: 1)) {
                    $0.add(Double(matrix[$1 * columns + column]))
                }
            }
            expectEqual(sums, expected, terms: rows + 1, "seed \(seed), \(rows)x\(columns)")
        }
    }
}
