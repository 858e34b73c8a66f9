import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// A replay of what was recorded on one cluster against a run of the program on another: equal to the last bit.
@Suite(.timeLimit(.minutes(60))) struct ReplayTests {
    /// Runs the program and returns its report, and what it did.
    func record(_ fabric: SimulatedFabric, _ program: @escaping RankProgram) throws -> (FabricReport, Schedule) {
        let recorder = ScheduleRecorder(ranks: fabric.nodes.count)
        var fabric = fabric
        fabric.observer = recorder
        let report = try run(fabric, program)
        return (report, try #require(recorder.schedule))
    }

    /// Links and speeds of all kinds, of which some are equal, so that messages often meet at the same time.
    func cluster(
        _ ranks: Int, _ seed: UInt64, _ allReduce: AllReduceAlgorithm, jitter: Jitter = .none,
        _ interconnect: Interconnect = .plain
    ) -> SimulatedFabric {
        var stream = SeedSequence(seed).stream(.test, 1)
        let nodes = (0..<ranks).map { _ in
            let rates = (0..<2).map { _ in [1e9, 1e8, 123e6][Int.random(in: 0..<3, using: &stream)] }
            return Node(
                link: Link(
                    latencySeconds: [0, 1e-6, 1e-3][Int.random(in: 0..<3, using: &stream)],
                    uplinkBytesPerSecond: rates[0], downlinkBytesPerSecond: rates[1],
                    overheadSeconds: [0, 100e-9][Int.random(in: 0..<2, using: &stream)]),
                speed: [1, 1, 0.25, 1.7][Int.random(in: 0..<4, using: &stream)])
        }
        return SimulatedFabric(
            nodes: nodes, jitter: jitter, interconnect: interconnect, compute: testCompute, allReduce: allReduce,
            groups: interconnect.topology.groups(ranks: ranks), seeds: SeedSequence(seed), pool: HostPool(threads: 1))
    }

    func expectEqual(_ replay: ReplayReport, _ report: FabricReport, _ comment: String) {
        #expect(replay.seconds == report.seconds, "\(comment): seconds")
        #expect(replay.accounts == report.accounts, "\(comment): accounts")
        #expect(replay.bytes == report.ledger.totalBytes, "\(comment): bytes")
        #expect(replay.messages == report.ledger.totalMessages, "\(comment): messages")
    }

    /// The time of each evaluation, and all bytes that were sent by then.
    typealias Seen = Notes<[ReplayReport.Evaluation]>

    func evaluate(_ rank: any Rank, _ seen: Seen, _ pause: Pause) async throws {
        try await rank.offTheClock(pause, chunks: 1) { _ in
        } finish: {
            let point = ReplayReport.Evaluation(seconds: rank.now.seconds, bytesSent: rank.totalBytesSent)
            seen.update(0, from: []) { $0.append(point) }
        }
    }

    /// Epochs of equal steps and a short one, with an evaluation at the end, as data-parallel training has them.
    func training(_ seen: Seen, epochs: Int, steps: Int) -> RankProgram {
        { rank in
            let vector = ParameterVector(count: 100)
            try await evaluate(rank, seen, .allRanks)
            for _ in 0..<epochs {
                for step in 0..<steps {
                    let samples = step == steps - 1 ? 2 : 4 + (rank.index == 1 ? 1 : 0)
                    try await rank.compute(.step(samples: samples)) {}
                    try await rank.allReduce(vector, .sum, purpose: .gradient)
                }
                try await evaluate(rank, seen, .allRanks)
            }
            // An epoch that is not full.
            for _ in 0..<steps / 2 {
                try await rank.compute(.step(samples: 4)) {}
                try await rank.allReduce(vector, .sum, purpose: .gradient)
            }
        }
    }

    @Test(arguments: allReduceVariants, [2, 3, 5, 8])
    func trainingReplayedOnAnotherClusterIsTheRunThere(_ allReduce: AllReduceAlgorithm, _ ranks: Int) throws {
        let program = { (seen: Seen) in training(seen, epochs: 4, steps: 9) }
        let (_, schedule) = try record(cluster(ranks, 0, allReduce), program(Seen()))
        for seed in 1...12 as ClosedRange<UInt64> {
            let seen = Seen()
            let other = cluster(ranks, seed, allReduce)
            let report = try run(other, program(seen))
            let replay = try other.replay(schedule)
            expectEqual(replay, report, "seed \(seed)")
            #expect(replay.evaluations == seen[0], "seed \(seed)")
        }
    }

    @Test func withJitterEveryMessageIsPlayedAndTheRunIsTheSame() throws {
        for jitter in [
            Jitter.logNormal(sigma: 0.5), .uniform(seconds: 1e-5), .empirical(file: "f.csv", seconds: [1e-6, 1e-3]),
        ] {
            let seen = Seen()
            let program = training(seen, epochs: 2, steps: 5)
            let (report, schedule) = try record(cluster(5, 3, .ring, jitter: jitter), program)
            let replay = try cluster(5, 3, .ring, jitter: jitter).replay(schedule)
            expectEqual(replay, report, "\(jitter)")
            #expect(replay.evaluations == seen[0])
            #expect(replay.playedMessages == replay.messages)
        }
    }

    /// Equal moments do not go on alike where a rank is slow later on.
    @Test func aRankThatSlowsDownLongAfterAllRepeatedIsReplayedAsItWas() throws {
        let seen = Seen()
        let program = training(seen, epochs: 40, steps: 9)
        let half = try record(cluster(8, 5, .ring), program).0.seconds / 2
        var fabric = cluster(8, 5, .ring)
        fabric.slowdowns = RankSlowdowns(
            .listed([.init(rank: 3, beginSeconds: half, lastingSeconds: half / 10, factor: 7)]), server: nil)
        let (report, schedule) = try record(fabric, program)
        #expect(report.seconds > 2 * half)
        expectEqual(try fabric.replay(schedule), report, "slowed down")
    }

    /// 100 epochs of 9 steps: after the first ones all is known.
    @Test(arguments: allReduceVariants)
    func whatRepeatsIsNotPlayedAgain(_ allReduce: AllReduceAlgorithm) throws {
        let seen = Seen()
        let (report, schedule) = try record(cluster(8, 5, allReduce), training(seen, epochs: 100, steps: 9))
        let replay = try cluster(8, 5, allReduce).replay(schedule)
        expectEqual(replay, report, "\(allReduce)")
        #expect(replay.evaluations == seen[0])
        #expect(replay.evaluations.count == 101)
        #expect(replay.playedMessages < replay.messages / 10, "\(replay.playedMessages) of \(replay.messages)")
    }

    /// Messages in all directions, collectives of all kinds, barriers and meetings, in an order drawn for all ranks.
    func mixture(_ seen: Seen, _ seed: UInt64) -> RankProgram {
        { rank in
            var stream = SeedSequence(seed).stream(.test, 2)
            let vector = ParameterVector(count: 50)
            for _ in 0..<30 {
                let choice = Int.random(in: 0..<11, using: &stream)
                let (first, second) = (
                    Int.random(in: 0..<rank.count, using: &stream), Int.random(in: 1..<rank.count, using: &stream)
                )
                let receiver = (first + second) % rank.count
                switch choice {
                case 0: try await rank.allReduce(vector, .mean, purpose: .gradient)
                case 1: try await rank.broadcast(vector, from: first, purpose: .model)
                case 2: _ = try await rank.gather(vector, to: first, purpose: .model)
                case 3: try await rank.barrier()
                case 7: _ = try await rank.scatter(vector, from: first, purpose: .model)
                case 8: _ = try await rank.allGather(vector, purpose: .model)
                case 9: _ = try await rank.reduceScatter(vector, .sum, purpose: .gradient)
                case 10: _ = try await rank.allToAll(vector, purpose: .model)
                case 4: try await evaluate(rank, seen, .allRanksTogether)
                case 5:
                    if rank.index == first {
                        try await rank.send(Message(vector, purpose: .modelUp, direction: .uplink), to: receiver)
                    }
                    if rank.index == receiver { _ = try await rank.receive(from: first) }
                default: try await rank.compute(.vector(elements: 10 * (rank.index % 3))) {}
                }
            }
            // One ends before it has sent what another waits for.
            if rank.index == 1 { _ = try await rank.receive(from: 0) }
        }
    }

    @Test func anyProgramReplayedOnAnotherClusterIsTheRunThere() throws {
        for seed in 1...60 as ClosedRange<UInt64> {
            let (ranks, allReduce) = (2 + Int(seed % 7), allReduceVariants[Int(seed) % allReduceVariants.count])
            let (_, schedule) = try record(cluster(ranks, seed, allReduce), mixture(Seen(), seed))
            for jitter in [Jitter.none, .logNormal(sigma: 1)] {
                let seen = Seen()
                let other = cluster(ranks, seed + 1000, allReduce, jitter: jitter)
                let report = try run(other, mixture(seen, seed))
                let replay = try other.replay(schedule)
                expectEqual(replay, report, "seed \(seed), jitter \(jitter)")
                #expect(replay.evaluations == seen[0] ?? [], "seed \(seed), jitter \(jitter)")
            }
        }
    }

    @Test func aScheduleOfOtherRanksIsRefused() throws {
        let (_, schedule) = try record(cluster(3, 1, .ring), training(Seen(), epochs: 1, steps: 2))
        #expect(throws: FabricError.self) { _ = try cluster(4, 1, .ring).replay(schedule) }
    }

    @Test func ranksThatWaitForEachOtherAreADeadlock() {
        let schedule = Schedule(
            operations: [.receive(from: 1), .receive(from: 0)], programs: [[0], [1]], programOfRank: [0, 1])
        #expect(throws: FabricError.self) { _ = try simulated(2).replay(schedule) }
    }

    @Test func moreMessagesThanAskedForAreNotPlayed() throws {
        let (report, schedule) = try record(cluster(4, 1, .ring), training(Seen(), epochs: 1, steps: 2))
        #expect(try simulated(4).replay(schedule, most: 5) == nil)
        #expect(try simulated(4).replay(schedule, most: report.ledger.totalMessages) != nil)
    }

    /// A message takes 100 ns of overhead, 1000 of latency and 100 for its bytes; 1 ms a sample, 4 ms at a quarter's speed.
    @Test func eachIdealTakesAwayItsOwnCost() throws {
        let nodes = [Node(link: roundLink), Node(link: roundLink, speed: 0.25)]
        let fabric = SimulatedFabric(
            nodes: nodes, compute: testCompute, seeds: SeedSequence(1), pool: HostPool(threads: 1))
        let (report, schedule) = try record(fabric) { rank in
            try await rank.compute(.step(samples: 1)) {}
            if rank.index == 1 {
                try await rank.send(Message(ParameterVector(count: 21), purpose: .model), to: 0)
            } else {
                _ = try await rank.receive(from: 1)
            }
        }
        #expect(report.seconds == 4_001_200e-9)
        let nanoseconds = try Idealization.allCases.map { ideal in
            (try fabric.idealized(ideal, server: nil).replay(schedule).seconds * 1e9).rounded()
        }
        #expect(nanoseconds == [4_000_200, 4_001_100, 4_001_100, 4_001_200, 1_001_200, 1_200])
        // A slow server is no straggler.
        #expect(try fabric.idealized(.noStragglers, server: 1).replay(schedule).seconds == report.seconds)
    }

    @Test func waitingForOthersIsBookedApartFromCommunication() throws {
        let nodes = [Node(link: roundLink), Node(link: roundLink, speed: 0.5)]
        let fabric = SimulatedFabric(
            nodes: nodes, compute: testCompute, seeds: SeedSequence(1), pool: HostPool(threads: 1))
        let report = try run(fabric) { rank in
            try await rank.compute(.step(samples: 1)) {}
            try await rank.barrier()
        }
        // The fast rank waits 1 ms for the slow one, then 100 + 1000 + 16 ns for its message; the slow one finds the other's
        // message there and waits for its own to leave the port.
        #expect(report.accounts.map { ($0.waitingSeconds * 1e9).rounded() } == [1_000_000, 0])
        #expect(report.accounts.map { ($0.communicationSeconds * 1e9).rounded() } == [1116, 116])
    }
}
