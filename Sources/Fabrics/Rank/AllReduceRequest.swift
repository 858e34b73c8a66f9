public import Cluster
public import Kernel

/// How a collective combines the ranks' numbers.
public enum Reduction: Sendable {
    /// The numbers are added.
    case sum
    /// The numbers are added and divided by the number of ranks.
    case mean

    func scale(ranks: Int) -> Float { self == .sum ? 1 : 1 / Float(ranks) }
}

/// An all-reduce as a rank asks for it: what the rank brings, and where the sum goes.
public struct AllReduceRequest: Sendable {
    /// Writes the rank's numbers into the given vector, whose contents are arbitrary before. Where `progress` is not
    /// nil, the contribution reports which end of the vector is final.
    public typealias Contribution = @Sendable (_ vector: ParameterVector, _ progress: GradientProgress?) -> Void
    /// Receives the sum range by range. Called once for every range for each memory that ranks share, maybe
    /// concurrently.
    public typealias Update = @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void

    enum Source {
        case vector(ParameterVector)
        case computed(ComputeWork, Contribution)
    }

    let source: Source
    let reduction: Reduction
    /// Numbers in the vector.
    let count: Int
    let purpose: TrafficPurpose
    /// The parts in which the vector is sent; empty where it is sent as a whole, after it was computed.
    let buckets: [GradientBucket]
    /// Receives the sum; nil where the sum replaces the ranks' vectors.
    let update: Update?

    /// The sum or mean over ranks replaces the vector on all ranks. With an `update`, the sum goes to the update
    /// instead, and the vector's own numbers are undefined afterwards.
    public init(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose, update: Update? = nil
    ) {
        source = .vector(vector)
        (self.reduction, self.purpose, self.update) = (reduction, purpose, update)
        count = vector.count
        buckets = []
    }

    /// A computation whose result goes into an all-reduce and nowhere else, such as the gradient of a data-parallel step.
    ///
    /// A fabric that only simulates the rank calls `contribution` when all ranks are there, so that of thousands of ranks'
    /// vectors no more exist than are being computed. What it leaves elsewhere, such as the loss, is there when the
    /// all-reduce returns.
    ///
    /// With `buckets` communication overlaps the computation: the vector is sent in buckets, each as soon as its numbers
    /// are there and the rank's part in the bucket before it is over, while the rank computes on. The update, which takes
    /// as long as a pass over the vector and is part of `work`, follows the last bucket. The numbers are the same to the
    /// last bit. Threads of this machine that emulate no network have nothing to overlap.
    ///
    /// - Parameters:
    ///   - count: numbers in the vector.
    ///   - work: forward and backward pass and, with buckets, the update.
    ///   - buckets: in the order in which they are sent; together the whole vector, or none.
    ///   - update: changes what all ranks that share memory share, such as their one replica of the model.
    public init(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket] = [],
        purpose: TrafficPurpose, contribution: @escaping Contribution, update: @escaping Update
    ) {
        source = .computed(work, contribution)
        (self.reduction, self.purpose, self.update) = (reduction, purpose, update)
        self.count = count
        self.buckets = buckets
        if !buckets.isEmpty { GradientBucket.check(buckets, count: count) }
    }
}

extension Rank {
    /// Replaces the vector, on all ranks, by the sum or mean over ranks; or gives it to `update` (``AllReduceRequest``).
    public func allReduce(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose,
        update: AllReduceRequest.Update? = nil
    ) async throws {
        try await allReduce(AllReduceRequest(vector, reduction, purpose: purpose, update: update))
    }

    /// The all-reduce of a data-parallel step (``AllReduceRequest``).
    public func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket] = [],
        purpose: TrafficPurpose, contribution: @escaping AllReduceRequest.Contribution,
        update: @escaping AllReduceRequest.Update
    ) async throws {
        try await allReduce(
            AllReduceRequest(
                reduction, count: count, computing: work, sending: buckets, purpose: purpose,
                contribution: contribution, update: update))
    }

    /// The all-reduce of a data-parallel step whose contribution cannot report its progress (``AllReduceRequest``).
    public func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, sending buckets: [GradientBucket] = [],
        purpose: TrafficPurpose, contribution: @escaping @Sendable (_ vector: ParameterVector) -> Void,
        update: @escaping AllReduceRequest.Update
    ) async throws {
        try await allReduce(
            reduction, count: count, computing: work, sending: buckets, purpose: purpose,
            contribution: { vector, _ in contribution(vector) }, update: update)
    }
}
