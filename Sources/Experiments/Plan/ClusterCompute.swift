import Cluster
import Tasks

/// Step times that clusters bring along, which take the place of measuring this machine's.
extension ExperimentPlan {
    /// The step times in the clusters' files for the plan's task; nil where there are none, or where a device profile
    /// is asked for.
    ///
    /// - Throws: ``ExperimentError`` where a cluster has step times for other tasks only, or clusters have different
    ///   ones.
    func measuredCompute() throws(ExperimentError) -> MeasuredCompute? {
        guard compute == "calibrated" else { return nil }
        var found: [MeasuredCompute?] = []
        for strategy in strategies where strategy.fabric == .simulated || strategy.fabric == .emulated {
            guard let cluster = strategy.cluster else { continue }
            let measured = try cluster.measuredCompute(of: task)
            if !found.contains(measured) { found.append(measured) }
        }
        guard found.count <= 1 else {
            throw ExperimentError(
                "clusters with different step times of \(task) in one experiment; allowed are the same for all strategies"
            )
        }
        return found.first ?? nil
    }
}

extension ClusterSpec {
    /// - Throws: ``ExperimentError`` where there are step times for other tasks only: this machine's step times would
    ///   not fit the rest of the cluster.
    func measuredCompute(of task: String) throws(ExperimentError) -> MeasuredCompute? {
        guard let compute else { return nil }
        guard let measured = compute.first(where: { $0.task == task }) else {
            throw ExperimentError(
                """
                cluster '\(name)' has step times of \(compute.map(\.task).joined(separator: ", ")), and none of \(task); \
                measure them where the file was made ('bench calibrate --task \(task)'), or use --compute reference
                """)
        }
        return measured
    }
}
