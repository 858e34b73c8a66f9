import Statistics
import Testing

@testable import Experiments
@testable import TestSupport

/// Verdicts on nodes of which it is written down what each had right.
@Suite struct NodeVerdictTests {
    private func compared(
        _ joined: [[NodeResult]], _ alone: [[NodeResult]], terms: NodeComparison.Terms = .equalSamples,
        classes: String? = nil, samples: Int = 40
    ) -> NodeComparison? {
        let runs =
            zip(joined, alone).enumerated().flatMap { seed, nodes in
                [
                    record("alone", seed: UInt64(seed + 1), nodes: nodes.1, classes: classes),
                    record("dpsgd", seed: UInt64(seed + 1), nodes: nodes.0, classes: classes),
                ]
            }
        return NodeComparison.all(communityResults(runs, testSamples: samples)).first { $0.terms == terms }
    }

    /// Two models of one node: so many samples that one alone has right, and the others the same.
    private func pair(wins: Int, losses: Int, of count: Int = 40) -> (joined: NodeResult, alone: NodeResult) {
        let joined = (0..<count).map { $0 < wins || $0 >= wins + losses && $0 % 2 == 0 }
        let alone = (0..<count).map { $0 >= wins && $0 < wins + losses || $0 >= wins + losses && $0 % 2 == 0 }
        return (node(0, joined), node(0, alone))
    }

    private func verdict(_ seeds: [(wins: Int, losses: Int)]) throws -> NodeVerdict {
        let pairs = seeds.map { pair(wins: $0.wins, losses: $0.losses) }
        let comparison = try #require(compared(pairs.map { [$0.joined] }, pairs.map { [$0.alone] }))
        return try #require(comparison.verdicts.first)
    }

    /// 2 / 2^6 is below 5 % and 2 / 2^5 is not; 14 / 2^6 is that of 5 to 1.
    @Test(arguments: [
        (6, 0, 2.0 / 64, NodeVerdict.Outcome.gains), (0, 6, 2.0 / 64, .loses),
        (5, 0, 2.0 / 32, .noDifferenceShown), (5, 1, 14.0 / 64, .noDifferenceShown), (0, 0, 1, .noDifferenceShown),
    ])
    func oneSeedIsMcNemarsTestOfTwoModels(
        _ wins: Int, _ losses: Int, _ p: Double, _ outcome: NodeVerdict.Outcome
    ) throws {
        let verdict = try verdict([(wins, losses)])
        #expect(abs(verdict.pValue - p) < 1e-12 && verdict.outcome == outcome, "\(verdict)")
        #expect(abs(verdict.gain - Double(wins - losses) / 40) < 1e-12)
    }

    /// A last round goes three in a hundred beyond what the node alone has trained on: its end is compared, and not its
    /// beginning, where evaluations are far apart.
    @Test func aRoundBeyondIsMoreEqualThanNoRound() throws {
        func trained(_ right: Int, on samples: Int) -> NodeResult {
            node(0, answers(right: right, of: 40), accuracies: [0.1, Double(right) / 40], trained: samples)
        }
        let comparison = try #require(compared([[trained(30, on: 103)]], [[trained(20, on: 100)]]))
        #expect(comparison.gains[1]?.first?.accuracy == 0.25)
        #expect(comparison.verdicts.first?.outcome == .gains)
    }

    @Test func manyNodesAreCorrectedFor() throws {
        // 2 / 2^6 for one of two nodes is 4 / 2^6 for both, above 5 %; 2 / 2^7 is not.
        func outcomes(_ wins: Int) throws -> [NodeVerdict.Outcome] {
            let (first, second) = (pair(wins: wins, losses: 0), pair(wins: 0, losses: 0))
            let comparison = compared([[first.joined, second.joined]], [[first.alone, second.alone]])
            return try #require(comparison).verdicts.map(\.outcome)
        }
        #expect(try outcomes(6) == [.noDifferenceShown, .noDifferenceShown])
        #expect(try outcomes(7) == [.gains, .noDifferenceShown])
    }

    @Test func discordantPairsOfSeedsAddUp() throws {
        // 3 to 0 in each of two seeds: 6 to 0 in all.
        let verdict = try verdict([(3, 0), (3, 0)])
        #expect(abs(verdict.pValue - 2.0 / 64) < 1e-12 && verdict.outcome == .gains && verdict.seedsUp == 2)
    }

    @Test func seedsHaveToAgree() throws {
        // With two to five seeds none may go the other way; a seed without a difference says nothing.
        #expect(try verdict([(20, 0), (20, 0), (20, 0), (0, 1)]).outcome == .noDifferenceShown)
        #expect(try verdict([(20, 0), (20, 0), (20, 0), (3, 3)]).outcome == .gains)
        // With six or more it is the sign test: 5 to 1 is 14 / 2^6, 8 to 1 is 20 / 2^9.
        let ups = { (count: Int) in Array(repeating: (wins: 20, losses: 0), count: count) + [(wins: 0, losses: 1)] }
        #expect(try verdict(ups(5)).outcome == .noDifferenceShown)
        #expect(try verdict(ups(8)).outcome == .gains)
    }

    /// A node of one class alone does not care for what its model answers to others.
    @Test func classesThatANodeDoesNotHaveDoNotCount() throws {
        // The first half of the samples is class 0: the joined model is better on 7 of them, and worse on 15 of the others.
        let joined = (0..<40).map { $0 < 7 }
        let alone = (0..<40).map { $0 >= 20 && $0 < 35 }
        let classes = String(repeating: "0", count: 20) + String(repeating: "1", count: 20)
        func verdict(_ weights: [Double]) throws -> NodeVerdict {
            let (first, second) = (node(0, joined, weights: weights), node(0, alone, weights: weights))
            return try #require(compared([[first]], [[second]], classes: classes)?.verdicts.first)
        }
        #expect(abs(try verdict([1, 0]).pValue - 2.0 / 128) < 1e-12)
        #expect(abs(try verdict([0, 1]).pValue - 2.0 / 32768) < 1e-12)
        // With both classes weighted alike the test is one of 7 to 15 among 22 fair coins.
        let both = try verdict([0.5, 0.5])
        #expect(abs(both.pValue - SignTest.pValue(wins: 7, losses: 15)) < 1e-12)
    }

    /// Fisher's exact test of 30 and 15 of 40, and of 20 and 10 of 40, as scipy has it.
    @Test func whereTheEndsDifferInSamplesTheCurvesAreComparedAtTheSameOwnSamples() throws {
        // The joined node trained on twice as many samples: half way it had 50 % right, the other at its end 25 %.
        let joined = node(0, answers(right: 36, of: 40), accuracies: [0.1, 0.3, 0.5, 0.8, 0.9], trained: 1280)
        let alone = node(0, answers(right: 10, of: 40), accuracies: [0.1, 0.1, 0.2, 0.2, 0.25], trained: 640)
        let verdict = try #require(compared([[joined]], [[alone]])?.verdicts.first)
        #expect(verdict.value == 0.5 && verdict.aloneValue == 0.25)
        #expect(abs(verdict.pValue - 0.03683483307622307) < 1e-9, "\(verdict.pValue)")
    }

    @Test func atEqualTimeBothAreTakenWhenTheFirstOfThemHasEnded() throws {
        // Alone takes 4 s; at 4 s of 8 s the joined model had 10 % less than alone has.
        let joined = node(0, answers(right: 36, of: 40), accuracies: [0.1, 0.2, 0.3, 0.8, 0.9], seconds: 8)
        let alone = node(0, answers(right: 16, of: 40), accuracies: [0.1, 0.1, 0.2, 0.2, 0.4])
        let later = try #require(compared([[joined]], [[alone]], terms: .equalTime)?.verdicts.first)
        #expect(later.value == 0.3 && later.aloneValue == 0.4)
        let gain = try #require(compared([[joined]], [[alone]], terms: .equalTime)?.gains[1]?.first)
        #expect(abs(gain.accuracy + 0.1) < 1e-12 && abs(gain.value + 0.1) < 1e-12)
        let equal = try #require(compared([[joined]], [[alone]])?.verdicts.first)
        #expect(equal.value == 0.9 && equal.aloneValue == 0.4)
    }

    @Test func otherNodesAndOtherMachinesAreNotCompared() throws {
        let (joined, alone) = pair(wins: 7, losses: 0)
        #expect(compared([[joined, joined]], [[alone]]) == nil)
        let kind = node(0, answers(right: 3, of: 40), kind: 1)
        #expect(compared([[joined]], [[kind]]) == nil)
        var results = communityResults(
            [record("alone", nodes: [alone]), record("dpsgd", nodes: [joined])], testSamples: 40)
        #expect(NodeComparison.all(results).map(\.terms) == [.equalSamples, .equalTime])
        results.plan.strategies[1].options["hidden-units"] = "16"
        #expect(NodeComparison.all(results).isEmpty)
        results.plan.strategies[0].options["hidden-units"] = "16"
        #expect(NodeComparison.all(results).map(\.terms) == [.equalSamples, .equalTime])
        results.plan.strategies[1].cluster?.worker.speed *= 2
        #expect(NodeComparison.all(results).map(\.terms) == [.equalSamples])
        #expect(NodeComparison.all(communityResults([record("dpsgd", nodes: [joined])], testSamples: 40)).isEmpty)
    }

    /// Models that are equally good: in 200 communities of 12 nodes hardly more than 5 % may have any verdict at all.
    @Test func equalModelsAreSeldomToldApart() throws {
        var state: UInt64 = 11
        func isRight() -> Bool {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(UInt64(1) << 53) < 0.9
        }
        let alarms = try (0..<200).count { _ in
            let nodes = (0..<12).map { rank in
                (node(rank, (0..<360).map { _ in isRight() }), node(rank, (0..<360).map { _ in isRight() }))
            }
            let comparison = compared([nodes.map(\.0)], [nodes.map(\.1)], samples: 360)
            return try #require(comparison).count(.noDifferenceShown) < 12
        }
        // More than 19 of 200 have a probability below 0.5 % at a rate of 5 %.
        #expect(1 - Binomial.cumulative(19, trials: 200, probability: 0.05) < 0.005)
        #expect(alarms <= 19, "\(alarms) of 200")
        #expect(alarms > 0)
    }
}
