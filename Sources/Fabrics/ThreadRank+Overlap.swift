import Cluster
import Kernel

extension ThreadRank {
    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket],
        purpose: TrafficPurpose,
        contribution progressing:
            @escaping @Sendable (_ vector: ParameterVector, _ progress: GradientProgress?) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        guard let emulation = job.emulation, self.count > 1 else {
            // The cores that would carry a bucket are those that compute: there is nothing beside them to hide it behind.
            return try await allReduce(
                reduction, count: count, computing: work, purpose: purpose, contribution: { progressing($0, nil) },
                update: update)
        }
        GradientBucket.check(buckets, count: count)
        let vector = contribution.take(count: count)
        let step = OverlappedStep(work, elements: count, on: emulation.nodes[index], emulation.compute)
        let start = job.clock.seconds
        // Emulated time is mostly waiting, so one thread does for both: it computes first, and then waits in turn for
        // the time at which a bucket is ready and for its messages. Where this machine is slower than the modelled one,
        // buckets are ready when their numbers are.
        progressing(vector, nil)
        let end = max(job.clock.seconds, start + step.gradientSeconds)
        var entered: [Double] = []
        var left: [Double] = []
        for bucket in buckets {
            job.clock.wait(until: start + step.gradientSeconds * bucket.readyShare)
            entered.append(job.clock.seconds)
            let elements = bucket.range.count
            let algorithm = CollectiveKind.allReduce(reduction).messages(
                emulation.allReduceByLength[elements] ?? emulation.allReduce, groups: emulation.groups,
                ranks: self.count, elements: elements)
            try play(algorithm, elements: elements, purpose)
            left.append(job.clock.seconds)
        }
        job.clock.wait(until: end)
        account.computeSeconds += end - start

        let summing = job.clock.seconds
        job.show(vector, of: index, at: entered)
        try job.barrier.wait()
        let ready = buckets.indices.map { job.lastEnteredSeconds(bucket: $0) }
        sumSlice(reduction, count: count, purpose, update)
        try job.barrier.wait()
        for (position, begin) in ready.enumerated() {
            account.addCommunication(from: max(entered[position], begin), to: left[position], computingUntil: end)
        }
        account.communicationSeconds += max(0, job.clock.seconds - max(summing, ready.last ?? 0))
        let updating = job.clock.seconds
        job.clock.wait(until: updating + step.seconds - step.gradientSeconds)
        account.computeSeconds += job.clock.seconds - updating
    }
}

extension TimeAccount {
    /// Books a rank's part in a collective, beside which it computed until `end`.
    fileprivate mutating func addCommunication(from begin: Double, to left: Double, computingUntil end: Double) {
        guard left > begin else { return }
        let exposed = min(max(begin, end), left)
        hiddenCommunicationSeconds += exposed - begin
        communicationSeconds += left - exposed
    }
}
