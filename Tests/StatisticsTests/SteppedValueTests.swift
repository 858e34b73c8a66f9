import Testing

@testable import Statistics

/// Values that were looked for in steps, as a time to a target is: no interval is narrower than the steps.
@Suite struct SteppedValueTests {
    private func stepped(_ values: [Double], by step: Double) -> [SteppedValue] {
        values.map { SteppedValue($0, after: $0 - step) }
    }

    @Test func aValueIsBelowAnotherWhereItIsSoWhereverInTheirStepsTheyLie() {
        #expect(SteppedValue(4, after: 3).isBelow(SteppedValue(5, after: 4)))
        #expect(!SteppedValue(4, after: 3).isBelow(SteppedValue(4.5, after: 3.5)))
        #expect(!SteppedValue(4, after: 3).isBelow(SteppedValue(4, after: 3)))
        #expect(SteppedValue(exact: 4).isBelow(SteppedValue(exact: 4.nextUp)))
        #expect(!SteppedValue(exact: 4).isBelow(SteppedValue(exact: 4)))
        #expect(SteppedValue(4, after: 3).isBelow(.never) && !SteppedValue.never.isBelow(.never))
    }

    // MARK: One sample

    @Test(arguments: [1, 2, 5, 6, 12]) func equalValuesHaveAnIntervalOfTheirStep(_ count: Int) {
        let summary = SpreadSummary(stepped(Array(repeating: 8, count: count), by: 0.5), scale: .logarithmic)
        #expect(isClose(summary.low, 7.5) && summary.median == 8 && isClose(summary.high, 8), "\(summary)")
    }

    /// Made with scipy 1.17: the interval of the beginnings begins at 1.5017, that of the ends ends at 13.0746.
    ///
    ///     ci = lambda x: np.exp(st.t.interval(0.95, len(x) - 1, np.mean(np.log(x)), st.sem(np.log(x))))
    ///     print(ci([3, 4, 7]), ci([4, 5, 8]))
    @Test func anIntervalReachesFromTheBeginningsToTheEnds() {
        let summary = SpreadSummary(stepped([4, 5, 8], by: 1), scale: .logarithmic)
        #expect(isClose(summary.low, 1.5017366276838775, relative: 1e-9), "\(summary.low)")
        #expect(isClose(summary.high, 13.074616674827295, relative: 1e-9), "\(summary.high)")
        #expect(summary.median == 5 && summary.method == .studentT)
    }

    @Test func orderStatisticsAreTakenOfBeginningsAndOfEnds() {
        let values = (1...9).map(Double.init)
        let summary = SpreadSummary(stepped(values, by: 0.25), scale: .logarithmic)
        let exact = SpreadSummary(values, scale: .logarithmic)
        #expect((summary.low, summary.high) == (exact.low - 0.25, exact.high) && summary.coverage == exact.coverage)
    }

    @Test func valuesWithoutAStepAreSummarisedAsBefore() {
        for values in [[4.0], [4, 5], [4, 5, 8], [1, 2, 3, 4, 5, 6, 7], [4, .infinity, 8]] {
            #expect(
                SpreadSummary(values.map(SteppedValue.init(exact:)), scale: .logarithmic)
                    == SpreadSummary(values, scale: .logarithmic))
        }
    }

    @Test func aStepFromZeroOpensTheIntervalToZero() {
        let summary = SpreadSummary([SteppedValue(1, after: 0), SteppedValue(2, after: 1)], scale: .logarithmic)
        #expect(summary.low == 0 && summary.high > 2 && summary.high.isFinite)
    }

    // MARK: Pairs

    private static let fast = [4.1, 5.0, 4.6, 5.3, 4.4]
    private static let slow = [7.3, 9.2, 8.1, 9.9, 8.0]

    private func times(_ first: [Double], _ second: [Double], step: Double) -> PairedComparison {
        PairedComparison(
            stepped(first, by: step), stepped(second, by: step), scale: .logarithmic, smallerIsBetter: true)
    }

    /// Made with scipy 1.17:
    ///
    ///     ci = lambda r: np.exp(st.ttest_1samp(np.log(r), 0).confidence_interval(0.95))
    ///     print(ci((slow - 0.5) / fast)[0], ci(slow / (fast - 0.5))[1])    # 1.64176, 2.07523
    @Test func aRatioOfPairsReachesAsFarAsTheStepsAllow() throws {
        let comparison = times(Self.fast, Self.slow, step: 0.5)
        #expect(comparison.verdict == .firstIsBetter && comparison.wins == 5)
        #expect(isClose(try #require(comparison.effect), 1.8181818181818181))
        #expect(isClose(try #require(comparison.low), 1.6417550262516234, relative: 1e-9))
        #expect(isClose(try #require(comparison.high), 2.075228630933703, relative: 1e-9))
        let reverse = times(Self.slow, Self.fast, step: 0.5)
        #expect(reverse.verdict == .secondIsBetter && reverse.losses == 5)
        #expect(isClose(try #require(reverse.low), 1 / 2.075228630933703, relative: 1e-9))
    }

    /// Two that are 1 % apart in every seed, with steps of 5 %: what no evaluation saw is not shown.
    @Test(arguments: [3, 5, 7]) func aDifferenceBelowTheStepIsNotShown(_ pairs: Int) {
        let first = (1...pairs).map { Double($0) }
        let second = first.map { $0 * 1.01 }
        func compare(_ step: Double) -> PairedComparison {
            PairedComparison(
                first.map { SteppedValue($0, after: $0 * (1 - step)) },
                second.map { SteppedValue($0, after: $0 * (1 - step)) }, scale: .logarithmic, smallerIsBetter: true)
        }
        #expect(compare(0.05).verdict == .noDifferenceShown && compare(0.05).wins == 0)
        #expect(compare(0.05).ties == pairs && compare(0.05).equals == 0)
        #expect(compare(0.005).verdict == .firstIsBetter && compare(0.005).wins == pairs)
    }

    /// The second of the least, and the second but last of the largest ratios of nine.
    @Test func nineRatiosReachBetweenTheOrderStatisticsOfTheLeastAndTheLargest() throws {
        let first = [3.1, 2.9, 3.3, 3.0, 3.4, 2.8, 3.2, 3.6, 2.7]
        let second = [3.9, 3.5, 3.2, 4.1, 3.8, 3.3, 4.4, 3.9, 3.5]
        let fine = times(first, second, step: 0.1)
        #expect(isClose(try #require(fine.low), 1.0555555555555556, relative: 1e-9))
        #expect(isClose(try #require(fine.high), 1.4137931034482758, relative: 1e-9))
        #expect(fine.verdict == .firstIsBetter && fine.wins == 8)
        #expect(times(first, second, step: 0.5).verdict == .noDifferenceShown)
    }

    /// Six wins of six decide by the sign test where one was never reached; they do not where the steps overlap.
    @Test func seedsWonByLessThanAStepDoNotCountWhereSomeNeverGotThere() {
        let (first, second) = ([1.0, 2, 3, 4, 5, 6], [1.5, 2.5, 3.5, 4.5, 5.5, .infinity])
        func compare(_ step: Double) -> PairedComparison {
            PairedComparison(
                stepped(first, by: step), second.map { SteppedValue($0, after: $0.isFinite ? $0 - step : $0) },
                scale: .logarithmic, smallerIsBetter: true)
        }
        #expect(compare(0.5).verdict == .firstIsBetter && compare(0.5).wins == 6)
        #expect(compare(0.75).verdict == .noDifferenceShown && compare(0.75).wins == 1)
    }
}

@Suite struct MedianTests {
    @Test func theMedianIsTheMiddleOneOrTheMeanOfTwo() {
        #expect(Median.of([3]) == 3 && Median.of([9, 1, 5]) == 5 && Median.of([4, 1, 2, 9]) == 3)
        #expect(Median.of([1, .infinity]) == .infinity && Median.of([.infinity, .infinity, 1]) == .infinity)
        #expect(Median.count(of: [40, 10, 30, 20]) == 20 && Median.count(of: [7]) == 7)
    }
}
