internal import Host
import Tasks
import Training

/// How many runs of a plan are made side by side.
extension ExperimentPlan {
    /// How many runs are made side by side, at least 1.
    package var runsSideBySide: Int { max(1, jobs ?? 1) }

    /// Bytes of this machine's memory that a run takes in addition to its vectors: activations, the control's sweep,
    /// the record.
    static let bytesBesideVectors: UInt64 = 64 << 20

    /// How many of the plan's runs to make side by side. Only runs on a virtual clock count, which do not disturb each
    /// other; there are no more than threads and memory allow.
    ///
    /// - Parameters:
    ///   - asked: how many the user wants; nil for as many as make sense. With repetitions times are of interest, and
    ///     runs are then made alone.
    ///   - trials: how often a study makes each run of the plan.
    /// - Returns: nil for one after the other.
    package func jobs(
        asked: Int?, trials: Int = 1, cores: Int = UsableCores.count, memoryBytes: UInt64 = UsableMemory.bytes
    ) -> Int? {
        let simulated = strategies.filter { $0.fabric == .simulated }
        let runs = repetitions * seeds.count * simulated.count * trials
        let most = asked ?? (repetitions > 1 ? 1 : min(cores, hostThreads, fitting(simulated, in: memoryBytes)))
        let jobs = min(most, runs)
        return jobs > 1 ? jobs : nil
    }

    /// How many runs of the largest of these strategies fit in half of the memory.
    private func fitting(_ strategies: [StrategyPlan], in memoryBytes: UInt64) -> Int {
        guard let network = try? trainingTask().network else { return 1 }
        let vectors = strategies.compactMap { try? $0.make().vectorCount }.max() ?? 0
        let bytes = UInt64(vectors) * UInt64(network.parameterCount) * 4 + Self.bytesBesideVectors
        return max(1, Int(memoryBytes / 2 / bytes))
    }
}
