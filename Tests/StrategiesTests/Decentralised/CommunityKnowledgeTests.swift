import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Nodes that share what does not depend on their architecture: predictions on a public set, and proxies.
@Suite(.timeLimit(.minutes(60)))
struct CommunityKnowledgeTests {
    /// n nodes that hear n - 1 others: 4 N_pub C + 16 bytes a message.
    @Test func predictionsAreChargedByThePublicSet() throws {
        let shared = PeerRuns.configuration(rounds: 5, workers: 4)
        let strategy = CommunityTests.strategy(shared, workers: 4) {
            ($0.shares, $0.follows, $0.publicCount) = ("predictions", "all", 60)
        }
        let report = try PeerRuns.play(strategy, shared).report
        #expect(report.ledger.totalBytes == 5 * 4 * 3 * (4 * 60 * 10 + 16))
        #expect(report.ledger.entries.allSatisfy { $0.purpose == .knowledge || $0.bytesSent + $0.bytesReceived == 0 })
        func seconds(_ work: ComputeWork) -> Double { TestRuns.compute.seconds(work, on: PeerRuns.nodes(1)[0]) }
        // What is held out is a fifth of what is left beside 60 of 1,437 samples.
        let run = try PeerRuns.play(strategy, shared).run
        let parts = try strategy.policy.parts(of: run, strategy.nodeOptions)
        for (node, part) in parts.enumerated() {
            let round =
                seconds(.step(samples: 10)) + seconds(.forward(samples: 60))
                + seconds(.epochs(1, samples: 60, batch: 60))
                + seconds(.forward(samples: part.parts.validation.count, passes: 2))
                + seconds(.vector(elements: 1210 * 4))
            #expect(abs(report.accounts[node].computeSeconds - 5 * round) < 1e-6)
        }
        #expect(parts.reduce(0) { $0 + $1.objective.shard.count } == 1437 - 60)
    }

    /// Nobody trains on public samples, and nobody looks at their labels: with other labels all bits are the same.
    @Test func labelsOfPublicSamplesAreOfNoUse() throws {
        let shared = PeerRuns.configuration(rounds: 6, workers: 3)
        let strategy = CommunityTests.strategy(shared, workers: 3) {
            ($0.shares, $0.follows, $0.accepts, $0.publicCount) = ("predictions", "all", "average", 100)
        }
        let run = try PeerRuns.play(strategy, shared).run
        let common = try strategy.policy.publicSamples(of: 1437, seeds: SeedSequence(1), shuffles: true)
        #expect(common.count == 100 && Set(common).count == 100)
        for part in try strategy.policy.parts(of: run, strategy.nodeOptions) {
            #expect(Set(part.parts.training).isDisjoint(with: common))
        }
        // A step by hand of a node with the run's learning rate: towards the mean of both logits.
        let targets = ParameterVector(count: 1000)
        run.outputs(of: run.initialParameters, on: common[...], into: targets)
        let gradient = ParameterVector(count: 1210)
        let loss = run.lossAndGradient(
            common[...], towards: targets, rows: Array(0..<Int32(100))[...], by: .meanAbsoluteError, dividedBy: 100,
            at: run.initialParameters, into: gradient)
        #expect(loss == 0 && gradient.values.allSatisfy { $0 == 0 })
    }

    /// Two nodes that learn nothing by themselves come to agree on the public set.
    @Test(arguments: DistillationLoss.allCases) func nodesComeToAgree(_ loss: DistillationLoss) throws {
        func distance(rounds: Int) throws -> Float {
            let shared = PeerRuns.configuration(rounds: rounds, workers: 2, rate: 0.05)
            let strategy = CommunityTests.strategy(shared, workers: 2) {
                ($0.shares, $0.follows, $0.accepts, $0.publicCount) = ("predictions", "all/1:nobody", "average", 100)
                ($0.distillation, $0.distillationBatch) = (loss, 10)
            }
            let outcome = try PeerRuns.play(strategy, shared) { state in
                // Node 1 is far from node 0 in what it says.
                let model = state.vector(StateDeclaration.parametersName, ofRank: 1)
                for index in 1200..<1210 { model[index] += Float(index % 3) }
            }
            let common = try strategy.policy.publicSamples(of: 1437, seeds: SeedSequence(1), shuffles: true)
            let outputs = (0..<2).map { node in
                let result = ParameterVector(count: 1000)
                outcome.run.outputs(
                    of: outcome.state.vector(StateDeclaration.parametersName, ofRank: node), on: common[...],
                    into: result)
                return result.values
            }
            let apart = zip(outputs[0], outputs[1]).map { $0 - $1 }
            // What all classes have alike is no difference to a softmax.
            return apart.indices.reduce(0) { sum, index in
                let row = apart[index / 10 * 10..<index / 10 * 10 + 10]
                return sum + abs(apart[index] - row.reduce(0, +) / 10) / 1000
            }
        }
        let (before, after) = (try distance(rounds: 1), try distance(rounds: 60))
        #expect(after < 0.6 * before, "\(before), \(after)")
    }

    /// Nodes with 16 and with 4 hidden units learn from each other, and what a narrow one has not stays 0.
    @Test(arguments: ["predictions", "proxy"]) func nodesOfOtherArchitecturesLearnFromEachOther(_ shares: String) throws
    {
        let shared = PeerRuns.configuration(rounds: 40, workers: 4, syncEvery: 5, momentum: 0.5)
        func outcome(_ follows: String) throws -> PeerRuns.Outcome {
            let strategy = CommunityTests.strategy(shared, workers: 4, syncEvery: 5) {
                ($0.shares, $0.follows, $0.hiddenUnits, $0.proxyUnits) = (shares, follows, "16/2-3:4", 8)
            }
            return try PeerRuns.play(strategy, shared)
        }
        let (together, apart) = (try outcome("all"), try outcome("nobody"))
        let ones = ParameterVector([Float](repeating: 1, count: 1210))
        TestRuns.network.narrow(ones, toHiddenUnits: 4)
        #expect(ones.values.count { $0 == 1 } == 64 * 4 + 4 + 4 * 10 + 10)
        for (node, model) in together.models.enumerated() {
            let outside = zip(model, ones.values).filter { $0.1 == 0 }.map(\.0)
            #expect(outside.allSatisfy { $0 == 0 } == (node >= 2))
            #expect(model != apart.models[node])
        }
        func accuracy(_ outcome: PeerRuns.Outcome) -> Double { outcome.record.evaluations.last?.testAccuracy ?? 0 }
        #expect(accuracy(together) > 0.5 && accuracy(together) > accuracy(apart) - 0.05)
        #expect(together.report.ledger.totalBytes > 0 && apart.report.ledger.totalBytes == 0)
    }

    /// What such nodes are compared with: the same models, from the same start to what each makes of its data.
    @Test func aloneHasTheSameArchitectures() throws {
        let shared = PeerRuns.configuration(rounds: 20, workers: 4, momentum: 0.5)
        let lone = try Alone.alone.make(shared, ["workers": 4, "hidden-units": "16/2-3:4"])
        let alone = try PeerRuns.play(#require(lone as? Alone), shared)
        let community = try PeerRuns.play(
            CommunityTests.strategy(shared, workers: 4) {
                ($0.shares, $0.follows, $0.hiddenUnits) = ("nothing", "nobody", "16/2-3:4")
            }, shared)
        #expect(alone.models == community.models)
        #expect(alone.record.evaluations.first?.testLoss == community.record.evaluations.first?.testLoss)
        let whole = try PeerRuns.play(Alone(configuration: shared, nodeOptions: NodeOptions(workers: 4)), shared)
        #expect(Array(whole.models[0..<2]) == Array(alone.models[0..<2]) && whole.models[2] != alone.models[2])
        #expect(throws: OptionError.self) { try Alone.alone.make(shared, ["workers": 4, "hidden-units": "16/4:8"]) }
        #expect(throws: OptionError.self) { try Alone.alone.make(shared, ["hidden-units": "0"]) }
        let wide = try Alone.alone.make(shared, ["workers": 4, "hidden-units": "17"])
        let error = #expect(throws: DataError.self) { try PeerRuns.play(#require(wide as? Alone), shared) }
        #expect(error?.description.contains("allowed are from 1 to 16") == true, "\(error?.description ?? "")")
    }

    /// 64 * 8 + 8 + 8 * 10 + 10 numbers of a proxy with 8 units travel, of a model with 1,210.
    @Test func aProxyIsChargedByItsOwnSize() throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 4)
        let strategy = CommunityTests.strategy(shared, workers: 4) {
            ($0.shares, $0.follows, $0.accepts, $0.proxyUnits) = ("proxy", "all", "average", 8)
        }
        let outcome = try PeerRuns.play(strategy, shared)
        #expect(outcome.report.ledger.totalBytes == 3 * 4 * 3 * (4 * 610 + 16))
        let proxies = outcome.state.vectors(Community.Rule.shared, ranks: 4)
        // All average all, by samples, and one step of each follows; what a proxy has not is 0.
        #expect(proxies.allSatisfy { $0.count { $0 != 0 } <= 610 && $0 == proxies[0] })
        #expect(Set(outcome.models).count == 4)
        func seconds(_ work: ComputeWork) -> Double { TestRuns.compute.seconds(work, on: PeerRuns.nodes(1)[0]) }
        let round =
            2 * seconds(.step(samples: 10)) + seconds(.forward(samples: 10, passes: 2))
            + seconds(.vector(elements: 1210 * 4))
        #expect(abs(outcome.report.accounts[0].computeSeconds - 3 * round) < 1e-6)
    }

    /// Models that learn nothing from their proxies are nodes alone, bit for bit.
    @Test func withoutMutualLearningAProxyIsNothingToItsNode() throws {
        let shared = PeerRuns.configuration(rounds: 20, workers: 3, momentum: 0.5)
        let strategy = CommunityTests.strategy(shared, workers: 3) {
            ($0.shares, $0.follows, $0.accepts, $0.mutualShare) = ("proxy", "all", "average", 0)
        }
        let options = NodeOptions(workers: 3)
        let lone = try PeerRuns.play(Alone(configuration: shared, nodeOptions: options), shared)
        #expect(try PeerRuns.play(strategy, shared).models == lone.models)
    }

    @Test func whatCannotGoTogetherIsRefused() throws {
        for (values, words) in [
            (["shares": "predictions"], ["following all, overlay or nobody"]),
            (["shares": "proxy/3:model"], ["some nodes share a proxy and some model"]),
            (["shares": "proxy", "accepts": "guarded/2:ditto"], ["node 2 shares a proxy and accepts by ditto"]),
            (["shares": "proxy/3:nothing"], ["node 3 follows others and has no proxy"]),
            (["hidden-units": "all/0-5:16"], ["nodes differ in hidden-units", "predictions, proxy or nothing"]),
            (["hidden-units": "0"], ["'0' is no number of hidden units"]), (["hidden-units": "8/16:4"], ["node 16"]),
            (["distillation": "mse"], ["mae"]), (["public": 0], ["public"]),
        ] as [(OptionValues, [String])] {
            let error = #expect(throws: OptionError.self, "\(values)") { try CommunityTests.options(values) }
            for word in words { #expect(error?.description.contains(word) == true, "\(error?.description ?? "")") }
        }
        #expect(try Community.Options(["shares": "proxy/3:nothing", "follows": "all/3:nobody"]).problem == nil)
        let shared = PeerRuns.configuration(rounds: 1, workers: 2)
        func error(_ network: Network, _ change: (inout Community.Options) -> Void) -> String {
            let strategy = CommunityTests.strategy(shared, workers: 2) {
                ($0.shares, $0.follows) = ("predictions", "all")
                change(&$0)
            }
            do {
                _ = try PeerRuns.play(strategy, shared, network: network)
                return ""
            } catch { return "\(error)" }
        }
        let flat = Network(
            input: FeatureShape(channels: 1, height: 8, width: 8), [.flatten, .dense("fc", outputs: 10)])
        #expect(error(flat) { $0.hiddenUnits = "8" }.contains("no hidden dense layer"))
        #expect(error(TestRuns.network) { $0.hiddenUnits = "17" }.contains("allowed are from 1 to 16"))
        #expect(error(TestRuns.network) { $0.publicCount = 1437 }.contains("allowed are from 1 to 1436"))
        #expect(error(TestRuns.network) { $0.publicCount = 1435 }.contains("1 or more to train on"))
        #expect(error(flat) { $0.shares = "proxy" }.contains("proxy-units is 16"))
    }
}
