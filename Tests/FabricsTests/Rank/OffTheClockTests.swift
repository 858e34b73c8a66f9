import Cluster
import Foundation
import Kernel
import Synchronization
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct OffTheClockTests {
    @Test(arguments: FabricKind.allCases)
    func chunksRunOnceEachAndThenFinishOnce(kind: FabricKind) throws {
        for chunks in [0, 1, 2, 3, 10] {
            let calls = Notes<Int>()
            let finishes = Notes<Int>()
            try run(try kind.fabric(3)) { rank in
                try await rank.offTheClock(.allRanks, chunks: chunks) { chunk in
                    calls.update(chunk, from: 0) { $0 += 1 }
                } finish: {
                    finishes.update(0, from: 0) { $0 += 1 }
                    finishes[1] = calls.count
                }
            }
            #expect(calls.byRank == Array(repeating: 1, count: chunks), "\(chunks) chunks")
            #expect(finishes[0] == 1, "\(chunks) chunks")
            #expect(finishes[1] == chunks, "\(chunks) chunks: finish came before the last")
        }
    }

    /// However busy the machine is, a job whose pause is not counted is shorter than what passes on the wall by that pause.
    @Test(arguments: FabricKind.allCases)
    func oneRankPausesWhileTheOthersWaitForItsMessage(kind: FabricKind) throws {
        let calls = Notes<Int>()
        let finishes = Atomic(0)
        let fabric = try kind.fabric(3)
        let begin = ContinuousClock.now
        let seconds = try run(fabric) { rank in
            guard rank.index == 0 else {
                _ = try await rank.receive(from: 0)
                return
            }
            try await rank.offTheClock(.thisRank, chunks: 3) { chunk in
                calls.update(chunk, from: 0) { $0 += 1 }
                Thread.sleep(forTimeInterval: 0.15)
            } finish: {
                finishes.add(1, ordering: .relaxed)
            }
            for client in 1...2 { try await rank.send(Message(ParameterVector([1]), purpose: .model), to: client) }
        }.seconds
        #expect(calls.byRank == [1, 1, 1])
        #expect(finishes.load(ordering: .relaxed) == 1)
        #expect(seconds <= begin.duration(to: .now).inSeconds - 0.15)
    }

    /// Rank 0 is the slowest, so the others would read what it decides before it has.
    @Test(arguments: FabricKind.allCases)
    func noRankGoesOnBeforeWhatIsDecidedForAllIsDecided(kind: FabricKind) throws {
        let decision = Atomic(0)
        let seen = Notes<[Int]>()
        try run(try kind.fabric(3)) { rank in
            for round in 1...3 {
                try await rank.compute(.step(samples: 3 - rank.index)) {}
                try await rank.offTheClock(.allRanksTogether, chunks: 1) { _ in
                } finish: {
                    decision.store(round, ordering: .sequentiallyConsistent)
                }
                seen.update(rank.index, from: []) { $0.append(decision.load(ordering: .sequentiallyConsistent)) }
            }
        }
        #expect(seen.byRank == Array(repeating: [1, 2, 3], count: 3))
    }

    /// Each rank shows what it has of its own, as it was when the rank came: on a virtual clock the quick ranks are far
    /// ahead when the last one comes.
    @Test(arguments: FabricKind.allCases)
    func everyRanksOwnVectorIsShownOnceAsItWas(kind: FabricKind) throws {
        let seen = Notes<[[Float]]>()
        let finished = Notes<[[Float]]>()
        let report = try run(try kind.fabric(3)) { rank in
            let own = ParameterVector([Float(10 * rank.index)])
            for round in 0..<3 {
                try await rank.compute(.step(samples: 3 - rank.index)) { own[0] += 1 }
                try await rank.offTheClock(showing: own, chunks: 4) { chunk, shown in
                    seen.update(10 * round + chunk, from: []) { $0.append(shown.map { $0.vector[0] }) }
                } finish: { shown in
                    finished.update(round, from: []) { $0.append(shown.map { $0.vector[0] }) }
                }
            }
        }
        let expected: [[[Float]]] = [[[1, 11, 21]], [[2, 12, 22]], [[3, 13, 23]]]
        #expect(finished.byRank == expected)
        let fourTimes: [[[Float]]] = expected.flatMap { Array(repeating: $0, count: 4) }
        #expect(seen.byRank == fourTimes)
        if kind == .simulated { #expect(report.seconds == 9e-3 && report.ledger.totalMessages == 0) }
    }

    @Test func whatIsShownSaysWhenAndThoseWhoHaveEndedShowNothing() throws {
        let times = Notes<[[Int64]]>()
        try run(simulated(3)) { rank in
            for _ in 0..<(rank.index == 1 ? 1 : 2) {
                try await rank.compute(.step(samples: 3 - rank.index)) {}
                try await rank.offTheClock(showing: ParameterVector(count: 1), chunks: 0, { _, _ in }) { shown in
                    times.update(0, from: []) { $0.append(shown.map { Int64($0.rank) + $0.time.nanoseconds }) }
                }
            }
        }
        #expect(times[0] == [[3_000_000, 2_000_001, 1_000_002], [6_000_000, 2_000_002]])
    }

    /// Ranks that computed for 1, 2 and 3 ms go on at 3 ms, with nothing sent and no time charged to the network.
    @Test func aMeetingOfSimulatedRanksCostsNothingButTheWait() throws {
        let times = Notes<Int64>()
        let report = try run(simulated(3, threads: 1)) { rank in
            try await rank.compute(.step(samples: rank.index + 1)) {}
            try await rank.offTheClock(.allRanksTogether, chunks: 1, { _ in }, finish: {})
            times[rank.index] = rank.now.nanoseconds
        }
        #expect(times.byRank == [3_000_000, 3_000_000, 3_000_000])
        #expect(report.ledger.totalMessages == 0 && report.accounts.allSatisfy { $0.communicationSeconds == 0 })
    }

    @Test func simulationChargesExactlyNothing() throws {
        let times = Notes<[Int64]>()
        let report = try run(simulated(3, threads: 2)) { rank in
            try await rank.compute(.step(samples: 2)) {}
            let before = rank.now.nanoseconds
            for pause in [Pause.allRanks, .thisRank] {
                try await rank.offTheClock(pause, chunks: 2) { _ in
                    Thread.sleep(forTimeInterval: 5e-3)
                } finish: {
                }
            }
            times[rank.index] = [before, rank.now.nanoseconds]
        }
        #expect(times.byRank == Array(repeating: [2_000_000, 2_000_000], count: 3))
        #expect(report.seconds == 2e-3)
        #expect(report.accounts.allSatisfy { $0.computeSeconds == 2e-3 && $0.communicationSeconds == 0 })
        #expect(report.ledger.totalMessages == 0)
    }

    @Test(arguments: [FabricKind.threads, .emulatedThreads])
    func clockOfThreadsStandsStill(kind: FabricKind) throws {
        let fabric = try kind.fabric(2)
        let begin = ContinuousClock.now
        let report = try run(fabric) { rank in
            try await rank.offTheClock(.allRanks, chunks: 2) { _ in
                Thread.sleep(forTimeInterval: 0.2)
            } finish: {
            }
        }
        #expect(report.accounts.allSatisfy { $0.computeSeconds == 0 })
        #expect(report.seconds <= begin.duration(to: .now).inSeconds - 0.2)
    }

    @Test func clockGoesOnAfterAPause() throws {
        let clock = PausableClock()
        #expect(clock.seconds == 0)
        clock.start()
        clock.pause()
        let stopped = clock.seconds
        Thread.sleep(forTimeInterval: 0.02)
        #expect(clock.seconds == stopped)
        clock.resume()
        clock.wait(until: stopped + 0.01)
        #expect(clock.seconds >= stopped + 0.01)
    }

    /// Two servers may evaluate at once; the clock goes on when both are done.
    @Test func clockStandsUntilTheLastOfOverlappingPausesEnds() throws {
        let clock = PausableClock()
        let begin = ContinuousClock.now
        clock.start()
        clock.pause()
        let stopped = clock.seconds
        Thread.sleep(forTimeInterval: 0.01)
        clock.pause()
        Thread.sleep(forTimeInterval: 0.01)
        clock.resume()
        Thread.sleep(forTimeInterval: 0.01)
        #expect(clock.seconds == stopped)
        clock.resume()
        #expect(clock.seconds <= begin.duration(to: .now).inSeconds - 0.03)
    }
}
