import Cluster
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// When the timers of gossip go off, and whom nodes then send to.
@Suite(.timeLimit(.minutes(60)))
struct GossipTimerTests {
    /// Links on which nothing arrives before a run of some milliseconds is over.
    private func farApart(_ count: Int) -> [Node] {
        Array(repeating: Node(link: Link(latencySeconds: 1, bytesPerSecond: 1e9)), count: count)
    }

    private var stepSeconds: Double { TestRuns.compute.seconds(.step(samples: 10), on: farApart(1)[0]) }

    private func ends(_ outcome: GossipRuns.Outcome) -> [Double] {
        outcome.record.nodes.map { $0.evaluations.last?.clusterSeconds ?? 0 }
    }

    // MARK: When

    /// A node whose period is what its own steps take waits for so many of them as its pace says: at first before it sends, and
    /// then before it trains again.
    @Test func anAutomaticPeriodIsOfTheNodesOwnPace() throws {
        let strategy = Gossip(.push, workers: 2, rounds: 2) { $0.timers = .async }
        let found = ends(try GossipRuns.play(strategy, nodes: farApart(2)))
        for node in 0..<2 {
            var stream = SeedSequence(1).stream(.timer, node)
            let pace = 1 + stream.normal() / 10
            try #require(abs(pace - 1) > 1e-3)
            #expect(abs(found[node] - stepSeconds * (2 + 2 * pace)) < 3e-9, "node \(node)")
        }
    }

    /// The first step takes five periods since the machine is slow at first. The timer that has gone off five times meanwhile sends
    /// once, and again a period after that.
    @Test func timersThatWereMissedAreNotMadeUpFor() throws {
        let (period, slow) = (1e-3, 5e-3)
        let strategy = Gossip(.push, workers: 2, rounds: 4) { $0.period = .seconds(period) }
        let slowdowns = RankSlowdowns(
            .listed((0..<2).map { .init(rank: $0, beginSeconds: 0, lastingSeconds: slow, factor: 1000) }), server: nil)
        let found = ends(try GossipRuns.play(strategy, nodes: farApart(2), slowdowns: slowdowns))
        for node in 0..<2 {
            var stream = SeedSequence(1).stream(.timer, node)
            let begin = stream.uniform() * period
            let first = slow + stepSeconds - (slow - begin) / 1000
            try #require(first > slow && first < slow + period)
            // The second step follows the first message at once, and the third and the fourth a period and two periods after it.
            #expect(abs(found[node] - (first + 2 * period + stepSeconds)) < 1e-7, "node \(node)")
        }
    }

    // MARK: To whom

    /// Each message is to a peer of its own: in the end everybody has heard everybody.
    @Test func randomPeersAreDrawnForEachMessage() throws {
        let outcome = try GossipRuns.play(Gossip(.push, workers: 5, rounds: 60))
        for node in outcome.record.nodes {
            #expect(node.listened.keys.sorted() == (0..<5).filter { $0 != node.rank })
        }
    }

    /// Notes whom each node posts to, in order.
    private final class Receivers: SimulationObserver {
        private(set) var ofSender: [Int: [Int]] = [:]
        let needsMessages = false

        func began(_ operation: Fabrics.Operation, on rank: Int, at now: VirtualTime) {
            guard case .post(let receiver, _, _, _) = operation else { return }
            ofSender[rank, default: []].append(receiver)
        }
        func ended(on rank: Int, at now: VirtualTime, ready: VirtualTime) {}
        func posted(_ message: SimulatedMessage, at now: VirtualTime, departs: VirtualTime) {}
        func delivered(_ number: Int, at now: VirtualTime) {}
    }

    /// Peers in turn are those from the next node on, one after another, again and again.
    @Test func peersInTurnComeOneAfterAnother() throws {
        let configuration = TestRuns.configuration(epochs: 2)
        let strategy = Gossip(.push, workers: 5, configuration.shared) { $0.partner = .cyclic }
        let receivers = Receivers()
        _ = try TestRuns.run(strategy, configuration, observer: receivers)
        for sender in 0..<5 {
            let found = try #require(receivers.ofSender[sender])
            #expect(found.count > 10 && found == found.indices.map { (sender + 1 + $0 % 4) % 5 }, "node \(sender)")
        }
    }

    /// A node without the memory for a model is nobody's peer.
    @Test func nobodySendsToNodesWithoutMemory() throws {
        let outcome = try GossipRuns.play(Gossip(.push, workers: 4, rounds: 20), memoryBytes: [nil, nil, 1, nil])
        #expect(outcome.record.ranksLeftOut == [2])
        let entries = outcome.report.ledger.entries
        #expect(entries.filter { $0.rank == 2 }.allSatisfy { $0.bytesReceived == 0 && $0.bytesSent == 0 })
        let (sent, received) = entries.reduce((0, 0)) { ($0.0 + $1.bytesSent, $0.1 + $1.bytesReceived) }
        #expect(sent > 0 && sent == received)
        #expect(outcome.record.nodes.allSatisfy { $0.listened[2] == nil })
    }
}
