public import Kernel
public import Training

extension DistillationLoss: OptionConvertible {}

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
        /// N_pub
        public var publicCount = 200
        public var distillation = DistillationLoss.meanAbsoluteError
        public var distillationBatch = 256
        public var proxyUnits = 16
        /// α
        public var mutualShare = 0.5
        public var hiddenUnits = "all"
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
