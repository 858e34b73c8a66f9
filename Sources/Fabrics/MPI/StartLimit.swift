#if MPI
    import Foundation
    import Host
    import Locking

    /// A time within which MPI has to start. Starting it returns when all processes of the job have come, so that one that
    /// never does keeps the others, which the library itself does not limit.
    final class StartLimit: Sendable {
        private let isOver = Guarded(false)

        /// - Parameter giveUp: called when the time is over, on a thread of its own; ends the process.
        init(seconds: Double, _ giveUp: @escaping @Sendable () -> Never) {
            let end = ContinuousClock.now + .seconds(seconds)
            // Where the system makes no more threads, there is no limit.
            try? HostThread.start(named: "start limit") { [self] in
                while ContinuousClock.now < end {
                    Thread.sleep(forTimeInterval: Self.checkSeconds)
                    if isOver.withLock({ $0 }) { return }
                }
                // Whoever has ended the limit meanwhile finds that MPI has started.
                isOver.withLock { if !$0 { giveUp() } }
            }
        }

        func end() { isOver.withLock { $0 = true } }

        private static let checkSeconds = 0.05
    }
#endif
