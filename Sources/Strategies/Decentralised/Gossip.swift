import Cluster
import Diagnostics
public import Fabrics
import Kernel
import Randomness
public import Training

/// Gossip: nodes exchange models in pairs, each at its own pace, and do not wait for rounds.
///
/// `--protocol push` is gossip learning by timers (``PushNode``); `--protocol pairwise` is asynchronous decentralised
/// parallel SGD, in which two nodes average while they compute gradients (``PairwiseNode``).
///
/// What a node hears depends on how long things take, so a recorded run cannot be re-priced. In a simulation everything
/// still follows from the seed.
public struct Gossip: NodeStrategy {
    static let gossip = StrategyDescription(
        name: "gossip", summary: "each node in its own time: models pushed to peers by timers, or averaged in pairs",
        source: "Hegedűs et al. 2019, algorithm 1; Lian et al. 2018, algorithm 1", family: .decentralised,
        defaultCluster: "ethernet-1g", defaultWorkers: 16, defaultRate: .local,
        make: { Gossip(configuration: $0, options: $1) })

    /// Who begins an exchange, and whether an answer comes back.
    public enum Exchange: String, CaseIterable, OptionConvertible {
        case push, pairwise
    }

    /// How the next peer is chosen.
    public enum Partner: String, CaseIterable, OptionConvertible {
        case random, cyclic
    }

    /// Whether the timers of all nodes have the same period.
    public enum Timers: String, CaseIterable, OptionConvertible {
        case sync, async
    }

    /// How much of a received model is taken: by age, or half.
    public enum Merge: String, CaseIterable, OptionConvertible {
        case age, mean
    }

    /// The variants of createModel of Ormándi et al.: what a node makes of a received model.
    public enum ModelCreation: String, CaseIterable, OptionConvertible {
        case mergeUpdate = "mu"
        case randomWalk = "rw"
        case updateMerge = "um"
    }

    /// Options of gossip.
    public struct Options: StrategyOptions {
        /// Nodes, their data and their local steps.
        public var nodes = NodeOptions()
        /// Who can be a peer of whom, as `--overlay` takes it.
        public var overlay = "full"
        /// Who begins an exchange, and whether an answer comes back.
        public var exchange = Exchange.push
        /// How the next peer is chosen.
        public var partner = Partner.random
        /// Δ, the time from one push of a node to the next.
        public var period = Period.auto
        /// Whether the timers of all nodes have the same period.
        public var timers = Timers.sync
        /// How much of a pushed model is taken.
        public var merge = Merge.age
        /// What a node makes of a pushed model.
        public var modelCreation = ModelCreation.mergeUpdate
        /// C, the most tokens that a node saves; nil for no tokens.
        public var tokenCapacity: Int?
        /// A, how many tokens a node has for each copy of a received model that it passes on.
        public var tokenSpend = 10

        /// The published defaults.
        public init() {}

        public var problem: String? {
            if exchange == .pairwise, let own = ownOfPush { return own }
            guard let tokenCapacity, tokenSpend > tokenCapacity else { return nil }
            return """
                token-spend is \(tokenSpend), and an account never has more than its \(tokenCapacity) of token-capacity; allowed \
                is a whole number from 1 to \(tokenCapacity)
                """
        }

        /// The first option that is for push only and differs from its default, with what is allowed; nil where there
        /// is none.
        private var ownOfPush: String? {
            let (own, others) = (values, Options().values)
            let names = ["period", "timers", "merge", "create-model", "token-capacity", "token-spend"]
            return names.first { own[$0] != others[$0] }.map { name in
                """
                \(name) is \(own[name].map { "\($0)" } ?? ""), which is of protocol 'push' only; allowed with 'pairwise' is \
                \(others[name].map { "\($0)" } ?? "")
                """
            }
        }
    }

    /// Rate, optimizer, budget and limits.
    public let configuration: TrainingConfiguration
    /// The strategy's options.
    public let options: Options
    /// Nodes, their data and their local steps.
    public var nodeOptions: NodeOptions { options.nodes }

    /// With push, a node's age, the number of events that it has drawn for, and its tokens.
    public var ownState: [StateDeclaration] {
        options.exchange == .push ? [.numbers(PushNode.counters, PushNode.counterCount, startingAt: 0)] : []
    }

    /// A received model; with pairwise also the model at which the gradient is computed, and the steps from it.
    public var scratchVectors: Int { options.exchange == .push ? 1 : 3 }

    public func program(for run: TrainingRun) throws -> RankProgram {
        try program(for: run, NamedState(state, startingFrom: run.initialParameters))
    }

    /// - Parameter state: has what ``state`` declares.
    func program(for run: TrainingRun, _ state: NamedState) throws -> RankProgram {
        let (options, seeds) = (options, run.seeds)
        let loop = try OwnPaceLoop(run, nodeOptions, of: self)
        switch options.exchange {
        case .push:
            let peers = try pushPeers(seeds).map { $0.filter { !loop.absent.contains($0) } }
            return try loop.program(state) { node in
                try await PushNode(node, options, peers: peers[node.index], seeds).run()
            }
        case .pairwise:
            let sides = try PairwiseSides(network(seeds), seeds)
            return try loop.program(state) { node in
                try await PairwiseNode(node, sides, options.partner, seeds, absent: loop.absent).run()
            }
        }
    }

    public func problem(seed: UInt64) -> String? {
        let seeds = SeedSequence(seed)
        do throws(OverlayError) {
            switch options.exchange {
            case .push: _ = try pushPeers(seeds)
            case .pairwise: _ = try PairwiseSides(network(seeds), seeds)
            }
            return nil
        } catch { return "\(error)" }
    }

    /// The possible peers of all nodes.
    ///
    /// - Throws: ``OverlayError`` where neighbours change from round to round.
    private func network(_ seeds: SeedSequence) throws(OverlayError) -> OverlayNetwork {
        let network = try Overlay(options.overlay).network(of: nodeOptions.workers, seeds: seeds)
        guard !network.changes else {
            throw OverlayError(
                """
                nodes of gossip have no rounds in common, and overlay '\(options.overlay)' has other neighbours in every round; \
                allowed are overlays that stay as they are
                """)
        }
        return network
    }

    /// The nodes that each node can send to.
    private func pushPeers(_ seeds: SeedSequence) throws(OverlayError) -> [[Int]] {
        try network(seeds).graphs[0].successors.enumerated().map { $1.inTurn(from: $0) }
    }
}

extension Gossip {
    /// Δ: seconds from one send of a node to the next.
    public enum Period: Hashable, OptionConvertible {
        /// Derived from the device: the time of the node's last H steps.
        case auto
        case seconds(Double)

        static let automatic = "auto"

        /// - Throws: a failure with what was found, and what is allowed.
        init(_ text: String) throws(Quantity.Failure) {
            guard text != Self.automatic else {
                self = .auto
                return
            }
            let seconds: Double
            do throws(Quantity.Failure) {
                seconds = try Quantity.duration(text).inSeconds
            } catch { throw Quantity.Failure(description: "\(error.description), or '\(Self.automatic)'") }
            guard VirtualTime.span(seconds: seconds) > 0 else {
                throw Quantity.Failure(
                    description: "'\(text)' is less than a nanosecond; allowed is a longer time, or '\(Self.automatic)'"
                )
            }
            self = .seconds(seconds)
        }

        public init?(optionValue: OptionValue) {
            guard case .text(let text) = optionValue, let period = try? Period(text) else { return nil }
            self = period
        }

        /// The text `auto`, or a time with its unit.
        public var optionValue: OptionValue {
            switch self {
            case .auto: .text(Self.automatic)
            case .seconds(let seconds): .text(Quantity.text(seconds: seconds))
            }
        }
    }
}

extension Gossip.Options {
    private static let hegedus = "Hegedűs et al. 2019, algorithm 1"
    private static let danner = "Danner and Hegedűs 2018, section III"

    public static let specs =
        NodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) }
        + [OverlayOptions.overlaySpec(\Self.overlay).used(by: \.nodes)] + [
            OptionSpec(
                "protocol", \Self.exchange, .oneOf(Gossip.Exchange.allCases.map(\.rawValue)),
                source: "Hegedűs et al. 2019; Lian et al. 2018",
                """
                push: a node sends its model to a peer whenever its timer says so; pairwise: the nodes of one side ask those of \
                the other, and both average while they compute.
                """),
            OptionSpec(
                "partner", \Self.partner, .oneOf(Gossip.Partner.allCases.map(\.rawValue)),
                source: "Lian et al. 2018, algorithm 1; Assran et al. 2019",
                "Which of the overlay's peers is next: random, or one after another."),
            OptionSpec(
                "period", \Self.period, symbol: "Δ",
                .form(usages: [Gossip.Period.automatic, "10ms"]) { _ = try Gossip.Period($0) }, source: hegedus,
                "Time from one push of a node to the next; auto: what its own steps between two take on its device."),
            OptionSpec(
                "timers", \Self.timers, .oneOf(Gossip.Timers.allCases.map(\.rawValue)),
                source: "Ormándi et al. 2013, section 4; gossipy",
                """
                sync: all nodes have one period, and begin at random within it; async: every node has a period of its own, \
                normally distributed by a tenth, and begins after one.
                """),
            OptionSpec(
                "merge", \Self.merge, .oneOf(Gossip.Merge.allCases.map(\.rawValue)),
                source: "Hegedűs et al. 2019, section 3.2; Ormándi et al. 2013",
                "How much of a pushed model is taken: age, its steps of both models' steps; mean, a half."
            ).used(with: "--create-model mu or um") { $0.modelCreation != .randomWalk },
            OptionSpec(
                "create-model", \Self.modelCreation, .oneOf(Gossip.ModelCreation.allCases.map(\.rawValue)),
                source: "Ormándi et al. 2013, algorithm 2",
                """
                What a node makes of a pushed model: mu, it merges and then trains; um, it trains both and then merges; rw, it \
                trains what came in place of its own.
                """),
            OptionSpec(
                "token-capacity", \Self.tokenCapacity, or: "none", symbol: "C", unit: "tokens",
                .count(1...Allowed.largestCount, or: "none"), source: danner,
                """
                Tokens that a node saves at most by not sending at its timer, to spend them when a model comes; none: it sends \
                at every timer and then only.
                """),
            OptionSpec(
                "token-spend", \Self.tokenSpend, symbol: "A", unit: "tokens", .count(1...Allowed.largestCount),
                source: danner,
                "A model that comes is passed on once for every so many tokens, and no timer sends below so many less one."
            ).used(with: "--token-capacity") { $0.tokenCapacity != nil },
        ]
}

extension [Int] {
    /// The nodes in ascending order, beginning with the first one after `node`.
    func inTurn(from node: Int) -> [Int] { filter { $0 > node } + filter { $0 < node } }
}
