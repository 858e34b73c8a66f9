import Cluster
import Foundation
import Kernel
import Testing

@testable import Fabrics

/// One rank throws; the job must end with that error, whatever the others are doing.
@Suite(.timeLimit(.minutes(60))) struct FailureTests {
    /// What the others do when it happens.
    enum Activity: String, CaseIterable, Sendable {
        case receiving, barrier, allReduce, contributing, broadcast, gather, scatter, allGather, reduceScatter, allToAll
        case computing, sending, pausing

        func perform(_ rank: any Rank, failing: Int) async throws {
            let vector = ParameterVector(count: 100)
            let other = (0..<rank.count).first { $0 != rank.index && $0 != failing } ?? failing
            switch self {
            case .receiving: _ = try await rank.receive(from: other)
            case .barrier: try await rank.barrier()
            case .allReduce: try await rank.allReduce(vector, .sum, purpose: .gradient)
            case .contributing:
                try await rank.allReduce(
                    .sum, count: 100, computing: .none, purpose: .gradient, contribution: { _ in }, update: { _, _ in })
            case .scatter: _ = try await rank.scatter(vector, from: failing, purpose: .model)
            case .allGather: _ = try await rank.allGather(vector, purpose: .model)
            case .reduceScatter: _ = try await rank.reduceScatter(vector, .sum, purpose: .model)
            case .allToAll: _ = try await rank.allToAll(vector, purpose: .model)
            case .broadcast: try await rank.broadcast(vector, from: failing, purpose: .model)
            case .gather: _ = try await rank.gather(vector, to: 1, purpose: .model)
            case .computing: while true { try await rank.compute(.step(samples: 1)) {} }
            case .sending: while true { try await rank.send(Message(vector, purpose: .model), to: other) }
            case .pausing: try await rank.offTheClock(.allRanks, chunks: 3, { _ in }, finish: {})
            }
        }
    }

    @Test(arguments: FabricKind.allCases, Activity.allCases)
    func errorOfOneRankEndsTheJobWithThatError(kind: FabricKind, activity: Activity) throws {
        // Threads cannot leave a computation or a send that works; they end when they next wait for somebody.
        let endless = [Activity.computing, .sending].contains(activity)
        for failing in [0, 2] {
            for isLate in [false, true] {
                #expect(throws: Boom(rank: failing), "rank \(failing), \(isLate ? "late" : "early")") {
                    try run(try kind.fabric(3)) { rank in
                        if rank.index == failing {
                            if isLate {
                                try await rank.compute(.step(samples: 3)) { Thread.sleep(forTimeInterval: 5e-3) }
                            }
                            throw Boom(rank: failing)
                        }
                        if endless, kind != .simulated {
                            try await rank.compute(.step(samples: 1)) { Thread.sleep(forTimeInterval: 5e-3) }
                            try await rank.barrier()
                        } else {
                            try await activity.perform(rank, failing: failing)
                            try await rank.barrier()
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func firstErrorIsTheOneReported(kind: FabricKind) throws {
        #expect(throws: Boom(rank: 1)) {
            try run(try kind.fabric(3)) { rank in
                if rank.index == 1 { throw Boom(rank: 1) }
                do {
                    try await rank.barrier()
                } catch {
                    throw Boom(rank: 100 + rank.index)
                }
            }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func rankThatSwallowsTheAbortGetsItAgain(kind: FabricKind) throws {
        let aborts = Notes<Int>()
        #expect(throws: Boom(rank: 0)) {
            try run(try kind.fabric(3)) { rank in
                if rank.index == 0 { throw Boom(rank: 0) }
                for _ in 0..<3 {
                    do {
                        try await rank.barrier()
                    } catch FabricError.aborted {
                        aborts.update(rank.index, from: 0) { $0 += 1 }
                    }
                }
            }
        }
        // A thread that has not begun when the job fails does not begin.
        #expect(aborts.byRank.allSatisfy { $0 == 3 })
        if kind == .simulated { #expect(aborts.count == 2) }
    }

    @Test(arguments: FabricKind.allCases)
    func errorOfEveryRankAtOnceIsOneOfThem(kind: FabricKind) throws {
        #expect(throws: Boom.self) { try run(try kind.fabric(4)) { throw Boom(rank: $0.index) } }
    }

    @Test func fabricRunsAgainAfterAFailedJob() throws {
        let fabric = simulated(3, threads: 2)
        #expect(throws: Boom(rank: 1)) {
            try run(fabric) { rank in
                if rank.index == 1 { throw Boom(rank: 1) }
                try await rank.barrier()
            }
        }
        let report = try run(fabric) { try await $0.barrier() }
        #expect(report.ledger.totalMessages == 6)
    }
}
