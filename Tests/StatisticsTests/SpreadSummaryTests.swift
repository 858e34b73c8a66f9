import Testing

@testable import Statistics

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

    @Test(arguments: [1, 2, 5, 10], [Scale.linear, .logarithmic]) func equalValuesHaveNoSpread(
        _ count: Int, _ scale: Scale
    ) {
        let spread = SpreadSummary(Array(repeating: 0.1, count: count), scale: scale)
        #expect((spread.median, spread.low, spread.high) == (0.1, 0.1, 0.1))
    }

    // MARK: Six values or more

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
        #expect(SpreadSummary.cut(count) == expected.cut, "\(count) values")
        #expect(abs(SpreadSummary.orderStatisticsCoverage(count) - expected.coverage) < 1e-12, "\(count) values")
        guard count >= 6 else { return }
        // 0, 1, 2 ... in an order that is not sorted.
        let spread = SpreadSummary((0..<count).map { Double($0) }.reversed())
        #expect(spread.low == Double(expected.cut), "\(count) values")
        #expect(spread.high == Double(count - 1 - expected.cut), "\(count) values")
        #expect(spread.method == .orderStatistics && abs(spread.coverage - expected.coverage) < 1e-12)
    }

    @Test(arguments: 1...60) func theIntervalHoldsTheMedianAndIsSymmetric(_ count: Int) {
        let spread = SpreadSummary((0..<count).map { Double($0) })
        #expect(spread.low <= spread.median && spread.median <= spread.high, "\(count) values")
        #expect(abs(spread.low + spread.high - 2 * spread.median) < 1e-9, "\(count) values")
        #expect(spread.coverage >= 0.95 || count == 1, "\(count) values")
    }

    @Test func infinityAmongSixIsAnOrderStatisticLikeOthers() {
        let spread = SpreadSummary([1, 2, 3, 4, 5, .infinity], scale: .logarithmic)
        #expect((spread.median, spread.low, spread.high) == (3.5, 1, .infinity))
        #expect(spread.method == .orderStatistics)
    }

    // MARK: Two to five

    /// Made with scipy 1.17, of v and, for times, of its logarithms:
    ///
    ///     print(st.ttest_1samp(v, 0).confidence_interval(0.95), np.exp(st.ttest_1samp(np.log(v), 0).confidence_interval(0.95)))
    @Test func fewValuesHaveStudentsIntervalOnTheirScale() {
        let linear = SpreadSummary([5, 4, 8])
        expectClose(linear.low, 0.4955216541244045, "low")
        expectClose(linear.high, 10.83781167920893, "high")
        let times = SpreadSummary([5, 4, 8], scale: .logarithmic)
        expectClose(times.low, 2.2541580163910515, "low of times")
        expectClose(times.high, 13.074616674969711, "high of times")
        let five = SpreadSummary([0.96, 0.97, 0.99, 0.95, 0.975], within: 0...1)
        expectClose(five.low, 0.9501692331165156, "low of five")
        expectClose(five.high, 0.9878307668834844, "high of five")
        for spread in [linear, times, five] {
            #expect(spread.method == .studentT && spread.coverage == 0.95)
        }
    }

    @Test func anIntervalBeyondWhatAValueCanBeIsCutOff() {
        // Student's interval of two values, by scipy: -3.853102368087347 to 8.853102368087347.
        expectClose(SpreadSummary([2, 3]).low, -3.853102368087347, "low")
        #expect(SpreadSummary([2, 3], within: 0...4).low == 0)
        #expect(SpreadSummary([2, 3], within: 0...4).high == 4)
    }

    @Test func fewValuesOfWhichOneWasNeverReachedHaveTheirRange() {
        let spread = SpreadSummary([4, .infinity, 8], scale: .logarithmic)
        #expect((spread.median, spread.low, spread.high) == (8, 4, .infinity))
        #expect(spread.method == .range && spread.coverage == 0.75)
        // Nothing has a logarithm of 0.
        let free = SpreadSummary([0, 1, 2], scale: .logarithmic)
        #expect((free.low, free.high) == (0, 2) && free.method == .range)
    }

    @Test func oneValueHasNoInterval() {
        let spread = SpreadSummary([7], scale: .logarithmic)
        #expect((spread.median, spread.low, spread.high) == (7, 7, 7))
        #expect(spread.method == .single && spread.coverage == 0)
    }

    /// Made with scipy 1.17:
    ///
    ///     r = st.ttest_1samp([.1, -.2, .4, .3], 0); print(np.mean(v), *r.confidence_interval(0.9), r.pvalue)
    @Test func studentsIntervalForAMeanIsThatOfScipy() {
        let interval = TInterval([0.1, -0.2, 0.4, 0.3], confidence: 0.9)
        expectClose(interval.mean, 0.15, "mean")
        expectClose(interval.low, -0.1613207196519198, "low")
        expectClose(interval.high, 0.4613207196519197, "high")
        expectClose(interval.pValue, 0.3392540508564546, "p")
        let equal = TInterval([0.1, 0.1, 0.1], confidence: 0.95)
        #expect((equal.low, equal.high, equal.pValue) == (0.1, 0.1, 0))
    }
}
