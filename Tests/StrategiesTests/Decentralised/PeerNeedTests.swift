import Cluster
import Fabrics
import Kernel
import Testing

@testable import Strategies
@testable import Training

/// What strategies without one common model say of themselves before they run: their memory, and their longest message.
@Suite(.timeLimit(.minutes(60)))
struct PeerNeedTests {
    private func strategy(_ name: String, _ options: OptionValues) throws -> any Strategy {
        let configuration = TestRuns.configuration(epochs: 1, workers: 4)
        return try configuration.make(#require(StrategyRegistry.named(name)), options)
    }

    /// A strategy with some of its options, and what is right of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let options: OptionValues
        let expected: Int

        init(_ name: String, _ expected: Int, _ options: OptionValues = [:]) {
            (self.name, self.options, self.expected) = (name, options, expected)
        }

        var testDescription: String { "\(name) \(options.keys.sorted())" }
    }

    private static let kept = [
        Case("dpsgd", 0), Case("dpsgd", 1, ["order": "with-combine"]),
        Case("dpsgd", 1, ["correction": "exact-diffusion"]), Case("dpsgd", 2, ["correction": "gradient-tracking"]),
        Case("push-sum", 1), Case("choco", 2), Case("epidemic", 0), Case("gossip", 1),
        Case("gossip", 3, ["protocol": "pairwise"]), Case("community", 1), Case("community", 2, ["accepts": "ditto"]),
        Case("clustered", 3, ["center": "none", "models": 3]),
    ]

    /// Vectors that a node keeps beside its model, more than a node by itself: what its paper names, and the message that it
    /// has sent.
    @Test(arguments: kept) func vectorsBesideTheModelTakeMemory(_ given: Case) throws {
        func kept(_ name: String, _ options: OptionValues) throws -> Int {
            let strategy = try strategy(name, options)
            return strategy.memoryNeed(ofRank: 1, TestRuns.network, samples: 100).optimizerState
        }
        let further = try kept(given.name, given.options) - kept("alone", [:])
        #expect(further == (given.expected + 1) * 4 * TestRuns.network.parameterCount)
    }

    /// A node that sends nothing needs what one device needs that trains by itself.
    @Test func aNodeAloneKeepsNoMessage() throws {
        let alone = try strategy("alone", [:])
        let need = alone.memoryNeed(ofRank: 1, TestRuns.network, samples: 10)
        #expect(need == .training(TestRuns.network, batch: 10, keeping: 0))
        #expect(alone.vectorCount == 4)
    }

    /// A server of three models keeps them all and the message with all of them, and computes no activations; its nodes keep what
    /// was sent to choose from.
    @Test func aServerOfClustersAveragesAndItsNodesTrain() throws {
        let strategy = try strategy("clustered", ["models": 3])
        let model = 4 * TestRuns.network.parameterCount
        let server = strategy.memoryNeed(ofRank: 0, TestRuns.network, samples: 100)
        #expect(server.parameters == model && server.optimizerState == 5 * model && server.sum == model)
        #expect(server.gradient == 0 && server.activations == 0)
        let node = strategy.memoryNeed(ofRank: 1, TestRuns.network, samples: 100)
        #expect(node.optimizerState == 3 * model && node.gradient == model)
        #expect(node.activations == TestRuns.network.workspaceBytes(samples: 10))
    }

    private static let longest = [
        Case("dpsgd", 1210), Case("dpsgd", 2 * 1210, ["correction": "gradient-tracking"]), Case("push-sum", 1211),
        Case("epidemic", 1210), Case("clustered", 3 * 1210, ["models": 3, "sync-every": 2]),
        Case("clustered", 1211, ["models": 1, "sync-every": 2]),
        Case("clustered", 1211, ["center": "none", "models": 3, "sync-every": 2]),
        Case("community", 1210, ["sync-every": 2, "follows": "all"]),
        Case("community", 1210 + 4, ["sync-every": 2, "follows": "dac", "accepts": "average"]),
    ]

    /// Numbers in the longest message that any rank sends: a model, and what travels with it.
    @Test(arguments: longest) func noMessageIsLongerThanTheStrategySays(_ given: Case) throws {
        let strategy = try strategy(given.name, given.options)
        let recorder = ScheduleRecorder(ranks: strategy.rankCount)
        _ = try TestRuns.run(strategy, TestRuns.configuration(epochs: 1, workers: 4), observer: recorder)
        let longest = try #require(recorder.schedule).operations.reduce(0) { longest, operation in
            switch operation {
            case .send(_, let bytes, _, _), .post(_, let bytes, _, _): max(longest, bytes)
            default: longest
            }
        }
        #expect(strategy.longestMessage(parameters: 1210) == given.expected)
        #expect(longest == 4 * given.expected)
    }
}
