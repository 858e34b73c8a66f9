import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Whom nodes of a community follow, what they look at, and from when on.
@Suite(.timeLimit(.minutes(60)))
struct CommunityChoiceTests {
    // MARK: PENS

    /// How often each node has heard each other in some rounds in which all that are heard are kept.
    private func heard(_ strategy: Community, _ rounds: Range<Int>) throws -> [[Int]] {
        let (schedule, nodes) = (try strategy.schedule(SeedSequence(1)), strategy.rankCount)
        return (0..<nodes).map { node in
            rounds.reduce(into: Array(repeating: 0, count: nodes)) { counts, round in
                for entry in schedule.exchange(of: node, round: round).row where entry.node != node {
                    counts[entry.node] += 1
                }
            }
        }
    }

    private func followed(_ strategy: Community, _ shared: TrainingConfiguration) throws -> [[Int]] {
        let outcome = try PeerRuns.play(strategy, shared)
        return (0..<strategy.rankCount).map {
            outcome.state.vector(Community.Rule.followed, ofRank: $0).values.map { Int($0) }
        }
    }

    private func strategy(_ shared: TrainingConfiguration, joins: String = NodeRoundList.none) -> Community {
        CommunityTests.strategy(shared, workers: 8) {
            ($0.accepts, $0.drawn, $0.selected, $0.meetingRounds, $0.joins) = ("average", 2, 2, 4, joins)
        }
    }

    /// Two of eight nodes in each of four rounds: by chance a node is kept once, and who is followed was kept more often.
    @Test func whoWasKeptMoreOftenThanByChanceIsFollowed() throws {
        let shared = PeerRuns.configuration(rounds: 5, workers: 8, rate: PeerRuns.noRate)
        let strategy = strategy(shared)
        let counts = try heard(strategy, 0..<4)
        #expect(counts.joined().contains(1) && counts.joined().contains(2))
        #expect(try followed(strategy, shared) == counts.map { $0.map { $0 > 1 ? 1 : 0 } })
    }

    /// When somebody joins all meet anew, and what was kept before is of no more account.
    @Test func aSecondMeetingCountsByItself() throws {
        let shared = PeerRuns.configuration(rounds: 11, workers: 8, rate: PeerRuns.noRate)
        let strategy = strategy(shared, joins: "7@6")
        let (first, second) = (try heard(strategy, 0..<4), try heard(strategy, 6..<10))
        func chosen(_ counts: [[Int]]) -> [[Int]] { counts.map { $0.map { $0 > 1 ? 1 : 0 } } }
        let both = zip(first, second).map { zip($0, $1).map { $0 + $1 } }
        #expect(chosen(second) != chosen(both))
        #expect(try followed(strategy, shared) == chosen(second))
    }

    /// A meeting begins in the round in which somebody joins, and ends with a choice.
    @Test func meetingsBeginWithWhoeverJoins() {
        let shared = PeerRuns.configuration(rounds: 1, workers: 8)
        let policy = strategy(shared, joins: "7@6").policy
        #expect((0..<12).filter(policy.isMeeting) == [0, 1, 2, 3, 6, 7, 8, 9])
        #expect((0..<12).filter(policy.beginsMeeting) == [0, 6])
        #expect((0..<12).filter(policy.selects) == [4, 10])
    }

    // MARK: Looking

    /// What a node thinks of a proxy that it has heard is one over its loss on the node's own samples, whichever pieces of a model
    /// the proxy is.
    @Test func proxiesAreLookedAtAsAWhole() throws {
        let shared = PeerRuns.configuration(rounds: 1, workers: 3, rate: PeerRuns.noRate)
        let strategy = CommunityTests.strategy(shared, workers: 3) {
            ($0.shares, $0.follows, $0.accepts, $0.drawn, $0.proxyUnits) = ("proxy", "dac", "average", 1, 8)
        }
        let outcome = try PeerRuns.play(strategy, shared)
        let proxy = outcome.run.initialParameters.copied()
        TestRuns.network.narrow(proxy, toHiddenUnits: 8)
        let parts = try strategy.policy.parts(of: outcome.run, strategy.nodeOptions)
        for node in 0..<3 {
            let samples = parts[node].parts.training
            let loss = outcome.run.lossAndCorrect(of: proxy, on: samples[...]).loss / Double(samples.count)
            let scores = outcome.state.vector(Community.Rule.scores, ofRank: node).values
            #expect(scores.count { $0 != 0 } == 1)
            #expect(abs(Double(scores.max() ?? 0) - 1 / loss) < 1e-5, "node \(node)")
        }
    }

    // MARK: Accepting

    /// Two nodes with the same model: their mean is that model to the last bit, and no worse.
    @Test func whatIsAsGoodIsAccepted() throws {
        let shared = PeerRuns.configuration(rounds: 4, workers: 2, rate: PeerRuns.noRate)
        let strategy = CommunityTests.strategy(shared, workers: 2) {
            ($0.follows, $0.accepts, $0.overlay.overlay) = ("overlay", "guarded", "full")
        }
        let outcome = try PeerRuns.play(strategy, shared)
        #expect(outcome.models == Array(repeating: outcome.run.initialParameters.values, count: 2))
        #expect(outcome.record.nodes.map(\.listened) == [[1: 2], [0: 2]])
    }

    /// In an overlay the weight of a neighbour that shares nothing is the node's own.
    @Test func weightsOfWhoSharesNothingStay() throws {
        let shared = PeerRuns.configuration(rounds: 1, workers: 5)
        let strategy = CommunityTests.strategy(shared, workers: 5) {
            ($0.shares, $0.follows) = ("model/2:nothing", "overlay")
        }
        let schedule = try strategy.schedule(SeedSequence(1))
        for node in 0..<5 {
            let row = schedule.exchange(of: node, round: 0).row
            #expect(abs(row.reduce(0) { $0 + $1.weight } - 1) < 1e-12, "node \(node)")
            let own = row.first { $0.node == node }?.weight ?? 0
            #expect(abs(own - (node == 1 || node == 3 ? 2 : 1) / 3.0) < 1e-12, "node \(node)")
        }
    }

    // MARK: Joining

    /// The copy that ditto averages begins as the node's own model when the node joins, so that there is nothing that pulls yet.
    @Test func dittoBeginsWhenANodeJoins() throws {
        let shared = PeerRuns.configuration(rounds: 7, workers: 2)
        let strategy = CommunityTests.strategy(shared, workers: 2) {
            ($0.follows, $0.accepts, $0.joins) = ("nobody", "ditto", "1@6")
        }
        let outcome = try PeerRuns.play(strategy, shared)
        let alone = try PeerRuns.play(
            Alone(configuration: shared, nodeOptions: NodeOptions(workers: 2)), shared)
        #expect(TestRuns.distance(outcome.models[1], alone.models[1]) < 1e-6)
        let copy = outcome.state.vector(Community.Rule.shared, ofRank: 1).values
        #expect(TestRuns.distance(copy, alone.models[1]) < 1e-6)
        #expect(TestRuns.distance(copy, outcome.run.initialParameters.values) > 1e-3)
    }
}
