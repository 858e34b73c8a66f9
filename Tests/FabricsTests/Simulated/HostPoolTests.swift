import Cluster
import Foundation
import Kernel
import Synchronization
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct HostPoolTests {
    @Test func bodiesOfTwoRanksRunAtOnceOnTwoHostThreads() throws {
        let met = Notes<Bool>()
        let here = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        try run(simulated(2, threads: 2)) { rank in
            // Each waits until the other has begun: possible only while both run.
            met[rank.index] = try await rank.compute(.step(samples: 1 + rank.index)) {
                here[rank.index].signal()
                return here[1 - rank.index].wait(timeout: .now() + longestWait) == .success
            }
        }
        #expect(met.byRank == [true, true])
    }

    @Test func bodiesOnOneHostThreadRunOneAtATime() throws {
        let running = Atomic(0)
        let most = Atomic(0)
        try run(simulated(8, threads: 1)) { rank in
            try await rank.compute(.step(samples: 1)) {
                let now = running.add(1, ordering: .sequentiallyConsistent).newValue
                most.max(now, ordering: .sequentiallyConsistent)
                Thread.sleep(forTimeInterval: 1e-3)
                running.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
        #expect(most.load(ordering: .sequentiallyConsistent) == 1)
    }

    @Test func everyIndexIsPerformedOnce() throws {
        for threads in [1, 2, 4] {
            let pool = HostPool(threads: threads)
            for count in [0, 1, 2, 7, 100] {
                let calls = Notes<Int>()
                try withDeadline {
                    pool.concurrentPerform(count) { index in calls.update(index, from: 0) { $0 += 1 } }
                }
                #expect(calls.byRank == Array(repeating: 1, count: count), "\(threads) threads, \(count)")
            }
        }
    }

    @Test func ticketRunsOnceHoweverManyAskForIt() throws {
        let pool = HostPool(threads: 4)
        for _ in 0..<200 {
            let runs = Atomic(0)
            let ticket = HostPool.Ticket { runs.add(1, ordering: .relaxed) }
            pool.submit(ticket)
            try withDeadline { pool.finish(ticket) }
            #expect(ticket.isDone)
            #expect(!ticket.run())
            #expect(runs.load(ordering: .relaxed) == 1)
        }
    }

    /// Two jobs may share a pool. One that lends a hand to the other's computation must say when it is done.
    @Test func helperThatRunsAnothersTicketWakesTheOneThatWaitsForIt() throws {
        let pool = HostPool(threads: 2)
        let (blocked, begun) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let (lentBegun, lentMayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        // The worker is held by one ticket, so that only the helper can take the other.
        let held = HostPool.Ticket {
            begun.signal()
            blocked.wait()
        }
        let lent = HostPool.Ticket {
            lentBegun.signal()
            lentMayEnd.wait()
        }
        pool.submit(held)
        begun.wait()
        pool.submit(lent)
        let helperDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            pool.finish(held)
            helperDone.signal()
        }
        lentBegun.wait()
        let waiterDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            pool.finish(lent)
            waiterDone.signal()
        }
        // Time for the waiter to lie down; without it the test could only pass, never fail.
        Thread.sleep(forTimeInterval: 0.05)
        lentMayEnd.signal()
        #expect(waiterDone.wait(timeout: .now() + longestWait) == .success)
        blocked.signal()
        #expect(helperDone.wait(timeout: .now() + longestWait) == .success)
    }

    @Test func twoJobsShareAPool() throws {
        let pool = HostPool(threads: 2)
        let results = Notes<Float>()
        try withDeadline {
            DispatchQueue.concurrentPerform(iterations: 2) { job in
                var fabric = simulated(4)
                fabric = SimulatedFabric(nodes: fabric.nodes, compute: testCompute, seeds: fabric.seeds, pool: pool)
                _ = try? fabric.run { rank in
                    let vector = ParameterVector([Float(rank.index)])
                    for _ in 0..<50 {
                        try await rank.compute(.step(samples: 1)) { vector.add(ParameterVector([1])) }
                        try await rank.allReduce(vector, .mean, purpose: .gradient)
                    }
                    if rank.index == 0 { results[job] = vector[0] }
                }
            }
        }
        // The mean of 0...3, and one more for each of 50 steps; exact in binary.
        #expect(results.byRank == [51.5, 51.5])
    }
}

@Suite(.timeLimit(.minutes(60))) struct SharedHostPoolTests {
    @Test func asManyCallersAsThreadsComputeByThemselves() {
        let pool = HostPool(threads: 2)
        let thread = ObjectIdentifier(Thread.current)
        pool.withCaller {
            pool.withCaller {
                pool.concurrentPerform(200) { _ in #expect(ObjectIdentifier(Thread.current) == thread) }
            }
        }
    }

    @Test func whenACallerIsLessTheOthersAreHelpedAgain() {
        let pool = HostPool(threads: 2)
        let here = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        let met = Notes<Bool>()
        pool.withCaller {
            pool.withCaller { pool.concurrentPerform(10) { _ in } }
            // Each waits until the other has begun: possible only while a thread of the pool helps.
            pool.concurrentPerform(2) { index in
                here[index].signal()
                met[index] = here[1 - index].wait(timeout: .now() + longestWait) == .success
            }
        }
        #expect(met.byRank == [true, true])
    }
}
