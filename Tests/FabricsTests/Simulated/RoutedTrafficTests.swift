import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Jobs on clusters that are more than one switch.
@Suite(.timeLimit(.minutes(60))) struct RoutedTrafficTests {
    private static let trunk = Topology.Trunk(latencySeconds: 5e-6, bytesPerSecond: 0.3e9)
    static let topologies: [Topology] = [
        .oneSwitch, .racks(.init(nodesPerRack: 2, latencySeconds: 1e-6, oversubscription: 3)),
        .sites([.init(site: "a", to: "b", trunk), .init(site: "b", to: "c", trunk)]), .ring,
        .torus(rows: 2, columns: 3),
        .graph(
            .init(
                nodes: ["a", "b", "c", "d", "e", "f"], switches: ["s"],
                edges: ["a", "b", "c", "d", "e", "f"].map { .init($0, "s") })),
    ]

    private func fabric(
        _ interconnect: Interconnect, _ algorithm: AllReduceAlgorithm = .ring, jitter: Jitter = .none,
        link: Link = roundLink, threads: Int = 1
    ) -> SimulatedFabric {
        SimulatedFabric(
            nodes: Array(repeating: Node(link: link), count: 6), jitter: jitter, interconnect: interconnect,
            compute: testCompute, allReduce: algorithm, seeds: SeedSequence(3), pool: HostPool(threads: threads))
    }

    private struct Outcome: Equatable {
        let seconds: Double
        let accounts: [Double]
        let entries: [TrafficLedger.Entry]
        let values: [[UInt32]]
    }

    private func outcome(_ fabric: SimulatedFabric) throws -> Outcome {
        let values = Notes<[UInt32]>()
        let report = try run(fabric) { rank in
            let vector = testVector(rank.index, count: 500)
            try await rank.compute(.step(samples: 1 + rank.index % 2)) {}
            try await rank.allReduce(vector, .sum, purpose: .gradient)
            let next = (rank.index + 1) % rank.count
            for _ in 0..<3 { try await rank.send(Message(vector, purpose: .model), to: next) }
            for _ in 0..<3 { _ = try await rank.receive(from: (rank.index + 5) % 6) }
            try await rank.barrier()
            values[rank.index] = bits(vector)
        }
        return Outcome(
            seconds: report.seconds, accounts: report.accounts.map(\.communicationSeconds),
            entries: report.ledger.entries, values: values.byRank)
    }

    @Test(arguments: topologies, Interconnect.Sharing.allCases)
    func everyTopologyGivesTheSameNumbersOnAnyNumberOfHostThreads(
        topology: Topology, sharing: Interconnect.Sharing
    ) throws {
        let network = Interconnect(topology, sharing: sharing, loss: .init(probability: 0.1, timeoutSeconds: 1e-3))
        for algorithm in AllReduceAlgorithm.allCases {
            let jitter = Jitter.logNormal(sigma: 0.5)
            let one = try outcome(fabric(network, algorithm, jitter: jitter))
            #expect(try outcome(fabric(network, algorithm, jitter: jitter, threads: 2)) == one)
            #expect(one.values == Array(repeating: reducedTestVectors(6, count: 500, .sum), count: 6))
            #expect(one.accounts.allSatisfy { $0 >= 0 && $0 <= one.seconds })
        }
    }

    /// What is sent does not depend on the way that it takes.
    @Test(arguments: topologies) func everyTopologyIsChargedAlike(topology: Topology) throws {
        let plain = try outcome(fabric(.plain))
        for sharing in Interconnect.Sharing.allCases {
            #expect(try outcome(fabric(Interconnect(topology, sharing: sharing))).entries == plain.entries)
        }
    }

    /// Neighbours on a ring have a link to themselves in either direction, so that a ring all-reduce takes
    /// 2(n-1) times overhead + latency + bytes: chunks of 25 floats and 16 bytes of framing.
    @Test(arguments: Interconnect.Sharing.allCases)
    func ringAllReduceOnARingIsUncontended(sharing: Interconnect.Sharing) throws {
        let report = try run(fabric(Interconnect(.ring, sharing: sharing))) { rank in
            try await rank.allReduce(ParameterVector(count: 150), .sum, purpose: .gradient)
        }
        #expect((report.seconds * 1e9).rounded() == 10 * (100 + 1000 + 116))
    }

    /// Five messages of 1,000,016 bytes share one port of 1 GB/s: alone each would take 1.
    @Test func flowsOntoOneNodeShareItsPort() throws {
        let report = try run(fabric(Interconnect(sharing: .maxMin))) { rank in
            if rank.index > 0 {
                try await rank.send(Message(ParameterVector(count: 250_000), purpose: .modelUp), to: 0)
            } else {
                for sender in 1..<6 { _ = try await rank.receive(from: sender) }
            }
        }
        #expect((report.seconds * 1e9).rounded() == 100 + 1000 + 5 * 1_000_016)
    }

    @Test(arguments: Interconnect.Sharing.allCases)
    func retransmissionsAreChargedToTheSenderAndArriveOnce(sharing: Interconnect.Sharing) throws {
        let network = Interconnect(sharing: sharing, loss: .init(probability: 0.3, timeoutSeconds: 1e-3))
        let lossless = try outcome(fabric(Interconnect(sharing: sharing)))
        let lossy = try outcome(fabric(network))
        let again = lossy.entries.filter { $0.purpose == .retransmission }
        #expect(again.reduce(0) { $0 + $1.messagesSent } > 5)
        #expect(again.allSatisfy { $0.bytesReceived == 0 && $0.bytesSent > 0 })
        #expect(lossy.entries.filter { $0.purpose != .retransmission } == lossless.entries)
        #expect(lossy.seconds > lossless.seconds + 1e-3, "at least one time-out is waited for")
        #expect(lossy.values == lossless.values)
    }

    @Test func retransmissionsHaveTheDirectionAndLengthOfTheirMessage() throws {
        let network = Interconnect(loss: .init(probability: 0.5, timeoutSeconds: 1e-3))
        let ledger = try run(fabric(network)) { rank in
            if rank.index > 0 {
                let vector = ParameterVector(count: 21)
                try await rank.send(Message(vector, purpose: .modelUp, direction: .uplink), to: 0)
            } else {
                for sender in 1..<6 { _ = try await rank.receive(from: sender) }
            }
        }.ledger
        let again = ledger.entries.filter { $0.purpose == .retransmission }
        #expect(!again.isEmpty && again.allSatisfy { $0.direction == .uplink })
        #expect(again.allSatisfy { $0.bytesSent == 100 * $0.messagesSent })
    }

    /// The streams of loss belong to a sender's messages, not to what the others do.
    @Test func lossDoesNotDependOnTheNetwork() throws {
        let loss = Interconnect.Loss(probability: 0.3, timeoutSeconds: 1e-3)
        let entries = try Self.topologies.map {
            try outcome(fabric(Interconnect($0, sharing: .ports, loss: loss))).entries
        }
        #expect(entries.allSatisfy { $0 == entries[0] })
    }

    @Test func deadlockIsStillToldApart() throws {
        #expect(throws: FabricError.self) {
            try run(fabric(Interconnect(.ring))) { rank in
                if rank.index == 0 {
                    try await rank.send(Message(ParameterVector(count: 8), purpose: .model), to: 3)
                }
                _ = try await rank.receive(from: (rank.index + 1) % 6)
            }
        }
    }
}
