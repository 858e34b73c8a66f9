import Locking

/// Whom a node sends to and hears in a round.
public struct PeerExchange: Sendable {
    /// In the order of sending, each with the weight that it gives to what it hears.
    public let receivers: [MixingMatrix.Entry]
    /// Whose numbers the node adds up with which weights, by ascending nodes; its own are among them, except where nodes
    /// exchange nothing.
    public let row: [MixingMatrix.Entry]

    public init(receivers: [MixingMatrix.Entry], row: [MixingMatrix.Entry]) {
        (self.receivers, self.row) = (receivers, row)
    }
}

/// Who exchanges with whom, round by round. Calls come from all nodes, which need not be in the same round.
public protocol PeerSchedule: Sendable {
    func exchange(of node: Int, round: Int) -> PeerExchange
}

/// The rounds of an overlay's period, again and again.
public struct OverlaySchedule: PeerSchedule {
    private let phases: [[PeerExchange]]

    /// - Parameter matrices: the weights of each of the overlay's graphs.
    public init(_ network: OverlayNetwork, _ matrices: [MixingMatrix]) {
        precondition(
            matrices.count == network.graphs.count, "\(matrices.count) weights of \(network.graphs.count) graphs")
        phases = zip(network.graphs, matrices).map { graph, matrix in
            let shares = matrix.columns
            return graph.successors.enumerated().map { node, successors in
                // From the next node on, so that not all of them send to node 0 first.
                let receivers = shares[node].filter { $0.node > node } + shares[node].filter { $0.node < node }
                precondition(receivers.count == successors.count, "weights that are not those of the graph")
                return PeerExchange(receivers: receivers, row: matrix.rows[node])
            }
        }
    }

    public func exchange(of node: Int, round: Int) -> PeerExchange { phases[round % phases.count][node] }
}

/// Exchanges that are drawn for every round: those of the rounds that were asked for last are kept. Nodes are a few rounds apart
/// at most; what was forgotten is drawn again.
public struct DrawnExchanges: Sendable {
    private let draw: @Sendable (_ round: Int) -> [PeerExchange]
    private let known = Guarded<[Int: [PeerExchange]]>([:])
    private static let mostKnown = 64

    /// - Parameter draw: the exchanges of all nodes, which depend on nothing but the round.
    public init(_ draw: @escaping @Sendable (_ round: Int) -> [PeerExchange]) { self.draw = draw }

    public func exchange(of node: Int, round: Int) -> PeerExchange {
        known.withLock { known in
            if let exchanges = known[round] { return exchanges[node] }
            let exchanges = draw(round)
            if known.count >= Self.mostKnown { known.keys.min().map { known[$0] = nil } }
            known[round] = exchanges
            return exchanges[node]
        }
    }
}

/// Nodes that send nothing and hear nobody.
public struct NobodyElse: PeerSchedule {
    public init() {}
    public func exchange(of node: Int, round: Int) -> PeerExchange { PeerExchange(receivers: [], row: []) }
}
