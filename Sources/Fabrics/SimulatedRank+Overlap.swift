import Cluster
import Kernel

extension SimulatedRank {
    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket],
        purpose: TrafficPurpose,
        contribution progressing:
            @escaping @Sendable (_ vector: ParameterVector, _ progress: GradientProgress?) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        let contribution: @Sendable (ParameterVector) -> Void = { progressing($0, nil) }
        guard simulation.group.count > 1 else {
            return try await allReduce(
                reduction, count: count, computing: work, purpose: purpose, contribution: contribution, update: update)
        }
        GradientBucket.check(buckets, count: count)
        // What the rank computes goes on whatever its messages do, and these go out one after another: so all that the
        // rank's program has to wait for is, in turn, the time at which a bucket is ready and the end of its all-reduce.
        try simulation.throwIfFailed()
        try simulation.throwIfGone(index)
        simulation.begin(overlapped: work, elements: count, shares: buckets.map(\.readyShare) + [1], rank: index)
        for (position, bucket) in buckets.enumerated() {
            let ready = simulation.beginWaiting(forShare: position, rank: index)
            try await simulation.spend(until: ready, rank: index)
            // The numbers are added when all ranks have come to the last bucket. Until then none of them changes the
            // model, and none needs the sum.
            let isLast = position == buckets.count - 1
            _ = try await simulation.take(
                part: nil, contribution: isLast ? contribution : nil, of: .allReduce(reduction), rank: index,
                elements: bucket.range.count, summed: isLast ? count : nil, purpose: purpose,
                update: isLast ? update : nil)
        }
        let end = simulation.beginWaiting(forShare: buckets.count, rank: index)
        try await simulation.spend(until: end, rank: index)
        try await simulation.spend(until: simulation.beginUpdate(rank: index), rank: index)
    }
}
