import Benchmark
import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness
import Tasks

/// Messages that the simulator plays in a second of host time, on one thread.
private let messagesPerSecond = BenchmarkMetric.custom(
    "Messages per second", polarity: .prefersLarger, useScalingFactor: false)

/// All-reduces of short vectors on simulated clusters: next to no arithmetic, so that the time is that of the messages.
/// The job, whose wall clock is measured too, starts its ranks and ends them.
func registerSimulations() {
    let flows = Interconnect(sharing: .maxMin)
    for (ranks, algorithm, times, interconnect) in [
        (64, AllReduceAlgorithm.ring, 10, Interconnect.plain), (64, .tree, 100, .plain),
        (1000, .recursiveDoubling, 5, .plain), (1000, .doubleTree, 5, .plain), (64, .ring, 10, flows),
        (64, .parameterServer, 10, flows),
    ] {
        var configuration = Benchmark.defaultConfiguration
        configuration.metrics = [.wallClock, messagesPerSecond]
        Benchmark(
            "Simulation of \(times) all-reduces by \(algorithm.rawValue) on \(ranks) ranks, sharing \(interconnect.sharing.rawValue)",
            configuration: configuration
        ) { benchmark, fabric in
            let clock = ContinuousClock()
            let start = clock.now
            let report = try fabric.run { rank in
                let vector = ParameterVector(count: 64)
                for _ in 0..<times { try await rank.allReduce(vector, .mean, purpose: .gradient) }
            }
            let seconds = (clock.now - start) / .seconds(1)
            benchmark.measurement(messagesPerSecond, Int(Double(report.ledger.totalMessages) / seconds))
        } setup: {
            cluster(ranks, algorithm, interconnect, threads: 1, inRounds: false)
        }
    }
    registerLargeStep()
}

/// - Parameter inRounds: whether messages may be played as a whole.
private func cluster(
    _ ranks: Int, _ algorithm: AllReduceAlgorithm, _ interconnect: Interconnect = .plain, threads: Int, inRounds: Bool
) -> SimulatedFabric {
    var fabric = SimulatedFabric(
        nodes: ClusterPresets.ethernet1G.nodes(ranks: ranks, server: nil, seeds: SeedSequence(1)),
        interconnect: interconnect,
        compute: ComputeModel(.reference, flopsPerSample: 1, parameters: 64), allReduce: algorithm,
        seeds: SeedSequence(1), pool: HostPool(threads: threads))
    if !inRounds { fabric.fewestMessagesPlayedInRounds = .max }
    return fabric
}

/// A data-parallel step of mnist-2nn on 1,024 simulated nodes with a batch of 8 each, on two host threads: gradients of
/// 8,192 samples, their sum, and the 2,095,104 messages of a ring, as a whole and one by one.
private func registerLargeStep() {
    let ranks = 1024
    for inRounds in [true, false] {
        Benchmark("Step of mnist-2nn on 1,024 simulated nodes\(inRounds ? "" : ", message by message")") {
            _, step in
            _ = try cluster(ranks, .ring, threads: 2, inRounds: inRounds).run { rank in
                let index = rank.index
                try await rank.allReduce(
                    .sum, count: step.parameters.count, computing: .step(samples: 8), purpose: .gradient,
                    contribution: { step.differentiate(part: index, of: ranks, into: $0) },
                    update: { gradient, range in
                        step.optimizer.step(step.parameters, gradient, rate: 1e-6, in: range)
                    })
            }
        } setup: {
            LargeStep()
        }
    }
}

/// The model that all ranks share, and the data.
///
/// `@unchecked Sendable`: gradients are computed while nobody changes the parameters.
private final class LargeStep: @unchecked Sendable {
    private let network = (try? TrainingTask.named("mnist-2nn").network) ?? TrainingTask.all[0].network
    private let dataset: Dataset
    private let workspaces: WorkspacePool
    let parameters: ParameterVector
    let optimizer: SGD

    init() {
        dataset = syntheticDataset(network.input, classCount: network.labelCount)
        workspaces = WorkspacePool(for: network)
        parameters = network.initialParameters(.he, seeds: SeedSequence(1))
        optimizer = SGD(SGD.Configuration(), parameterCount: parameters.count)
    }

    func differentiate(part: Int, of parts: Int, into gradient: ParameterVector) {
        workspaces.withWorkspace(capacity: 8) { workspace in
            dataset.gather(Int32(8 * part)..<Int32(8 * part + 8), into: workspace.batch)
            _ = network.lossAndGradient(of: workspace, dividedBy: 8 * parts, at: parameters, into: gradient)
        }
    }
}
