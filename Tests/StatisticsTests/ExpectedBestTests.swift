import Testing

@testable import Statistics

@Suite struct ExpectedBestTests {
    private static let accuracies = [0.91, 0.95, 0.88, 0.97, 0.93, 0.9]
    private static let times = [5, 3, .infinity, 9, 4, .infinity, .infinity]

    /// Over all draws, with Python's itertools and numpy:
    ///
    ///     for k in range(1, 7): print(k, np.mean([max(c) for c in combinations([.91, .95, .88, .97, .93, .9], k)]))
    @Test(arguments: [
        (1, 0.9233333333333333), (2, 0.9440000000000001), (3, 0.9549999999999997), (4, 0.9620000000000001),
        (5, 0.9666666666666665), (6, 0.97),
    ])
    func theExpectedGreatestOfKIsTheMeanOverAllDraws(_ k: Int, _ expected: Double) {
        expectClose(ExpectedBest.maximum(of: Self.accuracies, trials: k), expected, "\(k) trials")
    }

    /// Over all draws, the lower median where their number is even:
    ///
    ///     w = [5, 3, inf, 9, 4, inf, inf]
    ///     for k in range(1, 8): print(k, sorted(min(c) for c in combinations(w, k))[(comb(7, k) + 1) // 2 - 1])
    @Test(arguments: [(1, 9.0), (2, 4), (3, 4), (4, 3), (5, 3), (6, 3), (7, 3)])
    func theMedianLeastOfKIsTheMedianOverAllDraws(_ k: Int, _ expected: Double) {
        #expect(ExpectedBest.medianMinimum(of: Self.times, trials: k) == expected, "\(k) trials")
    }

    @Test func searchesThatMostlyFindNothingHaveAnInfiniteMedian() {
        let times = [7.0] + Array(repeating: Double.infinity, count: 4)
        // 7 is among k of five with probability k/5.
        #expect(ExpectedBest.medianMinimum(of: times, trials: 2) == .infinity)
        #expect(ExpectedBest.medianMinimum(of: times, trials: 3) == 7)
        #expect(ExpectedBest.medianMinimum(of: [.infinity], trials: 1) == .infinity)
    }

    @Test func allTrialsGiveTheBestAndTheOrderDoesNotCount() {
        for values in [[3.0], [1, 2], [5, 4, 4, 9]] {
            expectClose(ExpectedBest.maximum(of: values, trials: values.count), values.max() ?? 0, "\(values)")
            #expect(ExpectedBest.medianMinimum(of: values, trials: values.count) == values.min())
            let reversed = Array(values.reversed())
            #expect(ExpectedBest.maximum(of: values, trials: 1) == ExpectedBest.maximum(of: reversed, trials: 1))
        }
    }
}
