import Kernel
import Testing

@testable import Strategies
@testable import Training

/// What nodes of a community know of each other.
extension CommunityTests {
    /// A node of DAC scores those that it never heard as one does that it did hear.
    @Test func scoresOfNodesThatWereNeverHeardAreOthers() throws {
        func state(afterRounds rounds: Int) throws -> NamedState {
            var shared = PeerRuns.configuration(rounds: rounds, workers: 8, rate: PeerRuns.noRate)
            shared.objectives = "rotations:4"
            let strategy = Self.strategy(shared, workers: 8) {
                ($0.follows, $0.accepts, $0.drawn) = ("dac", "average", 1)
            }
            return try PeerRuns.play(strategy, shared).state
        }
        let states = try (1...3).map { try state(afterRounds: $0) }
        let scores = states[2].vectors(Community.Rule.scores, ranks: 8)
        let met = states[2].vectors(Community.Rule.met, ranks: 8)
        // What a message told was known in the round before; its sender may have looked for itself since.
        let told = states.map { $0.vectors(Community.Rule.scores, ranks: 8) }
        var adopted = 0
        for node in 0..<8 {
            #expect(scores[node][node] == 0 && (1...3).contains(met[node].reduce(0, +)))
            for other in 0..<8 where met[node][other] == 0 && scores[node][other] != 0 {
                adopted += 1
                // Models stay as they are, to the rounding of averages.
                #expect(
                    (0..<8).contains { peer in
                        met[node][peer] == 1 && told.contains { abs($0[peer][other] - scores[node][other]) < 1e-5 }
                    })
            }
        }
        #expect(adopted > 0)
    }
}
