package import Host
import Tasks

/// What an experiment takes of the computer that it runs on, beyond memory.
package struct HostNeed: Hashable, Sendable {
    /// Threads at once, the one that waits for them among them.
    package let threads: Int
    /// Of address space, beyond what the program has when it starts.
    package let addressSpaceBytes: UInt64

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
            [.simulated, .mpi].contains(strategy.fabric)
                ? 1 : strategy.description?.make(strategy.configuration).rankCount ?? 1
        }
        let most = ranks.max() ?? 1
        self.init(
            threads: plan.hostThreads + most, multiplying: max(plan.hostThreads, most),
            readsFiles: plan.task != TrainingTask.digits.name)
    }

    /// - Parameters:
    ///   - threads: at once, the calling one among them.
    ///   - multiplying: those that multiply matrices.
    ///   - readsFiles: whether the data come from files.
    package init(threads: Int, multiplying: Int, readsFiles: Bool) {
        self.threads = threads
        let perThread = UInt64(HostThread.standardStackBytes) + Self.arenaBytes
        addressSpaceBytes =
            Self.baseBytes + (readsFiles ? Self.filesBytes : 0) + UInt64(threads) * perThread
            + UInt64(multiplying) * Self.blasBufferBytes
    }

    /// - Throws: ``HostError`` where a limit on this process leaves too little, before anything waits for it.
    package func check() throws(HostError) { try Limits.check(threads: threads, bytes: addressSpaceBytes) }
}
