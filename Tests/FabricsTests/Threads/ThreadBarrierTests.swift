import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Fabrics

@Suite(.timeLimit(.minutes(60))) struct ThreadBarrierTests {
    /// One number for each thread.
    ///
    /// `@unchecked Sendable`: a thread writes to its own only, and reads the others' only between two barriers, which
    /// is what is being tested.
    private final class Slots: @unchecked Sendable {
        let values: UnsafeMutablePointer<Int>
        let count: Int

        init(_ count: Int) {
            self.count = count
            values = .allocate(capacity: count)
            values.initialize(repeating: 0, count: count)
        }

        deinit { values.deallocate() }
    }

    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
        try withDeadline {
            let done = DispatchGroup()
            for index in 0..<count {
                done.enter()
                Thread.detachNewThread {
                    body(index)
                    done.leave()
                }
            }
            done.wait()
        }
    }

    /// With few cores threads park at once; with many they spin first, here more of them than the machine can run.
    @Test(arguments: [1, 64])
    func everyRoundSeesWhatAllWroteBeforeIt(cores: Int) throws {
        for parties in [1, 2, 16] {
            let rounds = 150
            let barrier = ThreadBarrier(parties: parties, cores: cores)
            let slots = Slots(parties)
            let wrong = Atomic(0)
            try onThreads(parties) { index in
                for round in 1...rounds {
                    slots.values[index] = round
                    guard (try? barrier.wait()) != nil else { return }
                    for other in 0..<parties where slots.values[other] != round { wrong.add(1, ordering: .relaxed) }
                    guard (try? barrier.wait()) != nil else { return }
                }
            }
            #expect(wrong.load(ordering: .relaxed) == 0, "\(parties) parties")
            #expect((0..<parties).allSatisfy { slots.values[$0] == rounds }, "\(parties) parties")
        }
    }

    @Test(arguments: [1, 64])
    func nobodyPassesUntilTheLastHasCome(cores: Int) throws {
        let barrier = ThreadBarrier(parties: 4, cores: cores)
        let arrived = Atomic(0)
        let early = Atomic(0)
        try onThreads(4) { index in
            // The last one comes when the others have long been waiting, parked or not.
            if index == 3 { Thread.sleep(forTimeInterval: 0.02) }
            arrived.add(1, ordering: .sequentiallyConsistent)
            try? barrier.wait()
            if arrived.load(ordering: .sequentiallyConsistent) < 4 { early.add(1, ordering: .relaxed) }
        }
        #expect(early.load(ordering: .relaxed) == 0)
    }

    @Test(arguments: [1, 64], [0.0, 0.02])
    func abortWakesAllThatWaitAndAllThatComeLater(cores: Int, delay: Double) throws {
        let barrier = ThreadBarrier(parties: 9, cores: cores)
        let aborted = Atomic(0)
        try onThreads(9) { index in
            if index == 0 {
                Thread.sleep(forTimeInterval: delay)
                barrier.abort()
            }
            do throws(FabricError) {
                if index > 0 { try barrier.wait() }
            } catch {
                aborted.add(1, ordering: .relaxed)
            }
        }
        #expect(aborted.load(ordering: .relaxed) == 8)
        #expect(throws: FabricError.self) { try barrier.wait() }
    }
}
