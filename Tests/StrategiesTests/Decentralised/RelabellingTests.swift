import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Whom a number stands for is of no account: nodes with other numbers, who talk to the same others, end with the same models.
@Suite(.timeLimit(.minutes(60)))
struct RelabellingTests {
    /// A cube, of which every node has three neighbours: all weights are a quarter, and a few rounds from whole numbers round
    /// nothing, in whatever order a node adds.
    private static let edges = (0..<8).flatMap { node in
        [1, 2, 4].map { (node, node ^ $0) }.filter { $0.0 < $0.1 }
    }
    /// No symmetry of the cube.
    private static let names = [3, 0, 6, 1, 7, 2, 5, 4]

    /// What every node ends with that began with numbers of its own, called by its place among `names`.
    private func models(_ strategy: some PeerStrategy, _ names: [Int]) throws -> [[Float]] {
        let graph = OverlayGraph(nodes: 8, edges: Self.edges.map { (names[$0.0], names[$0.1]) })
        let overlay = OverlaySchedule(OverlayNetwork([graph]), [MixingMatrix(.metropolis, on: graph)])
        let schedule: any PeerSchedule =
            (strategy as? Community).map { CommunitySchedule($0.policy, overlay, SeedSequence(1)) } ?? overlay
        let outcome = try PeerRuns.play(strategy, strategy.configuration, schedule: schedule) { state in
            for node in 0..<8 {
                let model = state.vector(StateDeclaration.parametersName, ofRank: names[node])
                for index in 0..<model.count { model[index] = Float((index * (node + 3) + node * node) % 16) }
            }
        }
        return names.map { outcome.models[$0] }
    }

    private func expectTheSame(_ strategy: some PeerStrategy) throws {
        let first = try models(strategy, Array(0..<8))
        let second = try models(strategy, Self.names)
        #expect(first == second)
        #expect(Set(first).count == 8, "nodes that are all alike would show nothing")
    }

    private let shared = PeerRuns.configuration(rounds: 5, workers: 8, rate: PeerRuns.noRate)

    @Test(arguments: DecentralizedSGD.Order.allCases) func averagesOfNeighbours(
        _ order: DecentralizedSGD.Order
    ) throws {
        try expectTheSame(DecentralizedSGD(shared, workers: 8, order: order))
    }

    @Test func correctedAverages() throws {
        try expectTheSame(DecentralizedSGD(shared, workers: 8, correction: .exactDiffusion))
    }

    @Test func compressedGossip() throws {
        var options = Choco.Options()
        options.nodes = NodeOptions(workers: 8)
        options.consensusStep = 0.5
        try expectTheSame(Choco(configuration: shared, options: options))
    }

    @Test func aCommunityThatFollowsItsNeighbours() throws {
        try expectTheSame(
            CommunityTests.strategy(shared, workers: 8) { ($0.follows, $0.accepts) = ("overlay", "average") })
    }
}
