import Benchmark
import Fabrics
import Kernel

/// An all-reduce between two threads, for the gradients of mnist-2nn and mnist-cnn: one of a thousand in a row, by the
/// clock of rank 0. The threads' start and a first all-reduce are not measured.
func registerCollectives() {
    var configuration = Benchmark.defaultConfiguration
    configuration.scalingFactor = .kilo
    configuration.warmupIterations = 0
    configuration.maxDuration = .seconds(1)
    for count in [199_210, 1_663_370] {
        Benchmark("All-reduce on 2 threads, \(count) numbers", configuration: configuration) { benchmark, vectors in
            try measureAllReduce(benchmark) { rank in
                try await rank.allReduce(vectors[rank.index], .mean, purpose: .gradient)
            }
        } setup: {
            makeVectors(count)
        }
        Benchmark("All-reduce on 2 threads with SGD update, \(count) numbers", configuration: configuration) {
            benchmark, vectors in
            let (parameters, optimizer) = (vectors[2], SGD(SGD.Configuration(), parameterCount: count))
            try measureAllReduce(benchmark) { rank in
                try await rank.allReduce(vectors[rank.index], .mean, purpose: .gradient) { gradient, range in
                    optimizer.step(parameters, gradient, rate: 1e-6, in: range)
                }
            }
        } setup: {
            makeVectors(count)
        }
    }
}

/// The gradients of two ranks, and the model they share.
private func makeVectors(_ count: Int) -> [ParameterVector] { (0..<3).map { _ in randomVector(count) } }

private func measureAllReduce(
    _ benchmark: Benchmark, _ allReduce: @escaping @Sendable (any Rank) async throws -> Void
) throws {
    // Rank 0 alone uses it, while this thread waits for the ranks.
    nonisolated(unsafe) let benchmark = benchmark
    let repetitions = benchmark.scaledIterations
    _ = try ThreadFabric(ranks: 2).run { rank in
        try await allReduce(rank)
        try await rank.barrier()
        if rank.index == 0 { benchmark.startMeasurement() }
        for _ in repetitions { try await allReduce(rank) }
        if rank.index == 0 { benchmark.stopMeasurement() }
    }
}
