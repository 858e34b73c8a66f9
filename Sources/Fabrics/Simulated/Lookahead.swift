import DequeModule
import Locking

/// Computes deferred vectors on the host's cores before anybody looks at them: as soon as a rank looks at one vector,
/// the vectors that were deferred next are computed. So one rank that looks at one vector after the other, such as a
/// server at its clients' updates, keeps all cores busy, and where nobody looks, as in a run that is only played again
/// for its time, nothing is computed.
///
/// At most as many vectors as there are places are computed and not yet looked at, so that memory stays bounded by the
/// host's cores whatever the number of ranks. The numbers in a vector do not depend on when or where it is computed.
final class Lookahead: Sendable {
    private struct Entry {
        weak var vector: DeferredVector?
    }

    private struct State {
        /// Vectors in the order in which they were deferred. Some were begun, or are gone, since.
        var pending = Deque<Entry>()
        /// Vectors that take a place.
        var ahead = 0
        /// Computations that were handed to the pool, as far as they may not be over.
        var tickets: [HostPool.Ticket] = []
        var isStopped = false
    }

    private let pool: HostPool
    private let state = Guarded(State())
    /// How many vectors may be computed and not yet looked at.
    private var places: Int { Self.places(threads: pool.threads) }

    /// How many vectors may be computed ahead: enough to keep the other threads busy while one thread looks at a
    /// vector; 0 without other threads.
    static func places(threads: Int) -> Int { threads == 1 ? 0 : threads + 2 }

    init(_ pool: HostPool) { self.pool = pool }

    func add(_ vector: DeferredVector) {
        guard places > 0 else { return }
        // The vector is let go of outside of the lock, since the end of a vector's life takes the lock.
        var first: DeferredVector?
        state.withLock { state in
            // Vectors that are gone leave the queue: nobody looked at them, and nobody will.
            while let entry = state.pending.first {
                first = entry.vector
                if first != nil { break }
                state.pending.removeFirst()
            }
            state.pending.append(Entry(vector: vector))
        }
    }

    /// Gives back the place that a vector takes, if it takes one.
    func freePlace(of vector: DeferredVector) { state.withLock { Self.free(vector, &$0) } }

    private static func free(_ vector: borrowing DeferredVector, _ state: inout State) {
        if vector.isAhead.exchange(false, ordering: .relaxed) { state.ahead -= 1 }
    }

    /// Fills the places that are free, since somebody looks at a vector for the first time.
    func look(at vector: DeferredVector) {
        guard places > 0 else { return }
        // The vectors are let go of outside of the lock, since the end of a vector's life takes the lock.
        var begun: [DeferredVector] = []
        let tickets = state.withLock { state in
            Self.free(vector, &state)
            state.tickets.removeAll(where: \.isDone)
            var tickets: [HostPool.Ticket] = []
            while !state.isStopped, state.ahead < places, let entry = state.pending.popFirst() {
                guard let next = entry.vector else { continue }
                begun.append(next)
                if next.wasLookedAt.load(ordering: .acquiring) { continue }
                next.isAhead.store(true, ordering: .relaxed)
                state.ahead += 1
                tickets.append(HostPool.Ticket { [weak next, self] in if !isStopped { next?.compute() } })
            }
            state.tickets += tickets
            return tickets
        }
        for ticket in tickets { pool.submit(ticket) }
    }

    private var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Computes nothing more; returns when nothing is being computed.
    func stop() {
        let tickets = state.withLock { state in
            state.isStopped = true
            state.pending.removeAll()
            return state.tickets
        }
        for ticket in tickets { pool.finish(ticket) }
    }
}
