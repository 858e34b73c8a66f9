import Benchmark
import Kernel

/// All benchmarks of the engine, on synthetic data. Every benchmark runs in a process of its own, which registers all
/// of them: what a benchmark needs is made in its setup.
let benchmarks: @Sendable () -> Void = {
    do {
        try BLAS.useOneThreadPerCaller()
    } catch {
        fatalError("\(error)")
    }
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], timeUnits: .microseconds, warmupIterations: 3,
        maxDuration: .milliseconds(300), maxIterations: 100_000)
    registerProducts()
    registerGathers()
    registerLayers()
    registerSteps()
    registerCollectives()
    registerSimulations()
    registerReplays()
    registerScale()
}
