/// A rank of a cluster whose machines may leave while the job runs: a simulated one.
public protocol ElasticRank: Rank {
    /// The ranks that take part in collectives, in ascending order: all, and after ``regroup(at:)`` those that remain.
    var members: [Int] { get }
    /// Whether another rank has left and this one knows it, which takes the cluster's failure detection.
    func isKnownToHaveLeft(_ rank: Int) -> Bool
    /// Agrees with all ranks that remain on who they are: collectives from here on are theirs, numbered anew. To be called
    /// by every rank after a collective threw ``FabricError/rankLeft(rank:at:)``. Returns when all have come; costs a
    /// barrier among them.
    ///
    /// - Parameter step: how far this rank is.
    /// - Returns: how far the one is that is least far: on all ranks the same.
    /// - Throws: ``FabricError/rankLeft(rank:at:)`` when another one leaves meanwhile; then it is to be called again.
    func regroup(at step: Int) async throws -> Int
}

/// The methods of ``ElasticRank`` on a rank of any fabric: where no rank leaves, all remain.
extension Rank {
    /// The ranks that take part in collectives, ascending; all of them on a fabric that no rank leaves.
    public var members: [Int] { (self as? any ElasticRank)?.members ?? Array(0..<count) }

    /// Whether another rank has left and this one knows it; never on a fabric that no rank leaves.
    public func isKnownToHaveLeft(_ rank: Int) -> Bool {
        (self as? any ElasticRank)?.isKnownToHaveLeft(rank) ?? false
    }

    /// Agrees with all ranks that remain on who they are, as ``ElasticRank/regroup(at:)``.
    ///
    /// - Precondition: the fabric is one whose ranks can leave.
    public func regroup(at step: Int) async throws -> Int {
        guard let rank = self as? any ElasticRank else { preconditionFailure("no rank leaves this fabric") }
        return try await rank.regroup(at: step)
    }
}
