import Cluster
import Datasets
import Experiments
import Fabrics
import Foundation
import Kernel
import Strategies
import Training

/// A curve of test accuracies, one evaluation a second, the first at time zero.
func curve(_ accuracies: [Double], losses: [Double]? = nil) -> [TrainingRun.Evaluation] {
    accuracies.enumerated().map { index, accuracy in
        TrainingRun.Evaluation(
            round: index * 10, samples: index * 640, clusterSeconds: Double(index), bytesSent: index * 1000,
            trainLoss: index == 0 ? nil : 0.5, testAccuracy: accuracy, testLoss: losses?[index] ?? 1.25)
    }
}

func record(
    _ strategy: String = "sync", seed: UInt64 = 1, _ accuracies: [Double] = [0.1, 0.5, 0.96, 0.96, 0.97],
    outcome: RunRecord.Outcome = .completed, bytes: Int = 4000, uplink: Int? = nil, losses: [Double]? = nil,
    messages: Int = 40, clusterSeconds: Double = 4, timings: [RunRecord.Timing] = []
) -> RunRecord {
    RunRecord(
        strategy: strategy, seed: seed, outcome: outcome, evaluations: curve(accuracies, losses: losses),
        clusterSeconds: clusterSeconds,
        computeSeconds: 1, communicationSeconds: 2, idleSeconds: 1, hostSeconds: 0.25,
        serverComputeSeconds: strategy == "federated" ? 0.5 : nil,
        traffic: RunRecord.Traffic(
            bytesTotal: bytes, messagesTotal: messages, bytesPerWorkerMax: 1000, bytesUplink: uplink,
            bytesDownlink: uplink,
            entries: [
                TrafficLedger.Entry(
                    rank: 0, purpose: .gradient, direction: .peer, bytesSent: bytes, messagesSent: messages,
                    bytesReceived: bytes, messagesReceived: messages)
            ]),
        partitionSkew: strategy == "federated"
            ? PartitionSkew(of: [[0, 1], [2, 3, 4]], labels: [0, 1, 2, 3, 4]) : nil, timings: timings)
}

/// Repetitions that took so many times the control's time, which is 1 ms.
///
/// - Parameter disturbance: how many times as long the matrix products of all repetitions except the first took.
func timings(_ ratios: [Double], disturbance: Double = 1) -> [RunRecord.Timing] {
    ratios.enumerated().map { repetition, ratio in
        RunRecord.Timing(
            clusterSeconds: ratio * 1e-3, hostSeconds: ratio * 1e-3,
            control: HostControl.Times(sgemmSeconds: (repetition == 0 ? 1 : disturbance) * 0.5e-3, sweepSeconds: 2e-3),
            segmentSeconds: [ratio * 0.25e-3, ratio * 0.75e-3])
    }
}

/// Two epochs of `digits` with a reference device, simulated where nothing else is said.
struct Setup {
    var strategies = ["single", "threads", "sync", "federated"]
    var clock = ClockChoice.simulated
    var seeds: [UInt64] = [1]
    var epochs = 2.0
    var evaluateEvery = 1.0
    var workers = 4
    var rate = 0.2
    var clients = 20
    var fraction = 0.25
    var allReduce = AllReduceAlgorithm.ring
    var hostThreads = 2
    var partition = "iid"
    var target = 0.8
    var compute = "reference"
    var cluster = ClusterPresets.infiniband
    /// How strategies with workers send gradients while they are computed; nil to send them after that.
    var overlap: GradientOverlap?

    var plan: ExperimentPlan {
        ExperimentPlan(
            task: "digits", target: target, seeds: seeds, shuffles: true, initialization: .he,
            initialParametersFile: nil,
            compute: compute, hostThreads: hostThreads,
            strategies: strategies.compactMap(StrategyRegistry.named).map { strategy in
                StrategyPlan(
                    strategy.name, fabric: clock.fabric(for: strategy.home),
                    cluster: clock.fabric(for: strategy.home) == .threads ? nil : cluster,
                    allReduce: allReduce,
                    configuration: TrainingConfiguration(
                        schedule: LearningRateSchedule(baseRate: rate, totalEpochs: epochs),
                        optimizer: SGD.Configuration(), epochs: epochs, evaluateEveryEpochs: evaluateEvery),
                    options: options.filter { strategy.has($0.key) })
            })
    }

    /// Options of all strategies; each takes those that it has.
    private var options: OptionValues {
        let steps = StepOptions(batch: 64, workers: workers, overlap: overlap)
        let clients = ClientOptions(
            clients: clients, fraction: fraction, localEpochs: 2, localBatch: 10, partition: partition)
        return steps.values.merging(clients.values) { own, _ in own }
    }

    func run(callbacks: Experiment.Callbacks = Experiment.Callbacks()) throws -> Results {
        try Experiment(plan, data: DataDirectory(nil)).run(machine: machine, callbacks: callbacks)
    }
}

let machine = MachineDescription(
    command: "bench --strategy all", date: "2026-01-02T03:04:05Z", commit: "0123456789ab", system: "Linux",
    processor: "A Processor", boot: "0a1b2c3d", cores: 2, memoryBytes: 8_000_000_000, toolchain: "Swift",
    buildMode: "debug",
    blas: "OpenBLAS")

/// Results that nothing was computed for.
func results(_ runs: [RunRecord], seeds: [UInt64], target: Double = 0.95, isComplete: Bool = true) -> Results {
    var setup = Setup(
        strategies: StrategyRegistry.all.map(\.name).filter { name in runs.contains { $0.strategy == name } })
    setup.seeds = seeds
    setup.target = target
    var results = Results(
        plan: setup.plan, machine: machine, computeModel: nil, trainingSamples: 1437, testSamples: 360,
        tuning: "rates from a grid")
    results.runs = runs
    results.isComplete = isComplete
    return results
}

/// The fields of a CSV text's line by the names of its header.
func fields(_ text: String, line: Int) -> [String: String] {
    let rows = text.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    guard rows.indices.contains(line) else { return [:] }
    return Dictionary(uniqueKeysWithValues: zip(rows[0], rows[line]))
}

extension ClockChoice {
    /// The fabric that carries a strategy on this clock.
    func fabric(for home: StrategyDescription.Home) -> StrategyPlan.FabricKind {
        switch (self, home) {
        case (.simulated, _), (.auto, .simulated): .simulated
        case (.emulate, .simulated): .emulated
        case (_, .threads): .threads
        }
    }
}

extension RunRecord {
    /// The run's record with another curve.
    func with(evaluations: [TrainingRun.Evaluation]) -> RunRecord {
        RunRecord(
            strategy: strategy, seed: seed, outcome: outcome, evaluations: evaluations, clusterSeconds: clusterSeconds,
            computeSeconds: computeSeconds, communicationSeconds: communicationSeconds, idleSeconds: idleSeconds,
            hostSeconds: hostSeconds, serverComputeSeconds: serverComputeSeconds, traffic: traffic,
            partitionSkew: partitionSkew, timings: timings)
    }
}

extension TrainingRun.Evaluation {
    func with(
        round: Int? = nil, samples: Int? = nil, clusterSeconds: Double? = nil, bytesSent: Int? = nil,
        testAccuracy: Double? = nil
    ) -> Self {
        Self(
            round: round ?? self.round, samples: samples ?? self.samples,
            clusterSeconds: clusterSeconds ?? self.clusterSeconds, bytesSent: bytesSent ?? self.bytesSent,
            trainLoss: trainLoss, testAccuracy: testAccuracy ?? self.testAccuracy, testLoss: testLoss)
    }

    func moved(by seconds: Double) -> Self { with(clusterSeconds: clusterSeconds + seconds) }
}
