import Cluster
import Fabrics
import Kernel
public import Randomness
public import Training

/// CHOCO-SGD, algorithm 2 of A. Koloskova, S. U. Stich and M. Jaggi 2019, *Decentralized Stochastic Optimization and Gossip
/// Algorithms with Compressed Communication* (ICML), in the order of A. Koloskova, T. Lin, S. U. Stich and M. Jaggi 2020,
/// *Decentralized Deep Learning with Arbitrary Communication Compression* (ICLR), algorithm 1. Nodes send the changes
/// since their last message, compressed by Q, and keep x̂, what others know of their model. With the weights W, and
/// x̂_i = s_i = 0 at first, each round, each node i:
///
///     x_i ← x_i - γ g_i                         # for H > 1 what H steps make of x_i
///     q_i ← Q(x_i - x̂_i), which is sent
///     x̂_i ← x̂_i + q_i
///     s_i ← s_i + Σ_j W_ij q_j                  # so that s_i = Σ_j W_ij x̂_j, without an x̂_j for every neighbour
///     x_i ← x_i + δ (s_i - x̂_i)                 # δ: the consensus step, the paper's γ
///
/// Nothing is lost: what Q leaves out is sent once it has become large, or at random. The overlay is the same in all
/// rounds, as s_i requires. A neighbour that has left is assumed to change as the node itself does from then on.
public struct Choco: PeerStrategy {
    static let choco = StrategyDescription(
        name: "choco", summary: "neighbours send the largest of what has changed in their models, and lose nothing",
        source: "Koloskova et al. 2019, algorithm 2", family: .decentralised, defaultCluster: "ethernet-1g",
        defaultWorkers: 16, defaultRate: .local, make: { Choco(configuration: $0, options: $1) })

    /// What a node sends of the change of its model: the largest numbers, numbers at random places, or all.
    public enum Compression: String, CaseIterable, OptionConvertible {
        case topK = "top-k"
        case randomK = "random-k"
        case float16
        case none
    }

    /// Options of CHOCO-SGD.
    public struct Options: StrategyOptions {
        /// Nodes, their data and their local steps.
        public var nodes = NodeOptions()
        /// Who talks to whom, with which weights.
        public var overlay = OverlayOptions()
        /// Q: what is sent of a change.
        public var compression = Compression.topK
        /// The share of numbers that top-k and random-k send, above 0 and up to 1.
        public var keep = 0.1
        /// The paper's γ; nil for ``step``'s choice.
        public var consensusStep: Double?

        /// The published defaults.
        public init() {}

        /// δ: as wanted, or by how little of a change is sent. At random places that is `keep` of it on average, and a longer step
        /// makes nodes overshoot what they know of each other: on digits among 16 nodes of a ring, 10 % of the numbers at 0.3
        /// end with a quarter of the accuracy that nodes have alone. The largest numbers carry more of a change than their
        /// count says. What loses nothing, or next to nothing, needs no shorter step than D-PSGD's.
        var step: Double {
            if let consensusStep { return consensusStep }
            return switch compression {
            case .topK: 0.3
            case .randomK: keep
            case .float16, .none: 1
            }
        }

        public static let specs =
            NodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) }
            + OverlayOptions.specs.map { OptionSpec($0, in: \Self.overlay).used(by: \.nodes) } + [
                OptionSpec(
                    "compression", \Self.compression, .oneOf(Compression.allCases.map(\.rawValue)),
                    source: "Koloskova et al. 2019, section 3.5",
                    """
                    What is sent of a change: the largest numbers with their places, numbers at random places, all in half \
                    precision (float16), or all.
                    """),
                OptionSpec(
                    "keep", \Self.keep, .share(.above(0, through: 1), .log),
                    source: "Stich et al. 2018, definition 2.2",
                    effect: .onTheModel, "Share of the numbers that top-k and random-k send."
                ).used(with: "--compression top-k or random-k") { [.topK, .randomK].contains($0.compression) },
                OptionSpec(
                    "consensus-step", \Self.consensusStep, or: "auto", symbol: "γ",
                    .number(Allowed.Bounds(0...1), .log, or: "auto"), source: "Koloskova et al. 2019, algorithm 2",
                    """
                    How far a node goes towards what it knows of its neighbours: the less is sent, the shorter. Where nothing is \
                    said, 0.3 for top-k, the share of --keep for random-k, and 1 for float16 and none.
                    """
                ).used(by: \.nodes),
            ]
    }

    /// Rate, optimizer, budget and limits.
    public let configuration: TrainingConfiguration
    /// The strategy's options.
    public let options: Options
    /// Nodes, their data and their local steps.
    public var nodeOptions: NodeOptions { options.nodes }
    public var ownState: [StateDeclaration] { [.vector(Rule.known, .eachWorker), .vector(Rule.heard, .eachWorker)] }

    public func schedule(_ seeds: SeedSequence) throws(OverlayError) -> any PeerSchedule {
        let network = try Overlay(options.overlay.overlay).network(of: nodeOptions.workers, seeds: seeds)
        guard !network.changes else {
            throw OverlayError(
                """
                choco adds up what every neighbour has sent since the beginning, and overlay '\(options.overlay.overlay)' has \
                others in every round; allowed are overlays that stay as they are
                """)
        }
        return OverlaySchedule(network, try network.weights(options.overlay.mixing))
    }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        Rule(
            state: state, schedule: schedule, compression: options.compression, fraction: options.keep,
            step: Float(options.step), seeds: run.seeds)
    }

    struct Rule: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule
        let compression: Compression
        let fraction: Double
        /// δ
        let step: Float
        let seeds: SeedSequence
        /// x̂ and s
        static let known = "known model"
        static let heard = "heard models"

        var coding: (any MessageCoding)? { coding(seed: 0) }

        /// Q
        ///
        /// - Parameter seed: the seed of random places.
        private func coding(seed: UInt64) -> any MessageCoding {
            switch compression {
            case .topK: TopKCoding(fraction: fraction)
            case .randomK: RandomKCoding(fraction: fraction, seed: seed)
            case .float16: Float16Coding()
            case .none: Float32Coding()
            }
        }

        private func coding(_ node: NodeRound) -> any MessageCoding {
            var stream = seeds.stream(.coding, node.rank, node.round)
            return coding(seed: stream.next())
        }

        /// Computing the difference and encoding it.
        var adaptingWork: ComputeWork {
            var work = coding(seed: 0).encodingWork(elements: state.parameterCount)
            work.vectorElements += 2 * state.parameterCount
            return work
        }

        /// Decoding what was heard and adding it to s; updating x̂ and x.
        func combiningWork(terms: Int) -> ComputeWork {
            var work = ComputeWork.none
            let decoding = coding(seed: 0).decodingWork(elements: state.parameterCount).vectorElements
            work.vectorElements = terms * (decoding + state.parameterCount) + 2 * state.parameterCount
            return work
        }

        func adapt(_ node: NodeRound) {
            // x_i ← x_i - γ g_i
            node.trainLocally(node.model)
            node.withScratch { change in
                // q_i ← Q(x_i - x̂_i), which is sent
                change.copy(from: node.model)
                change.add(node[Self.known], scaledBy: -1)
                node.encoded = coding(node).encode(change)
            }
        }

        func combine(_ node: NodeRound) {
            let (x, known, heard) = (node.model, node[Self.known], node[Self.heard])
            let coding = coding(node)
            node.withScratch { change in
                for (place, encoded) in node.heardEncoded.enumerated() {
                    coding.decode(encoded, into: change)
                    // x̂_i ← x̂_i + q_i
                    if place == node.ownPlace { known.add(change) }
                    // s_i ← s_i + Σ_j W_ij q_j
                    heard.add(change, scaledBy: node.weights[place])
                }
            }
            // x_i ← x_i + δ (s_i - x̂_i)
            x.add(heard, minus: known, scaledBy: step)
        }
    }
}
