internal import Kernel
public import Randomness

/// Images that nodes see turned: those of kind k by k quarter turns (A. Ghosh, J. Chung, D. Yin and K. Ramchandran 2020, *An
/// Efficient Framework for Clustered Federated Learning*, section 6: rotated MNIST).
public struct RotatedImages: ObjectiveRule {
    static let entry = ObjectiveDescription(
        name: "rotations", usage: "rotations:4",
        summary: "kind k of 2 to 4 kinds sees images turned by k quarters; 'rotations:6,4,2' gives the kinds' nodes"
    ) { parameter throws(DataError) in
        guard let kinds = parameter.flatMap(NodeKinds.init), (2...4).contains(kinds.count) else {
            throw DataError(
                "objectives 'rotations\(parameter.map { ":\($0)" } ?? "")': allowed are 2 to 4 kinds, as quarter turns "
                    + "are four; write rotations:4, or the nodes of each kind, such as rotations:6,4,2")
        }
        return RotatedImages(kinds: kinds)
    }

    /// Which node is of which kind.
    public let kinds: NodeKinds
    public var description: String { "rotations:\(kinds.description)" }

    /// - Precondition: 1 to 4 kinds.
    public init(kinds: NodeKinds) {
        precondition((1...4).contains(kinds.count), "\(kinds.count) kinds of quarter turns")
        self.kinds = kinds
    }

    public var mostNodesOfASample: Int { kinds.count }
    public func kindCount(nodes: Int) -> Int? { kinds.count }
    public func nodeCount(users: Int?) -> Int? { kinds.nodeCount }
    public func check(nodes: Int) throws(DataError) { try kinds.check(nodes: nodes, of: description) }

    public func objectives(
        of split: TrainTestSplit, among nodes: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> [NodeObjective] {
        let training = split.training
        let shape = training.shape
        guard shape.height == shape.width, shape.height > 1 else {
            throw DataError(
                "objectives '\(description)' turn square images, and a sample of '\(training.name)' is \(shape.words); "
                    + "allowed are tasks with square images, such as digits, or another kind of objectives")
        }
        let views = (0..<kinds.count).map { SampleView(quarterTurns: $0, of: shape) }
        let shards = try kinds.shards(of: training.count, among: nodes, seeds: seeds, shuffles: shuffles)
        return shards.enumerated().map { node, shard in
            let kind = kinds.kind(ofNode: node)
            return NodeObjective(kind: kind, shard: shard, view: kind == 0 ? nil : views[kind])
        }
    }
}

extension FeatureShape {
    /// The shape in words, such as `8x9 pixels` or `16 features`.
    fileprivate var words: String {
        height == 1 && width == 1 ? "\(channels) features" : "\(height)x\(width) pixels"
    }
}
