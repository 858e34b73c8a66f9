internal import Foundation

/// Counts threads that have not come to their end, and waits until none is left; the waiting thread then sees all that
/// they wrote.
///
/// `@unchecked Sendable`: guarded by `condition`.
package final class HelperCount: @unchecked Sendable {
    private let condition = NSCondition()
    private var count = 0

    package init() {}

    package func enter() {
        condition.lock()
        count += 1
        condition.unlock()
    }

    package func leave() {
        condition.lock()
        count -= 1
        if count == 0 { condition.broadcast() }
        condition.unlock()
    }

    package func wait() {
        condition.lock()
        while count > 0 { condition.wait() }
        condition.unlock()
    }
}
