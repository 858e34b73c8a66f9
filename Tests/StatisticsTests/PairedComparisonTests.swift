import Testing

@testable import Statistics

@Suite struct PairedComparisonTests {
    private static let never = Double.infinity

    private func times(_ first: [Double], _ second: [Double]) -> PairedComparison {
        PairedComparison(first, second, scale: .logarithmic, smallerIsBetter: true)
    }

    private func accuracies(_ first: [Double], _ second: [Double]) -> PairedComparison {
        PairedComparison(first, second, scale: .linear, smallerIsBetter: false)
    }

    // MARK: Two to five pairs

    private static let fast = [4.1, 5.0, 4.6, 5.3, 4.4]
    private static let slow = [7.3, 9.2, 8.1, 9.9, 8.0]

    /// Made with scipy 1.17:
    ///
    ///     d = np.log(slow / fast); r = st.ttest_1samp(d, 0); ci = r.confidence_interval(0.95)
    ///     print(np.exp(np.median(d)), np.exp(ci.low), np.exp(ci.high), r.pvalue)
    @Test func fiveTimesAreComparedByStudentsTOfTheLogarithmsOfTheirRatios() throws {
        let comparison = times(Self.fast, Self.slow)
        #expect(comparison.basis == .studentT && comparison.verdict == .firstIsBetter)
        #expect((comparison.wins, comparison.losses, comparison.ties) == (5, 0, 0))
        expectClose(try #require(comparison.effect), 1.8181818181818181, "effect")
        expectClose(try #require(comparison.low), 1.7599348567210369, "low")
        expectClose(try #require(comparison.high), 1.8678227757235688, "high")
        expectClose(try #require(comparison.pValue), 6.294568979966675e-07, relative: 1e-9, "p")
    }

    @Test func theOtherWayRoundIsTheOtherVerdict() throws {
        let comparison = times(Self.slow, Self.fast)
        #expect(comparison.verdict == .secondIsBetter && comparison.losses == 5)
        expectClose(try #require(comparison.effect), 1 / 1.8181818181818181, "effect")
        expectClose(try #require(comparison.low), 1 / 1.8678227757235688, "low")
    }

    /// Made with scipy 1.17:
    ///
    ///     d = np.array([.962, .971, .968]) - np.array([.951, .969, .960])
    ///     r = st.ttest_1samp(d, 0); ci = r.confidence_interval(0.95); print(np.median(d), ci.low, ci.high, r.pvalue)
    @Test func threeWinsOfThreeAreNoDifferenceWhereTheIntervalHoldsNone() throws {
        let comparison = accuracies([0.962, 0.971, 0.968], [0.951, 0.969, 0.960])
        #expect(comparison.verdict == .noDifferenceShown && comparison.wins == 3)
        expectClose(try #require(comparison.effect), 0.008000000000000007, "effect")
        expectClose(try #require(comparison.low), -0.004383749100790282, "low")
        expectClose(try #require(comparison.high), 0.018383749100790294, "high")
        expectClose(try #require(comparison.pValue), 0.11808289631180313, relative: 1e-10, "p")
    }

    @Test func higherAccuracyIsBetterAndLowerTimeIs() {
        let (high, low) = ([0.96, 0.97, 0.965, 0.96], [0.91, 0.92, 0.914, 0.909])
        #expect(accuracies(high, low).verdict == .firstIsBetter && accuracies(high, low).wins == 4)
        #expect(accuracies(low, high).verdict == .secondIsBetter && accuracies(low, high).losses == 4)
        #expect(times(high, low).verdict == .secondIsBetter)
    }

    @Test func equalValuesAreTiesAndNoDifference() {
        let comparison = accuracies([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
        #expect(comparison.ties == 3 && comparison.verdict == .noDifferenceShown)
        #expect(comparison.effect == 0 && comparison.pValue == 1)
        // The same difference in each pair leaves no doubt.
        #expect(accuracies([0.75, 0.5, 0.25], [0.5, 0.25, 0]).verdict == .firstIsBetter)
    }

    @Test func onePairShowsNothing() {
        let comparison = times([1], [100])
        #expect(comparison.verdict == .noDifferenceShown && comparison.basis == .none)
        #expect(comparison.effect.map { isClose($0, 100) } == true)
        #expect(comparison.low == nil && comparison.high == nil && comparison.pValue == nil)
    }

    // MARK: Six pairs or more

    /// Made with scipy 1.17: nine ratios, of which the interval leaves out one at each end (coverage 0.9609375):
    ///
    ///     d = np.sort(np.log(second / first)); print(np.exp(np.median(d)), np.exp(d[1]), np.exp(d[7]))
    ///     print(st.binomtest(8, 9).pvalue)
    @Test func nineTimesAreComparedByOrderStatisticsAndTheSignTest() throws {
        let comparison = times(
            [3.1, 2.9, 3.3, 3.0, 3.4, 2.8, 3.2, 3.6, 2.7], [3.9, 3.5, 3.2, 4.1, 3.8, 3.3, 4.4, 3.9, 3.5])
        #expect(comparison.basis == .orderStatistics && comparison.verdict == .firstIsBetter)
        #expect((comparison.wins, comparison.losses) == (8, 1))
        expectClose(try #require(comparison.effect), 1.206896551724138, "effect")
        expectClose(try #require(comparison.low), 1.0833333333333333, "low")
        expectClose(try #require(comparison.high), 1.3666666666666665, "high")
        expectClose(try #require(comparison.pValue), 0.0390625, "p")
    }

    @Test func oneLossOfSixIsNoDifferenceSinceNoneCanBeLeftOut() {
        let first = [3.1, 2.9, 3.3, 3.0, 3.4, 2.8]
        #expect(times(first, [3.9, 3.5, 3.2, 4.1, 3.8, 3.3]).verdict == .noDifferenceShown)
        #expect(times(first, [3.9, 3.5, 3.4, 4.1, 3.8, 3.3]).verdict == .firstIsBetter)
    }

    // MARK: Values that were never reached

    /// Fisher's exact test of [[5, 0], [0, 5]] is 0.0079 (scipy, in ``ExactTestTests``).
    @Test func allAgainstNoneIsADifferenceWithoutARatio() {
        let comparison = times(Self.fast, Array(repeating: Self.never, count: 5))
        #expect(comparison.verdict == .firstIsBetter && comparison.basis == .reached)
        #expect((comparison.firstReached, comparison.secondReached) == (5, 0))
        #expect((comparison.wins, comparison.losses, comparison.ties) == (5, 0, 0))
        #expect(comparison.effect == nil && comparison.low == nil && comparison.high == nil)
        #expect(comparison.pValue.map { isClose($0, 0.007936507936507938, relative: 1e-11) } == true)
        let reverse = times(Array(repeating: Self.never, count: 5), Self.fast)
        #expect(reverse.verdict == .secondIsBetter && reverse.losses == 5)
    }

    /// Counts of [[5, 0], [3, 2]] have p = 0.44, five wins of five 0.0625.
    @Test func someThatNeverGotThereAreNoDifferenceWhereNeitherTestShowsOne() {
        let comparison = times(Self.fast, [7.3, Self.never, 8.1, Self.never, 8.0])
        #expect(comparison.verdict == .noDifferenceShown && comparison.wins == 5)
        #expect(comparison.pValue.map { isClose($0, 0.0625) } == true)
    }

    @Test func whereTheCountsShowNothingTheSeedsWonMay() {
        // Six wins of six: p = 0.03125. One of the six was never reached, for which Fisher's test has p = 1.
        let comparison = times([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, Self.never])
        #expect(comparison.verdict == .firstIsBetter && comparison.basis == .reached)
        #expect(comparison.pValue.map { isClose($0, 0.03125) } == true)
    }

    @Test func twoThatNeverGotThereTie() {
        let comparison = times([1, Self.never, Self.never], [Self.never, Self.never, Self.never])
        #expect((comparison.wins, comparison.losses, comparison.ties) == (1, 0, 2))
        #expect(comparison.verdict == .noDifferenceShown)
    }
}
