import DequeModule
import Locking

/// Computes deferred vectors on the host's cores ahead of who will look at them: as soon as somebody looks at one, those that
/// were deferred next. So one rank that looks at one vector after the other, such as a server at its clients' updates,
/// keeps all cores busy, and where nobody looks, as in a run that is only played again for its time, nothing is computed.
///
/// Of vectors that are computed and that nobody has looked at yet, no more exist than there are places, so that memory stays
/// bounded by the host's cores whatever the number of ranks. What a vector's numbers are depends on neither.
final class Lookahead: Sendable {
    private struct Entry {
        weak var vector: DeferredVector?
    }

    private struct State {
        /// In the order in which they were deferred, with some that were begun or are gone.
        var pending = Deque<Entry>()
        /// Vectors that take a place.
        var ahead = 0
        /// Computations that were handed to the pool, as far as they may not be over.
        var tickets: [HostPool.Ticket] = []
        var isStopped = false
    }

    private let pool: HostPool
    private let state = Guarded(State())
    /// Vectors that are computed ahead.
    private var places: Int { Self.places(threads: pool.threads) }

    /// Enough to keep the other threads busy while one looks at a vector; none without other threads.
    static func places(threads: Int) -> Int { threads == 1 ? 0 : threads + 2 }

    init(_ pool: HostPool) { self.pool = pool }

    func add(_ vector: DeferredVector) {
        guard places > 0 else { return }
        // Let go of outside of the lock, which the end of a vector's life takes.
        var first: DeferredVector?
        state.withLock { state in
            // Those that nobody looked at and nobody will.
            while let entry = state.pending.first {
                first = entry.vector
                if first != nil { break }
                state.pending.removeFirst()
            }
            state.pending.append(Entry(vector: vector))
        }
    }

    /// The vector is not computed ahead any more.
    func freePlace(of vector: DeferredVector) { state.withLock { Self.free(vector, &$0) } }

    private static func free(_ vector: borrowing DeferredVector, _ state: inout State) {
        if vector.isAhead.exchange(false, ordering: .relaxed) { state.ahead -= 1 }
    }

    /// Somebody looks at a vector for the first time: fills the places that are free.
    func look(at vector: DeferredVector) {
        guard places > 0 else { return }
        // Let go of outside of the lock, as above.
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
