public import Kernel
public import Training

extension DistillationLoss: OptionConvertible {}

extension Community {
    /// Options of a community.
    public struct Options: StrategyOptions {
        /// Nodes, their data and their local steps: about as many as the papers' epochs have on a few hundred samples.
        public var nodes = NodeOptions(workers: 16, syncEvery: 10)
        /// Who are neighbours, with which weights, for nodes that follow the overlay.
        public var overlay = OverlayOptions()
        /// What nodes share: a name of ``Shares``, and others for some nodes, such as `model/5:nothing`.
        public var shares = Shares.model.rawValue
        /// Whom nodes follow: a name of ``Follows``, and others for some nodes.
        public var follows = Follows.pens.rawValue
        /// What nodes accept: a name of ``Accepts``, and others for some nodes.
        public var accepts = Accepts.guarded.rawValue
        /// n_s, the nodes that a node hears in a round; nil for the paper's number.
        public var drawn: Int?
        /// m, how many of the nodes that were heard PENS averages with.
        public var selected = 2
        /// R1, the rounds in which PENS hears all others at random.
        public var meetingRounds = 10
        /// τ, how strongly DAC prefers nodes with good models; 0 for chance.
        public var temperature = 30.0
        /// λ, how strongly Ditto pulls a node's own model to the shared one; 0 for training alone.
        public var lambda = 1.0
        /// The share of its training samples that a guarded node judges by and does not train on, above 0 and up to
        /// 0.9.
        public var validation = 0.2
        /// N_pub, the number of public samples that predictions are made on.
        public var publicCount = 200
        /// The loss by which a model is drawn to the average of predictions.
        public var distillation = DistillationLoss.meanAbsoluteError
        /// Public samples of one step of distillation.
        public var distillationBatch = 256
        /// Units of each hidden layer of a proxy.
        public var proxyUnits = 16
        /// α, how much a model and its proxy learn from each other instead of from labels, 0 to 1.
        public var mutualShare = 0.5
        public var hiddenUnits = "all"
        public var joins = NodeRoundList.none
        /// Nodes that leave, with the first round without them, such as `5@10`, or `none`.
        public var leaves = NodeRoundList.none

        /// The published defaults.
        public init() {}

        /// The policy of all nodes. Options are checked before it is used, so texts that cannot be parsed do not occur.
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
                meetingRounds: meetingRounds, temperature: temperature, lambda: Float(lambda), validation: validation,
                publicCount: publicCount, distillation: distillation, distillationBatch: distillationBatch,
                proxyUnits: proxyUnits, mutualShare: Float(mutualShare),
                hiddenUnits: HiddenUnits.values(hiddenUnits, nodes: count))
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
                ("hidden-units", HiddenUnits.largestNode(hiddenUnits)),
            ]
            for (name, node) in named where node ?? 0 >= nodes.workers {
                return """
                    \(name) names node \(node ?? 0); allowed are nodes from 0 to \(nodes.workers - 1), since workers is \
                    \(nodes.workers)
                    """
            }
            return membership.problem ?? policy.problem
        }

        public static let specs =
            NodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) }
            + OverlayOptions.specs.map { OptionSpec($0, in: \Self.overlay).used(following: .overlay) } + policySpecs
            + choiceSpecs
            + knowledgeSpecs

        private static let ours = "this program"

        private static let policySpecs: [OptionSpec<Self>] = [
            OptionSpec(
                "shares", \Self.shares, .form(usages: PerNode<Shares>.usages) { _ = try PerNode<Shares>($0) },
                source: "Cerisara et al., OLKi; Collins et al. 2021",
                """
                What a node publishes: its model, its body (all layers before the last), its head (the last), predictions on a \
                public set, a small proxy, or nothing; nodes with another policy stand behind a stroke.
                """),
            OptionSpec(
                "follows", \Self.follows, .form(usages: PerNode<Follows>.usages) { _ = try PerNode<Follows>($0) },
                source: "Onoszko et al. 2021; Listo Zec et al. 2022",
                """
                Whom a node hears: those whose models help on its own data (pens, dac), its neighbours in the overlay, all, or \
                nobody. A node that shares nothing, too, is then 'alone'.
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
                "Share of a guarded node's training samples that it judges what it hears by, and does not train on."
            ).used(with: "--accepts guarded, where somebody follows") { options in
                let policy = options.policy
                return zip(policy.accepts, policy.follows).contains { $0 == .guarded && $1 != .nobody }
            },
            OptionSpec(
                "lambda", \Self.lambda, symbol: "λ", .number(.from(0), .log), source: "Li et al. 2021, algorithm 1",
                "How strongly ditto pulls a node's model to the shared one: 0 is training alone."
            ).used(with: "--accepts ditto") { $0.policy.accepts.contains(.ditto) },
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
                "Others that a node hears in a round and looks at: 10 for pens and 5 for dac where nothing is said."
            ).used(following: .pens, .dac),
            OptionSpec(
                "selected", \Self.selected, symbol: "m", unit: "nodes", .count(1...Allowed.largestCount),
                source: "Onoszko et al. 2021, section 4",
                "How many of these pens averages with: those whose models have the least loss on the node's own samples."
            ).used(following: .pens),
            OptionSpec(
                "meeting-rounds", \Self.meetingRounds, symbol: "R1", unit: "rounds", .count(1...Allowed.largestCount),
                source: "Onoszko et al. 2021, algorithm 1",
                "Rounds in which pens looks at all, before it follows those that were selected more often than by chance."
            ).used(following: .pens),
            OptionSpec(
                "temperature", \Self.temperature, symbol: "τ", .number(.from(0), .log),
                source: "Listo Zec et al. 2022, section 3.2",
                "How much dac prefers those whose models are good on the node's own samples: 0 is chance."
            ).used(following: .dac),
        ]

        private static let knowledgeSpecs: [OptionSpec<Self>] = [
            OptionSpec(
                "public", \Self.publicCount, symbol: "N_pub", unit: "samples", .count(1...Allowed.largestCount),
                source: "Li and Wang 2019, section 3",
                "Training samples, drawn by the seed, on which nobody trains and whose labels nobody uses: what predictions are of."
            ).used(sharing: .predictions),
            OptionSpec(
                "distillation", \Self.distillation, .oneOf(DistillationLoss.allCases.map(\.rawValue)),
                source: "Li and Wang 2019, section 3; Hinton et al. 2015",
                "How a model is drawn to the average of predictions: by the mean absolute error of logits (mae) or by KL."
            ).used(sharing: .predictions),
            OptionSpec(
                "distillation-batch", \Self.distillationBatch, unit: "samples", .count(1...Allowed.largestCount),
                source: "Li and Wang 2019, section 4", "Public samples of a step that draws a model to predictions."
            ).used(sharing: .predictions),
            OptionSpec(
                "proxy-units", \Self.proxyUnits, unit: "units", .count(1...Allowed.largestCount),
                source: "Kalra et al. 2023, section 3", "Units of each hidden layer of a proxy."
            ).used(sharing: .proxy),
            OptionSpec(
                "mutual-share", \Self.mutualShare, symbol: "α", .share(Allowed.Bounds(0...1), .linear),
                source: "Kalra et al. 2023, algorithm 1",
                "How much a model and its proxy learn from each other, and how much less from labels."
            ).used(sharing: .proxy),
            HiddenUnits.spec(
                \Self.hiddenUnits,
                """
                Units of each hidden layer of a node's model: nodes with other architectures, which share predictions or a \
                proxy. 'alone' needs the same, so that a node is compared with its own model.
                """),
        ]
    }
}

extension OptionSpec<Community.Options> {
    /// The same option, which changes nothing where no node follows others in such a way.
    fileprivate func used(following ways: Community.Follows...) -> Self {
        used(with: "--follows \(ways.map(\.rawValue).joined(separator: " or "))") { options in
            options.policy.follows.contains(where: ways.contains)
        }
    }

    /// The same option, which changes nothing where no node shares such a thing.
    fileprivate func used(sharing shared: Community.Shares) -> Self {
        used(with: "--shares \(shared.rawValue)") { $0.policy.shares.contains(shared) }
    }
}
