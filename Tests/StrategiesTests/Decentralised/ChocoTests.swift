import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Compressed gossip: what it becomes without compression, and what no compression changes.
@Suite(.timeLimit(.minutes(60)))
struct ChocoTests {
    private func strategy(
        _ shared: TrainingConfiguration, workers: Int = 8, _ compression: Choco.Compression, keep: Double = 0.1,
        step: Double?, overlay: String = "ring"
    ) -> Choco {
        var options = Choco.Options()
        options.nodes = NodeOptions(workers: workers)
        options.overlay.overlay = overlay
        (options.compression, options.keep, options.consensusStep) = (compression, keep, step)
        return Choco(configuration: shared, options: options)
    }

    @Test func withoutCompressionItIsDPSGD() throws {
        let shared = PeerRuns.configuration(rounds: 40, workers: 8, momentum: 0.5)
        let choco = try PeerRuns.play(strategy(shared, .none, step: 1), shared)
        let plain = try PeerRuns.play(DecentralizedSGD(shared, workers: 8), shared)
        // x̂ is x to rounding, which adds up over forty rounds.
        for (choco, plain) in zip(choco.models, plain.models) { #expect(TestRuns.distance(choco, plain) < 1e-4) }
        #expect(PeerRuns.spread(choco.models) > 1e-3)
    }

    /// Half precision leaves out a 2,048th of each change at most, which is sent with the next: the step of what is not
    /// compressed fits it.
    @Test func halfPrecisionIsDPSGDToItsRounding() throws {
        let shared = PeerRuns.configuration(rounds: 40, workers: 8, momentum: 0.5)
        let choco = try PeerRuns.play(strategy(shared, .float16, step: nil), shared)
        let plain = try PeerRuns.play(DecentralizedSGD(shared, workers: 8), shared)
        let apart = zip(choco.models, plain.models).map { TestRuns.distance($0, $1) }.max() ?? 1
        #expect(apart < 2e-3 && apart > 1e-6, "\(apart)")
    }

    /// What is compressed is to learn more than nodes alone with the step that it has where nobody says one: at a step that fits
    /// the largest numbers, as many at random places ruin all models.
    @Test(arguments: Choco.Compression.allCases) func theDefaultStepFitsTheCompression(
        _ compression: Choco.Compression
    ) throws {
        let shared = PeerRuns.configuration(rounds: 90, workers: 16, momentum: 0.9)
        func accuracy(_ strategy: some PeerStrategy) throws -> Double {
            try #require(PeerRuns.play(strategy, shared).record.evaluations.last?.testAccuracy)
        }
        let alone = try accuracy(Alone(configuration: shared, nodeOptions: NodeOptions(workers: 16)))
        let usual = try accuracy(strategy(shared, workers: 16, compression, step: nil))
        #expect(usual > alone, "\(usual), \(alone) alone")
        if compression == .randomK {
            let ruined = try accuracy(strategy(shared, workers: 16, compression, step: 0.3))
            #expect(ruined < alone - 0.1, "\(ruined), \(alone) alone")
        }
    }

    @Test func theDefaultStepIsToldAndFollowsFromOtherOptions() throws {
        func step(_ values: OptionValues) throws -> Double { try Choco.Options(values).step }
        #expect(Choco.Options().values["consensus-step"] == "auto")
        #expect(try step([:]) == 0.3 && step(["compression": "none"]) == 1 && step(["compression": "float16"]) == 1)
        #expect(try step(["compression": "random-k"]) == 0.1)
        #expect(try step(["compression": "random-k", "keep": 0.02]) == 0.02)
        #expect(try step(["compression": "random-k", "consensus-step": 0.3]) == 0.3)
        #expect(try step(["consensus-step": "auto"]) == 0.3)
        let info = try #require(Choco.Options.infos.first { $0.name == "consensus-step" })
        #expect(info.allowed.words == "a number from 0 to 1, or 'auto'" && info.allowed.valueName == "number|auto")
        #expect(try info.allowed.value(of: "auto") == "auto" && info.allowed.value(of: "0.5") == 0.5)
        #expect(throws: OptionError.self) { try info.allowed.value(of: "automatic") }
        #expect(throws: OptionError.self) { try Choco.Options(["consensus-step": 1.5]) }
    }

    @Test(arguments: Choco.Compression.allCases) func withoutAConsensusStepNodesAreAlone(
        _ compression: Choco.Compression
    ) throws {
        let shared = PeerRuns.configuration(rounds: 20, workers: 8, momentum: 0.5)
        let choco = try PeerRuns.play(strategy(shared, compression, step: 0), shared)
        var options = NodeOptions()
        options.workers = 8
        let alone = try PeerRuns.play(Alone(configuration: shared, nodeOptions: options), shared)
        #expect(choco.models == alone.models)
    }

    private func apart(_ state: NamedState) {
        PeerRuns.set(state, ranks: 8, [StateDeclaration.parametersName]) { Float($0 * $0 % 5) }
    }

    /// Whatever is left out, the mean of all nodes stays, all come to it, and what a node knows of its neighbours is what they
    /// know of themselves.
    @Test(arguments: [(Choco.Compression.topK, 0.1), (.randomK, 0.05), (.none, 0.5)])
    func theMeanStaysAndNodesComeToIt(_ compression: Choco.Compression, step: Double) throws {
        let rounds = 600
        let shared = PeerRuns.configuration(rounds: rounds, workers: 8, rate: PeerRuns.noRate)
        let strategy = strategy(shared, compression, step: step)
        let start = NamedState(strategy.state, startingFrom: ParameterVector(count: TestRuns.network.parameterCount))
        apart(start)
        let before = start.vectors(StateDeclaration.parametersName, ranks: 8)
        let outcome = try PeerRuns.play(strategy, shared, prepare: apart)
        // x̂ and s are sums of what was sent, three of them rounded in a round; from then on what they are wrong by moves x by
        // γ times as much in every round.
        let largest = before.joined().reduce(0.0) { max($0, Double(abs($1))) }
        let wrong = 3 * Double(rounds) * 0x1p-24 * largest
        #expect(PeerRuns.distance(outcome.mean(), PeerRuns.mean(before)) < step * Double(rounds) / 2 * wrong)
        #expect(PeerRuns.spread(outcome.models) < 0.02 * PeerRuns.spread(before), "\(compression)")
        // s_i = Σ_j W_ij x̂_j
        let (known, heard) = (
            outcome.state.vectors(Choco.Rule.known, ranks: 8), outcome.state.vectors(Choco.Rule.heard, ranks: 8)
        )
        let matrix = MixingMatrix(.metropolis, on: OverlayGraph(nodes: 8, edges: (0..<8).map { ($0, ($0 + 1) % 8) }))
        for index in stride(from: 0, to: 1210, by: 11) {
            let expected = matrix.product(known.map { Double($0[index]) })
            for (heard, expected) in zip(heard, expected) { #expect(abs(Double(heard[index]) - expected) < wrong) }
        }
    }

    /// On weights of a quarter, at a step of a half and from whole numbers, each round's results have three bits more than those of
    /// the round before: six rounds fit into 24 bits, so that nothing is rounded and the mean is kept to the last bit, whatever
    /// is left out.
    @Test(arguments: [Choco.Compression.topK, .randomK, .none]) func theMeanIsKeptToTheLastBit(
        _ compression: Choco.Compression
    ) throws {
        let shared = PeerRuns.configuration(rounds: 6, workers: 8, rate: PeerRuns.noRate)
        // Three neighbours each, and a weight of a quarter for all.
        let strategy = strategy(shared, compression, keep: 0.3, step: 0.5, overlay: "exponential")
        func begin(_ state: NamedState) {
            for rank in 0..<8 {
                let model = state.vector(StateDeclaration.parametersName, ofRank: rank)
                for index in 0..<model.count { model[index] = Float((index * (rank + 3) + rank * rank) % 16) }
            }
        }
        let start = NamedState(strategy.state, startingFrom: ParameterVector(count: TestRuns.network.parameterCount))
        begin(start)
        let before = start.vectors(StateDeclaration.parametersName, ranks: 8)
        let outcome = try PeerRuns.play(strategy, shared, prepare: begin)
        #expect(outcome.mean() == PeerRuns.mean(before))
        #expect(outcome.models != before)
    }

    /// What others think of a node is what it thinks of itself, bit for bit: with a weight of 1 for node 0 and none for itself,
    /// s of each node is x̂ of node 0.
    @Test(arguments: Choco.Compression.allCases) func whatOthersKnowOfANodeIsWhatItKnows(
        _ compression: Choco.Compression
    ) throws {
        let shared = PeerRuns.configuration(rounds: 25, workers: 5, momentum: 0.5)
        let graph = OverlayGraph(nodes: 5, edges: (1..<5).map { (0, $0) }, isDirected: true)
        let schedule = OverlaySchedule(
            OverlayNetwork([graph]), [MixingMatrix([[0: 1]] + (1..<5).map { [0: 1, $0: 0] })])
        let outcome = try PeerRuns.play(
            strategy(shared, workers: 5, compression, step: 0.1), shared, schedule: schedule)
        let known = outcome.state.vector(Choco.Rule.known, ofRank: 0).values
        #expect(known.contains { $0 != 0 })
        for heard in outcome.state.vectors(Choco.Rule.heard, ranks: 5) {
            #expect(heard.map(\.bitPattern) == known.map(\.bitPattern))
        }
        #expect(outcome.state.vector(Choco.Rule.known, ofRank: 1).values != known)
    }

    /// Top-k: k places and numbers of 4 bytes; random-k: k numbers and a seed of 8 bytes; each with a frame of 16.
    @Test func whatIsSentIsCharged() throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 8)
        let sizes: [(Choco.Compression, Int)] = [
            (.topK, 121 * 8), (.randomK, 121 * 4 + 8), (.float16, 2 * 1210), (.none, 4 * 1210),
        ]
        for (compression, bytes) in sizes {
            let ledger = try PeerRuns.play(strategy(shared, compression, step: 0.1), shared).report.ledger
            #expect(ledger.totalMessages == 3 * 16 && ledger.totalBytes == 3 * 16 * (bytes + 16), "\(compression)")
        }
    }

    @Test func overlaysThatChangeAreRefused() {
        let choco = strategy(TestRuns.configuration().shared, .topK, step: 0.1, overlay: "one-peer")
        #expect(choco.problem(seed: 1)?.contains("allowed are overlays that stay as they are") == true)
    }
}
