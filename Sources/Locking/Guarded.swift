import Foundation

/// A value behind a lock, used like `Synchronization.Mutex`.
///
/// Not that type, because on Linux its lock is a futex inside a library that is not instrumented: the thread sanitizer
/// sees no order between two critical sections and reports every one of them. It knows POSIX mutexes, on which `NSLock`
/// is built.
///
/// `@unchecked Sendable`: `value` is only touched under `lock`.
package final class Guarded<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    package init(_ value: sending Value) { self.value = value }

    /// Calls `body` with exclusive access to the value. Don't wait for another thread in it.
    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
