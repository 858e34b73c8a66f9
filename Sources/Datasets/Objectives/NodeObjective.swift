internal import Diagnostics
public import Randomness

/// What a node trains on and is judged by.
public struct NodeObjective: Sendable {
    /// The node's kind; nodes of one kind have one distribution.
    public let kind: Int
    /// The node's training samples, as indices into the training set.
    public let shard: [Int32]
    /// How the node sees every sample, in training and in tests; nil for as it is.
    public let view: SampleView?
    /// p_k(c), `[classes]`, where nodes have classes of their own: the node's score is the sum over c of p_k(c) times the
    /// score on the test samples of class c. Nil where all test samples count alike.
    public let classWeights: [Double]?
    /// The user whose test samples alone the node is judged by, where the data have users; nil for all test samples.
    public let user: Int?

    /// What a node trains on; it is judged by all test samples as they are, unless something else is given.
    ///
    /// - Parameters:
    ///   - shard: the node's training samples, as indices into the training set.
    ///   - classWeights: `[classes]`.
    public init(
        kind: Int = 0, shard: [Int32], view: SampleView? = nil, classWeights: [Double]? = nil, user: Int? = nil
    ) {
        self.kind = kind
        self.shard = shard
        self.view = view
        self.classWeights = classWeights
        self.user = user
    }
}

/// A way in which nodes differ in what they train on and are judged by.
///
/// The test set is never divided among nodes, since a node's part of it would be too small for a verdict: each node is judged
/// by the whole of it, seen as the node sees it.
public protocol ObjectiveRule: Sendable {
    /// The rule as `--objectives` takes it, such as `rotations:4`.
    var description: String { get }

    /// The number of nodes that the rule is for; nil where any number will do.
    ///
    /// - Parameter users: how many users the data have; nil where they do not say whose samples they are.
    func nodeCount(users: Int?) -> Int?

    /// The most nodes that may have the same sample, each as it sees it. All nodes together have so many times the
    /// training set at most.
    var mostNodesOfASample: Int { get }

    /// How many kinds so many nodes are of; nil where that depends on the data.
    func kindCount(nodes: Int) -> Int?

    /// Checks what can be checked without data.
    /// - Throws: ``DataError`` saying what is allowed.
    func check(nodes: Int) throws(DataError)

    /// The training and the test set for nodes that differ in this way, made from the task's own.
    func prepared(_ split: TrainTestSplit, seeds: SeedSequence, shuffles: Bool) throws(DataError) -> TrainTestSplit

    /// The nodes' objectives, by node.
    ///
    /// - Parameters:
    ///   - split: as ``prepared(_:seeds:shuffles:)`` made it.
    ///   - shuffles: whether samples are dealt in random order; if not, in the data set's.
    /// - Throws: ``DataError`` where the data do not allow it.
    func objectives(
        of split: TrainTestSplit, among nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [NodeObjective]
}

extension ObjectiveRule {
    public func nodeCount(users: Int?) -> Int? { nil }
    public var mostNodesOfASample: Int { 1 }
    public func check(nodes: Int) throws(DataError) {}
    public func prepared(
        _ split: TrainTestSplit, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> TrainTestSplit { split }
}

/// A rule that can be named on the command line. To add one, write a file like ``RotatedImages``'s and append a line to
/// ``Objectives/all``.
public struct ObjectiveDescription: Sendable {
    /// The word in front of the colon.
    public let name: String
    /// The name with an example of what may stand behind a colon.
    public let usage: String
    /// How nodes differ, in a line.
    public let summary: String
    /// Makes the rule from what stands behind the colon, which is nil where there is none.
    let make: @Sendable (String?) throws(DataError) -> any ObjectiveRule
}

/// The ways in which nodes can differ that `--objectives` takes.
public enum Objectives {
    /// All rules, in the order of lists.
    public static let all = [
        SameDistribution.entry, RotatedImages.entry, ChosenClasses.entry, RelabelledClasses.entry, NaturalUsers.entry,
    ]

    /// The number of nodes where none is given: enough for some of each kind, and few enough that a small data set has
    /// samples for all of them.
    public static let standardNodes = 12

    /// Parses `iid`, `rotations:4`, `rotations:6,4,2`, `labels:2`, `relabel:3`, `speakers`.
    /// - Throws: ``DataError`` listing what is allowed.
    public static func parse(_ text: String) throws(DataError) -> any ObjectiveRule {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let entry = all.first(where: { $0.name == parts[0] }) else {
            throw DataError(
                UnknownName.message("kind of objectives", found: parts[0], allowed: all.map(\.name))
                    + "; such as " + all.map(\.usage).joined(separator: ", "))
        }
        return try entry.make(parts.count > 1 ? parts[1] : nil)
    }
}

extension TrainTestSplit {
    /// What each of so many nodes trains on and is judged by.
    ///
    /// - Parameters:
    ///   - objectives: as `--objectives` takes them; nil for nodes that are judged alike, whose samples `partition`
    ///     spreads.
    ///   - partition: as `--partition` takes it; ignored where objectives are given.
    /// - Throws: ``DataError`` for an unknown rule, or where it does not fit the data or the nodes.
    public func nodeObjectives(
        _ objectives: String?, partition: String, among nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [NodeObjective] {
        guard let objectives else {
            return try training.partitioned(partition, among: nodes, seeds: seeds, shuffles: shuffles)
                .map { NodeObjective(shard: $0) }
        }
        let rule = try Objectives.parse(objectives)
        try rule.check(nodes: nodes)
        return try rule.objectives(of: self, among: nodes, seeds: seeds, shuffles: shuffles)
    }
}

extension ObjectiveDescription {
    /// A rule without a parameter.
    init(name: String, summary: String, _ rule: some ObjectiveRule) {
        self.init(name: name, usage: name, summary: summary) { parameter throws(DataError) in
            guard parameter == nil else {
                throw DataError("objectives '\(name)' take no parameter, found '\(name):\(parameter ?? "")'")
            }
            return rule
        }
    }
}
