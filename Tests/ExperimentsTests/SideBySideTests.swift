import Datasets
import Foundation
import Locking
import Randomness
import Tasks
import Testing

@testable import Experiments
@testable import TestSupport

@Suite struct WorkOrderTests {
    @Test func piecesAreBegunInTheirOrderAsFarAsTheReachGoes() {
        var order = WorkOrder([false, false, false, false], reach: 3)
        #expect([order.begin(), order.begin(), order.begin(), order.begin()] == [0, 1, 2, nil])
        order.finish(1)
        #expect(order.begin() == nil, "the first that is not done is still 0")
        order.finish(0)
        #expect(order.begin() == 3)
        order.finish(3)
        #expect(!order.isOver)
        #expect(order.begin() == nil)
        order.finish(2)
        #expect(order.isOver)
    }

    @Test func onePieceAloneWaitsForTheOthersAndTheyForIt() {
        var order = WorkOrder([false, true, true, false, false], reach: 5)
        #expect([order.begin(), order.begin()] == [0, 3], "what has to be alone waits")
        order.finish(0)
        #expect(order.begin() == nil, "1 is the first now, for which the machine has to be free")
        order.finish(3)
        #expect(order.begin() == 1)
        #expect(order.begin() == nil)
        order.finish(1)
        #expect(order.begin() == 2)
        order.finish(2)
        #expect(order.begin() == 4)
        order.finish(4)
        #expect(order.isOver)
    }

    @Test func afterAFailureOnlyWhatStandsBeforeItIsDone() {
        var order = WorkOrder(Array(repeating: false, count: 6), reach: 6)
        #expect([order.begin(), order.begin(), order.begin()] == [0, 1, 2])
        order.fail(2)
        #expect(order.begin() == nil)
        order.finish(0)
        #expect(!order.isOver)
        order.finish(1)
        #expect(order.isOver)

        var late = WorkOrder([false, true, false], reach: 3)
        #expect([late.begin(), late.begin()] == [0, 2])
        late.fail(2)
        late.finish(0)
        #expect(late.begin() == 1, "a piece before the one that failed is still begun")
        late.finish(1)
        #expect(late.isOver)
    }

    /// Whatever the order in which pieces come to their ends: each is done once, none beside one that is alone, and none
    /// further from the first unfinished one than the reach.
    @Test(arguments: 0..<40) func everyPieceIsDoneOnceAndWithinTheRules(_ seed: UInt64) {
        var draws = SeedSequence(seed).stream(.test)
        let isAlone = (0..<30).map { _ in draws.integer(below: 4) == 0 }
        let (reach, workers) = (1 + draws.integer(below: 9), 1 + draws.integer(below: 5))
        var order = WorkOrder(isAlone, reach: reach)
        var (underWay, done): ([Int], Set<Int>) = ([], [])
        while !order.isOver {
            while underWay.count < workers, let piece = order.begin() {
                #expect(!done.contains(piece) && !underWay.contains(piece), "seed \(seed)")
                let firstLeft = (0...piece).first { !done.contains($0) }
                #expect(firstLeft.map { piece < $0 + reach } == true, "seed \(seed)")
                underWay.append(piece)
                #expect(underWay.count == 1 || !underWay.contains { isAlone[$0] }, "seed \(seed)")
            }
            guard !underWay.isEmpty else { break }
            let piece = underWay.remove(at: draws.integer(below: underWay.count))
            done.insert(piece)
            order.finish(piece)
        }
        #expect(done.count == isAlone.count, "seed \(seed)")
    }
}

@Suite(.timeLimit(.minutes(60))) struct SideBySideTests {
    struct Failure: Error, Equatable { let piece: Int }

    @Test func asManyPiecesAsThereAreWorkersAreUnderWayAtOnce() throws {
        let meeting = Meeting(of: 3)
        // Each waits until all three have begun.
        try SideBySide.run([false, false, false], by: ["a", "b", "c"]) { _, _ in meeting.arrive() }
    }

    @Test func aWorkerDoesOnePieceAtATimeAndOneAloneAllInTheirOrder() throws {
        let done = Guarded<[Int]>([])
        let thread = ObjectIdentifier(Thread.current)
        try SideBySide.run([false, true, false, false], by: ["only"]) { _, piece in
            #expect(ObjectIdentifier(Thread.current) == thread)
            done.withLock { $0.append(piece) }
        }
        #expect(done.withLock { $0 } == [0, 1, 2, 3])

        let busy = Guarded<Set<Int>>([])
        try SideBySide.run(Array(repeating: false, count: 100), by: [0, 1, 2]) { worker, _ in
            #expect(busy.withLock { $0.insert(worker).inserted }, "worker \(worker)")
            busy.withLock { _ = $0.remove(worker) }
        }
    }

    @Test func theErrorIsThatOfTheFirstPieceThatFailedWhateverFailedFirst() throws {
        let failed = Meeting(of: 2)
        let begun = Guarded<Set<Int>>([])
        let error = #expect(throws: Failure.self) {
            try SideBySide.run(Array(repeating: false, count: 8), by: [0, 1]) { _, piece in
                begun.withLock { _ = $0.insert(piece) }
                if piece < 2 {
                    failed.arrive()
                    throw Failure(piece: piece)
                }
            }
        }
        #expect(error == Failure(piece: 0))
        #expect(begun.withLock { $0 } == [0, 1], "nothing after the first failure is begun")
    }

    @Test func whatARunFailedWithDoesNotTakeAwayTheOthersResults() throws {
        struct Failure: Error {}
        var plan = Setup(strategies: ["single"], seeds: [1, 2]).plan
        plan.jobs = 2
        // The first run waits until the second one has come to its end, and fails then.
        let meeting = Meeting(of: 2)
        let latest = Guarded<[UInt64]>([])
        let isWaiting = Guarded(true)
        let callbacks = Experiment.Callbacks(
            evaluated: { run, _, _ in
                let isFirst = isWaiting.withLock { isWaiting in
                    defer { if run.seed == 1 { isWaiting = false } }
                    return isWaiting
                }
                if run.seed == 1, isFirst { meeting.arrive() }
            },
            finished: { run, _, _, _ in
                if run.seed == 1 { throw Failure() }
                meeting.arrive()
            })
        #expect(throws: Failure.self) {
            _ = try Experiment(plan, data: DataDirectory(nil)).run(machine: machine, callbacks: callbacks) { results in
                latest.withLock { $0 = results.runs.map(\.seed) }
            }
        }
        #expect(latest.withLock { $0 } == [1, 2])
    }
}

@Suite struct InOrderTests {
    @Test func eventsAreDueInTheOrderOfRuns() {
        var events = InOrder<String>()
        #expect(events.add("0 begins", of: 0) == ["0 begins"])
        #expect(events.add("1 begins", of: 1).isEmpty)
        #expect(events.add("2 begins", of: 2).isEmpty)
        #expect(events.add("2 ends", of: 2, isLast: true).isEmpty)
        #expect(events.add("0 goes on", of: 0) == ["0 goes on"])
        #expect(events.add("0 ends", of: 0, isLast: true) == ["0 ends", "1 begins"])
        #expect(events.add("1 ends", of: 1, isLast: true) == ["1 ends", "2 begins", "2 ends"])
        #expect(events.add("3 ends", of: 3, isLast: true) == ["3 ends"])
        #expect(events.rest().isEmpty)
    }

    @Test func whatIsNotDueIsToldInTheEndOfOneRunAfterTheOther() {
        var events = InOrder<Int>(from: 4)
        #expect(events.add(40, of: 4) == [40])
        for (event, run) in [(60, 6), (50, 5), (61, 6), (51, 5)] { #expect(events.add(event, of: run).isEmpty) }
        #expect(events.rest() == [50, 51, 60, 61])
        #expect(events.rest().isEmpty)
    }
}

@Suite struct JobsTests {
    private let setup = Setup(strategies: ["single", "sync"], seeds: [1, 2, 3])

    private func jobs(
        asked: Int? = nil, cores: Int = 64, memory: UInt64 = 1 << 40, hostThreads: Int = 64, repetitions: Int = 1,
        clock: ClockChoice = .simulated, trials: Int = 1
    ) -> Int? {
        var setup = setup
        (setup.clock, setup.hostThreads) = (clock, hostThreads)
        var plan = setup.plan
        plan.repetitions = repetitions
        return plan.jobs(asked: asked, trials: trials, cores: cores, memoryBytes: memory)
    }

    @Test func thereAreNoMoreThanCoresThreadsAndSimulatedRuns() {
        #expect(jobs() == 6 && jobs(trials: 4) == 24)
        #expect(jobs(cores: 2) == 2 && jobs(hostThreads: 3) == 3)
        #expect(jobs(cores: 1) == nil && jobs(hostThreads: 1) == nil)
        #expect(jobs(clock: .auto) == 3, "single is measured")
    }

    @Test func repetitionsAreMadeAloneUnlessSideBySideIsAskedFor() {
        #expect(jobs(repetitions: 5) == nil)
        #expect(jobs(asked: 4, repetitions: 5) == 4)
    }

    @Test func whatIsAskedForCountsUpToTheNumberOfRuns() {
        #expect(jobs(asked: 1) == nil && jobs(asked: 5, cores: 2) == 5 && jobs(asked: 500) == 6)
    }

    /// 4,810 parameters of four bytes and the vectors of sync with four workers are little beside the 64 MiB that a run takes
    /// besides; half of the memory is for runs.
    @Test func memoryBoundsThem() {
        #expect(jobs(memory: 8 * (65 << 20)) == 4)
        #expect(jobs(memory: 1 << 20) == nil)
    }

    @Test func moreThanTheMachineHasMemoryForAreRefused() throws {
        var plan = Setup(strategies: ["sync"], seeds: [1, 2]).plan
        let vectors = try plan.strategies[0].make().vectorCount
        let bytes = UInt64(vectors * 4810 * 4)
        try Experiment.check(plan, memoryBytes: bytes + 1)
        plan.jobs = 2
        try Experiment.check(plan, memoryBytes: 2 * bytes + 1)
        let error = #expect(throws: ExperimentError.self) { try Experiment.check(plan, memoryBytes: 2 * bytes) }
        #expect(error?.description.contains("for each of 2 runs side by side (--jobs)") == true)
    }

    @Test func threadsAreCountedOnceForAllRunsSideBySide() {
        var plan = Setup(strategies: ["sync"], hostThreads: 4).plan
        // The caller, the thread that plays the simulation, and three that help.
        #expect(HostNeed(plan).threads == 5)
        plan.jobs = 3
        // Three callers and three simulations, and the same three that help.
        #expect(HostNeed(plan).threads == 9)
    }
}
