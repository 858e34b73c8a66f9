import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Collectives that are played as a whole against the same ones message by message: times, accounts and traffic of every
/// rank, and what comes after.
@Suite(.timeLimit(.minutes(60))) struct RoundPlayTests {
    /// What a job leaves, in every detail.
    private struct Trace: Equatable {
        /// For each rank, after each of its operations: the time, and the bytes that all ranks have sent.
        var steps: [[[Int64]]]
        /// Ranks in the order in which they went on after the collectives.
        var order: [Int]
        var accounts: [TimeAccount]
        var ledger: [TrafficLedger.Entry]
        var seconds: Double
    }

    private func trace(
        _ fabric: SimulatedFabric, inRounds: Bool, _ program: @escaping @Sendable (any Rank, Mark) async throws -> Void
    ) throws -> Trace {
        var fabric = fabric
        fabric.fewestMessagesPlayedInRounds = inRounds ? 0 : .max
        let steps = Notes<[[Int64]]>()
        let order = Notes<[Int]>()
        let report = try run(fabric) { rank in
            try await program(rank) {
                let point = [rank.now.nanoseconds, Int64(rank.totalBytesSent)]
                steps.update(rank.index, from: []) { $0.append(point) }
                order.update(0, from: []) { $0.append(rank.index) }
            }
        }
        return Trace(
            steps: steps.byRank, order: order[0] ?? [], accounts: report.accounts, ledger: report.ledger.entries,
            seconds: report.seconds)
    }

    private typealias Mark = @Sendable () -> Void

    /// Links of all kinds: equal and unequal, by much and by little, without latency or overhead, slow upwards, so fast that
    /// bytes cost nothing.
    private static func nodes(_ ranks: Int, _ kind: Int) -> [Node] {
        let links = [
            Link(latencySeconds: 20e-6, bytesPerSecond: 375e6, overheadSeconds: 3e-6),
            Link(latencySeconds: 0, bytesPerSecond: 125e6),
            Link(latencySeconds: 1e-3, bytesPerSecond: 1e15),
            Link(latencySeconds: 1e-6, uplinkBytesPerSecond: 1e6, downlinkBytesPerSecond: 1e8, overheadSeconds: 1e-7),
        ]
        return (0..<ranks).map { rank in
            if kind == 5 {
                let uplink = 1e6 * (1 + Double(rank) / 1000)
                return Node(
                    link: Link(latencySeconds: 1e-6, uplinkBytesPerSecond: uplink, downlinkBytesPerSecond: 1e8))
            }
            return Node(link: kind < links.count ? links[kind] : links[rank.isMultiple(of: 3) ? 0 : 3], speed: 1)
        }
    }

    private static let kinds: [CollectiveKind] = [
        .allReduce(.sum), .allGather, .reduceScatter(.sum), .allToAll, .barrier,
    ]

    /// After the collective the ranks send to their neighbours, some of which are still in it, and to a server, whose port
    /// tells which came first, and meet in another one.
    @Test(arguments: [AllReduceAlgorithm.ring, .recursiveDoubling, .rabenseifner], 0..<6)
    func itEqualsTheMessages(algorithm: AllReduceAlgorithm, links: Int) throws {
        for ranks in [2, 3, 4, 7, 8, 16, 21, 64] {
            for elements in [0, 1, 5 * ranks, 1000, 200_003] {
                for jitter in [Jitter.none, .logNormal(sigma: 0.5)] {
                    let fabric = SimulatedFabric(
                        nodes: Self.nodes(ranks, links), jitter: jitter, compute: testCompute, allReduce: algorithm,
                        seeds: SeedSequence(7), pool: HostPool(threads: 1))
                    let (whole, single) = (
                        try trace(fabric, inRounds: true) { try await Self.program($0, elements: elements, $1) },
                        try trace(fabric, inRounds: false) { try await Self.program($0, elements: elements, $1) }
                    )
                    #expect(whole == single, "\(ranks) ranks, \(elements) numbers, \(jitter)")
                }
            }
        }
    }

    private static func program(_ rank: any Rank, elements: Int, _ mark: Mark) async throws {
        for kind in kinds {
            try await rank.compute(.step(samples: 2)) {}
            try await ClosedForms.play(kind, rank, elements: elements)
            mark()
            let next = (rank.index + 1) % rank.count
            try await rank.send(Message(ParameterVector(count: 2), purpose: .model), to: next)
            _ = try await rank.receive(from: (rank.index + rank.count - 1) % rank.count)
            mark()
            if rank.index == 0 {
                for sender in 1..<rank.count { _ = try await rank.receive(from: sender) }
            } else {
                try await rank.send(Message(ParameterVector(count: 3), purpose: .modelUp), to: 0)
            }
            mark()
            try await rank.barrier()
            mark()
        }
    }

    /// Ranks that do not come together, and messages that are still under way: then a collective must not be played as
    /// a whole, and is not.
    @Test(arguments: 0..<6)
    func whereRanksComeLateOrMessagesAreUnderWayTheMessagesArePlayed(links: Int) throws {
        for ranks in [2, 5, 8] {
            let fabric = SimulatedFabric(
                nodes: Self.nodes(ranks, links), compute: testCompute, seeds: SeedSequence(7),
                pool: HostPool(threads: 1))
            let program: @Sendable (any Rank, Mark) async throws -> Void = { rank, mark in
                for kind in Self.kinds {
                    try await rank.compute(.step(samples: 1 + rank.index % 3)) {}
                    try await ClosedForms.play(kind, rank, elements: 4001)
                    mark()
                    // One that nobody waits for before the next collective.
                    let next = (rank.index + 1) % rank.count
                    try await rank.send(Message(ParameterVector(count: 5000), purpose: .model), to: next)
                    mark()
                    try await rank.barrier()
                    mark()
                    _ = try await rank.receive(from: (rank.index + rank.count - 1) % rank.count)
                    mark()
                }
            }
            #expect(try trace(fabric, inRounds: true, program) == trace(fabric, inRounds: false, program), "\(ranks)")
        }
    }

    private static func entries(_ ranks: Int) -> [RoundPlay.Entry] {
        (0..<ranks).map { RoundPlay.Entry(rank: $0, time: VirtualTime(nanoseconds: 5)) }
    }

    /// On equal links, at least, the quick way has to be taken; if not, the tests above compare messages with messages.
    @Test func itIsTakenOnEqualLinks() {
        for algorithm in [
            RingAllReduce() as any CollectiveAlgorithm, RingAllGather(), RingReduceScatter(), PairwiseAllToAll(),
            DisseminationBarrier(), RabenseifnerAllReduce(), RecursiveDoublingAllGather(),
            RecursiveHalvingReduceScatter(), RecursiveDoublingAllReduce(),
        ] {
            for ranks in [2, 4, 16, 64] {
                let network = NetworkModel(nodes: Self.nodes(ranks, 0), jitter: .none, seeds: SeedSequence(1))
                let play = RoundPlay(
                    algorithm, elements: 1000 * ranks, Self.entries(ranks), on: network)
                #expect(play?.ends.count == ranks, "\(algorithm), \(ranks) ranks")
            }
        }
        // For numbers of ranks that are no powers of two, only rings and pairs are played as a whole.
        let network = NetworkModel(nodes: Self.nodes(21, 0), jitter: .none, seeds: SeedSequence(1))
        for algorithm in [RingAllReduce() as any CollectiveAlgorithm, PairwiseAllToAll()] {
            let play = RoundPlay(
                algorithm, elements: 1000, Self.entries(21), on: network)
            #expect(play?.ends.count == 21, "\(algorithm)")
        }
    }

    /// 2,046 steps of one 1,024th, in 100 ns overhead, 1 µs latency and a byte a nanosecond.
    @Test func aRingOfAThousandRanksTakesItsClosedForm() throws {
        let measured = try run(simulated(1024)) { rank in
            try await ClosedForms.play(.allReduce(.sum), rank, elements: 200 * 1024)
        }
        #expect(abs(measured.seconds - 2046 * (1.1e-6 + 816e-9)) < 1e-9)
        #expect(measured.ledger.totalMessages == 1024 * 2046)
    }

    @Test func aRankThatFailsMeanwhileEndsTheJob() throws {
        var fabric = simulated(4)
        fabric.fewestMessagesPlayedInRounds = 0
        for isLate in [false, true] {
            #expect(throws: Boom(rank: 2)) {
                try run(fabric) { rank in
                    if isLate { try await rank.compute(.step(samples: 1)) {} }
                    if rank.index == 2 { throw Boom(rank: 2) }
                    try await rank.barrier()
                    try await rank.barrier()
                }
            }
        }
    }
}
