import Collections
import Foundation

/// Messages for one rank of a ``ThreadJob``, in order per sender.
///
/// `@unchecked Sendable`: guarded by `condition`.
final class Mailbox: @unchecked Sendable {
    struct Parcel: Sendable {
        let message: Message
        let sentSeconds: Double
    }

    private let condition = NSCondition()
    private var parcels: [Int: Deque<Parcel>] = [:]
    private var ended: Set<Int> = []
    private var hasFailed = false

    func put(_ parcel: Parcel, from sender: Int) {
        condition.lock()
        parcels[sender, default: []].append(parcel)
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for the next parcel of `sender`; nil when the sender has ended and none is left.
    /// - Throws: ``FabricError/aborted`` when a rank failed.
    func take(from sender: Int) throws -> Parcel? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if hasFailed { throw FabricError.aborted }
            if let parcel = parcels[sender]?.popFirst() { return parcel }
            if ended.contains(sender) { return nil }
            condition.wait()
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
