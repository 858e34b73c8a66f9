internal import Foundation

/// Limits on the process that leave it too little to work with, found before anything waits for what it will not get.
package enum Limits {
    /// Threads beyond those that compute: the one that waits for signals.
    private static let otherThreads = 1
    private static let probeStackBytes = 1 << 20

    /// - Parameters:
    ///   - threads: threads at once, the calling one among them.
    ///   - bytes: address space that all of them need, beyond what is in use.
    ///   - option: the option whose smaller value would need less.
    /// - Throws: ``HostError`` naming the limit, what it is, and what is needed.
    package static func check(
        threads: Int, bytes: UInt64, smaller option: String = "--host-threads"
    ) throws(HostError) {
        try checkAddressSpace(bytes, option)
        try checkThreads(threads - 1 + otherThreads, option)
    }

    private static func checkAddressSpace(_ bytes: UInt64, _ option: String) throws(HostError) {
        guard let limit = AddressSpace.limitBytes, let used = AddressSpace.usedBytes else { return }
        guard used + bytes > limit else { return }
        func megabytes(_ bytes: UInt64) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
        throw HostError(
            """
            the address space is limited to \(megabytes(limit)) (ulimit -v \(limit >> 10)); this needs about \
            \(megabytes(used + bytes)), fewer with a smaller \(option)
            """)
    }

    /// Starts as many threads at once as will be needed.
    private static func checkThreads(_ count: Int, _ option: String) throws(HostError) {
        let gate = Gate()
        var probes: [pthread_t] = []
        defer {
            gate.open()
            for probe in probes { pthread_join(probe, nil) }
        }
        for index in 0..<count {
            do {
                probes.append(
                    try HostThread.joinable(named: "probe", stackBytes: probeStackBytes) { gate.wait() })
            } catch {
                throw HostError(
                    """
                    the system gives this process \(index + 1) thread\(index == 0 ? "" : "s"), and \(count + 1) are needed: see \
                    ulimit -u and the control group's pids.max; fewer do with a smaller \(option)
                    """)
            }
        }
    }

    /// `@unchecked Sendable`: guarded by `condition`.
    private final class Gate: @unchecked Sendable {
        private let condition = NSCondition()
        private var isOpen = false

        func open() {
            condition.lock()
            isOpen = true
            condition.broadcast()
            condition.unlock()
        }

        func wait() {
            condition.lock()
            while !isOpen { condition.wait() }
            condition.unlock()
        }
    }

    /// Opens what a process may have been started without: a file that is opened later would take the number of standard
    /// output or standard error, and get their text.
    package static func openStandardDescriptors() {
        for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 && errno == EBADF { _ = open("/dev/null", O_RDWR) }
    }
}
