#if MPI
    import Foundation
    import Host
    import Locking

    /// Ends the job when a call waits too long: of a process that has died, or a host that is cut off, MPI itself may say
    /// nothing for as long as TCP tries again, which is a quarter of an hour and more.
    final class MPIWatchdog: Sendable {
        private struct State {
            var patience = 120.0
            var since: ContinuousClock.Instant?
            var what: (@Sendable () -> String)?
        }

        private let state = Guarded(State())
        private static let checkSeconds = 0.1

        func setPatience(_ seconds: Double) { state.withLock { $0.patience = seconds } }

        /// A call that waits for others begins.
        func begin(_ what: @escaping @Sendable () -> String) {
            let now = ContinuousClock.now
            state.withLock { ($0.since, $0.what) = (now, what) }
        }

        func end() { state.withLock { ($0.since, $0.what) = (nil, nil) } }

        /// What a process should have waited no longer than: said where it has.
        func check() -> String? {
            state.withLock { state in
                guard let since = state.since, let what = state.what,
                    (ContinuousClock.now - since).inSeconds > state.patience
                else { return nil }
                return Self.message(what(), patience: state.patience)
            }
        }

        private static func message(_ what: String, patience: Double) -> String {
            """
            has waited \(patience) s, \(what): another process has died, or its host is cut off, or it takes longer than \
            that (see --patience)
            """
        }

        /// - Throws: ``HostError`` where there is no thread for it.
        func start(ending world: MPIWorld) throws(HostError) {
            try HostThread.start(named: "watchdog") { [unowned world, self] in
                while true {
                    Thread.sleep(forTimeInterval: Self.checkSeconds)
                    if let message = check() { world.end(because: message, exitCode: 1) }
                }
            }
        }
    }
#endif
