import Cluster
import Fabrics
import Kernel
import Testing

@testable import Strategies
@testable import Training

/// The runs that are interrupted.
extension CheckpointTests {
    enum Carrier: String {
        case simulated
        case threads
        case emulated
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var strategy = "sync"
        var carrier = Carrier.simulated
        var workers = 3
        var momentum: Float = 0
        /// The optimizer; nil for SGD with the momentum.
        var optimizer: Optimizer.Configuration?
        var jitter = Jitter.none
        var overlap: GradientOverlap?
        var departures: [Departure] = []
        var epochs = 640 / 1437.0
        var limits: TrainingConfiguration.Limits?
        var objectives: String?
        var metric = Metric.accuracy
        /// Options of the strategy, in addition to the configuration's.
        var options: OptionValues = [:]

        var configuration: TestConfiguration {
            var configuration = TestRuns.configuration(
                epochs: epochs, workers: workers, momentum: momentum, clients: 8, fraction: 0.4, localEpochs: 1,
                partition: "dirichlet:0.5")
            configuration.evaluateEveryEpochs = 128 / 1437.0
            if let optimizer { configuration.optimizer = optimizer }
            configuration.overlap = overlap
            configuration.limits = limits
            configuration.objectives = objectives
            configuration.onDropout = departures.isEmpty ? nil : .goOn
            return configuration
        }

        var testDescription: String {
            "\(strategy) \(options["center"] ?? "") \(carrier) x\(workers), \(optimizer?.kind.rawValue ?? "momentum \(momentum)"), jitter \(jitter), "
                + "\(metric == .accuracy ? "" : "\(metric), ")\(overlap == nil ? "" : "overlap, ")\(departures.map { "\($0.rank)@\($0.seconds)" })"
        }
    }

    static let jitter = Jitter.logNormal(sigma: 0.4)
    /// Gossip whose nodes average in pairs.
    static let pairs = "pairwise gossip"
    static let buckets = GradientOverlap(bucketBytes: 1)
    private static let servedClusters: OptionValues = ["sync-every": 2, "models": 3]
    private static let clustersOfNodes: OptionValues = [
        "center": "none", "sync-every": 2, "models": 3, "initial-models": "local", "most-peers": 2,
    ]
    static let simulated: [Case] = [
        Case(strategy: "single", workers: 1), Case(strategy: "single", workers: 1, momentum: 0.5),
        Case(momentum: 0.9, jitter: jitter), Case(jitter: jitter, overlap: buckets), Case(workers: 1, overlap: buckets),
        Case(momentum: 0.5, overlap: buckets, limits: .init(updates: 7)),
        Case(strategy: "threads", workers: 2),
        Case(strategy: "federated", momentum: 0.5, jitter: jitter, epochs: 5),
        // A step takes about 0.2 s on phones.
        Case(momentum: 0.5, departures: [Departure(rank: 0, seconds: 0.5)]),
        Case(jitter: jitter, overlap: buckets, departures: [Departure(rank: 2, seconds: 0.31)]),
        Case(
            workers: 4, momentum: 0.9,
            departures: [
                Departure(rank: 1, seconds: 0.4), Departure(rank: 0, seconds: 0.9), Departure(rank: 2, seconds: 0.91),
            ]),
        Case(strategy: RememberingClients.name, momentum: 0.5, jitter: jitter, epochs: 5),
        Case(strategy: TalkativeRank.name, workers: 2, jitter: jitter),
        Case(strategy: "alone", momentum: 0.5), Case(strategy: "dpsgd", workers: 4, momentum: 0.5, jitter: jitter),
        Case(strategy: "push-sum", workers: 4, jitter: jitter), Case(strategy: "choco", workers: 4, jitter: jitter),
        Case(strategy: "epidemic", workers: 5, jitter: jitter, limits: .init(updates: 9)),
        Case(strategy: "gossip", workers: 5, momentum: 0.5, jitter: jitter),
        Case(strategy: pairs, workers: 5, momentum: 0.5, jitter: jitter),
        Case(strategy: pairs, workers: 6, jitter: jitter, limits: .init(updates: 9)),
        // Who pushes waits for nobody: the run is over in half a millisecond.
        Case(strategy: "gossip", workers: 5, departures: [Departure(rank: 1, seconds: 0.2e-3)]),
        Case(
            strategy: pairs, workers: 5,
            departures: [Departure(rank: 1, seconds: 0.4), Departure(rank: 2, seconds: 0.6)]),
        // A round takes about a tenth of a second on phones.
        Case(strategy: "dpsgd", workers: 5, departures: [Departure(rank: 1, seconds: 0.4)]),
        Case(strategy: "dpsgd", workers: 5, departures: [Departure(rank: 1, seconds: 0.4)], metric: .loss),
        Case(
            strategy: "push-sum", workers: 5, momentum: 0.5,
            departures: [Departure(rank: 4, seconds: 0.15), Departure(rank: 0, seconds: 0.3)]),
        // A round is two steps of each node, and with objectives the nodes' data are twice the training set.
        Case(
            strategy: "clustered", workers: 5, momentum: 0.5, jitter: jitter, epochs: 900 / 1437.0,
            objectives: "rotations:2",
            options: servedClusters),
        Case(
            strategy: "clustered", workers: 5, departures: [Departure(rank: 3, seconds: 0.3)], epochs: 900 / 1437.0,
            objectives: "rotations:2", options: servedClusters),
        Case(
            strategy: "clustered", workers: 5, momentum: 0.5, jitter: jitter, epochs: 900 / 1437.0,
            objectives: "rotations:2",
            options: clustersOfNodes),
        Case(
            strategy: "clustered", workers: 6, departures: [Departure(rank: 2, seconds: 0.1)], epochs: 900 / 1437.0,
            objectives: "rotations:2", options: clustersOfNodes),
        // A round is 400 samples; nodes select in round 4, and anew 3 rounds after somebody joined.
        Case(
            strategy: "community", workers: 4, momentum: 0.5, jitter: jitter, epochs: 4, objectives: "rotations:2",
            options: [
                "meeting-rounds": 3, "selected": 1, "joins": "2@5", "leaves": "0@11", "accepts": "guarded/1:ditto",
            ]),
        Case(
            strategy: "community", workers: 4, jitter: jitter, epochs: 3, objectives: "rotations:2",
            options: ["follows": "dac", "candidates": 2, "shares": "model/1:body", "accepts": "average"]),
        Case(
            strategy: "community", workers: 5, departures: [Departure(rank: 1, seconds: 0.2)], epochs: 4,
            options: ["meeting-rounds": 2, "accepts": "ditto"]),
        // A node has half of the training set, and a round is three nodes'.
        Case(strategy: "federated", jitter: jitter, epochs: 12, objectives: "rotations:4"),
        Case(
            strategy: "federated", departures: [Departure(rank: 3, seconds: 0.25)], epochs: 3, objectives: "labels:2"),
        Case(strategy: "alone", workers: 5, jitter: jitter, objectives: "rotations:2"),
        Case(
            strategy: "federated", departures: [1, 3, 4].map { Departure(rank: $0, seconds: 0.05 + 0.1 * Double($0)) },
            epochs: 5),
    ]

    /// Moments and step counts of all ranks alike, of each, of a server, and of a second model.
    static let adaptive: [Case] = [
        Case(strategy: "single", workers: 1, optimizer: .adam()), Case(optimizer: .adamw(), jitter: jitter),
        Case(optimizer: .adam(), jitter: jitter, overlap: buckets),
        Case(optimizer: .adam(), overlap: buckets, departures: [Departure(rank: 2, seconds: 0.31)]),
        Case(strategy: "local-sgd", optimizer: .adam(), jitter: jitter, options: ["sync-every": 3]),
        Case(strategy: "federated", optimizer: .adam(), jitter: jitter, epochs: 5),
        Case(strategy: "dpsgd", workers: 4, optimizer: .adam(), jitter: jitter),
        Case(strategy: "dpsgd", workers: 4, optimizer: .adamw(), options: ["correction": "gradient-tracking"]),
        Case(strategy: "gossip", workers: 5, optimizer: .adam(), jitter: jitter),
        Case(strategy: pairs, workers: 5, optimizer: .adam(), jitter: jitter),
        Case(
            strategy: "clustered", workers: 5, optimizer: .adam(), epochs: 900 / 1437.0, objectives: "rotations:2",
            options: ["aggregation": "gradients", "sync-every": 1, "models": 3]),
        Case(
            strategy: "clustered", workers: 5, optimizer: .adam(), epochs: 900 / 1437.0, objectives: "rotations:2",
            options: clustersOfNodes),
        Case(
            strategy: "community", workers: 4, optimizer: .adam(), jitter: jitter, epochs: 4, objectives: "rotations:2",
            options: ["meeting-rounds": 3, "selected": 1, "accepts": "guarded/1:ditto"]),
    ]
    static let adaptiveMeasured: [Case] = [
        Case(strategy: "threads", carrier: .threads, optimizer: .adam()),
        Case(strategy: "local-sgd", carrier: .threads, optimizer: .adamw(), options: ["sync-every": 3]),
        Case(strategy: "federated", carrier: .threads, optimizer: .adam(), epochs: 4),
        Case(strategy: "dpsgd", carrier: .threads, optimizer: .adam(), epochs: 320 / 1437.0),
    ]

    static let measured: [Case] = [
        Case(strategy: "single", carrier: .threads, workers: 1, momentum: 0.5),
        Case(strategy: "single", carrier: .threads, workers: 1),
        Case(strategy: "threads", carrier: .threads, momentum: 0.9),
        Case(strategy: "federated", carrier: .threads, momentum: 0.5, epochs: 4),
        Case(carrier: .emulated, momentum: 0.5, jitter: jitter, epochs: 320 / 1437.0),
        Case(carrier: .emulated, overlap: buckets, epochs: 320 / 1437.0),
        Case(strategy: "federated", carrier: .emulated, epochs: 2),
        Case(strategy: RememberingClients.name, carrier: .threads, epochs: 4),
        Case(strategy: "dpsgd", carrier: .threads, momentum: 0.5, epochs: 320 / 1437.0),
        Case(strategy: "push-sum", carrier: .emulated, workers: 4, jitter: jitter, epochs: 320 / 1437.0),
        Case(
            strategy: "clustered", carrier: .threads, momentum: 0.5, epochs: 640 / 1437.0, objectives: "rotations:2",
            options: servedClusters),
        Case(
            strategy: "clustered", carrier: .emulated, workers: 4, jitter: jitter, epochs: 640 / 1437.0,
            objectives: "rotations:2", options: clustersOfNodes),
        Case(
            strategy: "community", carrier: .threads, workers: 4, momentum: 0.5, epochs: 2,
            options: ["meeting-rounds": 2, "selected": 1, "accepts": "guarded/1:ditto", "candidates": 2]),
        Case(
            strategy: "community", carrier: .threads, workers: 4, epochs: 2,
            options: ["follows": "dac", "candidates": 2, "accepts": "average"]),
        Case(strategy: TalkativeRank.name, carrier: .threads, workers: 2),
        Case(strategy: "federated", carrier: .threads, epochs: 9, objectives: "rotations:4"),
        Case(strategy: "alone", carrier: .threads, workers: 5, epochs: 320 / 1437.0, objectives: "labels:2"),
        Case(strategy: "alone", carrier: .emulated, workers: 3, epochs: 320 / 1437.0),
    ]
}
