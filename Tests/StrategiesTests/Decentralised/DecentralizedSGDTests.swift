import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// D-PSGD against strategies that it becomes, and against what its papers prove.
@Suite(.timeLimit(.minutes(60)))
struct DecentralizedSGDTests {
    // MARK: Where all talk to all

    /// Nodes with all of their samples in a batch, 479 each, make the step of one global batch.
    private func fullBatches(_ order: DecentralizedSGD.Order, rounds: Int) throws -> (nodes: [[Float]], sync: [Float]) {
        let shared = PeerRuns.configuration(rounds: rounds, workers: 3, batch: 479, rate: 0.5)
        let strategy = DecentralizedSGD(shared, workers: 3, overlay: "full", order: order, batch: nil)
        let peers = try PeerRuns.play(strategy, shared)
        var configuration = TestRuns.configuration(batch: 1437, rate: 0.5, workers: 3)
        configuration.shared = shared
        let sync = try TestRuns.run(SynchronousSGD(configuration, workers: 3), configuration)
        return (peers.models, sync.parameters)
    }

    @Test func adaptThenCombineIsSynchronousWhereAllTalkToAll() throws {
        let (nodes, sync) = try fullBatches(.adaptThenCombine, rounds: 12)
        // Sums of 1,437 terms in other orders, over twelve steps.
        for node in nodes { #expect(TestRuns.distance(node, sync) < 2e-5) }
        #expect(nodes.allSatisfy { $0 == nodes[0] })
    }

    /// The claim that D-PSGD on the full graph is synchronous SGD does not hold of Lian's order.
    @Test func withCombineIsNot() throws {
        let (nodes, sync) = try fullBatches(.withCombine, rounds: 12)
        for node in nodes { #expect(TestRuns.distance(node, sync) > 1e-3) }
        #expect(nodes[0] != nodes[1])
        // After the first step, at which all gradients are taken at one model, their mean is the same.
        let (first, one) = try fullBatches(.withCombine, rounds: 1)
        #expect(PeerRuns.distance(PeerRuns.mean(first), one.map(Double.init)) < 1e-6)
    }

    @Test func aNodeByItselfIsOneDevice() throws {
        let shared = PeerRuns.configuration(rounds: 60, workers: 1, batch: 64)
        for overlay in ["ring", "full", "exponential"] {
            let strategy = DecentralizedSGD(shared, workers: 1, overlay: overlay, batch: 64)
            let peers = try PeerRuns.play(strategy, shared, shuffles: false)
            var configuration = TestRuns.configuration(batch: 64)
            configuration.shared = shared
            let single = try TestRuns.run(
                SynchronousSGD(configuration, workers: 1), configuration, shuffles: false)
            #expect(peers.models[0] == single.parameters, "\(overlay)")
            #expect(peers.report.ledger.totalBytes == 0)
        }
    }

    /// With an epoch of local steps, all clients in every round and as many samples each, D-PSGD is federated averaging
    /// to the last bit.
    @Test func itIsFederatedAveragingWhereAllTalkToAll() throws {
        // 479 samples in batches of 10: 48 steps, the last of 9.
        var shared = PeerRuns.configuration(rounds: 1, workers: 3)
        shared.epochs = 5
        shared.evaluateEveryEpochs = 1
        shared.schedule = LearningRateSchedule(baseRate: 0.2, decay: .cosine, totalEpochs: 5)
        let strategy = DecentralizedSGD(shared, workers: 3, overlay: "full", mixing: .uniform, syncEvery: 48)
        let peers = try PeerRuns.play(strategy, shared)
        let clients = ClientOptions(clients: 3, fraction: 1, localEpochs: 1, localBatch: 10, partition: "iid")
        let federated = try TestRuns.run(
            FederatedAveraging(shared, clients),
            TestConfiguration(shared: shared, steps: StepOptions(), clients: clients))
        for model in peers.models { #expect(model == federated.parameters) }
        // Sums over the test set in two orders.
        let losses = try #require(peers.record.nodes.first).evaluations.map(\.testLoss)
        #expect(losses.count == 6)
        #expect(PeerRuns.distance(losses, federated.record.evaluations.map(\.testLoss)) < 1e-9)
    }

    // MARK: Means and consensus

    /// x̄ ← x̄ - γ * mean of g_i, in both orders and on any doubly stochastic overlay.
    @Test(arguments: ["ring", "star", "cliques", "exponential", "one-peer"], DecentralizedSGD.Order.allCases)
    func theMeanMovesByTheMeanGradient(overlay: String, order: DecentralizedSGD.Order) throws {
        let workers = 5
        let shared = PeerRuns.configuration(rounds: 1, workers: workers, rate: 0.3)
        let strategy = DecentralizedSGD(shared, workers: workers, overlay: overlay, order: order)
        func begin(_ state: NamedState) {
            for rank in 0..<workers {
                let model = state.vector(StateDeclaration.parametersName, ofRank: rank)
                for index in 0..<model.count { model[index] += 0.01 * Float((index * (rank + 3)) % 7) }
            }
        }
        let peers = try PeerRuns.play(strategy, shared, shuffles: false, prepare: begin)
        // The expected model comes from the same gradients in a plain loop.
        let start = NamedState(strategy.state, startingFrom: peers.run.initialParameters)
        begin(start)
        let shards = try peers.run.partition("iid", among: workers)
        var expected = PeerRuns.mean(start.vectors(StateDeclaration.parametersName, ranks: workers))
        for rank in 0..<workers {
            let gradient = ParameterVector(count: start.parameterCount)
            _ = peers.run.lossAndGradient(
                shards[rank][0..<10], dividedBy: 10, at: start.vector(StateDeclaration.parametersName, ofRank: rank),
                into: gradient)
            for index in expected.indices { expected[index] -= 0.3 * Double(gradient[index]) / Double(workers) }
        }
        #expect(PeerRuns.distance(peers.mean(), expected) < 1e-6)
    }

    /// Started in the eigenvector u_2 and taught nothing, nodes come together by |λ_2| a round.
    @Test(arguments: DecentralizedSGD.Order.allCases) func aRingContractsByItsSecondEigenvalue(
        _ order: DecentralizedSGD.Order
    ) throws {
        let (workers, rounds) = (8, 7)
        let shared = PeerRuns.configuration(rounds: rounds, workers: workers, rate: PeerRuns.noRate)
        let strategy = DecentralizedSGD(shared, workers: workers, order: order)
        func begin(_ state: NamedState) {
            PeerRuns.set(state, ranks: workers, [StateDeclaration.parametersName]) {
                Float(cos(2 * Double.pi * Double($0) / 8))
            }
        }
        let start = NamedState(strategy.state, startingFrom: ParameterVector(count: TestRuns.network.parameterCount))
        begin(start)
        let before = PeerRuns.spread(start.vectors(StateDeclaration.parametersName, ranks: workers))
        let after = PeerRuns.spread(try PeerRuns.play(strategy, shared, prepare: begin).models)
        // In 32 bits; in 64 it is so to twelve digits.
        #expect(abs(after / before / 0.218565199836 - 1) < 1e-5, "\(after / before)")
    }

    // MARK: Nodes that nobody hears

    private func schedule(_ edges: [(Int, Int)], _ nodes: Int) -> OverlaySchedule {
        let graph = OverlayGraph(nodes: nodes, edges: edges)
        return OverlaySchedule(OverlayNetwork([graph]), [MixingMatrix(.metropolis, on: graph)])
    }

    /// Two communities that do not talk to each other are two runs, bit for bit, and a node without neighbours is `alone`.
    @Test(arguments: DecentralizedSGD.Order.allCases) func communitiesThatDoNotTalkAreRunsOfTheirOwn(
        _ order: DecentralizedSGD.Order
    ) throws {
        let (first, second) = ([(0, 1), (1, 2), (0, 2)], [(3, 4), (4, 5)])
        let shared = PeerRuns.configuration(rounds: 20, workers: 6, momentum: 0.5)
        let strategy = DecentralizedSGD(shared, workers: 6, order: order)
        func models(_ edges: [(Int, Int)]) throws -> [[Float]] {
            try PeerRuns.play(strategy, shared, schedule: schedule(edges, 6)).models
        }
        let (both, one, other, none) = (
            try models(first + second), try models(first), try models(second), try models([])
        )
        #expect(Array(both[0..<3]) == Array(one[0..<3]) && Array(both[3...]) == Array(other[3...]))
        var options = LoneNodeOptions()
        options.workers = 6
        let alone = try PeerRuns.play(Alone(configuration: shared, nodeOptions: NodeOptions(options)), shared)
        if order == .adaptThenCombine {
            #expect(none == alone.models && Array(one[3...]) == Array(alone.models[3...]))
        } else {
            // x + (x - γ g - x) is rounded once more than x - γ g.
            for (node, lone) in zip(none, alone.models) { #expect(TestRuns.distance(node, lone) < 1e-5) }
        }
        #expect(one[0] != alone.models[0])
    }

    // MARK: Bias

    /// A convex problem with one best model, of nodes that have one or two classes each.
    private struct Convex {
        static let workers = 4
        static let network = Network(
            input: FeatureShape(channels: 1, height: 8, width: 8), [.flatten, .dense("fc", outputs: 10)])

        static func configuration(rounds: Int, rate: Double) -> TrainingConfiguration {
            PeerRuns.configuration(rounds: rounds, workers: workers, batch: 359, rate: rate, weightDecay: 0.1)
        }

        static func outcome(
            _ correction: Correction, order: DecentralizedSGD.Order = .adaptThenCombine
        ) throws -> PeerRuns.Outcome {
            // Gradient tracking converges for smaller rates than the others do, and needs as many more rounds.
            let isSlow = correction == .gradientTracking
            let shared = configuration(rounds: isSlow ? 6000 : 1500, rate: isSlow ? 0.05 : 0.2)
            return try PeerRuns.play(
                DecentralizedSGD(
                    shared, workers: workers, order: order, correction: correction, batch: nil, partition: "shards:2"),
                shared, network: network)
        }

        /// The gradient of a node's regularised loss.
        static func gradient(_ run: TrainingRun, _ shard: [Int32], at model: [Float]) -> [Double] {
            let (parameters, gradient) = (ParameterVector(model), ParameterVector(count: model.count))
            _ = run.lossAndGradient(shard[...], dividedBy: shard.count, at: parameters, into: gradient)
            return zip(gradient.values, model).map { Double($0) + 0.1 * Double($1) }
        }
    }

    /// The largest number in the mean over nodes of the gradients at one model: 0 at the best model of all.
    private func slope(_ outcome: PeerRuns.Outcome, at model: [Float]) throws -> Double {
        let shards = try outcome.run.partition("shards:2", among: Convex.workers)
        let gradients = shards.map { Convex.gradient(outcome.run, $0, at: model) }
        return gradients[0].indices.reduce(0) { largest, index in
            max(largest, abs(gradients.reduce(0) { $0 + $1[index] } / Double(gradients.count)))
        }
    }

    @Test(arguments: [Correction.exactDiffusion, .gradientTracking])
    func correctionsReachTheBestModelOfAllNodes(_ correction: Correction) throws {
        let outcome = try Convex.outcome(correction)
        for model in outcome.models {
            // Beside it by what rounding of 32-bit numbers leaves, which exact diffusion adds up over all rounds; without a
            // correction by more than 1e-2.
            let slope = try slope(outcome, at: model)
            #expect(slope < (correction == .exactDiffusion ? 5e-4 : 1e-4))
        }
        #expect(PeerRuns.spread(outcome.models) < 1e-3)
    }

    /// Without a correction nodes come to rest beside the best model, where x = W (x - γ g(x)), or x = W x - γ g(x) in
    /// Lian's order.
    @Test(arguments: DecentralizedSGD.Order.allCases)
    func withoutACorrectionNodesComeToRestBesideIt(_ order: DecentralizedSGD.Order) throws {
        let outcome = try Convex.outcome(.none, order: order)
        let models = outcome.models
        #expect(PeerRuns.spread(models) > 0.1)
        for model in models { #expect(try slope(outcome, at: model) > 1e-2) }
        let shards = try outcome.run.partition("shards:2", among: Convex.workers)
        let gradients = zip(shards, models).map { Convex.gradient(outcome.run, $0, at: $1) }
        let matrix = MixingMatrix(
            .metropolis, on: OverlayGraph(nodes: 4, edges: (0..<4).map { ($0, ($0 + 1) % 4) }))
        for index in stride(from: 0, to: models[0].count, by: 7) {
            let (x, g) = (models.map { Double($0[index]) }, gradients.map { $0[index] })
            let rest =
                order == .adaptThenCombine
                ? matrix.product(zip(x, g).map { $0 - 0.2 * $1 })
                : zip(matrix.product(x), g).map { $0 - 0.2 * $1 }
            for (x, rest) in zip(x, rest) { #expect(abs(x - rest) < 1e-5) }
        }
    }

    @Test func correctionsRefuseWhatTheyCannotCorrect() throws {
        func problem(_ overlay: String, _ correction: Correction) -> String? {
            DecentralizedSGD(TestRuns.configuration().shared, workers: 8, overlay: overlay, correction: correction)
                .problem(seed: 1)
        }
        #expect(problem("one-peer", .exactDiffusion)?.contains("needs weights that are symmetric") == true)
        #expect(problem("exponential", .exactDiffusion) != nil && problem("exponential", .gradientTracking) == nil)
        for (values, words) in [
            (["correction": "gradient-tracking", "sync-every": 2], "follows the gradients of single steps"),
            (["correction": "exact-diffusion", "order": "with-combine"], "has an order of its own"),
        ] as [(OptionValues, String)] {
            let error = #expect(throws: OptionError.self) { try DecentralizedSGD.Options(values) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
    }

    // MARK: One round by hand

    /// Without learning exact diffusion is (W + I) / 2 of the models: half of what D-PSGD moves them.
    @Test func exactDiffusionMovesHalfAsFar() throws {
        let shared = PeerRuns.configuration(rounds: 1, workers: 8, rate: PeerRuns.noRate)
        var before: [[Float]] = []
        let outcome = try PeerRuns.play(DecentralizedSGD(shared, workers: 8, correction: .exactDiffusion), shared) {
            PeerRuns.set($0, ranks: 8, [StateDeclaration.parametersName]) { Float($0 * $0 % 5) }
            before = $0.vectors(StateDeclaration.parametersName, ranks: 8)
        }
        let ring = MixingMatrix(.metropolis, on: OverlayGraph(nodes: 8, edges: (0..<8).map { ($0, ($0 + 1) % 8) }))
        for index in stride(from: 0, to: 1210, by: 11) {
            let numbers = before.map { Double($0[index]) }
            for (node, mixed) in ring.product(numbers).enumerated() {
                #expect(abs(Double(outcome.models[node][index]) - (mixed + numbers[node]) / 2) < 1e-5)
            }
        }
    }

    /// The first step of tracking is along the node's own gradient, which others hear of afterwards.
    @Test func trackingStepsAlongWhatTheNodeHasTracked() throws {
        let shared = PeerRuns.configuration(rounds: 1, workers: 4, rate: 0.5)
        let strategy = DecentralizedSGD(shared, workers: 4, correction: .gradientTracking)
        let outcome = try PeerRuns.play(strategy, shared, shuffles: false)
        let shards = try outcome.run.partition("iid", among: 4)
        let initial = outcome.run.initialParameters
        for node in 0..<4 {
            let expected = ParameterVector(count: initial.count)
            _ = outcome.run.lossAndGradient(shards[node][0..<10], dividedBy: 10, at: initial, into: expected)
            expected.scale(by: -0.5)
            expected.add(initial)
            #expect(TestRuns.distance(outcome.models[node], expected.values) < 1e-6, "node \(node)")
        }
        #expect(PeerRuns.spread(outcome.models) > 1e-2)
    }

    /// The weight of a neighbour that has left is the node's own: who have the same model keep it.
    @Test(arguments: ["ring", "star", "one-peer"]) func nothingIsLostWithANeighbourThatLeaves(_ overlay: String) throws
    {
        let shared = PeerRuns.configuration(rounds: 12, workers: 5, rate: PeerRuns.noRate)
        let strategy = DecentralizedSGD(shared, workers: 5, overlay: overlay)
        let outcome = try PeerRuns.play(strategy, shared, departures: [Departure(rank: 2, seconds: 0)])
        #expect(outcome.report.departures.map(\.rank) == [2])
        for node in [0, 1, 3, 4] {
            #expect(TestRuns.distance(outcome.models[node], outcome.run.initialParameters.values) < 1e-6)
        }
    }
}
