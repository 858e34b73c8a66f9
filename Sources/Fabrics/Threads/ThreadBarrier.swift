import Foundation
import Host
import Synchronization

/// A barrier for a fixed number of threads, fit for steps of 100 microseconds: a thread that comes early spins for a
/// while, since the others are near, and then parks, since they are not.
///
/// `@unchecked Sendable`: what is not atomic is guarded by `condition`.
final class ThreadBarrier: @unchecked Sendable {
    private let parties: Int
    private let spins: Int
    private let arrived = Atomic(0)
    /// How often the barrier has opened. A thread that waits, waits until this changes.
    private let generation = Atomic(0)
    private let parked = Atomic(0)
    private let aborted = Atomic(false)
    /// Whether a party is gone, so that the barrier can never open again.
    private let incomplete = Atomic(false)
    private let condition = NSCondition()

    /// - Parameter cores: that this process may use; with more threads than that, spinning would keep the others away.
    init(parties: Int, cores: Int = UsableCores.count) {
        self.parties = parties
        // About 100 microseconds: longer than ranks of one step differ, shorter than a park and a wake-up hurt.
        spins = parties <= cores ? 40_000 : 0
    }

    /// Returns when all parties have called it.
    /// - Throws: ``FabricError/aborted`` after ``abort()``, ``FabricError/deadlock(_:)`` after ``leave()``.
    func wait() throws(FabricError) {
        let opened = generation.load(ordering: .acquiring)
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == parties {
            arrived.store(0, ordering: .relaxed)
            generation.add(1, ordering: .sequentiallyConsistent)
            // A thread that parks first counts itself and then looks again; so either it sees the new generation or
            // this sees it counted.
            if parked.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
        } else {
            var left = spins
            while generation.load(ordering: .acquiring) == opened, !aborted.load(ordering: .relaxed),
                !incomplete.load(ordering: .acquiring)
            {
                if left > 0 { left -= 1 } else { park(until: opened) }
            }
        }
        if aborted.load(ordering: .acquiring) { throw .aborted }
        // A party leaves after the last time it opened the barrier; who still waits then waits for ever.
        if incomplete.load(ordering: .acquiring), generation.load(ordering: .acquiring) == opened {
            throw .deadlock("a rank has ended that others wait for in a collective")
        }
    }

    /// A party will not come again: waits for it throw.
    func leave() {
        incomplete.store(true, ordering: .sequentiallyConsistent)
        wakeAll()
    }

    /// Makes all waits, now and later, throw.
    func abort() {
        aborted.store(true, ordering: .sequentiallyConsistent)
        wakeAll()
    }

    private func park(until opened: Int) {
        parked.add(1, ordering: .sequentiallyConsistent)
        condition.lock()
        while generation.load(ordering: .sequentiallyConsistent) == opened,
            !aborted.load(ordering: .sequentiallyConsistent), !incomplete.load(ordering: .sequentiallyConsistent)
        { condition.wait() }
        condition.unlock()
        parked.subtract(1, ordering: .sequentiallyConsistent)
    }

    private func wakeAll() {
        condition.lock()
        condition.broadcast()
        condition.unlock()
    }
}
