import Cluster
import Kernel

extension EmulatedRank {
    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket],
        purpose: TrafficPurpose,
        contribution progressing:
            @escaping @Sendable (_ vector: ParameterVector, _ progress: GradientProgress?) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        guard self.count > 1 else {
            return try await allReduce(
                reduction, count: count, computing: work, purpose: purpose, contribution: { progressing($0, nil) },
                update: update)
        }
        GradientBucket.check(buckets, count: count)
        let vector = contribution.take(count: count)
        let step = OverlappedStep(work, elements: count, on: cluster.model.nodes[index], cluster.model.compute)
        let begin = due
        // Emulated time is mostly waiting, so one thread does for both: it computes first, and then waits in turn for
        // the time at which a bucket is ready and for its messages.
        progressing(vector, nil)
        let computed = begin.advanced(byNanoseconds: step.span(1))
        for (position, bucket) in buckets.enumerated() {
            wait(until: begin.advanced(byNanoseconds: step.span(bucket.readyShare)))
            // The numbers are added when all ranks have come to the last bucket. Until then none of them changes the
            // model, and none needs the sum.
            let isLast = position == buckets.count - 1
            _ = try collective(
                .allReduce(reduction), isLast ? vector : nil, elements: bucket.range.count,
                summed: isLast ? count : nil,
                purpose, computingUntil: computed, update: isLast ? update : nil)
        }
        wait(until: computed)
        wait(until: due.advanced(byNanoseconds: step.updateSpan))
        account.computeSeconds += step.seconds
    }
}
