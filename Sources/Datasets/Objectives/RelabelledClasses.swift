public import Randomness

/// Classes under other names: nodes of kind k call every class by the k-th of so many permutations of the labels, which the
/// seed draws; the first is none. Nodes of different kinds agree in what they see and contradict each other in what it is.
public struct RelabelledClasses: ObjectiveRule {
    static let entry = ObjectiveDescription(
        name: "relabel", usage: "relabel:3",
        summary: "kind k of so many kinds calls the classes by other labels; 'relabel:6,4,2' gives the kinds' nodes"
    ) { parameter throws(DataError) in
        guard let kinds = parameter.flatMap(NodeKinds.init), (2...most).contains(kinds.count) else {
            throw DataError(
                "objectives 'relabel\(parameter.map { ":\($0)" } ?? "")': allowed are 2 to \(most) kinds; write relabel:3, "
                    + "or the nodes of each kind, such as relabel:6,4,2")
        }
        return RelabelledClasses(kinds: kinds)
    }

    private static let most = 1000

    /// Which node is of which kind.
    public let kinds: NodeKinds
    public var description: String { "relabel:\(kinds.description)" }

    /// - Parameter kinds: which node is of which kind.
    public init(kinds: NodeKinds) { self.kinds = kinds }

    public var mostNodesOfASample: Int { kinds.count }
    public func kindCount(nodes: Int) -> Int? { kinds.count }
    public func nodeCount(users: Int?) -> Int? { kinds.nodeCount }
    public func check(nodes: Int) throws(DataError) { try kinds.check(nodes: nodes, of: description) }

    public func objectives(
        of split: TrainTestSplit, among nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [NodeObjective] {
        let training = split.training
        let views = try permutations(ofClasses: training.classCount, seeds).map { SampleView(relabelling: $0) }
        let shards = try kinds.shards(of: training.count, among: nodes, seeds: seeds, shuffles: shuffles)
        return shards.enumerated().map { node, shard in
            let kind = kinds.kind(ofNode: node)
            return NodeObjective(kind: kind, shard: shard, view: kind == 0 ? nil : views[kind])
        }
    }

    /// A permutation of the labels for each kind, no two the same.
    private func permutations(ofClasses classes: Int, _ seeds: SeedSequence) throws(DataError) -> [[UInt8]] {
        // How many permutations there are, n!. Above 12 classes, 12! is more than enough kinds.
        let all = (1...max(1, min(classes, 12))).reduce(1, *)
        guard kinds.count <= all else {
            throw DataError(
                "objectives '\(description)': \(classes) classes have \(all) orders; allowed are as many kinds, or fewer"
            )
        }
        var found = [(0..<classes).map { UInt8($0) }]
        // Behind the streams of all kinds' shards.
        var stream = seeds.stream(.partition, 0, 1)
        while found.count < kinds.count {
            let labels = stream.shuffled(0..<classes).map { UInt8($0) }
            if !found.contains(labels) { found.append(labels) }
        }
        return found
    }
}
