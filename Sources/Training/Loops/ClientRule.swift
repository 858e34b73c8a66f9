public import Cluster
public import Kernel

/// What a strategy with a server and clients does, in the terms of its paper; ``ClientRounds`` does all else.
public protocol ClientRule: Sendable {
    /// What the server, and if declared so every client, keeps between rounds; the server's model is its
    /// ``NamedState/parameters``.
    var state: NamedState { get }

    /// ClientUpdate(k, w): the model `[P]` that the client sends back. Calls for several clients may run side by side.
    ///
    /// - Parameter model: the server's, `[P]`, which all clients of the round share and nobody may change.
    func clientUpdate(_ client: ClientWork, from model: ParameterVector) -> ParameterVector

    /// The weight of a client's model in the round's aggregate Σ_k p_k w_k.
    ///
    /// - Parameters:
    ///   - samples: n_k, of the client.
    ///   - total: n, of all clients whose models were received, and how many these are.
    func weight(ofSamples samples: Int, total: Int, clients: Int) -> Float

    /// The server's next model from the aggregate `[P]`, of which the server has no further use.
    func serverStep(_ aggregate: ParameterVector)

    /// What ``serverStep(_:)`` costs beside the aggregation.
    var serverWork: ComputeWork { get }
}

extension ClientRule {
    public func weight(ofSamples samples: Int, total: Int, clients: Int) -> Float { Float(samples) / Float(total) }
    public func serverStep(_ aggregate: ParameterVector) { state.parameters.copy(from: aggregate) }
    public var serverWork: ComputeWork { .none }
}
