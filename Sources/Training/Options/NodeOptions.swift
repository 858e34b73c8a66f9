import Datasets

/// Nodes with data and models of their own: how many, with which samples, and how they step.
public struct LoneNodeOptions: StrategyOptions {
    /// N: nodes that share the training set.
    public var workers = 16
    /// How the training set is spread over the nodes, as `--partition` takes it.
    public var partition = "iid"
    /// B: samples of a node's step; nil for all samples that the node has.
    public var localBatch: Int? = 10

    /// The defaults: 16 nodes with equal random shares, in steps of 10 samples.
    public init() {}

    static let source = "Lian et al. 2017, algorithm 1"
    static let counts = 1...Allowed.largestCount

    /// The options by name, to be taken over by the options of a strategy.
    public static let specs = [
        OptionSpec(
            "workers", \Self.workers, symbol: "N", unit: "workers", .count(counts), source: source,
            "Nodes that share the training set, each with a part of its own."),
        OptionSpec(
            "partition", \Self.partition,
            .form(usages: Partitioners.all.map(\.usage)) { _ = try Partitioners.parse($0) },
            source: "McMahan et al. 2017, section 3; Hsu et al. 2019",
            "How samples are spread over the nodes: \(Partitioners.all.map(\.usage).joined(separator: ", "))."),
        OptionSpec(
            "local-batch", \Self.localBatch, or: "all", symbol: "B", unit: "samples", .count(counts, or: "all"),
            source: source, "Batch of a node, or 'all' of its samples."),
    ]
}

/// The options of nodes that exchange something after every so many steps, without a server.
public struct NodeOptions: StrategyOptions {
    /// How many nodes there are, with which samples, and how they step.
    public var nodes = LoneNodeOptions()
    /// H: steps of a node from one exchange to the next.
    public var syncEvery = 1

    /// The defaults: those of ``LoneNodeOptions``, with an exchange after every step.
    public init() {}

    /// Other values; arguments that are left out have the published defaults.
    public init(workers: Int, partition: String = "iid", syncEvery: Int = 1, localBatch: Int? = 10) {
        nodes.workers = workers
        nodes.partition = partition
        nodes.localBatch = localBatch
        self.syncEvery = syncEvery
    }

    /// The options of nodes that exchange nothing, so that `syncEvery` has no meaning.
    package init(_ nodes: LoneNodeOptions) { self.nodes = nodes }

    /// N: nodes that share the training set.
    public var workers: Int {
        get { nodes.workers }
        set { nodes.workers = newValue }
    }
    /// How the training set is spread over the nodes, as `--partition` takes it.
    public var partition: String {
        get { nodes.partition }
        set { nodes.partition = newValue }
    }
    /// B: samples of a node's step; nil for all samples that the node has.
    public var localBatch: Int? {
        get { nodes.localBatch }
        set { nodes.localBatch = newValue }
    }

    /// The options by name, to be taken over by the options of a strategy.
    public static let specs =
        LoneNodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) } + [
            OptionSpec(
                "sync-every", \Self.syncEvery, symbol: "H", unit: "steps", .count(LoneNodeOptions.counts),
                source: "Stich 2019, algorithm 1", "Steps of a node from one exchange with its neighbours to the next.")
        ]
}

extension OptionSpec {
    /// The same option, which changes nothing where there is one node.
    ///
    /// - Parameter nodes: where the number of nodes is.
    public func used(by nodes: KeyPath<Root, NodeOptions> & Sendable) -> OptionSpec {
        used(with: "several workers") { $0[keyPath: nodes].workers > 1 }
    }
}

/// Who talks to whom, and how what nodes hear is weighed.
public struct OverlayOptions: StrategyOptions {
    /// Who talks to whom, as `--overlay` takes it.
    public var overlay = "ring"
    /// How a node weighs what it hears.
    public var mixing = Mixing.metropolis

    /// A ring with Metropolis weights.
    public init() {}

    /// Other values.
    ///
    /// - Parameter overlay: as `--overlay` takes it.
    public init(overlay: String, mixing: Mixing = .metropolis) { (self.overlay, self.mixing) = (overlay, mixing) }

    /// The option `--overlay`, also for options that have no `--mixing`.
    public static func overlaySpec<Root: StrategyOptions>(_ property: WritableKeyPath<Root, String> & Sendable)
        -> OptionSpec<Root>
    {
        OptionSpec(
            "overlay", property, .form(usages: Overlay.forms.map(\.usage)) { _ = try Overlay($0) },
            source: "Ying et al. 2021, table 1",
            """
            Who talks to whom, whatever cables the messages take: \(Overlay.forms.map(\.usage).joined(separator: ", ")); \
            'bench list --overlay FORM' has its figures.
            """)
    }

    /// The options by name, to be taken over by the options of a strategy.
    public static let specs = [
        overlaySpec(\Self.overlay),
        OptionSpec(
            "mixing", \Self.mixing, .oneOf(Mixing.allCases.map(\.rawValue)), source: "Hastings 1970; Xiao et al. 2007",
            "How a node weighs what it hears: metropolis on any overlay, uniform where all have as many neighbours."),
    ]
}
