package import Host
import Tasks

/// What an experiment takes of the computer that it runs on, beyond memory.
package struct HostNeed: Hashable, Sendable {
    /// Threads at once, the one that waits for them among them.
    package let threads: Int
    /// Of address space, beyond what the program has when it starts.
    package let addressSpaceBytes: UInt64
    /// Which a smaller value of needs less.
    private let option: String

    /// What OpenBLAS takes for a thread that multiplies, without which it tries again for ever.
    private static let blasBufferBytes: UInt64 = 129 << 20
    /// What the C library reserves for what a thread allocates.
    private static let arenaBytes: UInt64 = 64 << 20
    /// Results, reports, and the embedded data; found by trying.
    private static let baseBytes: UInt64 = 96 << 20
    /// Beside it, data from files while they are unpacked.
    private static let filesBytes: UInt64 = 256 << 20

    package init(_ plan: ExperimentPlan) {
        // Simulated ranks are played by one thread, and computed by those of the host; other processes have their own.
        let ranks = plan.strategies.map { strategy in
            [.simulated, .mpi].contains(strategy.fabric) ? 1 : strategy.roles.ranks
        }
        let (most, jobs) = (ranks.max() ?? 1, plan.runsSideBySide)
        // Each of the runs side by side has a thread that waits for the one which plays it.
        self.init(
            threads: plan.hostThreads + jobs - 1 + max(jobs, most), multiplying: max(plan.hostThreads, jobs, most),
            readsFiles: !((try? plan.trainingTask())?.isEmbedded ?? false),
            besideBytes: UInt64(jobs - 1) * ExperimentPlan.bytesBesideVectors,
            smaller: jobs > 1 ? "--jobs" : "--host-threads")
    }

    /// Checks what a plan takes. Where nobody asked for a number of runs side by side, there are no more than limits on
    /// this process allow.
    ///
    /// - Throws: ``HostError`` where a limit leaves too little, before anything waits for it.
    package static func check(_ plan: inout ExperimentPlan, isJobsGiven: Bool) throws(HostError) {
        while true {
            do {
                return try HostNeed(plan).check()
            } catch {
                guard plan.runsSideBySide > 1, !isJobsGiven else { throw error }
                let fewer = plan.runsSideBySide / 2
                plan.jobs = fewer > 1 ? fewer : nil
            }
        }
    }

    /// - Parameters:
    ///   - threads: at once, the calling one among them.
    ///   - multiplying: those that multiply matrices.
    ///   - readsFiles: whether the data come from files.
    ///   - besideBytes: whatever else is needed.
    ///   - option: which a smaller value of needs less.
    package init(
        threads: Int, multiplying: Int, readsFiles: Bool, besideBytes: UInt64 = 0,
        smaller option: String = "--host-threads"
    ) {
        self.threads = threads
        self.option = option
        let perThread = UInt64(HostThread.standardStackBytes) + Self.arenaBytes
        addressSpaceBytes =
            Self.baseBytes + (readsFiles ? Self.filesBytes : 0) + UInt64(threads) * perThread
            + UInt64(multiplying) * Self.blasBufferBytes + besideBytes
    }

    /// - Throws: ``HostError`` where a limit on this process leaves too little, before anything waits for it.
    package func check() throws(HostError) {
        try Limits.check(threads: threads, bytes: addressSpaceBytes, smaller: option)
    }
}
