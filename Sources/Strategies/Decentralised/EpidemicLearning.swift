import Kernel
public import Randomness
public import Training

/// Epidemic learning, algorithm 1 of M. de Vos, S. Farhadkhani, R. Guerraoui, A.-M. Kermarrec, R. Pires and R. Sharma 2023,
/// *Epidemic Learning: Boosting Decentralized Learning with Randomized Communication* (NeurIPS). Each round, each node i:
///
///     y_i ← x_i - γ g_i                                            # for H > 1 what H steps make of x_i
///     send y_i to the round's s random others
///     x_i ← (y_i + Σ of what was received) / (1 + how many were)
///
/// EL-Oracle draws one graph a round in which all nodes have s neighbours; in EL-Local every node draws s others, and
/// is drawn by a random number of others. All nodes draw from one seed, so that a receiver knows whose messages to wait
/// for. In the authors' code nodes do not, and send a note to all others in every round; these notes are not charged
/// here.
public struct EpidemicLearning: PeerStrategy {
    static let epidemic = StrategyDescription(
        name: "epidemic",
        summary: "every round each node sends its model to some others at random, and averages what it gets",
        source: "de Vos et al. 2023, algorithm 1", family: .decentralised, defaultCluster: "ethernet-1g",
        defaultWorkers: 16, defaultRate: .local, make: { EpidemicLearning(configuration: $0, options: $1) })

    /// How the others of a round are drawn: one graph for all nodes, or each node by itself.
    public enum Sampling: String, CaseIterable, OptionConvertible {
        case oracle, local
    }

    /// Options of epidemic learning.
    public struct Options: StrategyOptions {
        /// Nodes, their data and their local steps.
        public var nodes = NodeOptions()
        /// s, the others that a node sends to in a round; all where there are fewer.
        public var peers = 4
        /// How the others of a round are drawn.
        public var sampling = Sampling.local

        /// The published defaults.
        public init() {}

        public static let specs =
            NodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) } + [
                OptionSpec(
                    "peers", \Self.peers, symbol: "s", unit: "nodes", .count(1...Allowed.largestCount),
                    source: "de Vos et al. 2023, algorithm 1",
                    "Others that a node sends its model to in a round; all where there are not so many."
                ).used(by: \.nodes),
                OptionSpec(
                    "peer-sampling", \Self.sampling, .oneOf(Sampling.allCases.map(\.rawValue)),
                    source: "de Vos et al. 2023, section 3.1",
                    "oracle: a random graph a round in which all have as many neighbours; local: every node draws its own."
                ).used(by: \.nodes),
            ]
    }

    /// Rate, optimizer, budget and limits.
    public let configuration: TrainingConfiguration
    /// The strategy's options.
    public let options: Options
    /// Nodes, their data and their local steps.
    public var nodeOptions: NodeOptions { options.nodes }

    public func schedule(_ seeds: SeedSequence) throws(OverlayError) -> any PeerSchedule {
        try EpidemicSchedule(nodes: nodeOptions.workers, peers: options.peers, options.sampling, seeds)
    }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        Rule(state: state, schedule: schedule)
    }

    private struct Rule: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule
        var weighing: PeerWeighing { .evenly }

        /// y_i ← x_i - γ g_i
        func adapt(_ node: NodeRound) { node.trainLocally(node.model) }

        /// x_i ← (y_i + Σ of what was received) / (1 + how many were)
        func combine(_ node: NodeRound) { node.average(into: node.model) }
    }
}

/// Who sends to whom in each round of epidemic learning.
struct EpidemicSchedule: PeerSchedule {
    private let drawn: DrawnExchanges

    /// - Throws: ``OverlayError`` where no graph gives all nodes the same number of neighbours.
    init(
        nodes: Int, peers: Int, _ sampling: EpidemicLearning.Sampling, _ seeds: SeedSequence
    ) throws(OverlayError) {
        let peers = min(peers, nodes - 1)
        drawn = DrawnExchanges { Self.draw($0, nodes: nodes, peers: peers, sampling, seeds) }
        guard sampling == .oracle, nodes > 1 else { return }
        if let problem = RegularGraph.problem(nodes: nodes, degree: peers) { throw OverlayError(problem) }
    }

    func exchange(of node: Int, round: Int) -> PeerExchange { drawn.exchange(of: node, round: round) }

    private static func draw(
        _ round: Int, nodes: Int, peers: Int, _ sampling: EpidemicLearning.Sampling, _ seeds: SeedSequence
    ) -> [PeerExchange] {
        var receivers = Array(repeating: [Int](), count: nodes)
        switch sampling {
        case .oracle:
            var stream = seeds.stream(.peerChoice, round)
            for (first, second) in RegularGraph.edges(nodes: nodes, degree: peers, &stream) {
                receivers[first].append(second)
                receivers[second].append(first)
            }
        case .local:
            for node in 0..<nodes {
                var stream = seeds.stream(.peerChoice, round, node)
                receivers[node] = stream.sample(peers, below: nodes - 1).map { $0 < node ? $0 : $0 + 1 }
            }
        }
        var senders = (0..<nodes).map { [$0] }
        for node in 0..<nodes { for receiver in receivers[node] { senders[receiver].append(node) } }
        return (0..<nodes).map { node in
            let later = receivers[node].filter { $0 > node }.sorted()
            let earlier = receivers[node].filter { $0 < node }.sorted()
            func weight(of node: Int) -> Double { 1 / Double(senders[node].count) }
            return PeerExchange(
                receivers: (later + earlier).map { MixingMatrix.Entry(node: $0, weight: weight(of: $0)) },
                row: senders[node].sorted().map { MixingMatrix.Entry(node: $0, weight: weight(of: node)) })
        }
    }
}
