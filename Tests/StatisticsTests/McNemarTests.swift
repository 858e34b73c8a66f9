import Testing

@testable import Statistics

@Suite struct McNemarTests {
    /// Fair coins by hand: 2 (1 + 12 + 66) / 2^12 and so on.
    @Test(arguments: [(10, 2, 158.0 / 4096), (6, 0, 2.0 / 64), (0, 0, 1.0), (3, 3, 1.0), (1, 7, 18.0 / 256)])
    func samplesThatTellTwoApartAreFairCoins(_ wins: Int, _ losses: Int, _ p: Double) {
        expectClose(McNemar.pValue(wins: wins, losses: losses), p, relative: 1e-12, "\(wins) to \(losses)")
        // Weights that are all the same are none.
        let strata = [
            McNemar.Stratum(weight: 0.3, wins: wins, losses: 0), McNemar.Stratum(weight: 0.3, wins: 0, losses: losses),
        ]
        expectClose(McNemar.pValue(strata), p, relative: 1e-12, "\(wins) to \(losses) in two strata")
    }

    /// All 2^m ways in which the coins can fall, counted.
    private func counted(_ strata: [(weight: Int, wins: Int, losses: Int)]) -> Double {
        let coins = strata.flatMap { Array(repeating: $0.weight, count: $0.wins + $0.losses) }
        let seen = abs(strata.reduce(0) { $0 + $1.weight * ($1.wins - $1.losses) })
        let ways = (0..<(1 << coins.count)).count { way in
            abs(coins.enumerated().reduce(0) { $0 + (way >> $1.offset & 1 == 1 ? $1.element : -$1.element) }) >= seen
        }
        return Double(ways) / Double(1 << coins.count)
    }

    @Test(arguments: [
        [(weight: 2, wins: 2, losses: 0), (weight: 1, wins: 0, losses: 1)],
        [(weight: 5, wins: 3, losses: 1), (weight: 2, wins: 1, losses: 4), (weight: 1, wins: 0, losses: 3)],
        [(weight: 10, wins: 0, losses: 1), (weight: 1, wins: 9, losses: 0)],
        [(weight: 4, wins: 4, losses: 0), (weight: 3, wins: 3, losses: 0), (weight: 0, wins: 0, losses: 5)],
    ])
    func weightedSamplesAreCountedExactly(_ strata: [(weight: Int, wins: Int, losses: Int)]) {
        // With weights up to 10, multiples of a thousandth of the largest are exact.
        let own = strata.map { McNemar.Stratum(weight: Double($0.weight) / 100, wins: $0.wins, losses: $0.losses) }
        let present = strata.filter { $0.weight > 0 }
        expectClose(McNemar.pValue(own), counted(present), relative: 1e-12, "\(strata)")
    }

    /// So many samples that no sum over all ways could be kept: the distribution is then nearly a normal one.
    @Test func thousandsOfSamplesAreNoTrouble() {
        let strata = [1.0, 2, 4].map { McNemar.Stratum(weight: $0, wins: 520, losses: 480) }
        // The difference is 40 * 7, less half a step of 2; its variance 1000 times the sum of squares.
        let z = (40.0 * 7 - 1) / (1000.0 * 21).squareRoot()
        let expected = 2 * Normal.cumulative(-z)
        expectClose(McNemar.pValue(strata), expected, relative: 0.005, "z = \(z)")
    }
}

@Suite struct HolmTests {
    /// The example of en.wikipedia.org/wiki/Holm-Bonferroni_method: at 5 % the first and the fourth are rejected.
    @Test func theAdjustedProbabilitiesAreThoseOfTheStepDownProcedure() {
        let adjusted = Holm.adjusted([0.01, 0.04, 0.03, 0.005])
        for (found, expected) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) {
            expectClose(found, expected, relative: 1e-12, "\(adjusted)")
        }
    }

    @Test func oneTestIsNotCorrectedAndNoneIsAbove1() {
        #expect(Holm.adjusted([0.04]) == [0.04])
        #expect(Holm.adjusted([0.6, 0.9, 0.5]) == [1, 1, 1])
        #expect(Holm.adjusted([]) == [])
    }
}

@Suite struct SignTestReachTests {
    /// 2 / 2^5 is above 5 %, 2 / 2^6 below; 2 / 2^8 is the first below 1 %.
    @Test func sixPairsAreTheFewestAtFivePercent() {
        #expect(SignTest.leastPairs(level: 0.05) == 6)
        #expect(SignTest.leastPairs(level: 0.01) == 8)
    }
}

@Suite struct AssignmentTests {
    /// All ways to give rows to columns, tried.
    private func best(_ counts: [[Int]], from row: Int = 0, without taken: Set<Int> = []) -> Int {
        guard row < counts.count else { return 0 }
        let skipped = best(counts, from: row + 1, without: taken)
        return counts[row].indices.filter { !taken.contains($0) }.reduce(skipped) { most, column in
            max(most, counts[row][column] + best(counts, from: row + 1, without: taken.union([column])))
        }
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 3), (3, 5), (5, 3), (6, 6), (1, 4)])
    func theSumIsTheLargestOfAll(_ rows: Int, _ columns: Int) {
        var state: UInt64 = 7
        for _ in 0..<20 {
            let counts = (0..<rows).map { _ in
                (0..<columns).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return Int(state >> 33) % 10
                }
            }
            #expect(Assignment.largestSum(counts) == best(counts), "\(counts)")
        }
    }

    @Test func nothingIsNothing() { #expect(Assignment.largestSum([]) == 0 && Assignment.largestSum([[]]) == 0) }
}
