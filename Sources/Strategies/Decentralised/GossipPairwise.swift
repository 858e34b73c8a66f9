import Cluster
import Fabrics
import Kernel
import Randomness
import Training

/// A node of asynchronous decentralised parallel SGD, algorithm 1 of X. Lian, W. Zhang, C. Zhang and J. Liu 2018,
/// *Asynchronous Decentralized Parallel Stochastic Gradient Descent* (ICML). There are two sides, one of which asks and
/// the other answers, as in section 3.2 of the paper and in the code of M. Assran et al. 2019, so that no two nodes
/// wait for each other:
///
///     each node i:    x̂ ← x_i
///                     active: choose a passive neighbour j, send x_i to it
///                     g ← ∇F_i(x̂; ξ)                               # for H > 1 what H steps make of x̂
///                     active: receive x_j;  x_i ← (x_i + x_j) / 2
///                     passive: for every x_j that came meanwhile: send x_i;  x_i ← (x_i + x_j) / 2
///                     x_i ← x_i - γ g
///
/// Messages travel while the gradient is computed, and the gradient is applied to a model that has been averaged since
/// the gradient was begun: the number of these averages is its staleness. A passive node answers between its
/// computations, so an active one may wait for the rest of its partner's steps. Both ends average the same two models,
/// so that an exchange keeps their sum.
///
/// A node that has used its share of the budget asks no more, and answers until all nodes that may ask it have ended. A
/// partner that has left or ended does not answer; the asking node continues with its own model.
///
/// `@unchecked Sendable`: belongs to one rank, which waits for each computation.
final class PairwiseNode: @unchecked Sendable {
    private let node: OwnPaceNode
    private let sides: PairwiseSides
    private let partner: Gossip.Partner
    private let seeds: SeedSequence
    private let isActive: Bool
    /// Neighbours on the other side that are not known to have left or ended.
    private var partners: [Int]
    /// x̂, and then the result of the steps from it.
    private let steps: ParameterVector
    /// How many averages were made of the model so far.
    private var averages = 0
    /// By active partner, the round after which it waits, or waited, for an evaluation of all nodes.
    private var standsAt: [Int: Int] = [:]

    init(
        _ node: OwnPaceNode, _ sides: PairwiseSides, _ partner: Gossip.Partner, _ seeds: SeedSequence,
        absent: Set<Int>
    ) {
        (self.node, self.sides, self.partner, self.seeds) = (node, sides, partner, seeds)
        isActive = sides.isActive[node.index]
        partners = sides.partners[node.index].filter { !absent.contains($0) }
        steps = ParameterVector(count: node.model.count)
    }

    private var rank: any Rank { node.rank }
    private var elements: Int { node.model.count }

    func run() async throws {
        try await node.begin(beforeMeeting: agreeToStand)
        while !node.isOver {
            let (model, steps) = (node.model, steps)
            let (pulled, averagesBefore) = (model.snapshot(), averages)
            let asked = try ask()
            try await node.train(steps, after: .vector(elements: elements)) { steps.copy(from: pulled) }
            if let asked {
                try await hearAnswer(of: asked)
            } else {
                try await answerWhatHasCome()
            }
            // x_i ← x_i - γ g
            if averages == averagesBefore {
                model.copy(from: steps)
            } else {
                try await rank.compute(.vector(elements: 2 * elements)) { model.add(steps, minus: pulled, scaledBy: 1) }
            }
            node.noteStaleness(Double(averages - averagesBefore))
            try await node.finishRound(beforeMeeting: agreeToStand)
        }
        guard !isActive, !node.hasDiverged else { return }
        while case .message(let message, let sender)? = try await receive(from: partners) {
            try await answer(message, from: sender)
        }
    }

    // MARK: Active

    /// Active: choose a passive neighbour j, send x_i to it.
    ///
    /// - Returns: j; nil where no node can be asked.
    private func ask() throws -> Int? {
        partners.removeAll { rank.isKnownToHaveLeft($0) }
        guard isActive, !partners.isEmpty else { return nil }
        let asked: Int
        switch partner {
        case .random:
            var stream = seeds.stream(.peerChoice, node.index, node.round.round)
            asked = partners[stream.integer(below: partners.count)]
        case .cyclic: asked = partners[node.round.round % partners.count]
        }
        try rank.post(Message(node.model, purpose: .model), to: asked)
        return asked
    }

    /// Active: receive x_j;  x_i ← (x_i + x_j) / 2
    private func hearAnswer(of asked: Int) async throws {
        if case .message(let message, _)? = try await receive(from: [asked]) {
            try await average(message.vector, of: asked)
        } else {
            partners.removeAll { $0 == asked }
        }
    }

    // MARK: Passive

    /// Passive: for every x_j that came meanwhile: send x_i;  x_i ← (x_i + x_j) / 2
    private func answerWhatHasCome() async throws {
        while !isActive, !partners.isEmpty,
            case .message(let message, let sender)? = try await receive(from: partners, until: rank.now)
        {
            try await answer(message, from: sender)
        }
    }

    private func answer(_ message: Message, from sender: Int) async throws {
        guard message.purpose != .control else { return standsAt[sender] = message.weight }
        guard !rank.isKnownToHaveLeft(sender) else { return }
        try rank.post(Message(node.model, purpose: .model), to: sender)
        try await average(message.vector, of: sender)
    }

    // MARK: Both

    /// - Returns: nil where none of the senders will send anything more.
    private func receive(from senders: [Int], until deadline: VirtualTime? = nil) async throws -> Reception? {
        guard let first = senders.first else { return nil }
        let senders: Senders = senders.count == 1 ? .rank(first) : .ranks(Set(senders))
        do {
            let reception = try await rank.receive(from: senders, until: deadline)
            if case .ended = reception { return nil }
            return reception
        } catch FabricError.rankLeft { return nil }
    }

    /// Halving is exact, so both ends get the same numbers.
    private func average(_ other: ParameterVector, of peer: Int) async throws {
        let model = node.model
        try await rank.compute(.vector(elements: 2 * elements)) {
            model.scale(by: 0.5)
            model.add(other, scaledBy: 0.5)
        }
        averages += 1
        node.noteListened(to: peer, weight: 0.5)
    }

    /// When all nodes wait while models are evaluated or kept, none may be waiting whose answer another node needs. So
    /// active nodes, which need no answer between rounds, announce that they have come, and passive ones answer until
    /// all have.
    private func agreeToStand() async throws {
        let round = node.round.round
        guard !isActive else {
            for passive in sides.partners[node.index] where partners.contains(passive) {
                try rank.post(Message(ParameterVector([0]), weight: round, purpose: .control), to: passive)
            }
            return
        }
        while true {
            let moving = partners.filter { standsAt[$0] ?? -1 < round }
            guard case .message(let message, let sender)? = try await receive(from: moving) else { return }
            try await answer(message, from: sender)
        }
    }
}

/// Which nodes ask, which answer, and who may ask whom.
struct PairwiseSides: Hashable, Sendable {
    /// Whether each node is active: asks rather than answers.
    let isActive: [Bool]
    /// Each node's neighbours on the other side, in the order in which it goes through them.
    let partners: [[Int]]

    /// The two sides of an overlay that has two; the side of node 0 is passive. Where all talk to all, one half of the
    /// nodes, drawn from the seed, asks the other.
    ///
    /// - Throws: ``OverlayError`` where an edge has a direction, or a ring of an odd number of nodes keeps it from having sides.
    init(_ network: OverlayNetwork, _ seeds: SeedSequence) throws(OverlayError) {
        let graph = network.graphs[0]
        guard !graph.isDirected else {
            throw OverlayError(
                """
                pairwise gossip averages at both ends of an edge, and the overlay's have a direction; allowed are overlays \
                without, such as full, star, or a ring of an even number of nodes
                """)
        }
        let nodes = graph.nodes
        if nodes > 2, graph.successors.allSatisfy({ $0.count == nodes - 1 }) {
            (isActive, partners) = Self.halves(of: nodes, seeds)
            return
        }
        var sides = [Int: Bool]()
        var open = Array((0..<nodes).prefix(1))
        sides[0] = false
        while let node = open.popLast() {
            let side = !(sides[node] ?? false)
            for next in graph.successors[node] {
                guard sides[next] ?? side == side else {
                    throw OverlayError(
                        """
                        pairwise gossip needs two sides, of which one asks and the other answers, and in this overlay nodes \
                        \(node) and \(next) are neighbours on the same side; allowed are full, star, a ring or a torus with even \
                        sides, or a file of edges between two sides
                        """)
                }
                if sides.updateValue(side, forKey: next) == nil { open.append(next) }
            }
        }
        isActive = (0..<nodes).map { sides[$0] ?? false }
        partners = graph.successors.enumerated().map { $1.inTurn(from: $0) }
    }

    /// Two halves, each of which talks to all of the other. Active nodes begin with the passive one at their own place,
    /// so that nodes which go through the others in turn and at one pace never meet at the same node.
    private static func halves(of nodes: Int, _ seeds: SeedSequence) -> (isActive: [Bool], partners: [[Int]]) {
        var stream = seeds.stream(.peerChoice, -1)
        let drawn = stream.shuffled(0..<nodes)
        let (active, passive) = (drawn[..<(nodes / 2)], Array(drawn[(nodes / 2)...]))
        var partners = Array(repeating: [Int](), count: nodes)
        for (place, node) in active.enumerated() { partners[node] = Array(passive[place...] + passive[..<place]) }
        for node in passive { partners[node] = Array(active) }
        return ((0..<nodes).map(Set(active).contains), partners)
    }
}
