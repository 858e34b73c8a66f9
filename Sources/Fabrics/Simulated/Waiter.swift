import DequeModule

extension Simulation {
    /// A rank that waits and can go on: a suspended task, or a rank of a ``Replay``. Trivial to copy.
    struct Waiter {
        private let task: UnsafeContinuation<Void, any Error>?
        /// Unowned, since a waiter lives in a simulation and the replay, which has the queue, outlives that.
        private unowned(unsafe) let queue: ReplayQueue?
        let rank: Int

        init(_ task: UnsafeContinuation<Void, any Error>) {
            (self.task, queue, rank) = (task, nil, -1)
        }

        init(rank: Int, of queue: ReplayQueue) {
            (task, self.queue, self.rank) = (nil, queue, rank)
        }

        func resume() {
            if let task { task.resume() } else { queue?.append(rank) }
        }

        /// Ranks of a replay are not told: a replay ends with its first error.
        func resume(throwing error: any Error) { task?.resume(throwing: error) }
    }
}

/// The ranks of a replay that go on at the present time, in the order in which tasks would.
final class ReplayQueue {
    private(set) var ready = Deque<Int>()
    /// The rank whose operations are being made: a task that is resumed before it is suspended goes straight on.
    private var running = -1
    private var goesOn = false

    func append(_ rank: Int) {
        if rank == running { goesOn = true } else { ready.append(rank) }
    }

    func popFirst() -> Int? { ready.popFirst() }

    /// Lets `rank` do something that may make it wait; whether it goes straight on.
    func run(_ rank: Int, _ body: (Simulation.Waiter) -> Void) -> Bool {
        (running, goesOn) = (rank, false)
        body(Simulation.Waiter(rank: rank, of: self))
        running = -1
        return goesOn
    }
}
