import Datasets

/// What strategies with a server and clients share, with the letters of McMahan et al. 2017.
public struct ClientOptions: StrategyOptions {
    /// K: all clients.
    public var clients: Int
    /// C: the share of clients that takes part in a round.
    public var fraction: Double
    /// E: passes of a client over its data in a round.
    public var localEpochs: Int
    /// B: samples of a local step; nil for all of the client's (the paper's B = ∞).
    public var localBatch: Int?
    /// How the training set is spread over the clients, as `--partition` takes it.
    public var partition: String

    /// The published defaults: 100 clients, of which a tenth take part in a round of 5 epochs.
    public init() { self.init(clients: 100, fraction: 0.1, localEpochs: 5, localBatch: 10, partition: "iid") }

    /// Other values. `localBatch` is nil for a client's whole data.
    public init(clients: Int, fraction: Double, localEpochs: Int, localBatch: Int?, partition: String) {
        self.clients = clients
        self.fraction = fraction
        self.localEpochs = localEpochs
        self.localBatch = localBatch
        self.partition = partition
    }

    /// m = max(C * K, 1), rounded: clients in a round.
    public var cohortSize: Int { min(clients, max(1, Int((fraction * Double(clients)).rounded()))) }

    private static let source = "McMahan et al. 2017, algorithm 1"
    private static let counts = 1...Allowed.largestCount

    /// The table, to be taken over by the options of a strategy.
    public static let specs = [
        OptionSpec(
            "clients", \Self.clients, symbol: "K", unit: "clients", .count(counts), source: source,
            "Clients that share the training set."),
        OptionSpec(
            "fraction", \Self.fraction, symbol: "C", .share(.above(0, through: 1), .linear), source: source,
            "Share of the clients that takes part in a round."),
        OptionSpec(
            "local-epochs", \Self.localEpochs, symbol: "E", unit: "epochs", .count(counts), source: source,
            "Epochs of a client in a round."),
        OptionSpec(
            "local-batch", \Self.localBatch, or: "all", symbol: "B", unit: "samples", .count(counts, or: "all"),
            source: source, "Batch of a client, or 'all' of its samples."),
        OptionSpec(
            "partition", \Self.partition,
            .form(usages: Partitioners.all.map(\.usage)) { _ = try Partitioners.parse($0) },
            source: "McMahan et al. 2017, section 3; Hsu et al. 2019",
            "How samples are spread over the clients: \(Partitioners.all.map(\.usage).joined(separator: ", "))."),
    ]
}
