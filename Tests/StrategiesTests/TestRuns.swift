import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness

@testable import Strategies
@testable import Training

/// What a test trains with: what all strategies share, and the options of both families. What is shared is also at hand
/// without its name.
@dynamicMemberLookup
struct TestConfiguration {
    var shared: TrainingConfiguration
    var steps: StepOptions
    var clients: ClientOptions

    subscript<Value>(dynamicMember path: WritableKeyPath<TrainingConfiguration, Value>) -> Value {
        get { shared[keyPath: path] }
        set { shared[keyPath: path] = newValue }
    }

    /// How gradients are sent while they are computed; nil where they are sent after that.
    var overlap: GradientOverlap? {
        get { steps.overlap }
        set { (steps.overlaps, steps.bucketBytes) = (newValue != nil, newValue?.bucketBytes ?? steps.bucketBytes) }
    }

    /// A registered strategy with the options that it has of the configuration's.
    ///
    /// - Parameter options: further options of the strategy's own.
    func make(_ description: StrategyDescription, _ options: OptionValues = [:]) throws -> any Strategy {
        let all = steps.values.merging(clients.values) { own, _ in own }
        let known = all.filter { description.has($0.key) }
        return try description.make(shared, known.merging(options) { _, own in own })
    }
}

extension SynchronousSGD {
    init(_ configuration: TestConfiguration, workers: Int) {
        var options = configuration.steps
        options.workers = workers
        self.init(configuration.shared, options)
    }
}

extension FederatedAveraging {
    init(_ configuration: TestConfiguration) { self.init(configuration.shared, configuration.clients) }
}

/// What the tests of this target train: a small perceptron on the embedded digits.
enum TestRuns {
    static let network = Network(
        input: FeatureShape(channels: 1, height: 8, width: 8),
        [.flatten, .dense("fc1", outputs: 16), .relu, .dense("fc2", outputs: 10)])

    static let compute = ComputeModel(.reference, flopsPerSample: network.trainingFlopsPerSample, parameters: 1_210)

    static func configuration(
        batch: Int = 64, rate: Double = 0.3, epochs: Double = 1, workers: Int = 4, momentum: Float = 0,
        clients: Int = 10, fraction: Double = 0.3, localEpochs: Int = 2, localBatch: Int? = 10,
        partition: String = "iid", decay: LearningRateSchedule.Decay = .constant
    ) -> TestConfiguration {
        TestConfiguration(
            shared: TrainingConfiguration(
                schedule: LearningRateSchedule(baseRate: rate, decay: decay, totalEpochs: epochs),
                optimizer: SGD.Configuration(momentum: momentum), epochs: epochs, evaluateEveryEpochs: 0.5),
            steps: StepOptions(batch: batch, workers: workers),
            clients: ClientOptions(
                clients: clients, fraction: fraction, localEpochs: localEpochs, localBatch: localBatch,
                partition: partition))
    }

    enum Carrier: CaseIterable {
        case simulated
        case threads
    }

    struct Outcome {
        let record: TrainingRun.Record
        let report: FabricReport
        let run: TrainingRun

        /// The parameters of the run's model or, where nodes have models of their own, of all of them one behind the
        /// other.
        var parameters: [Float] {
            record.finalParameters?.values ?? record.nodes.flatMap { $0.finalParameters?.values ?? [] }
        }
    }

    /// - Parameters:
    ///   - dropouts: ranks that leave; on a simulated fabric only.
    ///   - slowRank: computes at a fifth of its speed.
    ///   - observer: told what ranks do; on a simulated fabric only.
    static func run(
        _ strategy: any Strategy, _ configuration: TestConfiguration, on carrier: Carrier = .simulated,
        seed: UInt64 = 1, hostThreads: Int = 2, shuffles: Bool = true, jitter: Jitter = .none,
        allReduce: AllReduceAlgorithm = .ring, dropouts: Dropouts? = nil, slowRank: Int? = nil,
        memoryBytes: [Int?] = [],
        observer: (any SimulationObserver)? = nil
    ) throws -> Outcome {
        try BLAS.useOneThreadPerCaller()
        let seeds = SeedSequence(seed)
        let run = TrainingRun(
            network: network, data: try Digits.split(seeds: seeds, shuffles: shuffles),
            configuration: configuration.shared,
            initialParameters: network.initialParameters(.he, seeds: seeds), seeds: seeds, shuffles: shuffles,
            ranks: strategy.rankCount, workspaces: WorkspacePool(for: network), mayStop: dropouts != nil,
            memoryBytes: memoryBytes)
        let fabric: any Fabric
        switch carrier {
        case .threads: fabric = try ThreadFabric(ranks: strategy.rankCount)
        case .simulated:
            let cluster = ClusterPresets.phones4G
            var nodes = cluster.nodes(ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds)
            if let slowRank { nodes[slowRank].speed /= 5 }
            var simulated = SimulatedFabric(
                nodes: nodes, jitter: jitter, compute: compute, allReduce: allReduce, seeds: seeds,
                departures: dropouts?.departures(
                    ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds) ?? [],
                detectionSeconds: dropouts?.detectionSeconds ?? 0, pool: HostPool(threads: hostThreads))
            simulated.observer = observer
            fabric = simulated
        }
        let report = try fabric.run(try strategy.program(for: run))
        return Outcome(record: run.result, report: report, run: run)
    }

    /// The largest difference of two models' parameters.
    static func distance(_ first: [Float], _ second: [Float]) -> Float {
        precondition(first.count == second.count && !first.isEmpty)
        return zip(first, second).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
}
