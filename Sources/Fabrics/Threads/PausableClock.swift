import Cluster
import Foundation
import Locking

/// Cluster time of a job on real threads: the host's monotonic clock since `start`, less the pauses.
///
/// A clock may go slower than the host's: then a thread that the host keeps waiting is late by that much less.
final class PausableClock: Sendable {
    private struct State {
        var start: ContinuousClock.Instant?
        var paused = Duration.zero
        var pausedSince: ContinuousClock.Instant?
        /// Pauses that overlap: ranks may pause on their own at the same time.
        var pauses = 0
        /// Whether nobody is to wait any more.
        var isAbandoned = false
    }

    private let state = Guarded(State())
    /// Seconds of the host in one second of the clock.
    let slowdown: Double

    init(slowdown: Double = 1) { self.slowdown = slowdown }

    /// - Parameter seconds: what the clock shows first.
    func start(at seconds: Double = 0) { state.withLock { $0.start = .now - .seconds(seconds * slowdown) } }

    /// Seconds since the start; 0 before. Stands still during a pause.
    var seconds: Double {
        state.withLock { state in
            guard let start = state.start else { return 0 }
            return ((state.pausedSince ?? .now) - start - state.paused).inSeconds / slowdown
        }
    }

    func pause() {
        state.withLock { state in
            state.pauses += 1
            if state.pauses == 1 { state.pausedSince = .now }
        }
    }

    func resume() {
        state.withLock { state in
            state.pauses -= 1
            guard state.pauses == 0, let since = state.pausedSince else { return }
            state.paused += .now - since
            state.pausedSince = nil
        }
    }

    /// The clock of another process, by which this one goes, stood still for so long.
    func skip(seconds: Double) { state.withLock { $0.paused += .seconds(seconds * slowdown) } }

    /// Waits until the clock shows `seconds`: sleeps for most of it and yields at the end, since a sleep can be late by
    /// 50 microseconds and more, and there may be more threads that wait than cores.
    func wait(until seconds: Double) {
        while true {
            let left = (seconds - self.seconds) * slowdown
            let (isPaused, isAbandoned) = state.withLock { ($0.pauses > 0, $0.isAbandoned) }
            if left <= 0 || isAbandoned { return }
            if isPaused {
                Thread.sleep(forTimeInterval: Self.pausedSeconds)
            } else if left > Self.yieldingSeconds {
                Thread.sleep(forTimeInterval: min(left - Self.yieldingSeconds, Self.mostSleepSeconds))
            } else {
                sched_yield()
            }
        }
    }

    static let yieldingSeconds = 150e-6
    /// Seconds between two looks at a clock that stands still.
    private static let pausedSeconds = 100e-6
    /// So that who waits for an hour sees that the job has failed.
    static let mostSleepSeconds = 0.1

    /// Ends all waits, now and later: the job has failed.
    func abandon() { state.withLock { $0.isAbandoned = true } }
}
