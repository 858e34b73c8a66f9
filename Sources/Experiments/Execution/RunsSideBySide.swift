internal import Host
import Tasks
import Training

/// How many runs of a plan are made side by side.
extension ExperimentPlan {
    /// At least 1.
    package var runsSideBySide: Int { max(1, jobs ?? 1) }

    /// Beside its vectors, what a run takes of this machine's memory: activations, its control's sweep, its record.
    static let bytesBesideVectors: UInt64 = 64 << 20

    /// How many of the plan's runs to make side by side: of those on a virtual clock, which do not disturb each other, as many
    /// as there are threads for, and as memory allows.
    ///
    /// - Parameters:
    ///   - asked: how many the user wants; nil for as many as make sense. Where repetitions are asked for, their times are
    ///     of interest, and runs are made alone.
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

    /// How many of the largest of these strategies' runs half of a memory has room for.
    private func fitting(_ strategies: [StrategyPlan], in memoryBytes: UInt64) -> Int {
        guard let network = try? trainingTask().network else { return 1 }
        let vectors = strategies.compactMap { try? $0.make().vectorCount }.max() ?? 0
        let bytes = UInt64(vectors) * UInt64(network.parameterCount) * 4 + Self.bytesBesideVectors
        return max(1, Int(memoryBytes / 2 / bytes))
    }
}
