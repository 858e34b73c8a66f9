import Cluster
import DequeModule
import Foundation

/// Messages for one rank of an emulated cluster, in order per sender, and the rank's port in, which carries one at a time.
///
/// A message asks for the port at the time that the model says. Which ones ask before it is known for sure only when that
/// time has come, so that a message gets its place in the queue then, when the receiver looks for it, and not when it is sent.
///
/// `@unchecked Sendable`: guarded by `condition`.
final class EmulatedInbox: @unchecked Sendable {
    enum Content: Sendable {
        case message(Message)
        /// A message of a collective, whose numbers travel through shared memory.
        case collective
    }

    /// A message and its times, by the model.
    struct Parcel: Sendable {
        let content: Content
        let sender: Int
        let sent: VirtualTime
        let transit: NetworkModel.Transit
        /// When the message's last byte is there; nil until the message has had its turn at the port.
        var delivered: VirtualTime?
    }

    enum Arrival {
        case parcel(Parcel, at: VirtualTime)
        /// The deadline has come.
        case timedOut
        /// The senders' programs have ended, and nothing is left to come.
        case ended(at: VirtualTime)
    }

    private let rank: Int
    private let ranks: Int
    private let condition = NSCondition()
    /// Collectives and messages from rank to rank do not wait for each other.
    private struct Stream: Hashable {
        let sender: Int
        let isOfCollectives: Bool
    }

    private var parcels: [Stream: Deque<Parcel>] = [:]
    private var ended: [Int: VirtualTime] = [:]
    private var hasFailed = false
    private let clock: PausableClock
    private let arrive: @Sendable (NetworkModel.Transit) -> VirtualTime

    /// - Parameter arrive: lets a message have the receiver's port; called in the order in which messages ask for it.
    init(
        of rank: Int, ranks: Int, _ clock: PausableClock,
        arrive: @escaping @Sendable (NetworkModel.Transit) -> VirtualTime
    ) {
        (self.rank, self.ranks) = (rank, ranks)
        self.clock = clock
        self.arrive = arrive
    }

    func put(_ parcel: Parcel) {
        condition.lock()
        parcels[stream(of: parcel), default: []].append(parcel)
        condition.broadcast()
        condition.unlock()
    }

    private func stream(of parcel: Parcel) -> Stream {
        if case .collective = parcel.content { return Stream(sender: parcel.sender, isOfCollectives: true) }
        return Stream(sender: parcel.sender, isOfCollectives: false)
    }

    /// Waits for the next message of a collective from `sender`.
    /// - Throws: ``FabricError/aborted`` when a rank failed.
    func takeOfCollective(from sender: Int) throws -> Arrival {
        try take(Stream(sender: sender, isOfCollectives: true))
    }

    /// Waits for the next parcel of a stream, at least until the clock shows when its last byte can be there.
    private func take(_ stream: Stream) throws -> Arrival {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if hasFailed { throw FabricError.aborted }
            if let first = parcels[stream]?.first {
                if let delivered = first.delivered {
                    parcels[stream]?.removeFirst()
                    return .parcel(first, at: delivered)
                }
                // As late as costs nothing: whatever asks for the port before this message has been sent by then, also by a
                // thread that is late itself.
                let earliest = first.transit.earliestDelivery
                condition.unlock()
                clock.wait(until: earliest.seconds)
                condition.lock()
                serve(upTo: first.transit.arriving)
            } else if let time = ended[stream.sender] {
                return .ended(at: time)
            } else {
                condition.wait()
            }
        }
    }

    /// Waits for the message of one of the senders that is there first, until the clock shows when that can be said for sure:
    /// what comes before it has been sent by then.
    ///
    /// - Parameter deadline: by the model; nil for none.
    /// - Throws: ``FabricError/aborted`` when a rank failed.
    func take(from senders: Senders, until deadline: VirtualTime?) throws -> Arrival {
        if case .rank(let sender) = senders, deadline == nil {
            return try take(Stream(sender: sender, isOfCollectives: false))
        }
        condition.lock()
        defer { condition.unlock() }
        while true {
            if hasFailed { throw FabricError.aborted }
            let first = earliest(of: senders)
            if let first, first.time <= deadline ?? first.time {
                if !isOver(first.time) { continue }
                guard first.isServed else {
                    serve(upTo: first.parcel.transit.arriving)
                    continue
                }
                parcels[stream(of: first.parcel)]?.removeFirst()
                return .parcel(first.parcel, at: first.time)
            }
            if first == nil, senders.haveAllEnded(Set(ended.keys), ranks: ranks, receiver: rank) {
                return .ended(at: ended.filter { senders.contains($0.key) }.values.max() ?? .zero)
            }
            guard let deadline else {
                condition.wait()
                continue
            }
            if isOver(deadline) { return .timedOut }
        }
    }

    /// The next message of the senders that is there first. Its time is known once it has had its turn at the port
    /// (`isServed`); until then it is the earliest possible.
    private func earliest(of senders: Senders) -> (parcel: Parcel, time: VirtualTime, isServed: Bool)? {
        var first: (parcel: Parcel, time: VirtualTime, isServed: Bool)?
        for (stream, queue) in parcels where !stream.isOfCollectives && senders.contains(stream.sender) {
            guard let next = queue.first else { continue }
            let time = next.delivered ?? next.transit.earliestDelivery
            let isServed = next.delivered != nil
            // At equal times, a message that has not had its turn goes first, since it may be there before the other.
            let isBefore =
                first.map {
                    (time, isServed ? 1 : 0, next.sent, next.sender)
                        < ($0.time, $0.isServed ? 1 : 0, $0.parcel.sent, $0.parcel.sender)
                } ?? true
            if isBefore { first = (next, time, isServed) }
        }
        return first
    }

    /// Whether the clock shows a time; if not, waits for some of it or for the next message, and then all has to be looked at
    /// again.
    private func isOver(_ time: VirtualTime) -> Bool {
        let left = (time.seconds - clock.seconds) * clock.slowdown
        if left <= 0 { return true }
        if left > PausableClock.yieldingSeconds {
            let nap = min(left - PausableClock.yieldingSeconds, PausableClock.mostSleepSeconds)
            _ = condition.wait(until: Date(timeIntervalSinceNow: nap))
        } else {
            condition.unlock()
            sched_yield()
            condition.lock()
        }
        return false
    }

    /// Gives all messages that ask for the port up to a time their turns: in the order in which they ask, those that do at
    /// one time in the order in which they were sent, and of those by sender.
    private func serve(upTo time: VirtualTime) {
        var asking: [(parcel: Parcel, place: Int)] = []
        for queue in parcels.values {
            for (place, parcel) in queue.enumerated() where parcel.delivered == nil {
                // A sender's messages ask in the order in which it sent them.
                guard parcel.transit.arriving <= time else { break }
                asking.append((parcel, place))
            }
        }
        asking.sort {
            ($0.parcel.transit.arriving, $0.parcel.sent, $0.parcel.sender, $0.place)
                < ($1.parcel.transit.arriving, $1.parcel.sent, $1.parcel.sender, $1.place)
        }
        for (parcel, place) in asking { parcels[stream(of: parcel)]?[place].delivered = arrive(parcel.transit) }
    }

    func senderEnded(_ sender: Int, at time: VirtualTime, failed: Bool) {
        condition.lock()
        ended[sender] = time
        if failed { hasFailed = true }
        condition.broadcast()
        condition.unlock()
    }
}
