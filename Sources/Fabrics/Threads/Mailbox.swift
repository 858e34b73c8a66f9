import Foundation

/// Messages for one rank of a ``ThreadJob``, in the order in which they came.
///
/// `@unchecked Sendable`: guarded by `condition`.
final class Mailbox: @unchecked Sendable {
    struct Parcel: Sendable {
        let message: Message
        let sentSeconds: Double
    }

    enum Arrival {
        case parcel(Parcel, from: Int)
        case timedOut
        case ended
    }

    private let rank: Int
    private let ranks: Int
    private let clock: PausableClock
    private let condition = NSCondition()
    private var parcels = ArrivalQueue<Parcel>()
    private var ended: Set<Int> = []
    private var hasFailed = false

    init(of rank: Int, ranks: Int, _ clock: PausableClock) {
        (self.rank, self.ranks, self.clock) = (rank, ranks, clock)
    }

    func put(_ parcel: Parcel, from sender: Int) {
        condition.lock()
        parcels.append(parcel, from: sender)
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for the next parcel of one of the senders, until they have ended and none is left.
    ///
    /// - Parameter deadline: what the job's clock shows when the rank gives up; nil for never.
    /// - Throws: ``FabricError/aborted`` when a rank failed.
    func take(from senders: Senders, until deadline: Double?) throws -> Arrival {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if hasFailed { throw FabricError.aborted }
            if let (sender, parcel) = parcels.popFirst(of: senders) { return .parcel(parcel, from: sender) }
            if senders.haveAllEnded(ended, ranks: ranks, receiver: rank) { return .ended }
            guard let deadline else {
                condition.wait()
                continue
            }
            let left = deadline - clock.seconds
            if left <= 0 { return .timedOut }
            _ = condition.wait(until: Date(timeIntervalSinceNow: min(left, PausableClock.mostSleepSeconds)))
        }
    }

    func senderEnded(_ sender: Int, failed: Bool) {
        condition.lock()
        ended.insert(sender)
        if failed { hasFailed = true }
        condition.broadcast()
        condition.unlock()
    }
}
