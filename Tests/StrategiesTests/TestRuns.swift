import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness

@testable import Strategies

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
    ) -> TrainingConfiguration {
        TrainingConfiguration(
            batch: batch, schedule: LearningRateSchedule(baseRate: rate, decay: decay, totalEpochs: epochs),
            optimizer: SGD.Configuration(momentum: momentum), epochs: epochs, evaluateEveryEpochs: 0.5,
            workers: workers,
            federated: TrainingConfiguration.Federated(
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

        var parameters: [Float] { record.finalParameters?.values ?? [] }
    }

    static func run(
        _ strategy: any Strategy, _ configuration: TrainingConfiguration, on carrier: Carrier = .simulated,
        seed: UInt64 = 1, hostThreads: Int = 2, shuffles: Bool = true, jitter: Jitter = .none,
        memoryBytes: [Int?] = []
    ) throws -> Outcome {
        try BLAS.useOneThreadPerCaller()
        let seeds = SeedSequence(seed)
        let run = TrainingRun(
            network: network, data: try Digits.split(seeds: seeds, shuffles: shuffles), configuration: configuration,
            initialParameters: network.initialParameters(.he, seeds: seeds), seeds: seeds, shuffles: shuffles,
            ranks: strategy.rankCount, workspaces: WorkspacePool(for: network),
            memoryBytes: memoryBytes)
        let fabric: any Fabric
        switch carrier {
        case .threads: fabric = try ThreadFabric(ranks: strategy.rankCount)
        case .simulated:
            let cluster = ClusterPresets.phones4G
            fabric = SimulatedFabric(
                nodes: cluster.nodes(ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds),
                jitter: jitter,
                compute: compute, seeds: seeds, pool: HostPool(threads: hostThreads))
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
