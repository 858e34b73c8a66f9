import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Stochastic gradient push: what is sent, in flight and kept is always all there is.
@Suite(.timeLimit(.minutes(60)))
struct PushSumTests {
    private func strategy(
        _ shared: TrainingConfiguration, workers: Int, _ overlay: String = "one-peer", batch: Int = 10
    ) -> PushSum {
        var options = PushSum.Options()
        options.nodes = NodeOptions(workers: workers, localBatch: batch)
        options.overlay = overlay
        return PushSum(configuration: shared, options: options)
    }

    /// Five nodes of which some send to more than others: 0 to all, and round in a circle.
    private static let uneven = OverlayGraph(
        nodes: 5, edges: (0..<5).map { ($0, ($0 + 1) % 5) } + [(0, 2), (0, 3), (3, 1)], isDirected: true)

    private static var unevenSchedule: OverlaySchedule {
        OverlaySchedule(OverlayNetwork([uneven]), [.columnStochastic(uneven)])
    }

    // MARK: Shares alone

    /// x and w are conserved to rounding, w stays above 0, and x / w comes to the mean of what there was.
    @Test func quotientsComeToTheMeanOnAnyStronglyConnectedGraph() {
        let matrix = MixingMatrix.columnStochastic(Self.uneven)
        #expect(!matrix.isDoublyStochastic && matrix.columnSums.allSatisfy { abs($0 - 1) < 1e-15 })
        var (x, w) = ([3.0, -1, 4, 1, -5], [1.0, 1, 1, 1, 1])
        for _ in 0..<200 {
            (x, w) = (matrix.product(x), matrix.product(w))
            #expect(abs(x.reduce(0, +) - 2) < 1e-13 && abs(w.reduce(0, +) - 5) < 1e-13)
            #expect(w.allSatisfy { $0 > 0 })
        }
        for (x, w) in zip(x, w) { #expect(abs(x / w - 0.4) < 1e-15) }
        #expect(w.contains { abs($0 - 1) > 0.1 })
    }

    // MARK: As a strategy

    private func weights(_ outcome: PeerRuns.Outcome) -> [Double] {
        outcome.state.vectors(PushSum.Rule.weight, ranks: outcome.run.rankCount).map { Double($0[0]) }
    }

    private func mass(_ vectors: [[Float]]) -> [Double] {
        PeerRuns.mean(vectors).map { $0 * Double(vectors.count) }
    }

    /// Gives every node a model of its own, which is its numerator as well.
    private func apart(_ ranks: Int) -> (NamedState) -> Void {
        { state in
            PeerRuns.set(state, ranks: ranks, [StateDeclaration.parametersName, PushSum.Rule.numerator]) {
                Float($0 * $0 % 5)
            }
        }
    }

    @Test func modelsComeToTheMeanAndNothingIsLost() throws {
        let shared = PeerRuns.configuration(rounds: 120, workers: 5, rate: PeerRuns.noRate)
        let strategy = strategy(shared, workers: 5)
        let start = NamedState(strategy.state, startingFrom: ParameterVector(count: TestRuns.network.parameterCount))
        apart(5)(start)
        let mean = PeerRuns.mean(start.vectors(StateDeclaration.parametersName, ranks: 5))
        let outcome = try PeerRuns.play(strategy, shared, schedule: Self.unevenSchedule, prepare: apart(5))
        #expect(abs(weights(outcome).reduce(0, +) - 5) < 1e-5 && weights(outcome).allSatisfy { $0 > 0 })
        #expect(weights(outcome).contains { abs($0 - 1) > 0.1 })
        #expect(PeerRuns.distance(outcome.mean(PushSum.Rule.numerator), mean) < 1e-5)
        // Every node's quotient, and not only their mean.
        for model in outcome.models { #expect(PeerRuns.distance(model.map(Double.init), mean) < 1e-5) }
    }

    /// On overlays where all nodes send to equally many, all weights are 1, and push-sum is D-PSGD to rounding.
    @Test(arguments: ["one-peer", "exponential", "ring"]) func withEvenSharesItIsDPSGD(_ overlay: String) throws {
        let shared = PeerRuns.configuration(rounds: 40, workers: 8, momentum: 0.5)
        let push = try PeerRuns.play(strategy(shared, workers: 8, overlay), shared)
        let plain = try PeerRuns.play(DecentralizedSGD(shared, workers: 8, overlay: overlay), shared)
        #expect(weights(push).allSatisfy { abs($0 - 1) < 1e-6 })
        for (push, plain) in zip(push.models, plain.models) { #expect(TestRuns.distance(push, plain) < 1e-4) }
        #expect(PeerRuns.spread(push.models) > 1e-3)
    }

    /// A node that leaves while it computes takes what it has with it, and what is under way to it then is lost. Nobody sends
    /// it more, and all else is conserved.
    @Test func massIsConservedWhenNodesLeave() throws {
        let (workers, rounds, last) = (5, 40, 10)
        // No batch is short in so many rounds.
        let shared = PeerRuns.configuration(rounds: rounds, workers: workers, batch: 7, rate: PeerRuns.noRate)
        let strategy = strategy(shared, workers: workers, batch: 7)
        let network = try Overlay("exponential").network(of: workers, seeds: SeedSequence(1))
        let schedule = OverlaySchedule(network, try network.shares())
        let whole = try PeerRuns.play(strategy, shared, schedule: schedule, prepare: apart(workers))
        // Shortly after the beginning of round 10, in which computing is first: all nodes send to as many, so that all begin it
        // together. The others have sent to the two when they learn of it.
        let secondsOfRound = whole.report.seconds / Double(rounds)
        let seconds = secondsOfRound * (Double(last) + 1e-3)
        let leavers = [1, 3]
        let outcome = try PeerRuns.play(
            strategy, shared, schedule: schedule,
            departures: leavers.map { Departure(rank: $0, seconds: seconds) }, detectionSeconds: secondsOfRound / 2,
            prepare: apart(workers))
        #expect(outcome.report.departures.map(\.rank).sorted() == leavers)
        // What the others send the two in round 10, before they know.
        let matrix = try network.shares()[0]
        func underWay(_ start: [Double]) -> Double {
            let numbers = (0..<last).reduce(start) { numbers, _ in matrix.product(numbers) }
            return leavers.reduce(0) { sum, leaver in
                matrix.rows[leaver].reduce(sum) {
                    leavers.contains($1.node) ? $0 : $0 + $1.weight * numbers[$1.node]
                }
            }
        }
        let lostWeight = underWay(Array(repeating: 1, count: workers))
        #expect(lostWeight > 0.1)
        #expect(abs(weights(outcome).reduce(0, +) - (5 - lostWeight)) < 1e-5, "\(weights(outcome))")
        #expect(leavers.allSatisfy { weights(outcome)[$0] > 0.1 })
        let name = PushSum.Rule.numerator
        let start = NamedState(strategy.state, startingFrom: ParameterVector(count: TestRuns.network.parameterCount))
        apart(workers)(start)
        let before = start.vectors(name, ranks: workers)
        let expected = before[0].indices.map { index in
            let numbers = before.map { Double($0[index]) }
            return numbers.reduce(0, +) - underWay(numbers)
        }
        #expect(PeerRuns.distance(mass(outcome.state.vectors(name, ranks: workers)), expected) < 1e-4)
        #expect(outcome.record.evaluations.last?.samples ?? 0 >= rounds * workers * 7)
    }

    @Test func theWeightTravelsAndIsCharged() throws {
        let shared = PeerRuns.configuration(rounds: 6, workers: 8)
        let ledger = try PeerRuns.play(strategy(shared, workers: 8), shared).report.ledger
        // One message a node and round: P numbers, one more, and its frame.
        #expect(ledger.totalMessages == 6 * 8 && ledger.totalBytes == 6 * 8 * (4 * 1210 + 4 + 16))
    }
}
