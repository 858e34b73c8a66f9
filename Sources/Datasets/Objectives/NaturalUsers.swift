public import Randomness

/// The people that data come from, one a node: node k has the samples of user k and is judged by that user's test samples.
///
/// A published split may put whole users into the test set, of whom no node could then learn anything. So the samples of
/// both sets are split anew, a third of every user's to test on.
public struct NaturalUsers: ObjectiveRule {
    static let entry = ObjectiveDescription(
        name: "speakers", summary: "one person of the data a node, where the data know them, as vowels do",
        NaturalUsers())

    public var description: String { "speakers" }

    /// One of so many samples of each user is to test on.
    private static let testedOn = 3

    /// The rule has no settings.
    public init() {}

    public func nodeCount(users: Int?) -> Int? { users }
    public func kindCount(nodes: Int) -> Int? { nodes }

    public func prepared(
        _ split: TrainTestSplit, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> TrainTestSplit {
        try requireUsers(split)
        return try split.splittingEveryUser(testing: 1, of: Self.testedOn, seeds: seeds, shuffles: shuffles)
    }

    public func objectives(
        of split: TrainTestSplit, among nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [NodeObjective] {
        try requireUsers(split)
        let count = max(split.training.userCount, split.test.userCount)
        guard nodes <= count else {
            throw DataError(
                "objectives 'speakers': '\(split.training.name)' is from \(count) people, one a node, and there are \(nodes) "
                    + "nodes; allowed are \(count) or fewer (--workers)")
        }
        var shards = [[Int32]](repeating: [], count: count)
        for (sample, user) in (split.training.users ?? []).enumerated() { shards[Int(user)].append(Int32(sample)) }
        var isTested = [Bool](repeating: false, count: count)
        for user in split.test.users ?? [] { isTested[Int(user)] = true }
        for user in 0..<nodes where shards[user].isEmpty || !isTested[user] {
            throw DataError(
                "objectives 'speakers': person \(user) of '\(split.training.name)' has no samples to "
                    + "\(isTested[user] ? "train" : "test") on")
        }
        return (0..<nodes).map { NodeObjective(kind: $0, shard: shards[$0], user: $0) }
    }

    private func requireUsers(_ split: TrainTestSplit) throws(DataError) {
        guard split.training.users != nil, split.test.users != nil else {
            throw DataError(
                "objectives 'speakers': '\(split.training.name)' does not say who its samples are from; allowed are tasks "
                    + "whose data do, such as vowels-softmax, or another kind of objectives")
        }
    }
}
