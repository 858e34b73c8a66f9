internal import CProcess
internal import Foundation

/// What this machine, or a limit that was set on the process, does not have.
package struct HostError: Error, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Threads of the operating system. Foundation's and Dispatch's do not say when there are none to be had: the program would
/// wait for ever for one that never came.
package enum HostThread {
    package static let standardStackBytes = 8 << 20

    /// A thread that has just ended may still count for a moment.
    private static let attempts = 20
    private static let pauseMicroseconds: UInt32 = 2000

    /// Runs `body` on a new thread, for which nobody waits.
    ///
    /// - Throws: ``HostError`` where the system makes no more threads.
    package static func start(
        named name: String, stackBytes: Int = standardStackBytes, _ body: @escaping @Sendable () -> Void
    ) throws(HostError) {
        pthread_detach(try joinable(named: name, stackBytes: stackBytes, body))
    }

    /// Runs `body` on a new thread, which is to be joined.
    ///
    /// - Throws: ``HostError`` where the system makes no more threads.
    static func joinable(
        named name: String, stackBytes: Int = standardStackBytes, _ body: @escaping @Sendable () -> Void
    ) throws(HostError) -> pthread_t {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        let work = Unmanaged.passRetained(Work(name, body))
        var code = EAGAIN
        for attempt in 0..<attempts where code == EAGAIN {
            if attempt > 0 { usleep(pauseMicroseconds) }
            #if canImport(Darwin)
                var thread: pthread_t?
                code = pthread_create(&thread, &attributes, { Work.run($0) }, work.toOpaque())
                if code == 0, let thread { return thread }
            #else
                var thread = pthread_t()
                code = pthread_create(&thread, &attributes, { $0.map(Work.run) ?? nil }, work.toOpaque())
                if code == 0 { return thread }
            #endif
        }
        work.release()
        throw HostError(
            """
            no thread can be started for '\(name)': \(String(cString: strerror(code))) (limits on processes and threads: \
            ulimit -u; on address space: ulimit -v)
            """)
    }

    private final class Work: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }

        static func run(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
            let work = Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue()
            process_name_thread(work.name)
            work.body()
            return nil
        }
    }
}
