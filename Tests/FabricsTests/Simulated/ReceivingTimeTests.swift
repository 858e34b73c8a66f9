import Cluster
import Kernel
import Randomness
import Testing

@testable import Fabrics

/// What receiving takes on a virtual clock: by hand, in nanoseconds.
///
/// A message of one number has 20 bytes. On ``roundLink`` it leaves its port after 120 ns, 100 of them overhead, and is there
/// 1,120 ns after it was sent.
@Suite(.timeLimit(.minutes(60))) struct ReceivingTimeTests {
    private static func message(_ weight: Int = 0) -> Message {
        Message(ParameterVector([1]), weight: weight, purpose: .model)
    }

    /// What a rank received, from whom and when; nobody where the time was over.
    private struct Received: Equatable {
        let sender: Int?
        let nanoseconds: Int64

        init(_ sender: Int?, _ nanoseconds: Int64) { (self.sender, self.nanoseconds) = (sender, nanoseconds) }
    }

    private static func receive(
        _ senders: Senders, until nanoseconds: Int64? = nil, _ rank: any Rank
    ) async throws -> Received? {
        let deadline = nanoseconds.map { VirtualTime(nanoseconds: $0) }
        switch try await rank.receive(from: senders, until: deadline) {
        case .message(_, let sender): return Received(sender, rank.now.nanoseconds)
        case .timedOut: return Received(nil, rank.now.nanoseconds)
        case .ended: return nil
        }
    }

    /// Senders that compute for 6, 2 and 4 ms.
    private static let threeSenders: RankProgram = { rank in
        guard rank.index == 0 else {
            try await rank.compute(.step(samples: [6, 2, 4][rank.index - 1])) {}
            return try await rank.send(message(), to: 0)
        }
        while let received = try await receive(.any, rank) {
            let place = [2: 2, 3: 4, 1: 6][received.sender]
            #expect(received.nanoseconds >= Int64(place ?? 9) * 1_000_000 + 1120)
        }
    }

    @Test func messagesAreReceivedInTheOrderInWhichTheyArrive() throws {
        let notes = Notes<[Received]>()
        let report = try run(simulated(4)) { rank in
            guard rank.index == 0 else { return try await Self.threeSenders(rank) }
            while let received = try await Self.receive(.any, rank) {
                notes.update(0, from: []) { $0.append(received) }
            }
        }
        #expect(notes[0] == [Received(2, 2_001_120), Received(3, 4_001_120), Received(1, 6_001_120)])
        // 2 ms for the first to be sent; from its arrival 1,998,880 ns for the second; and again.
        #expect(abs(report.accounts[0].waitingSeconds - (2e-3 + 2 * 1_998_880e-9)) < 1e-15)
        #expect(abs(report.accounts[0].communicationSeconds - 3 * 1120e-9) < 1e-15)
        #expect(report.seconds == 6_001_120e-9)
    }

    @Test func anEmulatedClusterReceivesInTheSameOrderAtTheSameTimes() throws {
        let simulation = try run(simulated(4), Self.threeSenders)
        let emulation = ThreadFabric.Emulation(
            nodes: Array(repeating: Node(link: roundLink), count: 4), compute: testCompute, seeds: SeedSequence(1))
        _ = try emulate(emulation, as: simulation, Self.threeSenders)
    }

    @Test func aRankThatReceivesFromSomeTakesTheFirstOfThose() throws {
        let notes = Notes<[Received?]>()
        try run(simulated(4)) { rank in
            guard rank.index == 0 else { return try await Self.threeSenders(rank) }
            // The message of rank 2 is there before the one of rank 3, and is left until later.
            var received: [Received?] = []
            for senders in [Senders.ranks([1, 3]), .any, .ranks([1, 2]), .ranks([1, 2, 3])] {
                received.append(try await Self.receive(senders, rank))
            }
            notes[0] = received
        }
        #expect(notes[0] == [Received(3, 4_001_120), Received(2, 4_001_120), Received(1, 6_001_120), nil])
    }

    @Test func aMessageThatArrivesAtTheDeadlineIsReceivedAndOneANanosecondLaterIsNot() throws {
        for senders in [Senders.any, .rank(1), .ranks([1])] {
            let notes = Notes<[Received?]>()
            let report = try run(simulated(2)) { rank in
                if rank.index == 1 { return try await rank.send(Self.message(), to: 0) }
                var received: [Received?] = []
                for deadline in [Int64(500), 500, 0, 1119, 1120] {
                    received.append(try await Self.receive(senders, until: deadline, rank))
                }
                notes[0] = received
            }
            let expected: [(Int?, Int64)] = [(nil, 500), (nil, 500), (nil, 500), (nil, 1119), (1, 1120)]
            #expect(notes[0] == expected.map { Received($0.0, $0.1) }, "\(senders)")
            // In vain until 1,119 ns; the message had been sent before the last wait began.
            #expect(abs(report.accounts[0].waitingSeconds - 1119e-9) < 1e-15)
            #expect(abs(report.accounts[0].communicationSeconds - 1e-9) < 1e-15)
        }
    }

    /// A link without a limit of bytes carries both messages in no time except its latency.
    @Test func ofMessagesThatArriveAtOneTimeTheOneThatWasSentFirstComesFirst() throws {
        let link = Link(latencySeconds: 1e-6, bytesPerSecond: 1e30)
        let orders: [([Int], [Int])] = [([1, 2, 3], [1, 2, 3]), ([3, 1, 2], [3, 1, 2]), ([2, 3, 1], [2, 3, 1])]
        for (sending, expected) in orders {
            let notes = Notes<[Received]>()
            try run(simulated(4, link: link)) { rank in
                guard rank.index == 0 else {
                    // Computations of no time let the others go first.
                    for _ in 0..<(sending.firstIndex(of: rank.index) ?? 0) { try await rank.compute(.none) {} }
                    return try await rank.send(Self.message(), to: 0)
                }
                // Awake at the very time, before or after the messages come.
                try await rank.sleep(until: VirtualTime(nanoseconds: 1000))
                while let received = try await Self.receive(.any, rank) {
                    notes.update(0, from: []) { $0.append(received) }
                }
            }
            #expect(notes[0] == expected.map { Received($0, 1000) })
        }
    }

    /// Messages leave the port one after the other, at 120, 240 and 360 ns, and the fourth, which is sent, at 480 ns.
    @Test func postingTakesNoTimeAndKeepsThePortBusy() throws {
        let times = Notes<[Int64]>()
        let report = try run(simulated(2)) { rank in
            if rank.index == 1 {
                for _ in 0..<3 { try rank.post(Self.message(), to: 0) }
                let posted = rank.now.nanoseconds
                try await rank.send(Self.message(), to: 0)
                times[1] = [posted, rank.now.nanoseconds]
            } else {
                for _ in 0..<4 {
                    _ = try await rank.receive(from: 1)
                    times.update(0, from: []) { [now = rank.now.nanoseconds] in $0.append(now) }
                }
            }
        }
        #expect(times[1] == [0, 480])
        #expect(times[0] == [1120, 1240, 1360, 1480])
        #expect(abs(report.accounts[1].communicationSeconds - 480e-9) < 1e-15)
        #expect(report.ledger.totalBytes == 80 && report.ledger.totalMessages == 4)
    }

    @Test func sleepingIsWaiting() throws {
        let times = Notes<[Int64]>()
        let report = try run(simulated(1)) { rank in
            try await rank.sleep(until: VirtualTime(nanoseconds: 700))
            let first = rank.now.nanoseconds
            try await rank.sleep(until: VirtualTime(nanoseconds: 300))
            times[0] = [first, rank.now.nanoseconds]
        }
        #expect(times[0] == [700, 700])
        #expect(report.seconds == 700e-9 && abs(report.accounts[0].waitingSeconds - 700e-9) < 1e-18)
    }

    @Test func aDeadlockNamesThoseWhoAreWaitedFor() throws {
        let error = #expect(throws: FabricError.self) {
            try run(simulated(3)) { rank in
                switch rank.index {
                case 0: _ = try await rank.receive(from: .any)
                case 1: _ = try await rank.receive(from: .ranks([2, 0]))
                default: try await rank.barrier()
                }
            }
        }
        let text = error?.description ?? ""
        for part in [
            "deadlock: 3 of 3 ranks wait", "rank 0 waits for any rank", "rank 1 waits for ranks 0, 2",
            "rank 2 is in a collective",
        ] {
            #expect(text.contains(part), "\(text)")
        }
    }

    // MARK: Ranks that leave

    /// Rank 1 leaves at 1 ms, which the others know after `detection`.
    private func leaving(ranks: Int, detection: Double) -> SimulatedFabric {
        SimulatedFabric(
            nodes: Array(repeating: Node(link: roundLink), count: ranks), compute: testCompute, seeds: SeedSequence(1),
            departures: [Departure(rank: 1, seconds: 1e-3)], detectionSeconds: detection, pool: HostPool(threads: 1))
    }

    private func endings(_ fabric: SimulatedFabric, _ senders: Senders) throws -> [String] {
        let notes = Notes<[String]>()
        try run(fabric) { rank in
            if rank.index == 0 {
                do {
                    while let received = try await Self.receive(senders, rank) {
                        notes.update(0, from: []) { $0.append("\(received.sender ?? -1) at \(received.nanoseconds)") }
                    }
                } catch FabricError.rankLeft(let left, let time) {
                    notes.update(0, from: []) { [now = rank.now.nanoseconds] in
                        $0.append("\(left) left at \(time.nanoseconds), known at \(now)")
                    }
                }
            } else {
                try await rank.compute(.step(samples: 5)) {}
                try await rank.send(Self.message(), to: 0)
            }
        }
        return notes[0] ?? []
    }

    /// A message of rank 2 comes after 5 ms; then nothing can come any more.
    @Test func aRankThatHasLeftIsToldOfWhenNobodyElseCanSend() throws {
        let late = ["2 at 5001120", "1 left at 1000000, known at 11000000"]
        #expect(try endings(leaving(ranks: 3, detection: 10e-3), .any) == late)
        #expect(try endings(leaving(ranks: 3, detection: 10e-3), .ranks([1, 2])) == late)
        #expect(
            try endings(leaving(ranks: 3, detection: 2e-3), .any)
                == ["2 at 5001120", "1 left at 1000000, known at 5001120"])
        #expect(try endings(leaving(ranks: 3, detection: 2e-3), .ranks([2])) == ["2 at 5001120"])
    }

    @Test func aRankLeavesInItsSleepAndBeforeItsDeadline() throws {
        for sleeps in [true, false] {
            let notes = Notes<Int64>()
            let report = try run(leaving(ranks: 2, detection: 1e-3)) { rank in
                guard rank.index == 1 else { return try await rank.compute(.step(samples: 20)) {} }
                let time = VirtualTime(nanoseconds: 5_000_000)
                await #expect(throws: FabricError.self) {
                    if sleeps {
                        try await rank.sleep(until: time)
                    } else {
                        _ = try await rank.receive(from: .any, until: time)
                    }
                }
                notes[1] = rank.now.nanoseconds
            }
            #expect(notes[1] == 1_000_000)
            #expect(abs(report.accounts[1].waitingSeconds - 1e-3) < 1e-12)
        }
    }

    // MARK: Schedules

    @Test func aScheduleThatDependsOnTimeIsNone() throws {
        let programs: [(String, RankProgram)] = [
            ("receives what comes first", { _ = try await $0.receive(from: .any, until: .zero) }),
            ("receives what comes first", { _ = try await $0.receive(from: .rank(1), until: .zero) }),
            ("sleeps", { try await $0.sleep(until: .zero) }),
        ]
        for (text, program) in programs {
            var fabric = simulated(2)
            let recorder = ScheduleRecorder(ranks: 2)
            fabric.observer = recorder
            try run(fabric) { rank in if rank.index == 0 { try await program(rank) } }
            #expect(recorder.schedule == nil)
            #expect(recorder.dependenceOnTime?.hasPrefix("rank 0 \(text)") == true)
        }
    }

    @Test func aScheduleWithPostedMessagesTakesItsOwnTimeAgain() throws {
        var fabric = simulated(3)
        let recorder = ScheduleRecorder(ranks: 3)
        fabric.observer = recorder
        let report = try run(fabric) { rank in
            for _ in 0..<30 {
                for other in 0..<3 where other != rank.index { try rank.post(Self.message(), to: other) }
                try await rank.compute(.vector(elements: 100 * (rank.index + 1))) {}
                for other in 0..<3 where other != rank.index { _ = try await rank.receive(from: other) }
            }
        }
        let schedule = try #require(recorder.schedule)
        #expect(schedule.problem(mostElements: 1) == nil)
        let replay = try simulated(3).replay(schedule)
        #expect(replay.seconds == report.seconds && replay.accounts == report.accounts)
        #expect(replay.bytes == report.ledger.totalBytes && replay.messages == 180)
    }
}
