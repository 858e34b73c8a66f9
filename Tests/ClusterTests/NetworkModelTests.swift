import Randomness
import Testing

@testable import Cluster

/// Hand arithmetic in nanoseconds: a byte takes one at 1 GB/s.
@Suite struct NetworkModelTests {
    static let fast = Link(latencySeconds: 1000e-9, bytesPerSecond: 1e9, overheadSeconds: 100e-9)
    static let slow = Link(latencySeconds: 3000e-9, bytesPerSecond: 0.1e9, overheadSeconds: 50e-9)

    private func network(_ links: Link..., jitter: Jitter = .none) -> NetworkModel {
        NetworkModel(nodes: links.map { Node(link: $0) }, jitter: jitter, seeds: SeedSequence(1))
    }

    private func nanoseconds(_ value: Int64) -> VirtualTime { VirtualTime(nanoseconds: value) }

    @Test func singleMessageTakesOverheadLatencyAndBytes() {
        var network = network(Self.fast, Self.fast)
        let transit = network.depart(from: 0, to: 1, bytes: 500, at: nanoseconds(7))
        #expect(transit.departed == nanoseconds(7 + 100 + 500))
        #expect(network.arrive(transit) == nanoseconds(7 + 100 + 1000 + 500))
    }

    @Test func emptyMessageTakesOverheadAndLatency() {
        var network = network(Self.fast, Self.fast)
        let transit = network.depart(from: 1, to: 0, bytes: 0, at: .zero)
        #expect(transit.departed == nanoseconds(100))
        #expect(network.arrive(transit) == nanoseconds(1100))
    }

    /// The last byte leaves at 50 + 5000 and travels for the larger latency; the receiver's port is needed for 500 only.
    @Test func slowUplinkToFastDownlinkTakesTheUplinksTime() {
        var network = network(Self.slow, Self.fast)
        let transit = network.depart(from: 0, to: 1, bytes: 500, at: .zero)
        #expect(transit.departed == nanoseconds(5050))
        #expect(transit.arriving == nanoseconds(50 + 3000 + 4500))
        #expect(network.arrive(transit) == nanoseconds(50 + 3000 + 5000))
    }

    @Test func fastUplinkToSlowDownlinkTakesTheDownlinksTime() {
        var network = network(Self.fast, Self.slow)
        let transit = network.depart(from: 0, to: 1, bytes: 500, at: .zero)
        #expect(transit.departed == nanoseconds(600))
        #expect(transit.arriving == nanoseconds(100 + 3000))
        #expect(network.arrive(transit) == nanoseconds(100 + 3000 + 5000))
    }

    @Test func directionsOfALinkAreItsOwn() {
        let home = Link(latencySeconds: 0, uplinkBytesPerSecond: 0.1e9, downlinkBytesPerSecond: 0.5e9)
        let server = Link(latencySeconds: 0, bytesPerSecond: 1e9)
        var network = network(home, server)
        let up = network.depart(from: 0, to: 1, bytes: 100, at: .zero)
        #expect(network.arrive(up) == nanoseconds(1000))
        let down = network.depart(from: 1, to: 0, bytes: 100, at: .zero)
        #expect(network.arrive(down) == nanoseconds(200))
    }

    @Test func messagesOfOneSenderQueueInItsPort() {
        var network = network(Self.fast, Self.fast, Self.fast)
        let first = network.depart(from: 0, to: 1, bytes: 500, at: .zero)
        let second = network.depart(from: 0, to: 2, bytes: 200, at: nanoseconds(10))
        #expect(second.departed == nanoseconds(600 + 100 + 200))
        #expect(network.arrive(first) == nanoseconds(1600))
        #expect(network.arrive(second) == nanoseconds(600 + 100 + 1000 + 200))
    }

    @Test func messagesOfTwoSendersQueueInTheReceiversPort() {
        var network = network(Self.fast, Self.fast, Self.fast)
        let first = network.depart(from: 0, to: 2, bytes: 500, at: .zero)
        let second = network.depart(from: 1, to: 2, bytes: 300, at: .zero)
        // Both messages ask for the receiver's port at 1100.
        #expect(network.arrive(first) == nanoseconds(1600))
        #expect(network.arrive(second) == nanoseconds(1900))
    }

    @Test func portsOutAndInDoNotDisturbEachOther() {
        var network = network(Self.fast, Self.fast)
        let there = network.depart(from: 0, to: 1, bytes: 500, at: .zero)
        let back = network.depart(from: 1, to: 0, bytes: 500, at: .zero)
        #expect(network.arrive(there) == nanoseconds(1600))
        #expect(network.arrive(back) == nanoseconds(1600))
    }

    /// Two slow senders at once: each of their messages needs the fast port for 500 at the end of its 5000.
    @Test func slowSenderHoldsAFastReceiverOnlyForTheBytes() {
        var network = network(Self.slow, Self.slow, Self.fast)
        let first = network.depart(from: 0, to: 2, bytes: 500, at: .zero)
        let second = network.depart(from: 1, to: 2, bytes: 500, at: .zero)
        #expect(network.arrive(first) == nanoseconds(50 + 3000 + 5000))
        #expect(network.arrive(second) == nanoseconds(50 + 3000 + 5000 + 500))
    }

    @Test func portIsFreeAgainAfterAPause() {
        var network = network(Self.fast, Self.fast)
        _ = network.arrive(network.depart(from: 0, to: 1, bytes: 500, at: .zero))
        let transit = network.depart(from: 0, to: 1, bytes: 500, at: nanoseconds(10_000))
        #expect(network.arrive(transit) == nanoseconds(11_600))
    }
}
