import Cluster
import Foundation
import Locking

/// Cluster time of a job on real threads: the host's monotonic clock since `start`, less the pauses.
final class PausableClock: Sendable {
    private struct State {
        var start: ContinuousClock.Instant?
        var paused = Duration.zero
        var pausedSince: ContinuousClock.Instant?
        /// Pauses that overlap: ranks may pause on their own at the same time.
        var pauses = 0
    }

    private let state = Guarded(State())

    /// - Parameter seconds: what the clock shows first.
    func start(at seconds: Double = 0) { state.withLock { $0.start = .now - .seconds(seconds) } }

    /// Seconds since the start; 0 before. Stands still during a pause.
    var seconds: Double {
        state.withLock { state in
            guard let start = state.start else { return 0 }
            return ((state.pausedSince ?? .now) - start - state.paused).inSeconds
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
    func skip(seconds: Double) { state.withLock { $0.paused += .seconds(seconds) } }

    /// Waits until the clock shows `seconds`: sleeps for most of it and spins at the end, since a sleep can be late by
    /// 50 microseconds and more.
    func wait(until seconds: Double) {
        let spinning = 150e-6
        while true {
            let left = seconds - self.seconds
            if left <= 0 { return }
            if left > spinning { Thread.sleep(forTimeInterval: left - spinning) }
        }
    }
}
