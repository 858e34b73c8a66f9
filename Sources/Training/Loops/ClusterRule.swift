public import Cluster
public import Kernel

/// What a strategy does whose server keeps several models, of which every node chooses one, in the terms of its paper;
/// ``ClusterRounds`` does all else.
public protocol ClusterRule: Sendable {
    /// What the server keeps, and each node's model, which is its ``StateDeclaration/parametersName``.
    var state: NamedState { get }
    /// θ_1, ..., θ_p: the server's models, `[P]` each.
    var models: [ParameterVector] { get }

    /// Replaces the model that the node has chosen by what the node sends for it. Calls for several nodes may run side
    /// by side.
    func update(_ node: NodeRound, _ model: ParameterVector)

    /// The weight of a node's update in the sum of those for its model.
    ///
    /// - Parameters:
    ///   - samples: n_k, of the node.
    ///   - ofModel: of all nodes that have chosen the same model and whose updates were received.
    ///   - ofAll: of all nodes whose updates were received.
    func weight(ofSamples samples: Int, ofModel: Int, ofAll: Int) -> Float

    /// The next numbers of a model that nodes have chosen.
    ///
    /// - Parameter sum: Σ_k weight_k * update_k, `[P]`, of which the server has no further use.
    func serverStep(_ model: Int, _ sum: ParameterVector, rate: Float)

    /// What the server's steps for all models cost beside the sums.
    var serverWork: ComputeWork { get }
}

extension ClusterRule {
    public var serverWork: ComputeWork { .none }
}
