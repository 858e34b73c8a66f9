import Benchmark
import Cluster
import Fabrics
import Kernel
import Randomness

/// Messages that the simulator plays in a second of host time, on one thread.
private let messagesPerSecond = BenchmarkMetric.custom(
    "Messages per second", polarity: .prefersLarger, useScalingFactor: false)

/// All-reduces of short vectors on simulated clusters: next to no arithmetic, so that the time is that of the messages.
/// The job, whose wall clock is measured too, starts its ranks and ends them.
func registerSimulations() {
    for (ranks, algorithm, times) in [
        (64, AllReduceAlgorithm.ring, 10), (64, .tree, 100), (1000, .recursiveDoubling, 5),
    ] {
        var configuration = Benchmark.defaultConfiguration
        configuration.metrics = [.wallClock, messagesPerSecond]
        Benchmark(
            "Simulation of \(times) all-reduces by \(algorithm.rawValue) on \(ranks) ranks",
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
            SimulatedFabric(
                nodes: ClusterPresets.ethernet1G.nodes(ranks: ranks, server: nil),
                compute: ComputeModel(.reference, flopsPerSample: 1, parameters: 64), allReduce: algorithm,
                seeds: SeedSequence(1), pool: HostPool(threads: 1))
        }
    }
}
