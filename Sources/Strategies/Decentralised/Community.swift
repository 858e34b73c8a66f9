import Datasets
import Fabrics
import Kernel
public import Randomness
public import Training

/// Nodes with objectives of their own that share what they know of their own will: publish-and-follow, as people do on the web,
/// after OLKi (C. Cerisara and others, *An Open Lab of Knowledge*). Every node has a policy: what it shares, whom it follows, and
/// what it accepts of what it hears. Each round, each node i:
///
///     x_i ← H local steps from x_i
///     publish what i shares to those who follow it
///     hear those whom i follows:
///         all, or the neighbours in an overlay
///         pens   N. Onoszko, G. Karlsson, O. Mogren and E. Listo Zec 2021, *Decentralized Federated Learning of Deep Neural
///                Networks on Non-IID Data*, algorithm 1:
///                phase 1, R1 rounds:   hear n_s at random; keep the m whose models have the least loss on i's own samples
///                then                  follow {j : j was kept in more than R1 m / n rounds}
///                phase 2:              hear n_s of these at random
///         dac    E. Listo Zec, E. Ekblom, M. Willbo, O. Mogren and S. Girdzijauskas 2022, *Decentralized Adaptive Clustering of
///                Deep Nets Is Beneficial for Client Collaboration*, algorithm 1:
///                hear n_s, drawn without replacement with probabilities softmax(τ s_i)
///                s_ij ← 1 / loss of j's model on i's own samples, for those that were heard
///                s_ij ← s_kj for those that i never heard, k being the most similar one heard that has a score of j
///     y ← Σ_j W_ij x_j over those heard and i itself, W of the overlay, or by samples: n_j / Σ n
///     accept:
///         average   x_i ← y
///         guarded   x_i ← y if its loss on i's validation samples is not above that of x_i
///         ditto     T. Li, S. Hu, A. Beirami and V. Smith 2021, *Ditto: Fair and Robust Federated Learning Through
///                   Personalization* (ICML), algorithm 1, whose global model is i's own copy x_i here:
///                   x_i ← y, and beside it the node has a model v_i of its own, which is the one that is evaluated:
///                   v_i ← v_i - η (∇F_i(v_i) + λ (v_i - x_i)), H steps a round
///
/// Those who share their body only, which is all layers before the last, or their head, which is the last, are averaged there, and
/// elsewhere their weight is i's own (L. Collins et al. 2021, *Exploiting Shared Representations*; P. P. Liang et al. 2020, *Think
/// Locally, Act Globally*). A community is voluntary: who has not joined yet, or has left, trains alone.
public struct Community: PeerStrategy {
    static let community = StrategyDescription(
        name: "community",
        summary: "nodes with objectives of their own follow whose models help them, and accept what does not harm them",
        source: "Onoszko et al. 2021, algorithm 1", family: .decentralised, defaultCluster: "ethernet-1g",
        defaultWorkers: 16, defaultRate: .local, make: { Community(configuration: $0, options: $1) })

    public enum Shares: String, CaseIterable, Sendable {
        case model, body, head, nothing
    }

    public enum Follows: String, CaseIterable, Sendable {
        case pens, dac, overlay, all, nobody
    }

    public enum Accepts: String, CaseIterable, Sendable {
        case guarded, average, ditto
    }

    public let configuration: TrainingConfiguration
    public let options: Options
    let policy: CommunityPolicy

    public init(configuration: TrainingConfiguration, options: Options) {
        (self.configuration, self.options) = (configuration, options)
        policy = options.policy
    }

    public var nodeOptions: NodeOptions { options.nodes }
    public var messagesFollowNumbers: Bool { true }

    public var ownState: [StateDeclaration] {
        let numbers = { StateDeclaration.numbers($0, options.nodes.workers, startingAt: 0) }
        var state: [StateDeclaration] = []
        if policy.accepts.contains(.ditto) {
            state.append(.vector(Rule.shared, .eachWorker))
            if configuration.optimizer.momentum != 0 { state.append(.vector(Rule.sharedVelocity, .eachWorker)) }
        }
        if policy.follows.contains(.pens) { state += [numbers(Rule.timesSelected), numbers(Rule.followed)] }
        if policy.follows.contains(.dac) { state += [numbers(Rule.scores), numbers(Rule.met)] }
        return state
    }

    /// What a merge would make of a model.
    public var scratchVectors: Int { 1 }

    /// Nodes that go by the scores of others are told them with the models.
    public func longestMessage(parameters: Int) -> Int {
        policy.follows.contains(.dac) ? parameters + options.nodes.workers : parameters
    }

    public func trainingObjectives(for run: TrainingRun) throws(DataError) -> [NodeObjective] {
        let whole = try run.nodeObjectives(partition: nodeOptions.partition, among: nodeOptions.workers)
        var objectives: [NodeObjective] = []
        for (node, objective) in whole.enumerated() {
            let shard = try policy.heldOut(of: objective, node: node, seeds: run.seeds, shuffles: run.shuffles).training
            objectives.append(
                NodeObjective(
                    kind: objective.kind, shard: shard, view: objective.view, classWeights: objective.classWeights,
                    user: objective.user))
        }
        return objectives
    }

    public func schedule(_ seeds: SeedSequence) throws(OverlayError) -> any PeerSchedule {
        guard policy.follows.contains(.overlay) else { return CommunitySchedule(policy, nil, seeds) }
        let network = try Overlay(options.overlay.overlay).network(of: nodeOptions.workers, seeds: seeds)
        return CommunitySchedule(
            policy, OverlaySchedule(network, try network.weights(options.overlay.mixing)), seeds)
    }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        Rule(for: run, state, schedule, policy, nodeOptions)
    }
}

extension Community {
    public struct Options: StrategyOptions {
        /// With the local steps that the papers' epochs are on a few hundred samples, about.
        public var nodes = NodeOptions(workers: 16, syncEvery: 10)
        public var overlay = OverlayOptions()
        public var shares = Shares.model.rawValue
        public var follows = Follows.pens.rawValue
        public var accepts = Accepts.guarded.rawValue
        /// n_s; nil for that of the paper.
        public var drawn: Int?
        /// m
        public var selected = 2
        /// R1
        public var meetingRounds = 10
        /// τ
        public var temperature = 30.0
        /// λ
        public var lambda = 1.0
        public var validation = 0.2
        public var joins = NodeRoundList.none
        public var leaves = NodeRoundList.none

        public init() {}

        /// Options are checked before they are used.
        var policy: CommunityPolicy {
            let count = nodes.workers
            func values<Value: CaseIterable & RawRepresentable<String> & Hashable & Sendable>(
                _ text: String, or usual: Value
            ) -> [Value] {
                (try? PerNode<Value>(text))?.values(ofNodes: count) ?? Array(repeating: usual, count: count)
            }
            return CommunityPolicy(
                nodes: count, shares: values(shares, or: .model), follows: values(follows, or: .pens),
                accepts: values(accepts, or: .guarded), membership: membership, drawn: drawn, selected: selected,
                meetingRounds: meetingRounds, temperature: temperature, lambda: Float(lambda), validation: validation)
        }

        private var membership: Membership {
            Membership(
                joins: (try? NodeRoundList(joins))?.rounds ?? [:], leaves: (try? NodeRoundList(leaves))?.rounds ?? [:],
                nodes: nodes.workers)
        }

        public var problem: String? {
            let named = [
                ("shares", (try? PerNode<Shares>(shares))?.largestNode),
                ("follows", (try? PerNode<Follows>(follows))?.largestNode),
                ("accepts", (try? PerNode<Accepts>(accepts))?.largestNode),
            ]
            for (name, node) in named where node ?? 0 >= nodes.workers {
                return """
                    \(name) names node \(node ?? 0); allowed are nodes from 0 to \(nodes.workers - 1), since workers is \
                    \(nodes.workers)
                    """
            }
            return membership.problem
        }

        public static let specs =
            NodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) }
            + OverlayOptions.specs.map { OptionSpec($0, in: \Self.overlay) } + policySpecs + choiceSpecs

        private static let ours = "this program"

        private static let policySpecs: [OptionSpec<Self>] = [
            OptionSpec(
                "shares", \Self.shares, .form(usages: PerNode<Shares>.usages) { _ = try PerNode<Shares>($0) },
                source: "Cerisara et al., OLKi; Collins et al. 2021",
                """
                What a node publishes: its model, its body (all layers before the last), its head (the last), or nothing; nodes \
                with another policy stand behind a stroke.
                """),
            OptionSpec(
                "follows", \Self.follows, .form(usages: PerNode<Follows>.usages) { _ = try PerNode<Follows>($0) },
                source: "Onoszko et al. 2021; Listo Zec et al. 2022",
                """
                Whom a node hears: those whose models help on its own data (pens, dac), its neighbours in the overlay, all, or \
                nobody.
                """),
            OptionSpec(
                "accepts", \Self.accepts, .form(usages: PerNode<Accepts>.usages) { _ = try PerNode<Accepts>($0) },
                source: "Li et al. 2021, algorithm 1; guarded: \(ours)",
                """
                What a node makes of what it hears: the average where its validation loss does not rise (guarded), always \
                (average), or a model of its own that is pulled to the average (ditto).
                """),
            OptionSpec(
                "validation", \Self.validation, .share(.above(0, through: 0.9), .linear), source: ours,
                "Share of a guarded node's training samples that it judges what it hears by, and does not train on."),
            OptionSpec(
                "lambda", \Self.lambda, symbol: "λ", .number(.from(0), .log), source: "Li et al. 2021, algorithm 1",
                "How strongly ditto pulls a node's model to the shared one: 0 is training alone."),
            OptionSpec(
                "joins", \Self.joins, .form(usages: NodeRoundList.usages) { _ = try NodeRoundList($0) }, source: ours,
                "Nodes that join later, and in which round: before it they train alone."),
            OptionSpec(
                "leaves", \Self.leaves, .form(usages: NodeRoundList.usages) { _ = try NodeRoundList($0) }, source: ours,
                "Nodes that leave the community, and in which round: from it on they train alone."),
        ]

        private static let choiceSpecs: [OptionSpec<Self>] = [
            OptionSpec(
                "candidates", \Self.drawn, or: "published", symbol: "n_s", unit: "nodes",
                .count(1...Allowed.largestCount, or: "published"),
                source: "Onoszko et al. 2021, section 4; Listo Zec et al. 2022, section 4",
                "Others that a node hears in a round and looks at: 10 for pens and 5 for dac where nothing is said."),
            OptionSpec(
                "selected", \Self.selected, symbol: "m", unit: "nodes", .count(1...Allowed.largestCount),
                source: "Onoszko et al. 2021, section 4",
                "How many of these pens averages with: those whose models have the least loss on the node's own samples."
            ),
            OptionSpec(
                "meeting-rounds", \Self.meetingRounds, symbol: "R1", unit: "rounds", .count(1...Allowed.largestCount),
                source: "Onoszko et al. 2021, algorithm 1",
                "Rounds in which pens looks at all, before it follows those that were selected more often than by chance."
            ),
            OptionSpec(
                "temperature", \Self.temperature, symbol: "τ", .number(.from(0), .log),
                source: "Listo Zec et al. 2022, section 3.2",
                "How much dac prefers those whose models are good on the node's own samples: 0 is chance."),
        ]
    }
}
