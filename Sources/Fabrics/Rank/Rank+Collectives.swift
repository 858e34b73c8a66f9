public import Cluster
public import Kernel

/// What a rank gets from a collective besides the vector that it brought.
public struct CollectiveResult: Sendable {
    /// The ranks' vectors that this rank receives, in the order of ranks; for an all-to-all, one vector that is joined
    /// from them.
    public let vectors: [ParameterVector]
    /// This rank's part of a vector that is spread over all ranks.
    public let part: Range<Int>

    init(_ vectors: [ParameterVector] = [], part: Range<Int>) {
        (self.vectors, self.part) = (vectors, part)
    }
}

extension Rank {
    /// Replaces, on every rank r, the r-th of n parts of the vector (`part(r, of: n)` of its range) by the sum or mean
    /// over ranks, added in the order of ranks; the other parts stay as they are.
    /// - Returns: the rank's part.
    public func reduceScatter(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose
    ) async throws -> Range<Int> {
        try await collective(.reduceScatter(reduction), vector, purpose: purpose).part
    }

    /// All ranks' vectors, in the order of ranks, on all ranks: copies, which ranks may share and nobody may change.
    public func allGather(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> [ParameterVector] {
        try await collective(.allGather, vector, purpose: purpose).vectors
    }

    /// Every rank r gets the r-th of n parts of every rank's vector, one behind the other in the order of ranks.
    public func allToAll(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> ParameterVector {
        try await collective(.allToAll, vector, purpose: purpose).vectors[0]
    }

    /// Replaces, on every rank r, the r-th of n parts of the vector by the same part of the root's vector; the other
    /// parts stay as they are.
    /// - Returns: the rank's part.
    public func scatter(
        _ vector: ParameterVector, from root: Int, purpose: TrafficPurpose
    ) async throws -> Range<Int> {
        try await collective(.scatter(root: root), vector, purpose: purpose).part
    }

    /// Replaces the vector, on all ranks, by the root's.
    public func broadcast(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws {
        _ = try await collective(.broadcast(root: root), vector, purpose: purpose)
    }

    /// Copies of all ranks' vectors, in the order of ranks, on the root; nil on the others.
    public func gather(
        _ vector: ParameterVector, to root: Int, purpose: TrafficPurpose
    ) async throws -> [ParameterVector]? {
        let result = try await collective(.gather(root: root), vector, purpose: purpose)
        return index == root ? result.vectors : nil
    }

    /// Returns when all ranks have called it.
    public func barrier() async throws { _ = try await collective(.barrier, nil, purpose: .control) }
}
