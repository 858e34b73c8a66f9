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
        step: Double, overlay: String = "ring"
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

    /// Top-k: k places and numbers of 4 bytes; random-k: k numbers and a seed of 8 bytes; each with a frame of 16.
    @Test func whatIsSentIsCharged() throws {
        let shared = PeerRuns.configuration(rounds: 3, workers: 8)
        for (compression, bytes) in [(Choco.Compression.topK, 121 * 8), (.randomK, 121 * 4 + 8), (.none, 4 * 1210)] {
            let ledger = try PeerRuns.play(strategy(shared, compression, step: 0.1), shared).report.ledger
            #expect(ledger.totalMessages == 3 * 16 && ledger.totalBytes == 3 * 16 * (bytes + 16), "\(compression)")
        }
    }

    @Test func overlaysThatChangeAreRefused() {
        let choco = strategy(TestRuns.configuration().shared, .topK, step: 0.1, overlay: "one-peer")
        #expect(choco.problem(seed: 1)?.contains("allowed are overlays that stay as they are") == true)
    }
}
