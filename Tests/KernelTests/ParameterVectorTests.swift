import Randomness
import Testing

@testable import Kernel

@Suite struct ParameterVectorTests {
    @Test func startsAtZeroAndKeepsValues() {
        #expect(ParameterVector(count: 5).values == [0, 0, 0, 0, 0])
        #expect(ParameterVector([1, 2, 3]).values == [1, 2, 3])
        #expect(ParameterVector(count: 0).values == [])
    }

    @Test func copiesAreIndependent() {
        let original = ParameterVector([1, 2, 3])
        let copy = original.copied()
        original[1] = 9
        #expect(copy.values == [1, 2, 3] && original.values == [1, 9, 3])
    }

    @Test func copyOfARangeLeavesTheRestAlone() {
        let target = ParameterVector([1, 2, 3, 4])
        target.copy(from: ParameterVector([5, 6, 7, 8]), in: 1..<3)
        #expect(target.values == [1, 6, 7, 4])
    }

    @Test func addEqualsNaiveLoopsWithinItsRangeAlone() {
        for seed in 0..<10 {
            var stream = RandomStream(test: seed)
            let count = stream.int(1...50)
            let (first, second) = (stream.floats(count), stream.floats(count))
            let lower = stream.int(0...count)
            let range = lower..<stream.int(lower...count)
            let vector = ParameterVector(first)
            vector.add(ParameterVector(second), scaledBy: -0.75, in: range)
            let expected = first.indices.map { index in
                Double(first[index]) - (range.contains(index) ? 0.75 * Double(second[index]) : 0)
            }
            // Two roundings of numbers below 8.
            expectClose(vector.values, expected, tolerance: 2 * 8 * roundoff, "seed \(seed), \(range) of \(count)")
        }
    }

    @Test func allReduceAddsInTheOrderOfItsVectors() {
        // (1 + 2^-24) + 2^-24 is 1 in float32, but 2^-24 + 2^-24 + 1 is not.
        let tiny = Float(roundoff)
        for (values, expected) in [([1, tiny, tiny], Float(1)), ([tiny, tiny, 1], Float(1).nextUp)] {
            let vectors = values.map { ParameterVector([$0]) }
            ParameterVector.allReduce(vectors, in: 0..<1)
            #expect(vectors.map { $0[0] } == [expected, expected, expected])
        }
    }

    @Test func allReduceEqualsNaiveLoopsWithinItsRangeAlone() {
        for seed in 0..<10 {
            var stream = RandomStream(test: seed)
            // Longer than the blocks that it works in, now and then.
            let (count, parts) = (stream.int(2...9_000), stream.int(1...6))
            let range = 1..<stream.int(1...count)
            let values = (0..<parts).map { _ in stream.floats(count) }
            let vectors = values.map { ParameterVector($0) }
            ParameterVector.allReduce(vectors, in: range, scale: 0.5)
            for (vector, before) in zip(vectors, values) {
                let expected = (0..<count).map { index in
                    guard range.contains(index) else { return Double(before[index]) }
                    return 0.5 * values.reduce(0) { $0 + Double($1[index]) }
                }
                // Sums of up to six numbers below 8, each addition rounded.
                expectClose(
                    vector.values, expected, tolerance: 6 * 48 * roundoff, "seed \(seed), \(range) of \(count)")
            }
        }
    }

    @Test func reduceWritesToItsOwnerAloneAndShowsEveryBlock() {
        for seed in 0..<10 {
            var stream = RandomStream(test: seed)
            let (count, parts) = (stream.int(2...9_000), stream.int(1...6))
            let range = 1..<stream.int(1...count)
            let owner = stream.int(0...parts - 1)
            let values = (0..<parts).map { _ in stream.eighths(count) }
            let vectors = values.map { ParameterVector($0) }
            var end = range.lowerBound
            ParameterVector.reduce(vectors, in: range, scale: 2, into: owner) { sum, block in
                #expect(sum === vectors[owner] && block.lowerBound == end)
                end = block.upperBound
            }
            #expect(end == range.upperBound)
            for (index, vector) in vectors.enumerated() {
                let expected = (0..<count).map { place in
                    index == owner && range.contains(place)
                        ? 2 * values.reduce(0) { $0 + $1[place] } : values[index][place]
                }
                #expect(vector.values == expected, "seed \(seed), \(range) of \(count), vector \(index)")
            }
        }
    }

    @Test func scaleMultipliesEveryNumber() {
        let vector = ParameterVector([1, -2, 0.5])
        vector.scale(by: -4)
        #expect(vector.values == [-4, 8, -2])
    }

    @Test func isFiniteFindsEveryBadNumberAtEveryPosition() {
        for count in [1, 7, 8, 9, 16, 21] {
            let vector = ParameterVector([Float](repeating: .greatestFiniteMagnitude, count: count))
            #expect(vector.isFinite, "\(count) huge numbers")
            for (index, bad) in (0..<count).flatMap({ index in [Float.nan, .infinity, -.infinity].map { (index, $0) } })
            {
                vector[index] = bad
                #expect(!vector.isFinite, "\(bad) at \(index) of \(count)")
                vector[index] = -1
            }
            #expect(vector.isFinite, "\(count) ordinary numbers")
        }
        #expect(ParameterVector(count: 0).isFinite)
    }

    @Test func evenPartsCoverARangeInOrderAndDifferByOneAtMost() {
        for seed in 0..<50 {
            var stream = RandomStream(test: seed)
            let start = stream.int(-20...20)
            let whole = start..<start + stream.int(0...60)
            let count = stream.int(1...20)
            let parts = (0..<count).map { whole.part($0, of: count) }
            #expect(parts.flatMap { Array($0) } == Array(whole), "\(whole) in \(count)")
            let sizes = parts.map(\.count)
            #expect(sizes == sizes.sorted(by: >) && sizes[0] - sizes[count - 1] <= 1, "\(whole) in \(count): \(sizes)")
        }
        #expect((0..<10).part(1, of: 3) == 4..<7)
    }
}
