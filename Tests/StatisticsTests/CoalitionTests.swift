import Testing

@testable import Statistics

@Suite struct CoalitionTests {
    /// Bell's numbers (OEIS A000110).
    @Test(arguments: [(1, 1), (2, 2), (3, 5), (4, 15), (5, 52), (8, 4140)])
    func everyStructureIsTriedOnce(_ players: Int, _ count: Int) {
        var seen: Set<[Coalition]> = []
        CoalitionStructure.forEach(of: players) { own in
            #expect(own.enumerated().allSatisfy { $1.contains($0) })
            #expect(Set(own).reduce(0) { $0 + $1.count } == players)
            seen.insert(own)
        }
        #expect(seen.count == count)
    }

    @Test func aCoalitionIsASetOfPlayers() {
        let coalition = Coalition([0, 3, 5])
        #expect(coalition.members == [0, 3, 5] && coalition.count == 3 && coalition.bits == 41)
        #expect(coalition.with(1).members == [0, 1, 3, 5] && coalition.without(3).members == [0, 5])
        #expect(Coalition.everyOne(of: 3).count == 7 && Coalition.all(of: 3).members == [0, 1, 2])
    }

    // MARK: Shapley's value

    /// What is worth its members' own worth goes to them.
    @Test func whatIsAdditiveGoesToWhoBringsIt() {
        let worth = [3.0, 0.5, 0, -2, 7]
        let value = ShapleyValue.of(5) { $0.members.reduce(0) { $0 + worth[$1] } }
        for (found, expected) in zip(value, worth) { #expect(abs(found - expected) < 1e-12, "\(value)") }
    }

    /// Two have a left glove and one a right one; a pair is worth 1 (R. Aumann and S. Hart, *Handbook of Game Theory*; by hand:
    /// the right glove is the pivot unless it comes first).
    @Test func theOnlyRightGloveGetsTwoThirds() {
        let value = ShapleyValue.of(3) { $0.contains(2) && ($0.contains(0) || $0.contains(1)) ? 1 : 0 }
        for (found, expected) in zip(value, [1.0 / 6, 1.0 / 6, 4.0 / 6]) { #expect(abs(found - expected) < 1e-12) }
    }

    @Test func theValuesAddUpToThatOfAll() {
        let value = ShapleyValue.of(6) { ($0.bits * 37 % 11 == 0 ? 3 : 1) * Double($0.count * $0.count) }
        #expect(abs(value.reduce(0, +) - 36 * (63 * 37 % 11 == 0 ? 3 : 1)) < 1e-9)
        #expect(ShapleyValue.of(1) { _ in 4 } == [4])
    }

    // MARK: Who joins whom

    /// Mean estimation (K. Donahue and J. Kleinberg 2021, *Model-sharing Games*, AAAI, section 4): nodes with n samples of
    /// variance μ around means of variance σ² of their own. The expected error of a member j of a coalition of N samples in all is
    /// μ / N + σ² (sum over others of n_i² + (N - n_j)²) / N².
    private static func error(_ player: Int, _ coalition: Coalition, _ samples: [Double], noise: Double) -> Double {
        let all = coalition.members.reduce(0.0) { $0 + samples[$1] }
        let others = coalition.without(player).members.reduce(0.0) { $0 + samples[$1] * samples[$1] }
        let rest = all - samples[player]
        return noise / all + (others + rest * rest) / (all * all)
    }

    private func meanEstimation(_ samples: [Double], noise: Double = 10, margin: Double = 0) -> HedonicGame {
        HedonicGame(players: samples.count, margin: margin) { -Self.error($0, $1, samples, noise: noise) }
    }

    @Test func theErrorsAreThoseOfTheClosedForm() {
        let game = meanEstimation([5, 10, 20])
        let all = Coalition.all(of: 3)
        for (player, expected) in [1.4286, 1.1429, 0.5714].enumerated() {
            #expect(abs(-game.payoff(player, in: all) - expected) < 5e-5)
        }
        #expect((0..<3).map { -game.payoff($0, in: Coalition([$0])) } == [2, 1, 0.5])
    }

    @Test func theTwoSmallJoinAndTheLargeOneStaysAlone() {
        let game = meanEstimation([5, 10, 20])
        // All together only the smallest gains; the largest would have the smallest, which has better company.
        #expect(game.worseOffThanAlone(in: .all(of: 3)) == [1, 2])
        #expect(game.isIndividuallyRational(Coalition([0, 2])) && game.isIndividuallyRational(Coalition([0, 1])))
        let stable = game.stable()
        let expected = CoalitionStructure([Coalition([0, 1]), Coalition([2])])
        #expect(stable.core == [expected] && stable.individual == [expected])
    }

    /// Nodes with as many samples each gain together while these are fewer than μ / σ², and lose beyond.
    @Test func equalNodesJoinUpToTheRatioOfTheVariances() {
        let players = 4
        let together = CoalitionStructure([.all(of: players)])
        let apart = CoalitionStructure((0..<players).map { Coalition([$0]) })
        for samples in [1.0, 5, 9, 9.9] {
            let stable = meanEstimation(Array(repeating: samples, count: players)).stable()
            #expect(stable.core == [together], "\(samples)")
        }
        for samples in [10.1, 11, 20, 100] {
            let game = meanEstimation(Array(repeating: samples, count: players))
            #expect(game.worseOffThanAlone(in: .all(of: players)) == [0, 1, 2, 3] && game.stable().core == [apart])
        }
    }

    /// Everybody wants to be with the next in a circle, and not with the one before (Bogomolnaia and Jackson's example 2 is of
    /// this kind): two of three always are better off as a pair of their own.
    @Test func aGameCanBeWithoutAnyStableStructure() {
        let game = HedonicGame(players: 3) { player, coalition in
            switch coalition.count {
            case 2: coalition.contains((player + 1) % 3) ? 2 : 1
            case 3: 0.5
            default: 0
            }
        }
        #expect(game.stable().core.isEmpty)
    }

    @Test func whatIsWithinTheMarginMovesNobody() {
        // 0.02 less than alone.
        func game(_ margin: Double) -> HedonicGame {
            HedonicGame(players: 2, margin: margin) { $1.count == 2 ? ($0 == 0 ? 0.98 : 1.5) : 1 }
        }
        #expect(game(0).worseOffThanAlone(in: .all(of: 2)) == [0])
        #expect(game(0.05).isIndividuallyRational(.all(of: 2)))
        #expect(game(0).stable().core == [CoalitionStructure([Coalition([0]), Coalition([1])])])
        #expect(game(0.05).stable().core.contains(CoalitionStructure([.all(of: 2)])))
    }
}
