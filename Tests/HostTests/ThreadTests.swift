import Host
import Synchronization
import Testing

@Suite struct ThreadTests {
    @Test(arguments: [1, 2, 7], [0, 1, 5, 100])
    func everyIterationOfALoopIsMadeOnce(_ threads: Int, _ iterations: Int) {
        let calls = (0..<iterations).map { _ in Counter() }
        ParallelLoop.run(iterations, threads: threads) { calls[$0].value.add(1, ordering: .relaxed) }
        #expect(calls.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    @Test func aThreadRuns() throws {
        let (running, counter) = (HelperCount(), Counter())
        running.enter()
        try HostThread.start(named: "a name that is longer than systems keep") {
            counter.value.add(1, ordering: .relaxed)
            running.leave()
        }
        running.wait()
        #expect(counter.value.load(ordering: .relaxed) == 1)
    }

}
