import Datasets
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Communities whose nodes have unequal shards, and communities in which kinds find themselves.
@Suite(.timeLimit(.minutes(60)))
struct CommunityLimitTests {
    /// W_ij = n_j / N where all hear all: federated averaging with all clients, also where nodes have many samples and few. Two
    /// steps of all that a node has are two local epochs.
    @Test func averagesBySamplesAreFederatedAveragingOnUnequalShards() throws {
        var shared = PeerRuns.configuration(rounds: 1, workers: 5)
        shared.epochs = 16
        shared.evaluateEveryEpochs = 32
        shared.schedule = LearningRateSchedule(baseRate: 0.2, totalEpochs: 16)
        let partition = "dirichlet:0.5"
        let strategy = CommunityTests.strategy(shared, workers: 5, syncEvery: 2) {
            ($0.follows, $0.accepts) = ("all", "average")
            ($0.nodes.localBatch, $0.nodes.partition) = (nil, partition)
        }
        let community = try PeerRuns.play(strategy, shared)
        let sizes = try community.run.nodeObjectives(partition: partition, among: 5).map(\.shard.count)
        #expect((sizes.max() ?? 0) > 2 * (sizes.min() ?? 0), "\(sizes)")
        let clients = ClientOptions(clients: 5, fraction: 1, localEpochs: 2, localBatch: nil, partition: partition)
        let federated = try TestRuns.run(
            FederatedAveraging(shared, clients),
            TestConfiguration(shared: shared, steps: StepOptions(), clients: clients))
        // The server divides n_j by N in single precision, and adds in another order: eight rounds of a few roundings each.
        for model in community.models { #expect(TestRuns.distance(model, federated.parameters) < 3e-6) }
        // Equal weights are another average.
        let even = try PeerRuns.play(
            DecentralizedSGD(
                shared, workers: 5, overlay: "full", mixing: .uniform, syncEvery: 2, batch: nil, partition: partition),
            shared)
        #expect(TestRuns.distance(even.models[0], federated.parameters) > 1e-3)
    }

    /// Where PENS keeps the nodes of a node's own kind in every round, each kind trains as if there were no other, bit for bit:
    /// as one whose nodes follow all that share something, which the other kind does not.
    @Test func kindsThatPENSTellsApartAreRunsOfTheirOwn() throws {
        var shared = PeerRuns.configuration(rounds: 12, workers: 6, syncEvery: 20, rate: 0.2)
        shared.objectives = "rotations:2"
        func play(_ shares: String, _ follows: String) throws -> PeerRuns.Outcome {
            try PeerRuns.play(
                CommunityTests.strategy(shared, workers: 6, syncEvery: 20) {
                    ($0.shares, $0.follows, $0.accepts) = (shares, follows, "average")
                    ($0.selected, $0.meetingRounds) = (2, 5)
                }, shared)
        }
        let both = try play("model", "pens")
        let even = try play("model/1:nothing/3:nothing/5:nothing", "all/1:nobody/3:nobody/5:nobody")
        let odd = try play("nothing/1:model/3:model/5:model", "nobody/1:all/3:all/5:all")
        for node in 0..<6 {
            let followed = both.state.vector(Community.Rule.followed, ofRank: node).values
            #expect(followed == (0..<6).map { $0 % 2 == node % 2 && $0 != node ? 1 : 0 })
            #expect(both.models[node] == (node % 2 == 0 ? even : odd).models[node], "node \(node)")
            #expect(both.models[node] != (node % 2 == 0 ? odd : even).models[node])
        }
    }
}
