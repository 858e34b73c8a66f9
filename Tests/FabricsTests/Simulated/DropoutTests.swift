import Cluster
import Foundation
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// Ranks that leave, worked out by hand: 1 byte a nanosecond, 1 µs of latency, 100 ns of overhead, so that a message of 21
/// floats (100 bytes with its framing) leaves its port after 200 ns and is there after 1200; others know after 500 ns.
@Suite(.timeLimit(.minutes(60))) struct DropoutTests {
    static let detection: Int64 = 500

    static func fabric(
        _ ranks: Int, leaving: [(Int, Int64)], link: Link = roundLink, jitter: Jitter = .none,
        interconnect: Interconnect = .plain, _ allReduce: AllReduceAlgorithm = .ring, groups: [Range<Int>]? = nil,
        threads: Int = 1
    ) -> SimulatedFabric {
        SimulatedFabric(
            nodes: Array(repeating: Node(link: link), count: ranks), jitter: jitter, interconnect: interconnect,
            compute: testCompute, allReduce: allReduce, groups: groups, seeds: SeedSequence(1),
            departures: leaving.map { Departure(rank: $0.0, seconds: Double($0.1) * 1e-9) },
            detectionSeconds: Double(detection) * 1e-9, pool: HostPool(threads: threads))
    }

    /// What became of an operation of a rank: its own leaving, another's, or nothing; and when.
    struct Ending: Equatable, Sendable, CustomStringConvertible {
        var what: String
        var at: Int64
        var description: String { "\(what) at \(at)" }
    }

    /// Notes how the body ends; errors of the rank's own go on.
    static func note(
        _ notes: Notes<Ending>, _ rank: any Rank, _ body: () async throws -> String
    ) async throws {
        do {
            let what = try await body()
            notes[rank.index] = Ending(what: what, at: rank.now.nanoseconds)
        } catch FabricError.rankLeft(let other, let time) {
            notes[rank.index] = Ending(what: "\(other) left \(time.nanoseconds)", at: rank.now.nanoseconds)
        } catch let error as FabricError {
            if case .left(let time) = error {
                #expect(time.nanoseconds == rank.now.nanoseconds)
                notes[rank.index] = Ending(what: "left", at: rank.now.nanoseconds)
            }
            throw error
        }
    }

    static func message(_ number: Int) -> Message {
        Message(ParameterVector(count: 21), weight: number, purpose: .model)
    }

    // MARK: Messages

    /// The first message leaves its port at 200, the second at 400: a rank that leaves in between takes the second along,
    /// and one that leaves when the second would have left, too.
    @Test(arguments: [(199, 0), (200, 0), (201, 1), (399, 1), (400, 1), (401, 2), (5000, 2)])
    func whatHasLeftThePortArrives(leaves: Int, arriving: Int) throws {
        let notes = Notes<Ending>()
        let received = Notes<Int>()
        let report = try run(Self.fabric(2, leaving: [(0, Int64(leaves))])) { rank in
            try await Self.note(notes, rank) {
                guard rank.index == 0 else {
                    while try await rank.receive(from: 0) != nil { received.update(0, from: 0) { $0 += 1 } }
                    return "ended"
                }
                for number in 0..<2 { try await rank.send(Self.message(number), to: 1) }
                try await rank.compute(.step(samples: 1)) {
                    Issue.record("computed by a rank that leaves before")
                    return
                }
                return "ended"
            }
        }
        #expect((received[0] ?? 0) == arriving)
        #expect(notes[0] == Ending(what: "left", at: Int64(leaves)))
        // The receiver knows when the second would have come, or after the time of detection, whatever is later.
        let last = arriving == 0 ? 0 : 1000 + 200 * Int64(arriving)
        let known = max(Int64(leaves) + Self.detection, last)
        #expect(notes[1] == Ending(what: "0 left \(leaves)", at: known))
        #expect(report.departures == [Departure(rank: 0, seconds: Double(leaves) / 1e9)])
        // What was handed to the port is charged.
        #expect(report.ledger.totalMessages == (leaves <= 200 ? 1 : 2))
        #expect(report.seconds == max(Double(leaves), Double(known)) / 1e9)
    }

    @Test func messagesToARankThatHasLeftAreChargedAndThrownAway() throws {
        let times = Notes<[Int64]>()
        let report = try run(Self.fabric(2, leaving: [(1, 300)])) { rank in
            guard rank.index == 0 else {
                _ = try await rank.receive(from: 0)
                return
            }
            for number in 0..<3 {
                try await rank.send(Self.message(number), to: 1)
                times.update(0, from: []) { $0.append(rank.now.nanoseconds) }
            }
        }
        #expect(times[0] == [200, 400, 600])
        #expect(report.ledger.totalMessages == 3 && report.ledger.totalBytes == 300)
        #expect(report.seconds == 600e-9)
    }

    @Test func aRankThatEndedBeforeItsTimeHasNotLeft() throws {
        let report = try run(Self.fabric(2, leaving: [(0, 201)])) { rank in
            if rank.index == 0 { return try await rank.send(Self.message(0), to: 1) }
            #expect(try await rank.receive(from: 0) != nil)
            #expect(try await rank.receive(from: 0) == nil)
        }
        #expect(report.departures.isEmpty)
    }

    @Test func whoAsksLaterIsToldAtOnceAndMayGoOn() throws {
        let notes = Notes<Ending>()
        try run(Self.fabric(3, leaving: [(0, 100)])) { rank in
            if rank.index == 0 { try await rank.compute(.step(samples: 1)) {} }
            if rank.index == 1 {
                #expect(!rank.isKnownToHaveLeft(0))
                try await rank.compute(.step(samples: 1)) {}
                #expect(rank.isKnownToHaveLeft(0) && !rank.isKnownToHaveLeft(2))
                try await Self.note(notes, rank) { "\(try await rank.receive(from: 0) == nil)" }
                try await rank.send(Self.message(7), to: 2)
            } else if rank.index == 2 {
                #expect(try await rank.receive(from: 1)?.weight == 7)
            }
        }
        #expect(notes[1] == Ending(what: "0 left 100", at: 1_000_000))
    }

    // MARK: Computations

    @Test(arguments: [(999_999, false), (1_000_000, false), (1_000_001, true)])
    func aComputationThatIsCutOffIsNotMade(leaves: Int, isMade: Bool) throws {
        for threads in [1, 2] {
            let made = Notes<Bool>()
            let report = try run(Self.fabric(1, leaving: [(0, Int64(leaves))], threads: threads)) { rank in
                try await rank.compute(.step(samples: 1)) { made[0] = true }
                try await rank.compute(.step(samples: 1)) { made[1] = true }
            }
            #expect((made[0] == true) == isMade && made[1] == nil)
            #expect(abs(report.accounts[0].computeSeconds - Double(leaves) * 1e-9) < 1e-15)
            #expect(report.seconds == Double(leaves) / 1e9)
        }
    }

    /// A program that does not end with its rank's leaving gets nothing done.
    @Test func nothingIsDoneForARankThatHasLeft() throws {
        let report = try run(Self.fabric(2, leaving: [(0, 50)])) { rank in
            guard rank.index == 0 else { return }
            for _ in 0..<3 {
                await #expect(throws: FabricError.self) { try await rank.compute(.step(samples: 1)) {} }
                await #expect(throws: FabricError.self) { try await rank.send(Self.message(0), to: 1) }
                await #expect(throws: FabricError.self) { _ = try await rank.receive(from: 1) }
                await #expect(throws: FabricError.self) { try await rank.barrier() }
                await #expect(throws: FabricError.self) { _ = try await rank.regroup(at: 0) }
                await #expect(throws: FabricError.self) {
                    try await rank.offTheClock(.allRanks, chunks: 1, { _ in Issue.record("evaluated") }, finish: {})
                }
            }
        }
        #expect(report.ledger.totalMessages == 0 && report.seconds == 50e-9)
    }

    // MARK: Collectives

    /// Rank 2 comes after it is known, rank 1 waits for it, and rank 0 leaves before it comes.
    @Test func aCollectiveTellsAllThatAreInItOrComeToIt() throws {
        let notes = Notes<Ending>()
        let report = try run(Self.fabric(3, leaving: [(0, 400)])) { rank in
            try await rank.compute(.vector(elements: [600, 100, 2000][rank.index])) {}
            try await Self.note(notes, rank) {
                try await rank.barrier()
                return "ended"
            }
            try await Self.note(notes, rank) {
                try await rank.barrier()
                return "ended"
            }
        }
        #expect(notes[1] == Ending(what: "0 left 400", at: 900))
        #expect(notes[2] == Ending(what: "0 left 400", at: 2000))
        #expect(report.departures.count == 1)
    }

    /// A barrier of two ranks: both enter at 0, and are done at 1116 + 16 ns. A rank that leaves afterwards does no
    /// harm to it.
    @Test func aCollectiveThatTheRankHadFinishedGoesOn() throws {
        let notes = Notes<Ending>()
        // The root is done with a broadcast when its messages have left the port, at 200 and 400; they are there at
        // 1200 and 1400.
        try run(Self.fabric(3, leaving: [(0, 401)])) { rank in
            try await rank.broadcast(ParameterVector(count: 21), from: 0, purpose: .model)
            try await Self.note(notes, rank) {
                if rank.index == 0 { try await rank.compute(.step(samples: 1)) {} }
                return "done"
            }
        }
        #expect(notes.byRank.map(\.what) == ["left", "done", "done"])
        #expect(notes.byRank.dropFirst().map(\.at).sorted() == [1200, 1400])
    }

    // MARK: Those who remain

    @Test(arguments: AllReduceAlgorithm.allCases + [.servers(count: 3), .grouped(size: 2)])
    func thoseWhoRemainGoOnWithEveryCollective(_ algorithm: AllReduceAlgorithm) throws {
        for ranks in [2, 3, 5, 8, 9] {
            for gone in Set([0, ranks / 2, ranks - 1]) {
                let sums = Notes<[Float]>()
                let groups = ranks > 3 ? [0..<2, 2..<ranks] : nil
                let fabric = Self.fabric(ranks, leaving: [(gone, 700)], algorithm, groups: groups)
                let report = try run(fabric) { rank in
                    let vector = ParameterVector(count: 10)
                    vector.fill(with: Float(rank.index + 1))
                    do {
                        // A rank that has nothing more to send in an all-reduce is not missed in it.
                        try await rank.allReduce(vector, .sum, purpose: .gradient)
                        try await rank.barrier()
                        Issue.record("a barrier without rank \(gone)")
                    } catch FabricError.rankLeft(let left, _) {
                        #expect(left == gone)
                        #expect(try await rank.regroup(at: 10 + rank.index) == (gone == 0 ? 11 : 10))
                    }
                    let members = (0..<ranks).filter { $0 != gone }
                    #expect(rank.members == members)
                    vector.fill(with: Float(rank.index + 1))
                    try await rank.allReduce(vector, .sum, purpose: .gradient)
                    var values = [vector[0], vector[9]]
                    let gathered = try await rank.allGather(vector, purpose: .model)
                    values.append(Float(gathered.count))
                    let mine = ParameterVector(count: 10)
                    mine.fill(with: Float(rank.index))
                    let root = members[members.count - 1]
                    let all = try await rank.gather(mine, to: root, purpose: .model)
                    #expect(all?.map { $0[0] } == (rank.index == root ? members.map(Float.init) : nil))
                    try await rank.broadcast(mine, from: root, purpose: .model)
                    values.append(mine[3])
                    let place = members.firstIndex(of: rank.index) ?? -1
                    #expect(
                        try await rank.scatter(mine, from: root, purpose: .model)
                            == (0..<10).part(place, of: members.count))
                    mine.fill(with: 1)
                    let part = try await rank.reduceScatter(mine, .mean, purpose: .model)
                    #expect(part.allSatisfy { mine[$0] == 1 })
                    #expect(try await rank.allToAll(mine, purpose: .model).count == part.count * members.count)
                    try await rank.barrier()
                    sums[rank.index] = values
                }
                let total = Float(ranks * (ranks + 1) / 2 - gone - 1)
                let root = Float(gone == ranks - 1 ? ranks - 2 : ranks - 1)
                #expect(sums.count == ranks - 1, "\(ranks) ranks without \(gone)")
                for values in sums.byRank { #expect(values == [total, total, Float(ranks - 1), root]) }
                #expect(report.departures.count == 1)
            }
        }
    }

    /// After the dropout the messages are the same as in a job of n - 1 ranks.
    @Test func thoseWhoRemainSendWhatAJobOfThemWould() throws {
        func bytes(_ ranks: Int, leaving: [(Int, Int64)], reduces: Bool) throws -> Int {
            try run(Self.fabric(ranks, leaving: leaving)) { rank in
                if !leaving.isEmpty {
                    await #expect(throws: FabricError.self) { try await rank.barrier() }
                    if rank.index == 1 { return }
                    _ = try await rank.regroup(at: 0)
                }
                if reduces { try await rank.allReduce(ParameterVector(count: 100), .sum, purpose: .gradient) }
            }.ledger.totalBytes
        }
        func ofAnAllReduce(_ ranks: Int, leaving: [(Int, Int64)]) throws -> Int {
            try bytes(ranks, leaving: leaving, reduces: true) - bytes(ranks, leaving: leaving, reduces: false)
        }
        #expect(try ofAnAllReduce(5, leaving: [(1, 10)]) == ofAnAllReduce(4, leaving: []))
    }

    /// Every moment of a job, for ranks that leave alone, together, or one after the other while the others agree: those
    /// that remain always come to the end, with the right sum.
    @Test(arguments: [0, 1, 2, 3])
    func nobodyEverHangs(network: Int) throws {
        let interconnects: [(Interconnect, Jitter)] = [
            (.plain, .none), (.plain, .logNormal(sigma: 0.5)),
            (Interconnect(.ring, loss: Interconnect.Loss(probability: 0.2, timeoutSeconds: 3e-6)), .none),
            (
                Interconnect(.oneSwitch, sharing: .maxMin, loss: .init(probability: 0.2, timeoutSeconds: 3e-6)),
                .uniform(seconds: 1e-6)
            ),
        ]
        let (interconnect, jitter) = interconnects[network]
        let plans: [[Int64?]] = [
            [0, nil, nil, nil], [nil, nil, 0, nil], [nil, 0, nil, 0], [0, nil, 300, nil], [nil, 0, 500, nil],
            [0, 501, nil, nil], [0, 0, 0, nil], [0, 900, 2500, nil], [0, 0, 0, 0], [100, 0, 700, 1300],
        ]
        for plan in plans {
            for base in stride(from: Int64(0), through: 16_000, by: network == 0 ? 100 : 700) {
                let leaving = plan.enumerated().compactMap { rank, offset in offset.map { (rank, base + $0) } }
                let sums = Notes<Float>()
                let report = try run(Self.fabric(4, leaving: leaving, jitter: jitter, interconnect: interconnect)) {
                    rank in
                    var round = 0
                    while round < 3 {
                        let vector = ParameterVector(count: 21)
                        vector.fill(with: 1)
                        do {
                            try await rank.compute(.vector(elements: 300)) {}
                            try await rank.allReduce(vector, .sum, purpose: .gradient)
                            #expect(vector[20] >= Float(4 - leaving.count), "left \(leaving)")
                            round += 1
                            sums[rank.index] = vector[20]
                            if round == 3 {
                                try await rank.offTheClock(.allRanksTogether, chunks: 1) { _ in
                                } finish: {
                                }
                            }
                        } catch FabricError.rankLeft {
                            while true {
                                do {
                                    round = try await rank.regroup(at: round)
                                    break
                                } catch FabricError.rankLeft { continue }
                            }
                        }
                    }
                }
                // Ranks leave only before they are done, and nobody is forgotten.
                let left = Set(report.departures.map(\.rank))
                #expect(left.isSubset(of: leaving.map(\.0)), "left \(leaving)")
                for rank in 0..<4 where !left.contains(rank) { #expect(sums[rank] != nil, "rank \(rank), \(leaving)") }
            }
        }
    }

    // MARK: The network

    /// Two flows of 1016 bytes into one port share it at half of 1 byte/ns each, from 1100 on: an overhead of 100 and a
    /// latency of 1000. If rank 1 leaves at 1500, its flow is cut off after 400 ns, and the other goes on alone.
    @Test func aFlowThatIsCutOffLeavesItsShareToTheOthers() throws {
        let times = Notes<Int64>()
        let shared = Interconnect(.oneSwitch, sharing: .maxMin)
        for (leaves, expected) in [(Int64(100_000), Int64(3132)), (1500, 2316)] {
            try run(Self.fabric(3, leaving: [(1, leaves)], interconnect: shared)) { rank in
                let big = Message(ParameterVector(count: 250), purpose: .model)
                if rank.index != 2 { try await rank.send(big, to: 2) }
                if rank.index == 1 { try await rank.compute(.step(samples: 1)) {} }
                if rank.index == 2 {
                    #expect(try await rank.receive(from: 0) != nil)
                    times[0] = rank.now.nanoseconds
                }
            }
            // Both senders' 1016 bytes go into rank 2: 2032 bytes from 1100 on at 1 byte/ns end at 3132. Where one
            // sender is cut off at 1500, 200 bytes of each have come, and the other's remaining 816 end at 2316.
            #expect(times[0] == expected, "left at \(leaves)")
        }
    }

    /// Ten messages leave their port within 2 µs; half of them are lost and would be sent again 10 µs later. The sender leaves
    /// before: what is there is what came before the first that was lost, since messages of a pair stay in order.
    @Test(arguments: [Interconnect.Sharing.ports, .maxMin])
    func aRankThatHasLeftSendsNothingAgain(sharing: Interconnect.Sharing) throws {
        let lossy = Interconnect(
            .oneSwitch, sharing: sharing, loss: Interconnect.Loss(probability: 0.3, timeoutSeconds: 10e-6))
        func received(leaving: [(Int, Int64)]) throws -> (weights: [Int], entries: [TrafficLedger.Entry]) {
            let weights = Notes<[Int]>()
            weights[1] = []
            let report = try run(Self.fabric(2, leaving: leaving, interconnect: lossy)) { rank in
                if rank.index == 0 {
                    for number in 0..<10 { try await rank.send(Self.message(number), to: 1) }
                    try await rank.compute(.step(samples: 1)) {}
                } else {
                    do {
                        while let message = try await rank.receive(from: 0) {
                            weights.update(1, from: []) { $0.append(message.weight) }
                        }
                    } catch FabricError.rankLeft {}
                }
            }
            return (weights[1] ?? [], report.ledger.entries)
        }
        let (all, entries) = try received(leaving: [])
        #expect(all == Array(0..<10) && entries.contains { $0.purpose == .retransmission })
        let (some, others) = try received(leaving: [(0, 8000)])
        #expect(!others.contains { $0.purpose == .retransmission })
        // The seed loses one of the ten, and not the first.
        #expect(some == Array(0..<some.count) && (1..<10).contains(some.count), "\(some)")
    }

    @Test func whatIsPlayedAsAWholeIsNotDisturbedByDropouts() throws {
        for base in stride(from: Int64(0), through: 9_000, by: 450) {
            func trace(inRounds: Bool) throws -> ([Ending], [TrafficLedger.Entry], [TimeAccount], Double) {
                var fabric = Self.fabric(5, leaving: [(2, base), (4, base + 4000)])
                fabric.fewestMessagesPlayedInRounds = inRounds ? 0 : .max
                let notes = Notes<Ending>()
                let report = try run(fabric) { rank in
                    var round = 0
                    while round < 4 {
                        do {
                            try await rank.allReduce(ParameterVector(count: 50), .sum, purpose: .gradient)
                            round += 1
                        } catch FabricError.rankLeft {
                            while true {
                                do {
                                    round = try await rank.regroup(at: round)
                                    break
                                } catch FabricError.rankLeft { continue }
                            }
                        }
                    }
                    notes[rank.index] = Ending(what: "ended", at: rank.now.nanoseconds)
                }
                return (notes.byRank, report.ledger.entries, report.accounts, report.seconds)
            }
            let (whole, single) = (try trace(inRounds: true), try trace(inRounds: false))
            #expect(whole.0 == single.0 && whole.1 == single.1, "left at \(base)")
            #expect(whole.2 == single.2 && whole.3 == single.3, "left at \(base)")
        }
    }

    @Test func ranksThatLeaveAfterTheEndChangeNothing() throws {
        func trace(_ leaving: [(Int, Int64)]) throws -> (FabricReport, [Int64]) {
            let times = Notes<Int64>()
            let report = try run(Self.fabric(6, leaving: leaving, jitter: .logNormal(sigma: 0.4))) { rank in
                for _ in 0..<3 {
                    try await rank.compute(.vector(elements: 100 * rank.index)) {}
                    try await rank.allReduce(ParameterVector(count: 40), .sum, purpose: .gradient)
                }
                times[rank.index] = rank.now.nanoseconds
            }
            return (report, times.byRank)
        }
        let (plain, dropping) = (try trace([]), try trace((0..<6).map { ($0, 1_000_000_000) }))
        #expect(plain.1 == dropping.1 && plain.0.accounts == dropping.0.accounts)
        #expect(plain.0.ledger.entries == dropping.0.ledger.entries && plain.0.seconds == dropping.0.seconds)
        #expect(dropping.0.departures.isEmpty)
    }
}
