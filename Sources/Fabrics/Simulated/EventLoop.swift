import Cluster
import DequeModule

/// Something that happens at a point in virtual time; equal times in the order in which they were scheduled, and what is
/// scheduled late after all else.
///
/// A few words at most, since each is copied several times: what a message carries stays with the ``Transport``.
enum SimulationEvent {
    /// A computation ends: its body must be done, then its rank goes on.
    case computed(HostPool.Ticket, Simulation.Waiter)
    /// A message asks for the receiver's port; known by its place in the ``Transport``.
    case arriving(Int)
    /// Something happens to a message of ``RoutedTraffic``.
    case routed(Int)
    /// A message is there; known like that, too.
    case delivered(Int)
    /// A rank that waited for its port goes on.
    case resume(Simulation.Waiter)
    /// A rank looks for a message of several senders, or finds that its deadline has come.
    case looks(Int)
    /// All ranks that come at this time have entered a collective in rounds.
    case assembled(CollectiveRun)
    /// A rank leaves, and the others learn it.
    case leaves(Int)
    case detected(Int)
}

/// The clock of a ``Simulation``, what is to come, and the ranks' tasks that are ready now.
///
/// It is the tasks' executor, which runs them when the simulation says so.
///
/// `@unchecked Sendable`: all state belongs to the thread that runs the simulation, and tasks are resumed nowhere else.
///
/// `@exclusivity(unchecked)`, here and in the ``Transport`` and ``CollectiveRun``: none of them calls another while it
/// changes one of these properties, and finding that out anew for every access took two fifths of a simulation's time.
final class EventLoop: TaskExecutor, @unchecked Sendable {
    @exclusivity(unchecked) private(set) var now = VirtualTime.zero
    @exclusivity(unchecked) private var ready = Deque<UnownedJob>()
    /// What is to come, by its place in `events`, which stay where they are while the queue is sorted.
    @exclusivity(unchecked) private var queue = EventQueue()
    @exclusivity(unchecked) private var events = Slots<SimulationEvent>()
    @exclusivity(unchecked) private var scheduled = 0
    /// The order of events that come after all others of their time: of those that are scheduled by then, too.
    private static let late = 1 << 62

    func enqueue(_ job: consuming ExecutorJob) { ready.append(UnownedJob(job)) }

    /// Runs tasks until none is ready.
    func runReadyJobs() {
        while let job = ready.popFirst() { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// - Parameter isLate: whether it happens after all else of that time.
    func schedule(_ event: SimulationEvent, at time: VirtualTime, isLate: Bool = false) {
        queue.insert(
            events.insert(event), at: time.nanoseconds, sequence: isLate ? Self.late + scheduled : scheduled)
        scheduled += 1
    }

    func resume(_ waiter: Simulation.Waiter, at time: VirtualTime) { schedule(.resume(waiter), at: time) }

    /// Before when whatever is no event happens before the earliest event; nil if there is none.
    var nextTime: VirtualTime? {
        queue.min.map { VirtualTime(nanoseconds: $0.nanoseconds).later(by: $0.sequence < Self.late ? 0 : 1) }
    }

    /// Takes out the earliest event and moves the clock to it; nil if there is none.
    func next() -> SimulationEvent? {
        guard let entry = queue.popMin() else { return nil }
        now = VirtualTime(nanoseconds: entry.nanoseconds)
        return events.take(entry.item)
    }

    /// Moves the clock to something that is no event.
    func moveClock(to time: VirtualTime) { now = time }

    /// Calls `body` with all that is to come, the earliest first.
    func forEachEvent(_ body: (SimulationEvent, VirtualTime) -> Void) {
        for entry in queue.inOrder {
            body(events[entry.item], VirtualTime(nanoseconds: entry.nanoseconds))
        }
    }
}
