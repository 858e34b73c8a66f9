package import Host

/// What an experiment takes of the computer that it runs on, beyond memory.
package struct HostNeed: Hashable, Sendable {
    /// Threads at once, the one that waits for them among them.
    package let threads: Int
    /// Of address space, beyond what the program has when it starts.
    package let addressSpaceBytes: UInt64

    /// A product's buffer in OpenBLAS, which every thread that multiplies has of its own.
    private static let blasBufferBytes: UInt64 = 32 << 20
    /// Code, data sets and results; found by trying.
    private static let baseBytes: UInt64 = 96 << 20

    package init(_ plan: ExperimentPlan) {
        // Simulated ranks are played by one thread, and computed by those of the host; other processes have their own.
        let ranks = plan.strategies.map { strategy in
            [.simulated, .mpi].contains(strategy.fabric)
                ? 1 : strategy.description?.make(strategy.configuration).rankCount ?? 1
        }
        let most = ranks.max() ?? 1
        threads = plan.hostThreads + most
        let perThread = UInt64(HostThread.standardStackBytes) + Self.blasBufferBytes
        addressSpaceBytes = Self.baseBytes + UInt64(threads) * perThread
    }

    /// - Throws: ``HostError`` where a limit on this process leaves too little, before anything waits for it.
    package func check() throws(HostError) { try Limits.check(threads: threads, bytes: addressSpaceBytes) }
}
