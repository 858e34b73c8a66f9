import Training

/// Several models, as many as there are kinds of nodes by default; every node trains the one that fits its data best.
/// ``ServedClusters`` (IFCA) has a server that keeps the models; in ``DecentralizedClusters`` (DFCA) every node keeps
/// all of them. This type holds what the two have in common.
public enum Clustered {
    static let clustered = StrategyDescription(
        name: "clustered",
        summary: "as many models as kinds of nodes: each node trains the one that fits its data (IFCA, DFCA)",
        source: "Ghosh et al. 2020, algorithm 1; Kirch et al. 2025", family: .decentralised,
        defaultCluster: "ethernet-1g", defaultWorkers: 16, defaultRate: .local,
        make: { (configuration, options: Options) in
            switch options.center {
            case .server: ServedClusters(configuration: configuration, options: options)
            case .none: DecentralizedClusters(configuration: configuration, options: options)
            }
        })

    /// Who keeps the models: a server, or every node.
    public enum Center: String, CaseIterable, OptionConvertible {
        case server, none
    }

    /// What nodes send to the server: trained models, or gradients of single steps.
    public enum Aggregation: String, CaseIterable, OptionConvertible {
        case models, gradients
    }

    /// Whether all nodes begin with the same models, or each with its own; only without a server.
    public enum InitialModels: String, CaseIterable, OptionConvertible {
        case global, local
    }

    /// Options of clustered strategies.
    public struct Options: StrategyOptions {
        /// Nodes, their data and their local steps.
        public var nodes = NodeOptions(workers: 16, syncEvery: 10, localBatch: nil)
        /// Who keeps the models.
        public var center = Center.server
        /// p, the number of models; nil for as many as the objectives have kinds.
        public var models: Int?
        /// What nodes send to the server.
        public var aggregation = Aggregation.models
        /// Whether nodes begin with the same models.
        public var initialModels = InitialModels.global
        /// The most others that a node picks in a round, without a server.
        public var mostPeers = 14
        /// α for the model that a node has chosen: the share that it keeps of its own when it hears another one, 0 to
        /// 1.
        public var ownShare = 0.5
        /// α for models that a node has not chosen, 0 to 1.
        public var otherShare = 0.4

        /// The published defaults.
        public init() {}

        public var problem: String? {
            if center == .none, aggregation == .gradients {
                return "aggregation 'gradients' is what a server does; allowed with center 'none' is 'models'"
            }
            if center == .server, initialModels == .local {
                return "initial-models 'local' are of nodes without a server; allowed with center 'server' is 'global'"
            }
            guard aggregation == .models || nodes.syncEvery == 1 else {
                return """
                    sync-every is \(nodes.syncEvery), but nodes of aggregation 'gradients' send the gradient of one step; allowed \
                    with it is 1
                    """
            }
            return nil
        }

        private static let ghosh = "Ghosh et al. 2020, algorithm 1"
        private static let kirch = "Kirch et al. 2025, the authors' code"

        public static let specs =
            NodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) } + [
                OptionSpec(
                    "center", \Self.center, .oneOf(Center.allCases.map(\.rawValue)), source: ghosh,
                    "Who keeps the models: a server (IFCA), or every node all of them (DFCA)."),
                OptionSpec(
                    "models", \Self.models, or: kinds, symbol: "p", unit: "models", .count(1...1000, or: kinds),
                    source: ghosh, "Models that nodes choose from; 'kinds' for as many as the objectives have kinds."),
                OptionSpec(
                    "aggregation", \Self.aggregation, .oneOf(Aggregation.allCases.map(\.rawValue)),
                    source: "Ghosh et al. 2020, algorithm 1, options I and II",
                    "What a server adds up: models that nodes have trained, or the gradients of single steps."),
                OptionSpec(
                    "initial-models", \Self.initialModels, .oneOf(InitialModels.allCases.map(\.rawValue)),
                    source: kirch,
                    "Without a server: whether all nodes begin with the same random models, or each with its own."),
                OptionSpec(
                    "most-peers", \Self.mostPeers, unit: "nodes", .count(1...Allowed.largestCount), source: kirch,
                    """
                    Without a server: each node picks from 1 to so many random others a round, and both send each other the \
                    models that they have trained. The authors have 14 for up to 800 nodes and 49 for more.
                    """
                ).used(with: "--center none") { $0.center == .none },
                OptionSpec(
                    "own-share", \Self.ownShare, symbol: "α", .share(Allowed.Bounds(0...1), .linear), source: kirch,
                    "Without a server: what a node keeps of a model when it hears from one that trains the same."
                ).used(with: "--center none") { $0.center == .none },
                OptionSpec(
                    "other-share", \Self.otherShare, symbol: "α", .share(Allowed.Bounds(0...1), .linear), source: kirch,
                    "Without a server: the same of models that the node itself does not train."
                ).used(with: "--center none") { $0.center == .none },
            ]

        static let kinds = "kinds"

        /// p; 1 where the number of kinds depends on the data and is not known before, which ``kindsProblem(_:)``
        /// reports.
        func modelCount(_ configuration: TrainingConfiguration) -> Int {
            models ?? configuration.kindCount(nodes: nodes.workers) ?? 1
        }

        /// Why there cannot be as many models as kinds; nil where there can.
        func kindsProblem(_ configuration: TrainingConfiguration) -> String? {
            guard models == nil, configuration.kindCount(nodes: nodes.workers) == nil else { return nil }
            return """
                clustered has models 'kinds', but how many kinds objectives '\(configuration.objectives ?? "")' have depends on \
                the data; allowed with them is a number (--models)
                """
        }
    }
}
