import Testing

@testable import Statistics

/// Made with scipy 1.17; each table says by which call.
@Suite struct ExactTestTests {
    ///     for w, l in [...]: print((w, l, st.binomtest(w, w + l, 0.5).pvalue if w + l else 1.0))
    static let signs: [(wins: Int, losses: Int, p: Double)] = [
        (0, 0, 1), (1, 0, 1), (5, 0, 0.0625), (0, 5, 0.0625), (6, 0, 0.03125), (4, 1, 0.375), (9, 1, 0.021484375),
        (8, 8, 1), (15, 5, 0.04138946533203125), (60, 40, 0.05688793364098089),
    ]

    @Test(arguments: signs) func theSignTestIsThatOfScipy(_ wins: Int, _ losses: Int, _ p: Double) {
        expectClose(SignTest.pValue(wins: wins, losses: losses), p, relative: 1e-11, "\(wins) to \(losses)")
    }

    ///     for a, b, c, d in [...]: print((a, b, c, d, st.fisher_exact([[a, b], [c, d]]).pvalue))
    static let tables: [(counts: [Int], p: Double)] = [
        ([5, 0, 0, 5], 0.007936507936507938), ([4, 1, 1, 4], 0.2063492063492064), ([3, 2, 3, 2], 1),
        ([5, 0, 3, 2], 0.4444444444444445), ([10, 2, 3, 15], 0.0005367241191434357),
        ([0, 7, 5, 2], 0.02097902097902098), ([1, 9, 11, 3], 0.0027594561852200836),
        ([20, 30, 35, 15], 0.004635020180798911), ([2, 0, 0, 2], 0.3333333333333333), ([0, 0, 3, 4], 1),
    ]

    @Test(arguments: tables) func fishersTestIsThatOfScipy(_ counts: [Int], _ p: Double) {
        let (a, b, c, d) = (counts[0], counts[1], counts[2], counts[3])
        expectClose(FisherExact.pValue(a, b, c, d), p, relative: 1e-11, "\(counts)")
        // Neither the order of the rows nor the order of the columns counts.
        expectClose(FisherExact.pValue(c, d, a, b), p, relative: 1e-11, "\(counts), rows the other way round")
        expectClose(FisherExact.pValue(b, a, d, c), p, relative: 1e-11, "\(counts), columns the other way round")
    }

    /// Probabilities for samples x and y that were made so that U is u:
    ///
    ///     lower = st.mannwhitneyu(x, y, alternative="less", method="exact").pvalue       # P(U <= u)
    ///     upper = st.mannwhitneyu(x, y, alternative="greater", method="exact").pvalue    # P(U >= u)
    static let mannWhitney: [(sizes: [Int], u: Int, lower: Double, upper: Double)] = [
        ([3, 4], 0, 0.02857142857142857, 1), ([3, 4], 2, 0.11428571428571428, 0.9428571428571428),
        ([3, 4], 6, 0.5714285714285714, 0.5714285714285714), ([3, 4], 12, 1, 0.02857142857142857),
        ([5, 5], 1, 0.007936507936507936, 0.996031746031746), ([5, 5], 6, 0.1111111111111111, 0.9246031746031745),
        ([5, 5], 12, 0.5, 0.5793650793650793), ([10, 10], 0, 5.412544112234515e-06, 1),
        ([10, 10], 25, 0.03150641927731711, 0.9737870488644482),
        ([10, 10], 50, 0.5147437701617269, 0.5147437701617269),
        ([10, 10], 100, 1, 5.412544112234515e-06), ([1, 6], 2, 0.42857142857142855, 0.7142857142857142),
        ([2, 7], 3, 0.16666666666666666, 0.888888888888889), ([2, 7], 14, 1, 0.027777777777777776),
    ]

    @Test(arguments: mannWhitney)
    func theDistributionOfUIsThatOfScipy(_ sizes: [Int], _ u: Int, _ lower: Double, _ upper: Double) {
        for (first, second) in [(sizes[0], sizes[1]), (sizes[1], sizes[0])] {
            let distribution = MannWhitney(first, second)
            #expect(distribution.cumulative.count == first * second + 1)
            expectClose(distribution.cumulative[u], lower, "P(U <= \(u)), \(first) and \(second)")
            // One less the rest: digits go where it is small.
            #expect(
                isClose(distribution.upperTail(Double(u)), upper, absolute: 1e-15),
                "P(U >= \(u)), \(first) and \(second)")
        }
    }

    @Test func halvesGoToTheNextWholeUOfATail() {
        let distribution = MannWhitney(3, 4)
        #expect(distribution.upperTail(5.5) == distribution.upperTail(6))
        #expect(distribution.upperTail(5.5) < distribution.upperTail(5))
        #expect(distribution.upperTail(-0.5) == 1)
    }
}
