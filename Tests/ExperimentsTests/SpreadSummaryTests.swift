import Testing

@testable import Experiments

@Suite struct SpreadSummaryTests {
    @Test func theMedianOfAnOddNumberIsTheMiddleValueInAnyOrder() {
        #expect(SpreadSummary([3]).median == 3)
        #expect(SpreadSummary([9, 1, 4]).median == 4)
        #expect(SpreadSummary([9, 1, 4, 100, -5]).median == 4)
    }

    @Test func theMedianOfAnEvenNumberIsHalfwayBetweenTheMiddleValues() {
        #expect(SpreadSummary([4, 1]).median == 2.5)
        #expect(SpreadSummary([8, 1, 2, 100]).median == 5)
    }

    @Test func infinityIsAValueLikeOthers() {
        #expect(SpreadSummary([1, .infinity, 2]).median == 2)
        #expect(SpreadSummary([1, .infinity, 2]).high == .infinity)
        #expect(SpreadSummary([1, .infinity]).median == .infinity)
        #expect(SpreadSummary([1, .infinity]).low == 1)
        #expect(SpreadSummary([1, .infinity, .infinity]).median == .infinity)
        // The mean of two infinities by way of their difference would be NaN.
        #expect(SpreadSummary([.infinity, .infinity]).median == .infinity)
        #expect(SpreadSummary([1, 2, .infinity, .infinity]).median == .infinity)
    }

    @Test func equalValuesHaveNoSpread() {
        let spread = SpreadSummary(Array(repeating: 0.1, count: 10))
        #expect((spread.median, spread.low, spread.high) == (0.1, 0.1, 0.1))
    }

    struct Interval: Sendable {
        let count: Int
        /// How many values lie outside on each side.
        let cut: Int
        let coverage: Double
    }

    /// Made with scipy 1.17:
    ///
    ///     from scipy.stats import binom
    ///     for n in (1, 2, 3, 5, 6, 7, 8, 9, 10, 15, 20, 25, 50):
    ///         def coverage(cut): return max(0.0, 1 - 2 * binom.cdf(cut, n, 0.5))
    ///         cut = max([0] + [c for c in range(1, (n - 1) // 2 + 1) if coverage(c) >= 0.95])
    ///         print(n, cut, repr(coverage(cut)))
    static let intervals = [
        Interval(count: 1, cut: 0, coverage: 0), Interval(count: 2, cut: 0, coverage: 0.5),
        Interval(count: 3, cut: 0, coverage: 0.75), Interval(count: 5, cut: 0, coverage: 0.9375),
        Interval(count: 6, cut: 0, coverage: 0.96875), Interval(count: 7, cut: 0, coverage: 0.984375),
        Interval(count: 8, cut: 0, coverage: 0.9921875), Interval(count: 9, cut: 1, coverage: 0.9609375),
        Interval(count: 10, cut: 1, coverage: 0.978515625), Interval(count: 15, cut: 3, coverage: 0.96484375),
        Interval(count: 20, cut: 5, coverage: 0.9586105346679688),
        Interval(count: 25, cut: 7, coverage: 0.9567147493362427),
        Interval(count: 50, cut: 17, coverage: 0.9671608624357315),
    ]

    @Test(arguments: intervals) func theIntervalIsTheNarrowestThatCovers95PercentOrAllValues(_ expected: Interval) {
        let count = expected.count
        // 0, 1, 2 ... in an order that is not sorted.
        let spread = SpreadSummary((0..<count).map { Double($0) }.reversed())
        #expect(spread.low == Double(expected.cut), "\(count) values")
        #expect(spread.high == Double(count - 1 - expected.cut), "\(count) values")
        #expect(abs(SpreadSummary.coverage(count) - expected.coverage) < 1e-12, "\(count) values")
    }

    @Test(arguments: 1...60) func theIntervalHoldsTheMedianAndIsSymmetric(_ count: Int) {
        let spread = SpreadSummary((0..<count).map { Double($0) })
        #expect(spread.low <= spread.median && spread.median <= spread.high, "\(count) values")
        #expect(spread.low + spread.high == 2 * spread.median, "\(count) values")
        #expect(SpreadSummary.coverage(count) >= 0.95 || count < 6, "\(count) values")
    }
}
