import DequeModule
import Foundation

/// Runs the tasks of all ranks of one process on one thread, which between two of them can look for messages.
///
/// `@unchecked Sendable`: guarded by `lock`.
final class PolledExecutor: TaskExecutor, @unchecked Sendable {
    private let lock = NSLock()
    private var jobs = Deque<UnownedJob>()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        lock.withLock { jobs.append(job) }
    }

    /// Runs what is ready, and what becomes ready meanwhile, on the calling thread.
    /// - Returns: whether there was anything.
    func runReadyJobs() -> Bool {
        var ran = false
        while let job = lock.withLock({ jobs.popFirst() }) {
            ran = true
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        return ran
    }
}
