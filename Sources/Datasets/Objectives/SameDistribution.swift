public import Randomness

/// Nodes that want the same: equal random shares of all samples, judged by the test set as it is.
public struct SameDistribution: ObjectiveRule {
    static let entry = ObjectiveDescription(
        name: "iid", summary: "all nodes have the same: equal random shares of all samples", SameDistribution())

    public var description: String { "iid" }

    /// The rule has no settings.
    public init() {}

    public func kindCount(nodes: Int) -> Int? { 1 }

    public func objectives(
        of split: TrainTestSplit, among nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [NodeObjective] {
        try NodeKinds(takingTurns: 1).shards(of: split.training.count, among: nodes, seeds: seeds, shuffles: shuffles)
            .map { NodeObjective(shard: $0) }
    }
}
