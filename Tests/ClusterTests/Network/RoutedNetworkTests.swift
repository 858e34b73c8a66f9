import Randomness
import Testing

@testable import Cluster

/// Hand arithmetic in nanoseconds: a byte takes one at 1 GB/s.
@Suite struct RoutedNetworkTests {
    private func network(
        _ interconnect: Interconnect, _ nodes: [Node], jitter: Jitter = .none, seed: UInt64 = 1
    ) -> RoutedNetwork {
        RoutedNetwork(nodes: nodes, jitter: jitter, interconnect: interconnect, seeds: SeedSequence(seed))
    }

    private func nodes(_ count: Int, _ link: Link = byteLink) -> [Node] {
        Array(repeating: Node(link: link), count: count)
    }

    /// Random traffic between unequal nodes: the general model is the one for ports of a switch where it must be.
    @Test(arguments: UInt64(1)...20)
    func portsOfASwitchAreThoseOfTheNetworkModel(seed: UInt64) {
        var stream = SeedSequence(seed).stream(.test)
        let nodes = (0..<6).map { _ in
            Node(
                link: Link(
                    latencySeconds: 1e-6 * stream.uniform(), uplinkBytesPerSecond: 1e9 * stream.uniform(),
                    downlinkBytesPerSecond: 1e9 * stream.uniform(), overheadSeconds: 1e-7 * stream.uniform()))
        }
        let sendings = (0..<200).map { _ in
            let from = Int.random(in: 0..<6, using: &stream)
            return Sending(
                from: from, to: (from + Int.random(in: 1..<6, using: &stream)) % 6,
                bytes: Int.random(in: 0..<5000, using: &stream), at: Int64.random(in: 0..<200_000, using: &stream))
        }
        let routed = play(network(.plain, nodes), sendings)
        let ports = play(NetworkModel(nodes: nodes, jitter: .none, seeds: SeedSequence(1)), sendings)
        #expect(routed.delivered == ports.delivered && routed.departed == ports.departed, "seed \(seed)")
    }

    static let racks = Topology.racks(.init(nodesPerRack: 2, latencySeconds: 300e-9, bytesPerSecond: 0.25e9))

    /// 100 of overhead, 1000 + 2 x 300 of latency, 4000 in the narrowest link. The second message asks for the uplink at
    /// 1100 and gets it at 5100; from there it takes 4000 and 600 more, as its last byte needs no more than that.
    @Test func messagesPassALinkOneAtATimeAndWhileTheyStillComeIn() {
        let result = play(
            network(Interconnect(Self.racks, sharing: .ports), nodes(4)),
            [Sending(from: 0, to: 2, bytes: 1000), Sending(from: 1, to: 3, bytes: 1000)])
        #expect(result.delivered == [5700, 9700])
        #expect(result.departed == [1100, 1100], "the sender goes on when its own port is free")
    }

    @Test func messagesWithinARackDoNotNeedItsUplink() {
        for sharing in Interconnect.Sharing.allCases {
            let result = play(
                network(Interconnect(Self.racks, sharing: sharing), nodes(4)),
                [Sending(from: 0, to: 1, bytes: 1000), Sending(from: 3, to: 2, bytes: 1000)])
            #expect(result.delivered == [2100, 2100], "\(sharing)")
        }
    }

    /// Alone, a message takes the overhead, the latencies of its links and the time of the narrowest, either way.
    @Test func loneMessageTakesItsLatenciesAndTheNarrowestLink() {
        let line = Topology.Trunk(latencySeconds: 5000e-9, uplinkBytesPerSecond: 0.1e9, downlinkBytesPerSecond: 0.5e9)
        let graph = Topology.Graph(
            nodes: ["a", "b"], switches: ["s"],
            edges: [.init("a", "s", latencySeconds: 700e-9, bytesPerSecond: 0.5e9), .init("s", "b")])
        let cases: [(Topology, Int, Int, Int64)] = [
            (.oneSwitch, 0, 1, 100 + 1000 + 1000), (.ring, 0, 1, 100 + 1000 + 1000), (.ring, 0, 2, 100 + 2000 + 1000),
            (.ring, 0, 3, 100 + 1000 + 1000), (.torus(rows: 2, columns: 2), 0, 3, 100 + 2000 + 1000),
            (Self.racks, 3, 0, 100 + 1600 + 4000),
            (.sites([.init(site: "x", to: "y", line)]), 0, 3, 100 + 6000 + 10_000),
            (.sites([.init(site: "x", to: "y", line)]), 3, 0, 100 + 6000 + 2000),
            (.sites([.init(site: "x", line), .init(site: "y", line)]), 0, 3, 100 + 11_000 + 10_000),
            (.graph(graph), 0, 1, 100 + 1700 + 2000),
        ]
        for (topology, from, to, expected) in cases {
            for sharing in Interconnect.Sharing.allCases {
                let count = topology.mostRanks ?? 4
                let result = play(
                    network(Interconnect(topology, sharing: sharing), nodes(count)),
                    [Sending(from: from, to: to, bytes: 1000)])
                #expect(result.delivered == [expected], "\(topology) \(sharing)")
            }
        }
    }

    /// Both messages' flows begin at 1100 and have half of the receiver's port each; the first ends at 2100, and the
    /// second has the whole port for its last 500 bytes.
    @Test func flowsShareAReceiversPort() {
        let result = play(
            network(Interconnect(sharing: .maxMin), nodes(3)),
            [Sending(from: 0, to: 2, bytes: 500), Sending(from: 1, to: 2, bytes: 1000)])
        #expect(result.delivered == [2100, 2600])
        #expect(result.departed == [100, 100], "the sender goes on after its overhead")
    }

    @Test func directionsOfALinkAreNotShared() {
        let result = play(
            network(Interconnect(.ring, sharing: .maxMin), nodes(4)),
            [Sending(from: 0, to: 1, bytes: 1000), Sending(from: 1, to: 0, bytes: 1000)])
        #expect(result.delivered == [2100, 2100])
    }

    @Test func overheadsOfOneSenderFollowEachOther() {
        let result = play(
            network(Interconnect(sharing: .maxMin), nodes(3)),
            [Sending(from: 0, to: 1, bytes: 0), Sending(from: 0, to: 2, bytes: 0)])
        #expect(result.departed == [100, 200] && result.delivered == [1100, 1200])
    }

    /// Two neighbours on a ring, so that only the sender is shared.
    @Test func overheadsFollowEachOtherOntoDifferentLinks() {
        let result = play(
            network(Interconnect(.ring, sharing: .ports), nodes(4)),
            [Sending(from: 0, to: 1, bytes: 1000), Sending(from: 0, to: 3, bytes: 1000)])
        #expect(result.departed == [1100, 1200] && result.delivered == [2100, 2200])
    }

    /// So that memory is that of the messages under way.
    @Test func numbersOfDeliveredMessagesAreUsedAgain() {
        for sharing in Interconnect.Sharing.allCases {
            let network = network(Interconnect(sharing: sharing), nodes(2))
            var (now, numbers) = (VirtualTime.zero, Set<Int>())
            for _ in 0..<5 {
                let departure = network.depart(from: 0, to: 1, bytes: 0, at: now)
                numbers.insert(departure.message)
                now = departure.next
                var progress = network.advance(departure.message, at: now)
                while progress != .arrived {
                    if case .waits(let next) = progress {
                        now = next
                    } else if let end = network.nextFlowEnd(before: nil, at: now) {
                        now = end
                        _ = network.endFlow()
                    }
                    progress = network.advance(departure.message, at: now)
                }
                #expect(network.takeDelivered() == [departure.message], "\(sharing)")
            }
            #expect(numbers.count == 1, "\(sharing)")
        }
    }

    /// Both messages have arrived at 1100, and the receiver takes 250 ns for each.
    @Test(arguments: Interconnect.Sharing.allCases)
    func receiverIsOccupiedByEveryMessage(sharing: Interconnect.Sharing) {
        var link = byteLink
        link.receiveOverheadSeconds = 250e-9
        let result = play(
            network(Interconnect(sharing: sharing), nodes(3, link)),
            [Sending(from: 0, to: 2, bytes: 0), Sending(from: 1, to: 2, bytes: 0)])
        #expect(result.delivered == [1350, 1600])
    }

    /// The short message has its bytes at 1300 and waits for the long one, which was sent before it.
    @Test func messagesOfAPairAreHandedOverInOrder() {
        let result = play(
            network(Interconnect(sharing: .maxMin), nodes(2)),
            [Sending(from: 0, to: 1, bytes: 5000), Sending(from: 0, to: 1, bytes: 10)])
        #expect(result.order == [0, 1] && result.delivered[0] == result.delivered[1])
        #expect(result.delivered[0] == 1100 + 5010)
    }

    // MARK: Loss

    private static let loss = Interconnect.Loss(probability: 0.5, timeoutSeconds: 10_000e-9)

    /// How often message `number` of rank 0 is lost, from the stream that the design names.
    private func losses(_ seed: UInt64, _ number: Int = 0) -> Int {
        var stream = SeedSequence(seed).stream(.loss, 0, number)
        var count = 0
        while stream.uniform() <= 0.5 { count += 1 }
        return count
    }

    @Test func lostMessageIsSentAgainAfterTheTimeout() {
        #expect(Set((UInt64(1)...30).map { losses($0) }).count > 2)
        for seed in UInt64(1)...30 {
            let lost = Int64(losses(seed))
            let message = [Sending(from: 0, to: 1, bytes: 500)]
            let ports = play(
                network(Interconnect(sharing: .ports, loss: Self.loss), nodes(2), seed: seed), message)
            #expect(ports.delivered == [lost * (100 + 500 + 10_000) + 1600], "seed \(seed)")
            #expect(ports.retransmissions == Int(lost))
            let flows = play(
                network(Interconnect(sharing: .maxMin, loss: Self.loss), nodes(2), seed: seed), message)
            #expect(flows.delivered == [lost * (1600 + 10_000) + 1600], "seed \(seed)")
            #expect(flows.retransmissions == Int(lost))
        }
    }

    @Test(arguments: Interconnect.Sharing.allCases)
    func lostMessagesStayInOrderAndAllArrive(sharing: Interconnect.Sharing) {
        for seed in UInt64(1)...20 {
            let sendings = (0..<40).map { Sending(from: $0 % 2, to: 2, bytes: 100, at: Int64($0 * 50)) }
            let result = play(
                network(Interconnect(sharing: sharing, loss: Self.loss), nodes(3), seed: seed), sendings)
            #expect(result.delivered.allSatisfy { $0 > 0 }, "seed \(seed)")
            for rank in 0...1 {
                let order = result.order.filter { $0 % 2 == rank }
                #expect(order == order.sorted(), "seed \(seed)")
            }
            #expect(result.retransmissions > 0)
        }
    }

    // MARK: Jitter

    /// A log-normal moment multiplies all latencies of the route alike, a uniform one adds to the nodes'.
    @Test func jitterReachesTheLinksBetween() {
        for sharing in Interconnect.Sharing.allCases {
            func latency(_ jitter: Jitter, _ topology: Topology) -> Int64 {
                play(
                    network(Interconnect(topology, sharing: sharing), nodes(4), jitter: jitter),
                    [Sending(from: 0, to: 2, bytes: 0)]
                ).delivered[0] - 100
            }
            let one = latency(.logNormal(sigma: 1), .oneSwitch)
            let more = latency(.logNormal(sigma: 1), Self.racks)
            #expect(one != 1000)
            #expect(abs(Double(more) / Double(one) - 1.6) < 0.01)
            #expect(latency(.uniform(seconds: 1e-3), Self.racks) == latency(.uniform(seconds: 1e-3), .oneSwitch) + 600)
            #expect(latency(.empirical(file: "", seconds: [7e-6]), Self.racks) == 7600)
        }
    }

    /// Every message of a sender has its own latency, the one that the ports of a switch draw for it.
    @Test func jitterIsThatOfTheNetworkModel() {
        let sendings = (0..<50).map { Sending(from: 0, to: 1, bytes: 0, at: Int64($0) * 1_000_000_000) }
        for jitter in [Jitter.logNormal(sigma: 1), .uniform(seconds: 1e-3)] {
            let ports = play(NetworkModel(nodes: nodes(2), jitter: jitter, seeds: SeedSequence(1)), sendings)
            #expect(Set(zip(ports.delivered, sendings).map { $0 - $1.at }).count == 50)
            for sharing in Interconnect.Sharing.allCases {
                let routed = play(network(Interconnect(sharing: sharing), nodes(2), jitter: jitter), sendings)
                #expect(routed.delivered == ports.delivered, "\(sharing)")
            }
        }
    }

    @Test func messagesOfAPairStayInOrderInSpiteOfJitter() {
        for seed in UInt64(1)...20 {
            let sendings = (0..<30).map { Sending(from: 0, to: 2, bytes: 8, at: Int64($0)) }
            let result = play(
                network(Interconnect(Self.racks, sharing: .ports), nodes(4), jitter: .logNormal(sigma: 2), seed: seed),
                sendings)
            #expect(result.order == Array(0..<30), "seed \(seed)")
        }
    }
}
