import DequeModule
import Foundation
import Host
import Synchronization

/// The host's cores for the numerics of simulated ranks: a few threads that run the bodies of computations, while the
/// caller plays the simulation and lends a hand whenever it would have to wait.
///
/// Several simulations can share a pool. Then so many of its own threads pause that no more than ``threads`` compute at once,
/// and work again when fewer simulations are left (``withCaller(_:)``).
package final class HostPool: ParallelHost, Sendable {
    /// A computation on its way: run once, by whoever comes first.
    ///
    /// `@unchecked Sendable`: `body` is touched by the one thread that moved `state` from pending to running.
    final class Ticket: @unchecked Sendable {
        private enum State: UInt8, AtomicRepresentable {
            case pending, running, done
        }

        private let state = Atomic(State.pending)
        private var body: (@Sendable () -> Void)?

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }

        var isDone: Bool { state.load(ordering: .acquiring) == .done }

        /// Runs the body unless somebody else has begun; returns whether it did.
        func run() -> Bool {
            guard
                state.compareExchange(expected: .pending, desired: .running, ordering: .acquiringAndReleasing).exchanged
            else { return false }
            body?()
            body = nil
            state.store(.done, ordering: .releasing)
            return true
        }
    }

    /// Tickets that nobody has begun. Workers hold this and not the pool, so that a pool nobody uses goes away.
    ///
    /// `@unchecked Sendable`: guarded by `condition`.
    private final class Queue: @unchecked Sendable {
        let condition = NSCondition()
        var tickets = Deque<Ticket>()
        var isStopped = false
        /// Threads that compute, the callers' among them.
        let threads: Int
        /// Threads that said that they play a simulation. Where none has, one caller is assumed.
        var callers = 0
        /// The pool's own threads that run a ticket now.
        var busy = 0

        init(threads: Int) { self.threads = threads }

        /// The pool's own threads that may run at once.
        var spare: Int { threads - max(callers, 1) }

        func work() {
            condition.lock()
            while !isStopped {
                guard busy < spare, let ticket = tickets.popFirst() else {
                    condition.wait()
                    continue
                }
                busy += 1
                condition.unlock()
                let didRun = ticket.run()
                condition.lock()
                busy -= 1
                if didRun { condition.broadcast() }
            }
            condition.unlock()
        }

        /// A caller more or less; those that paused may go on.
        func change(callers difference: Int) {
            condition.lock()
            callers += difference
            condition.broadcast()
            condition.unlock()
        }
    }

    /// Threads that compute, the caller's among them.
    package let threads: Int
    private let queue: Queue

    package init(threads: Int) {
        precondition(threads > 0, "\(threads) host threads")
        self.threads = threads
        queue = Queue(threads: threads)
        for index in 1..<max(threads, 1) {
            // Where there are no more to be had, the caller does the work.
            try? HostThread.start(named: "host \(index)", stackBytes: 4 << 20) { [queue] in queue.work() }
        }
    }

    deinit {
        queue.condition.lock()
        queue.isStopped = true
        queue.condition.broadcast()
        queue.condition.unlock()
    }

    /// Calls `body`, in which the calling thread plays a simulation on this pool, maybe beside others that do.
    package func withCaller<Result>(_ body: () throws -> Result) rethrows -> Result {
        queue.change(callers: 1)
        defer { queue.change(callers: -1) }
        return try body()
    }

    func submit(_ ticket: Ticket) {
        guard threads > 1 else { return }
        queue.condition.lock()
        defer { queue.condition.unlock() }
        // Where all cores belong to callers, each runs its own.
        guard queue.spare > 0 else { return }
        queue.tickets.append(ticket)
        queue.condition.signal()
    }

    /// Returns when the ticket is done: runs it, or others while somebody else does.
    func finish(_ ticket: Ticket) {
        if ticket.isDone || ticket.run() { return }
        queue.condition.lock()
        while !ticket.isDone {
            if let other = queue.tickets.popFirst() {
                queue.condition.unlock()
                let didRun = other.run()
                queue.condition.lock()
                // Another job of this pool may wait for it.
                if didRun { queue.condition.broadcast() }
            } else {
                queue.condition.wait()
            }
        }
        queue.condition.unlock()
    }

    /// Calls `body` for every index in 0..<count, on all threads, and returns when all are done.
    package func concurrentPerform(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let tickets = (0..<count).map { index in Ticket { body(index) } }
        for ticket in tickets.dropFirst() { submit(ticket) }
        for ticket in tickets { finish(ticket) }
    }
}
