import Cluster
import Kernel

extension ThreadRank {
    /// The cores that would carry a bucket are those that compute: there is nothing beside them to hide it behind.
    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket],
        purpose: TrafficPurpose,
        contribution progressing:
            @escaping @Sendable (_ vector: ParameterVector, _ progress: GradientProgress?) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        try await allReduce(
            reduction, count: count, computing: work, purpose: purpose, contribution: { progressing($0, nil) },
            update: update)
    }
}
