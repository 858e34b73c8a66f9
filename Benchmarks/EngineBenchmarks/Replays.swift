import Benchmark
import Cluster
import Fabrics
import Kernel
import Randomness

/// Clusters on which one recorded run is priced in a second of host time, on one thread.
private let clustersPerSecond = BenchmarkMetric.custom(
    "Clusters per second", polarity: .prefersLarger, useScalingFactor: false)

/// 100 steps of mnist-2nn on 8 nodes, every 23rd with a short batch, priced on clusters of 100 different latencies. With
/// jitter nothing repeats, so that every message is played.
func registerReplays() {
    for (algorithm, jitter) in [
        (AllReduceAlgorithm.ring, Jitter.none), (.recursiveDoubling, .none), (.tree, .none), (.parameterServer, .none),
        (.ring, .logNormal(sigma: 0.2)),
    ] {
        var configuration = Benchmark.defaultConfiguration
        configuration.metrics = [.wallClock, clustersPerSecond]
        Benchmark(
            "Replay of 100 steps on 8 ranks, \(algorithm.rawValue), jitter \(jitter)", configuration: configuration
        ) { benchmark, recorded in
            let clock = ContinuousClock()
            let start = clock.now
            for index in 1...100 {
                let cluster = fabric(algorithm, latencySeconds: Double(index) * 1e-5, jitter)
                blackHole(try cluster.replay(recorded).seconds)
            }
            benchmark.measurement(clustersPerSecond, Int(100 / ((clock.now - start) / .seconds(1))))
        } setup: {
            try recordSteps(algorithm)
        }
    }
}

private func fabric(
    _ allReduce: AllReduceAlgorithm, latencySeconds: Double, _ jitter: Jitter = .none
) -> SimulatedFabric {
    SimulatedFabric(
        nodes: Array(repeating: Node(link: Link(latencySeconds: latencySeconds, bytesPerSecond: 125e6)), count: 8),
        jitter: jitter, compute: ComputeModel(.reference, flopsPerSample: 1.2e6, parameters: 199_210),
        allReduce: allReduce, seeds: SeedSequence(1), pool: HostPool(threads: 1))
}

private func recordSteps(_ allReduce: AllReduceAlgorithm) throws -> Schedule {
    var fabric = fabric(allReduce, latencySeconds: 250e-6)
    let recorder = ScheduleRecorder(ranks: 8)
    fabric.observer = recorder
    _ = try fabric.run { rank in
        // The messages of so many numbers, without numbers to add.
        let gradient = ParameterVector(count: 199_210)
        for step in 0..<100 {
            try await rank.compute(.step(samples: step % 23 == 22 ? 4 : 8)) {}
            try await rank.allReduce(gradient, .sum, purpose: .gradient) { _, _ in }
        }
    }
    guard let schedule = recorder.schedule else { fatalError("100 steps are too long to record") }
    return schedule
}
