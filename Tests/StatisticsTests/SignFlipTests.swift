import Foundation
import Testing

@testable import Statistics

/// SplitMix64 (G. Steele et al. 2014).
private struct Draws {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// The randomisation test of paired differences.
@Suite struct SignFlipTests {
    /// Two of the eight choices of signs of 1, 2 and 3 have a sum as far from 0 as 6; four have one of 2 or more, and
    /// six one of 4 or less.
    @Test func fewDifferencesAreCountedOut() {
        #expect(SignFlip.pValue([1, 2, 3]) == 2.0 / 8)
        #expect(SignFlip.pValue([-1, -2, -3]) == 2.0 / 8)
        #expect(SignFlip.pValue([-1, 2, 3]) == 4.0 / 8)
        #expect(SignFlip.pValue([1, 2, -3]) == 1)
        #expect(SignFlip.pValue([0, 0]) == 1 && SignFlip.pValue([]) == 1)
    }

    /// The sum is 5.7, and of the 256 signs four have a sum as far from 0: all alike, and all alike but the least difference.
    @Test func itIsTheRandomisationTestOfTheMean() {
        #expect(SignFlip.pValue([0.4, 1.1, 0.3, 2.2, 0.7, -0.1, 0.9, 0.2]) == 4.0 / 256)
    }

    @Test func rightAndWrongAreMcNemarsCase() {
        for (wins, losses) in [(6, 0), (9, 2), (12, 4), (3, 5)] {
            let differences = Array(repeating: 1.0, count: wins) + Array(repeating: -1.0, count: losses)
            #expect(abs(SignFlip.pValue(differences) - McNemar.pValue(wins: wins, losses: losses)) < 1e-12)
        }
    }

    /// 15 to 5: exactly 0.04139 by the binomial distribution; the normal one with half a step has 2 Φ(-9 / √20) = 0.04417.
    @Test func ofManyTheNormalDistributionErrsTowardsNoDifference() {
        let differences = Array(repeating: 2.5, count: 15) + Array(repeating: -2.5, count: 5)
        let exact = McNemar.pValue(wins: 15, losses: 5)
        let found = SignFlip.pValue(differences)
        #expect(abs(exact - 0.04138946533203125) < 1e-12)
        #expect(abs(found - 0.04417134490844264) < 1e-12 && found > exact)
    }

    @Test func oneSampleThatOutweighsAllShowsNothing() {
        #expect(SignFlip.pValue([1000] + (0..<40).map { _ in 0.01 }) > 0.3)
    }

    @Test func infiniteDifferencesCountByTheirSign() {
        #expect(abs(SignFlip.pValue(Array(repeating: .infinity, count: 6)) - 2.0 / 64) < 1e-12)
        #expect(SignFlip.pValue([.infinity, -.infinity, .nan]) == 1)
    }

    /// At most 5 % and three deviations (0.69 %) of 1,000 pairs of models that are alike, whose losses have heavy
    /// tails, are called different.
    @Test func modelsThatAreAlikeAreRarelyToldApart() {
        var stream = Draws(state: 3)
        var called = 0
        for _ in 0..<1000 {
            let differences = (0..<60).map { _ -> Double in
                let size = -log(Double(stream.next() >> 11) * 0x1p-53 + 1e-300)
                return (stream.next() & 1 == 0 ? 1 : -1) * size * size
            }
            if SignFlip.pValue(differences) <= 0.05 { called += 1 }
        }
        #expect(called <= 71, "\(called)")
    }
}

/// The areas under two ROC curves of the same samples.
@Suite struct DeLongTests {
    /// By the paper's sums over all pairs, in place of sorting.
    private func byHand(_ first: [Float], _ second: [Float], _ labels: [Bool]) -> (difference: Double, variance: Double)
    {
        let (positives, negatives) = (labels.indices.filter { labels[$0] }, labels.indices.filter { !labels[$0] })
        func kernel(_ scores: [Float], _ positive: Int, _ negative: Int) -> Double {
            scores[positive] > scores[negative] ? 1 : scores[positive] == scores[negative] ? 0.5 : 0
        }
        let (m, n) = (Double(positives.count), Double(negatives.count))
        func components(_ scores: [Float]) -> ([Double], [Double]) {
            (
                positives.map { p in negatives.reduce(0) { $0 + kernel(scores, p, $1) } / n },
                negatives.map { q in positives.reduce(0) { $0 + kernel(scores, $1, q) } / m }
            )
        }
        let (a, b) = (components(first), components(second))
        func variance(_ values: [Double]) -> Double {
            let mean = values.reduce(0, +) / Double(values.count)
            return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
        }
        let (v10, v01) = (zip(a.0, b.0).map { $0 - $1 }, zip(a.1, b.1).map { $0 - $1 })
        return (v10.reduce(0, +) / m, variance(v10) / m + variance(v01) / n)
    }

    @Test func sortingGivesThePapersSums() throws {
        var stream = Draws(state: 5)
        for _ in 0..<50 {
            // Few values, so that many scores are equal.
            let scores = (0..<2).map { _ in (0..<30).map { _ in Float(stream.next() % 7) } }
            let labels = (0..<30).map { $0 < 4 || stream.next() % 3 == 0 }
            let (difference, variance) = byHand(scores[0], scores[1], labels)
            let found = try #require(DeLong(scores[0], scores[1], labels: labels))
            #expect(abs(found.difference - difference) < 1e-12 && abs(found.variance - variance) < 1e-12)
        }
    }

    /// Two positives and two negatives: the first model orders all pairs right, the second two of four, so that the areas
    /// are 1 and 1/2. Placements differ by 0 and 1 for the positives and by 1/2 and 1/2 for the negatives: 1/2 / 2 + 0.
    @Test func anExampleByHand() throws {
        let found = try #require(
            DeLong([3, 4, 1, 2], [5, 0, 1, 2], labels: [true, true, false, false]))
        #expect(found.difference == 0.5 && found.variance == 0.25)
        // 1/2 is one deviation, and with another set that is like it 1 to √(1/2): the normal distribution has
        // 0.31731 and 0.15730 beyond them.
        #expect(abs(DeLong.pValue([found]) - 0.31731050786291415) < 1e-9)
        #expect(abs(DeLong.pValue([found, found]) - 0.15729920705028513) < 1e-9)
    }

    @Test func whatHasNoVarianceShowsNothing() {
        #expect(DeLong([1, 2], [2, 1], labels: [true, false]) == nil)
        #expect(DeLong([1, .nan, 3, 4], [1, 2, 3, 4], labels: [true, true, false, false]) == nil)
        #expect(
            DeLong([1, 2, 3, 4], [1, 2, 3, 4], labels: [true, true, false, false]).map { DeLong.pValue([$0]) } == 1)
    }
}
