import Testing

@testable import Statistics

@Suite struct RatioOfTimesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let current: [Double]
        let baseline: [Double]
        let confidence: Double
        let ratio: Double
        let low: Double
        let high: Double
        let pSlower: Double
        let pFaster: Double

        init(
            _ current: [Double], _ baseline: [Double], _ confidence: Double, _ ratio: Double, _ low: Double,
            _ high: Double, _ pSlower: Double, _ pFaster: Double
        ) {
            (self.current, self.baseline, self.confidence) = (current, baseline, confidence)
            (self.ratio, self.low, self.high) = (ratio, low, high)
            (self.pSlower, self.pFaster) = (pSlower, pFaster)
        }

        var testDescription: String { "\(current.count) and \(baseline.count) times, \(confidence)" }
    }

    private static let slow = [10.2, 11.1, 9.8, 10.9, 10.4]
    private static let fast = [8.1, 8.4, 7.9, 8.8, 8.3]
    private static let alike = [10.0, 11.0, 9.9, 10.8, 10.5, 9.7]
    private static let ten = [12.1, 9.4, 10.3, 11.2, 10.6, 9.9, 10.8, 13.0, 10.1, 11.7]
    private static let tenBefore = [9.2, 10.0, 9.7, 10.4, 8.9, 9.5, 11.0, 9.1, 10.7, 9.6]

    /// Made with numpy and scipy 1.17, from Mann and Whitney's recursion for the number of ways to get U:
    ///
    ///     def ways(u, m, n):
    ///         if u < 0: return 0
    ///         if m == 0 or n == 0: return int(u == 0)
    ///         return ways(u - n, m - 1, n) + ways(u, m, n - 1)
    ///     def case(x, y, confidence):
    ///         d = np.sort(np.subtract.outer(np.log(x), np.log(y)).ravel())
    ///         c = np.array([ways(u, len(x), len(y)) for u in range(len(d) + 1)])
    ///         k = (np.cumsum(c) / c.sum() <= (1 - confidence) / 2).sum()
    ///         low, high = (0, np.inf) if k == 0 else (np.exp(d[k - 1]), np.exp(d[len(d) - k]))
    ///         p = [st.mannwhitneyu(x, y, alternative=a, method="exact").pvalue for a in ("greater", "less")]
    ///         print(np.exp(np.median(d)), low, high, *p)
    static let cases = [
        Case(slow, fast, 0.95, 1.2592592592592589, 1.166666666666667, 1.3703703703703702, 0.003968253968253968, 1),
        Case(
            slow, alike, 0.95, 1.0151430755896067, 0.9333333333333336, 1.1099999999999997, 0.33116883116883117,
            0.7316017316017316),
        Case(
            ten, tenBefore, 0.95, 1.1070246894282272, 1.0192307692307692, 1.2134831460674156, 0.011615319664855269,
            0.9907283119357423),
        Case(
            ten, tenBefore, 0.99, 1.1070246894282272, 0.9894736842105263, 1.25, 0.011615319664855269,
            0.9907283119357423),
        Case(
            [10.2, 11.1, 9.8], fast, 0.95, 1.240506329113924, 1.1136363636363635, 1.4050632911392402,
            0.017857142857142856, 1),
        Case([10.2, 11.1], [8.1, 8.4], 0.95, 1.289969443057146, 0, .infinity, 0.16666666666666666, 1),
    ]

    @Test(arguments: cases) func theRatioItsIntervalAndItsProbabilitiesAreThoseOfHodgesLehmannAndMannWhitney(
        _ expected: Case
    ) {
        let found = RatioOfTimes(
            current: expected.current, baseline: expected.baseline, confidence: expected.confidence)
        expectClose(found.ratio, expected.ratio, "ratio")
        expectClose(found.low, expected.low, "low")
        expectClose(found.high, expected.high, "high")
        expectClose(found.pSlower, expected.pSlower, "slower")
        expectClose(found.pFaster, expected.pFaster, "faster")
    }

    @Test(arguments: cases) func theOtherWayRoundIsTheInverse(_ expected: Case) {
        let found = RatioOfTimes(
            current: expected.baseline, baseline: expected.current, confidence: expected.confidence)
        expectClose(found.ratio, 1 / expected.ratio, "ratio")
        expectClose(found.low, 1 / expected.high, "low")
        expectClose(found.high, 1 / expected.low, "high")
        expectClose(found.pSlower, expected.pFaster, "slower")
        expectClose(found.pFaster, expected.pSlower, "faster")
    }

    @Test func aScaleOfBothSidesIsNoDifference() {
        let (one, ten) = (
            RatioOfTimes(current: Self.slow, baseline: Self.fast),
            RatioOfTimes(current: Self.slow.map { $0 * 16 }, baseline: Self.fast.map { $0 * 16 })
        )
        expectClose(one.ratio, ten.ratio, "ratio")
        expectClose(one.low, ten.low, "low")
        #expect(one.pSlower == ten.pSlower)
    }

    /// One of four pairs is a tie: U is 3.5 for either side, and the larger tails are P(U >= 3) = 1/3 and P(U >= 0) =
    /// 1.
    @Test func aTieIsRoundedAgainstAFinding() {
        let found = RatioOfTimes(current: [2, 3], baseline: [2, 1])
        expectClose(found.pSlower, 1.0 / 3, "slower")
        expectClose(found.pFaster, 1, "faster")
    }
}
