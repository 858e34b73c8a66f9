import Randomness
import Testing

@testable import Cluster

/// What a network tells of its state: a replay takes moments with equal words to have equal futures.
@Suite struct NetworkStateTests {
    /// Messages of so many bytes from nodes 0, 1 ... to node 3, handed over at `start`, the words some time later.
    private func words(
        _ sharing: Interconnect.Sharing, bytes: [Int], start: Int64 = 0, later: Int64, jitter: Jitter = .none,
        loss: Interconnect.Loss? = nil
    ) -> [Int64]? {
        let network = RoutedNetwork(
            nodes: Array(repeating: Node(link: Link(latencySeconds: 1e-6, bytesPerSecond: 1e9)), count: 4),
            jitter: jitter, interconnect: Interconnect(sharing: sharing, loss: loss), seeds: SeedSequence(1))
        let begin = VirtualTime(nanoseconds: start)
        let now = VirtualTime(nanoseconds: start + later)
        for (sender, bytes) in bytes.enumerated() {
            let departure = network.depart(from: sender, to: 3, bytes: bytes, at: begin)
            if departure.next <= now { _ = network.advance(departure.message, at: departure.next) }
        }
        // Works out the rates.
        _ = network.nextFlowEnd(before: now, at: VirtualTime(nanoseconds: start + 1000))
        var words: [Int64] = []
        return network.appendState(to: &words, at: now) { network.append($0, to: &$1) } ? words : nil
    }

    @Test(arguments: Interconnect.Sharing.allCases)
    func theStateIsThatOfAnotherTimeButNotOfOtherMessages(_ sharing: Interconnect.Sharing) throws {
        let state = try #require(words(sharing, bytes: [5000, 9000], later: 3000))
        #expect(words(sharing, bytes: [5000, 9000], start: 7_654_321, later: 3000) == state)
        for bytes in [[5000], [9000, 5000], [5000, 9001], [5000, 9000, 100]] {
            #expect(words(sharing, bytes: bytes, later: 3000) != state, "\(bytes)")
        }
        #expect(words(sharing, bytes: [5000, 9000], later: 3001) != state)
    }

    @Test func whatIsStillToBeDrawnHasNoState() {
        for sharing in Interconnect.Sharing.allCases {
            #expect(words(sharing, bytes: [5000], later: 10, jitter: .uniform(seconds: 1e-6)) == nil)
            #expect(
                words(sharing, bytes: [5000], later: 10, loss: .init(probability: 0.1, timeoutSeconds: 1)) == nil)
        }
        let link = Node(link: Link(latencySeconds: 1e-6, bytesPerSecond: 1e9))
        for (jitter, hasState) in [(Jitter.none, true), (.empirical(file: "f", seconds: [1, 2]), false)] {
            var state: [Int64] = []
            let network = NetworkModel(nodes: [link, link], jitter: jitter, seeds: SeedSequence(1))
            #expect(network.appendState(to: &state, at: .zero) == hasState)
        }
    }
}
