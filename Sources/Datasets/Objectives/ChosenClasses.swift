public import Randomness

/// Nodes that know so many classes each: those of kind j have the classes j C, j C + 1, ... up to C of them, from the first
/// again behind the last. A class's samples are dealt among the nodes that have it.
///
/// A node is judged by the test samples of its classes, each class weighing as it does in the node's training samples.
public struct ChosenClasses: ObjectiveRule {
    static let entry = ObjectiveDescription(
        name: "labels", usage: "labels:2", summary: "each node has this many classes, and is judged by them"
    ) { parameter throws(DataError) in
        guard let count = parameter.flatMap({ Int($0) }), (1...256).contains(count) else {
            throw DataError(
                "objectives 'labels\(parameter.map { ":\($0)" } ?? "")': allowed is the number of classes of a node, from 1 "
                    + "to 256; write labels:2")
        }
        return ChosenClasses(perNode: count)
    }

    /// C: how many classes a node has.
    public let perNode: Int
    public var description: String { "labels:\(perNode)" }

    /// - Precondition: `perNode` is above 0.
    public init(perNode: Int) {
        precondition(perNode > 0, "\(perNode) classes a node")
        self.perNode = perNode
    }

    /// Nil: the number of kinds depends on how many classes the data have.
    public func kindCount(nodes: Int) -> Int? { nil }

    public func objectives(
        of split: TrainTestSplit, among nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [NodeObjective] {
        let training = split.training
        let classes = training.classCount
        guard perNode <= classes else {
            throw DataError(
                "objectives '\(description)': '\(training.name)' has \(classes) classes; allowed are as many, or fewer")
        }
        guard nodes * perNode >= classes else {
            throw DataError(
                "objectives '\(description)': \(nodes) nodes with \(perNode) classes each leave some of the \(classes) classes "
                    + "without a node; allowed are \((classes + perNode - 1) / perNode) nodes or more, or more classes a node"
            )
        }
        let kinds = (0..<nodes).map { $0 % kindCount(ofClasses: classes) }
        var owners = [[Int]](repeating: [], count: classes)
        for (node, kind) in kinds.enumerated() {
            for offset in 0..<perNode { owners[(kind * perNode + offset) % classes].append(node) }
        }
        let shards = try deal(training, to: owners, nodes: nodes, seeds: seeds, shuffles: shuffles)
        return zip(kinds, shards).map { kind, shard in
            var weights = [Double](repeating: 0, count: classes)
            for sample in shard { weights[Int(training.labels[Int(sample)])] += 1 }
            return NodeObjective(kind: kind, shard: shard, classWeights: weights.map { $0 / Double(shard.count) })
        }
    }

    /// How many different choices there are until the first comes again: classes over the greatest common divisor.
    private func kindCount(ofClasses classes: Int) -> Int {
        var (first, second) = (classes, perNode)
        while second != 0 { (first, second) = (second, first % second) }
        return classes / first
    }

    /// - Parameter owners: the nodes of each class.
    private func deal(
        _ training: Dataset, to owners: [[Int]], nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [[Int32]] {
        var order = [Int32](0..<Int32(training.count))
        if shuffles {
            var stream = seeds.stream(.partition)
            stream.shuffle(&order)
        }
        var shards = [[Int32]](repeating: [], count: nodes)
        var dealt = [Int](repeating: 0, count: owners.count)
        for sample in order {
            let label = Int(training.labels[Int(sample)])
            let own = owners[label]
            shards[own[dealt[label] % own.count]].append(sample)
            dealt[label] += 1
        }
        for (label, own) in owners.enumerated() where dealt[label] < own.count {
            throw DataError(
                "objectives '\(description)': class \(label) has \(dealt[label]) samples for \(own.count) nodes; each needs "
                    + "at least one, so allowed are fewer nodes")
        }
        return shards
    }
}
