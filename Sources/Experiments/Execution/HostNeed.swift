package import Host
import Tasks

/// What an experiment needs of the computer that it runs on, other than memory.
package struct HostNeed: Hashable, Sendable {
    /// How many threads run at once, including the one that waits for the others.
    package let threads: Int
    /// Bytes of address space beyond those that the program has when it starts.
    package let addressSpaceBytes: UInt64
    /// The option whose value to lower when the limits leave too little.
    private let option: String

    /// Bytes of OpenBLAS's buffer for each thread that multiplies; without room for it, OpenBLAS tries again for ever.
    private static let blasBufferBytes: UInt64 = 129 << 20
    /// Bytes that the C library reserves for a thread's allocations.
    private static let arenaBytes: UInt64 = 64 << 20
    /// Bytes for results, reports and the embedded data; found by trying.
    private static let baseBytes: UInt64 = 96 << 20
    /// Additional bytes for unpacking data that come from files.
    private static let filesBytes: UInt64 = 256 << 20

    package init(_ plan: ExperimentPlan) {
        // One thread plays all simulated ranks and the host's threads compute for them; ranks of MPI are other
        // processes.
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

    /// Checks whether the limits on this process allow the plan. Where the user gave no number of runs side by side, it
    /// is lowered until they do.
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
    ///   - threads: how many run at once, including the calling one.
    ///   - multiplying: how many of them multiply matrices.
    ///   - readsFiles: whether the data come from files.
    ///   - besideBytes: bytes for anything else.
    ///   - option: the option whose value to lower when the limits leave too little.
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

    /// - Throws: ``HostError`` where a limit on this process leaves too little; found before anything waits for the
    ///   missing resource.
    package func check() throws(HostError) {
        try Limits.check(threads: threads, bytes: addressSpaceBytes, smaller: option)
    }
}
