import Kernel
import Locking
import Synchronization
import Testing

@testable import Fabrics

/// The all-reduce whose sum is used up by an update of something that all ranks share.
@Suite(.timeLimit(.minutes(60)))
struct SharedReplicaTests {
    @Test(arguments: FabricKind.allCases, [1, 2, 3, 5])
    func theUpdateSeesTheSumOfEveryNumberOnce(kind: FabricKind, ranks: Int) throws {
        for (count, reduction) in [(7, Reduction.sum), (5000, .sum), (5000, .mean)] {
            let total = ParameterVector(count: count)
            let seen = ParameterVector(count: count)
            let after = Notes<[UInt32]>()
            try run(kind.fabric(ranks)) { rank in
                let vector = testVector(rank.index, count: count)
                try await rank.allReduce(vector, reduction, purpose: .gradient) { sum, range in
                    total.add(sum, in: range)
                    for index in range { seen[index] += 1 }
                }
                // All updates are over when the call returns on any rank.
                after[rank.index] = bits(total)
            }
            let expected = reducedTestVectors(ranks, count: count, reduction)
            #expect(bits(total) == expected, "\(kind), \(ranks) ranks, \(count)")
            #expect(seen.values == [Float](repeating: 1, count: count), "\(kind), \(ranks) ranks, \(count)")
            for rank in 0..<ranks { #expect(after[rank] == expected, "\(kind), rank \(rank) of \(ranks)") }
        }
    }

    @Test(arguments: FabricKind.allCases)
    func itCostsWhatAnAllReduceCosts(kind: FabricKind) throws {
        func ledger(_ updates: Bool) throws -> (Int, Int) {
            let report = try run(kind.fabric(3)) { rank in
                let vector = testVector(rank.index, count: 100)
                if updates {
                    try await rank.allReduce(vector, .sum, purpose: .gradient) { _, _ in }
                } else {
                    try await rank.allReduce(vector, .sum, purpose: .gradient)
                }
            }
            return (report.ledger.totalBytes, report.ledger.totalMessages)
        }
        #expect(try ledger(true) == ledger(false))
        if kind == .simulated {
            func seconds(_ updates: Bool) throws -> Double {
                try run(simulated(4)) { rank in
                    let vector = testVector(rank.index, count: 1000)
                    if updates {
                        try await rank.allReduce(vector, .sum, purpose: .gradient) { _, _ in }
                    } else {
                        try await rank.allReduce(vector, .sum, purpose: .gradient)
                    }
                }.seconds
            }
            #expect(try seconds(true) == seconds(false))
        }
    }
}

@Suite(.timeLimit(.minutes(60)))
struct DeferredComputationTests {
    @Test func aSimulatedComputationRunsWhenItsResultIsLookedAt() throws {
        let calls = Atomic(0)
        try run(simulated(2)) { rank in
            if rank.index == 0 {
                let result = try await rank.compute(
                    .step(samples: 5), count: 3,
                    deferring: {
                        calls.add(1, ordering: .relaxed)
                        return ParameterVector([1, 2, 3])
                    })
                #expect(rank.now.seconds == 5e-3)
                try await rank.send(Message(result, weight: 7, purpose: .modelUp), to: 1)
            } else {
                let message = try await rank.receive(from: 0)
                #expect(calls.load(ordering: .relaxed) == 0)
                #expect(message?.vector.values == [1, 2, 3] && message?.weight == 7)
                #expect(message?.vector.values == [1, 2, 3])
                #expect(calls.load(ordering: .relaxed) == 1)
                // 5 ms, 0.1 µs of overhead, 1 µs of latency, 3 * 4 + 16 bytes: the size is known before the numbers are.
                #expect(abs(rank.now.seconds - (5e-3 + 1.1e-6 + 28e-9)) < 1e-9)
            }
        }
    }

    @Test(arguments: [FabricKind.threads, .emulatedThreads])
    func onThreadsItRunsAtOnce(kind: FabricKind) throws {
        let report = try run(kind.fabric(1)) { rank in
            let calls = Atomic(0)
            let result = try await rank.compute(
                .step(samples: 20), count: 1,
                deferring: {
                    calls.add(1, ordering: .relaxed)
                    return ParameterVector([4])
                })
            #expect(calls.load(ordering: .relaxed) == 1 && result.value.values == [4])
        }
        if kind == .emulatedThreads { #expect(report.accounts[0].computeSeconds >= 20e-3) }
    }

    @Test(arguments: FabricKind.allCases, [1, 7])
    func partsAllRunOnceAndCostOneComputation(kind: FabricKind, parts: Int) throws {
        let counts = Guarded([Int](repeating: 0, count: parts))
        let report = try run(kind.fabric(1)) { rank in
            try await rank.compute(.step(samples: 2), parts: parts) { part in counts.withLock { $0[part] += 1 } }
        }
        #expect(counts.withLock { $0 } == [Int](repeating: 1, count: parts))
        if kind == .simulated { #expect(report.seconds == 2e-3) }
    }

    @Test func whoLooksFromManyThreadsGetsTheSameVector() throws {
        let calls = Atomic(0)
        let deferred = DeferredVector(count: 1) {
            calls.add(1, ordering: .relaxed)
            return ParameterVector([1])
        }
        let pool = HostPool(threads: 4)
        pool.concurrentPerform(64) { _ in _ = deferred.value }
        #expect(calls.load(ordering: .relaxed) == 1)
    }
}
