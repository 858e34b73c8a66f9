import Cluster
import Collections
import Foundation

/// Messages for one rank of an emulated cluster, in order per sender, and its port in, which carries one at a time.
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
        /// When its last byte is there; nil until it has had its turn at the port.
        var delivered: VirtualTime?
    }

    enum Arrival {
        case parcel(Parcel, at: VirtualTime)
        /// The sender's program has ended, and nothing is left to come.
        case ended(at: VirtualTime)
    }

    private let condition = NSCondition()
    private var parcels: [Int: Deque<Parcel>] = [:]
    private var ended: [Int: VirtualTime] = [:]
    private var hasFailed = false
    private let clock: PausableClock
    private let arrive: @Sendable (NetworkModel.Transit) -> VirtualTime

    /// - Parameter arrive: lets a message have the receiver's port; called in the order in which messages ask for it.
    init(_ clock: PausableClock, arrive: @escaping @Sendable (NetworkModel.Transit) -> VirtualTime) {
        self.clock = clock
        self.arrive = arrive
    }

    func put(_ parcel: Parcel) {
        condition.lock()
        parcels[parcel.sender, default: []].append(parcel)
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for the next parcel of `sender`, at least until the clock shows when its last byte can be there.
    /// - Throws: ``FabricError/aborted`` when a rank failed.
    func take(from sender: Int) throws -> Arrival {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if hasFailed { throw FabricError.aborted }
            if let first = parcels[sender]?.first {
                if let delivered = first.delivered {
                    parcels[sender]?.removeFirst()
                    return .parcel(first, at: delivered)
                }
                // As late as costs nothing: whatever asks for the port before this message has been sent by then, also by a
                // thread that is late itself.
                let earliest = first.transit.earliestDelivery
                condition.unlock()
                clock.wait(until: earliest.seconds)
                condition.lock()
                serve(upTo: first.transit.arriving)
            } else if let time = ended[sender] {
                return .ended(at: time)
            } else {
                condition.wait()
            }
        }
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
        for (parcel, place) in asking { parcels[parcel.sender]?[place].delivered = arrive(parcel.transit) }
    }

    func senderEnded(_ sender: Int, at time: VirtualTime, failed: Bool) {
        condition.lock()
        ended[sender] = time
        if failed { hasFailed = true }
        condition.broadcast()
        condition.unlock()
    }
}
