import Randomness
import Testing

@testable import Kernel

/// Weighted sums against the plainest loop, bit for bit.
@Suite struct WeightedSumTests {
    @Test(arguments: [1, 2, 3, 9], [0, 1, 31, 32, 33, 100]) func sumsAreThoseOfAPlainLoop(terms: Int, count: Int) {
        var stream = RandomStream(test: 100 * terms + count)
        for offset in [0, 5] {
            let vectors = (0..<terms).map { _ in stream.floats(count + 7) }
            let weights = stream.floats(terms)
            let expected = (0..<count).map { index in
                (1..<terms).reduce(vectors[0][offset + index] * weights[0]) {
                    $0 + vectors[$1][offset + index] * weights[$1]
                }
            }
            let sum = ParameterVector(count: count)
            sum.becomeSum(of: vectors.map { ParameterVector($0) }, times: weights, from: offset)
            #expect(sum.values == expected)
        }
    }

    /// What a node has sent is a term of what it becomes.
    @Test func aSumMayShareItsNumbersWithATerm() {
        let own = ParameterVector([1, 2, 3])
        let sent = own.snapshot()
        own.becomeSum(of: [sent, ParameterVector([10, 20, 30])], times: [0.5, 2])
        #expect(own.values == [20.5, 41, 61.5] && sent.values == [1, 2, 3])
    }

    @Test func aPartIsReplaced() {
        let vector = ParameterVector([1, 2, 3, 4])
        let before = vector.snapshot()
        vector.replace(from: 1, by: ParameterVector([7, 8]))
        #expect(vector.values == [1, 7, 8, 4] && before.values == [1, 2, 3, 4])
    }
}
