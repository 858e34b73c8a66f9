import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Replays on networks of more than one switch, and of collectives that are played as a whole.
extension ReplayTests {
    @Test(arguments: RoutedTrafficTests.topologies, Interconnect.Sharing.allCases)
    func trainingReplayedOnARoutedNetworkIsTheRunThere(
        topology: Topology, sharing: Interconnect.Sharing
    ) throws {
        let program = { (seen: Seen) in training(seen, epochs: 4, steps: 9) }
        for algorithm in allReduceVariants {
            let (_, schedule) = try record(cluster(6, 0, algorithm), program(Seen()))
            for (seed, overhead, loss) in [(1, nil, nil), (2, 3e-7, nil), (3, 3e-7, 0.1)]
                as [(UInt64, Double?, Double?)]
            {
                let network = Interconnect(
                    topology, sharing: sharing, loss: loss.map { .init(probability: $0, timeoutSeconds: 1e-4) })
                var other = cluster(6, seed, algorithm, network)
                for rank in 0..<6 { other.nodes[rank].link.receiveOverheadSeconds = overhead }
                let seen = Seen()
                let report = try run(other, program(seen))
                let replay = try other.replay(schedule)
                expectEqual(replay, report, "\(algorithm), seed \(seed)")
                #expect(replay.evaluations == seen[0], "\(algorithm), seed \(seed)")
            }
        }
    }

    /// Flows that end at any time, also in the middle of what repeats: where rates are rounded otherwise in an epoch than in
    /// the one before, less of it is known.
    @Test(arguments: RoutedTrafficTests.topologies, Interconnect.Sharing.allCases)
    func whatRepeatsOnARoutedNetworkIsNotPlayedAgain(topology: Topology, sharing: Interconnect.Sharing) throws {
        for algorithm in allReduceVariants {
            let seen = Seen()
            let other = cluster(6, 5, algorithm, Interconnect(topology, sharing: sharing))
            let (report, schedule) = try record(other, training(seen, epochs: 60, steps: 9))
            let replay = try other.replay(schedule)
            expectEqual(replay, report, "\(algorithm)")
            #expect(replay.evaluations == seen[0])
            #expect(replay.playedMessages < replay.messages * 3 / 4, "\(replay.playedMessages) of \(replay.messages)")
        }
    }

    @Test func anyProgramReplayedOnARoutedNetworkIsTheRunThere() throws {
        for (index, topology) in RoutedTrafficTests.topologies.enumerated() {
            for sharing in Interconnect.Sharing.allCases {
                for seed in 1...8 as ClosedRange<UInt64> {
                    let algorithm = allReduceVariants[(Int(seed) + index) % allReduceVariants.count]
                    let (_, schedule) = try record(cluster(6, seed, algorithm), mixture(Seen(), seed))
                    for jitter in [Jitter.none, .logNormal(sigma: 1)] {
                        let seen = Seen()
                        let other = cluster(
                            6, seed + 1000, algorithm, jitter: jitter, Interconnect(topology, sharing: sharing))
                        let report = try run(other, mixture(seen, seed))
                        let replay = try other.replay(schedule)
                        expectEqual(replay, report, "\(topology), \(sharing), seed \(seed), jitter \(jitter)")
                        #expect(replay.evaluations == seen[0] ?? [])
                    }
                }
            }
        }
    }

    @Test func withLossEveryMessageIsPlayedAndTheRunIsTheSame() throws {
        for sharing in Interconnect.Sharing.allCases {
            let seen = Seen()
            let network = Interconnect(sharing: sharing, loss: .init(probability: 0.05, timeoutSeconds: 1e-3))
            let other = cluster(5, 3, .ring, network)
            let (report, schedule) = try record(other, training(seen, epochs: 4, steps: 9))
            let replay = try other.replay(schedule)
            expectEqual(replay, report, "\(sharing)")
            #expect(replay.evaluations == seen[0])
            #expect(replay.messages > replay.playedMessages, "the lost ones are sent twice")
            let lossless = try cluster(5, 3, .ring, Interconnect(sharing: sharing)).replay(schedule)
            #expect(replay.playedMessages == lossless.messages)
        }
    }

    /// Equal links, so that collectives in rounds may be played as a whole.
    @Test(arguments: [Jitter.none, .logNormal(sigma: 0.2)])
    func collectivesPlayedAsAWholeAreReplayedAndObservedAlike(_ jitter: Jitter) throws {
        for algorithm in allReduceVariants {
            for ranks in [2, 5, 8] {
                var whole = simulated(ranks, jitter: jitter, algorithm)
                whole.fewestMessagesPlayedInRounds = 0
                var single = whole
                single.fewestMessagesPlayedInRounds = .max
                let program = { (seen: Seen) in training(seen, epochs: 3, steps: 5) }
                let report = try run(single, program(Seen()))
                let (recorded, schedule) = try record(whole, program(Seen()))
                let seen = Seen()
                var counted = whole
                let counter = MessageCounter()
                counted.observer = counter
                let traced = try run(counted, program(seen))
                for other in [recorded, traced] {
                    #expect(other.seconds == report.seconds && other.accounts == report.accounts, "\(algorithm)")
                    #expect(other.ledger.entries == report.ledger.entries)
                }
                #expect(counter.posted == report.ledger.totalMessages && counter.delivered == counter.posted)
                for fabric in [whole, single] {
                    let replay = try fabric.replay(schedule)
                    expectEqual(replay, report, "\(algorithm), \(ranks) ranks")
                    #expect(replay.evaluations == seen[0])
                }
            }
        }
    }

    /// Ranks that compute for different times enter one after the other, some when their first messages are long there.
    @Test(arguments: [Jitter.none, .logNormal(sigma: 0.2)])
    func ranksThatEnterAtDifferentTimesAreReplayedInRounds(_ jitter: Jitter) throws {
        for algorithm in [AllReduceAlgorithm.ring, .recursiveDoubling, .rabenseifner] {
            for seed in 1...10 as ClosedRange<UInt64> {
                let program: RankProgram = { rank in
                    var stream = SeedSequence(seed).stream(.test, rank.index)
                    let vector = ParameterVector(count: 1000)
                    for _ in 0..<20 {
                        // As long as some rounds take, or much longer.
                        let elements =
                            20_000 + Int.random(in: 0..<8, using: &stream) * (stream.uniform() < 0.2 ? 20_000 : 400)
                        try await rank.compute(.vector(elements: elements)) {}
                        try await rank.allReduce(vector, .sum, purpose: .gradient)
                    }
                }
                let fabric = simulated(8, jitter: jitter, algorithm)
                let (report, schedule) = try record(fabric, program)
                let replay = try fabric.replay(schedule)
                expectEqual(replay, report, "\(algorithm), seed \(seed)")
                // On a ring a port hears one sender only, so that no message overtakes another.
                if algorithm == .ring {
                    #expect(replay.messagesInRounds > replay.messages / 2, "\(replay.messagesInRounds)")
                }
            }
        }
    }

    private final class MessageCounter: SimulationObserver {
        private(set) var (posted, delivered) = (0, 0)
        let needsMessages = true

        func began(_ operation: Fabrics.Operation, on rank: Int, at now: VirtualTime) {}
        func ended(on rank: Int, at now: VirtualTime, ready: VirtualTime) {}
        func posted(_ message: SimulatedMessage, at now: VirtualTime, departs: VirtualTime) { posted += 1 }
        func delivered(_ number: Int, at now: VirtualTime) { delivered += 1 }
    }

    /// Racks of one node: a message of 1,000 bytes takes 100 ns of overhead, 1 µs at the ports and twice 3 µs at uplinks,
    /// 2 µs for its bytes there, and 500 ns to be received. Half of the transmissions are lost, for 10 ms each.
    @Test(arguments: Interconnect.Sharing.allCases)
    func idealsReachTheInnerLinks(_ sharing: Interconnect.Sharing) throws {
        var link = roundLink
        link.receiveOverheadSeconds = 500e-9
        func fabric(loss: Double) -> SimulatedFabric {
            SimulatedFabric(
                nodes: [Node(link: link), Node(link: link)],
                interconnect: Interconnect(
                    .racks(.init(nodesPerRack: 1, latencySeconds: 3e-6, bytesPerSecond: 0.5e9)), sharing: sharing,
                    loss: loss > 0 ? .init(probability: loss, timeoutSeconds: 10e-3) : nil), compute: testCompute,
                seeds: SeedSequence(4), pool: HostPool(threads: 1))
        }
        let (report, schedule) = try record(fabric(loss: 0)) { rank in
            if rank.index == 1 {
                try await rank.send(Message(ParameterVector(count: 246), purpose: .model), to: 0)
            } else {
                _ = try await rank.receive(from: 1)
            }
        }
        func nanoseconds(_ loss: Double, _ ideal: Idealization) throws -> Double {
            (try fabric(loss: loss).idealized(ideal, server: nil).replay(schedule).seconds * 1e9).rounded()
        }
        #expect((report.seconds * 1e9).rounded() == 9600)
        #expect(try nanoseconds(0, .noLatency) == 100 + 2000 + 500)
        #expect(try nanoseconds(0, .infiniteBandwidth) == 100 + 7000 + 500)
        #expect(try nanoseconds(0, .noOverhead) == 7000 + 2000)
        #expect(try fabric(loss: 0.5).replay(schedule).seconds > 10e-3, "this seed loses the first transmission")
        #expect(try nanoseconds(0.5, .noLoss) == 9600)
    }

    /// The way over `s` has the least latency and two links; without latency the direct one would have fewer.
    @Test func withoutLatencyMessagesTakeTheWaysThatTheyTook() throws {
        let graph = Topology.Graph(
            nodes: ["a", "b"], switches: ["s"],
            edges: [
                .init("a", "s", latencySeconds: 1e-6, bytesPerSecond: 1e9),
                .init("s", "b", latencySeconds: 1e-6, bytesPerSecond: 1e9),
                .init("a", "b", latencySeconds: 1, bytesPerSecond: 1e6),
            ])
        let fabric = SimulatedFabric(
            nodes: [Node(link: roundLink), Node(link: roundLink)], interconnect: Interconnect(.graph(graph)),
            compute: testCompute, seeds: SeedSequence(1), pool: HostPool(threads: 1))
        let (_, schedule) = try record(fabric) { rank in
            if rank.index == 0 { try await rank.send(Message(ParameterVector(count: 246), purpose: .model), to: 1) }
            if rank.index == 1 { _ = try await rank.receive(from: 0) }
        }
        let report = try fabric.idealized(.noLatency, server: nil).replay(schedule)
        #expect((report.seconds * 1e9).rounded() == 100 + 1000)
    }
}
