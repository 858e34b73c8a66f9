import DequeModule
import Foundation

/// Runs a rank's task on the rank's own thread, so that the rank may block there without keeping anybody else from
/// running.
///
/// `@unchecked Sendable`: guarded by `condition`.
final class OwnThreadExecutor: TaskExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs = Deque<UnownedJob>()
    private var isStopped = false

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    func stop() {
        condition.lock()
        isStopped = true
        condition.signal()
        condition.unlock()
    }

    /// Runs jobs on the calling thread until ``stop()``.
    func runUntilStopped() {
        while true {
            condition.lock()
            while jobs.isEmpty, !isStopped { condition.wait() }
            let job = jobs.popFirst()
            condition.unlock()
            guard let job else { return }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
