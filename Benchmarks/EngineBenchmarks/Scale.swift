import Benchmark
import Cluster
import Fabrics
import Kernel
import Randomness

/// Memory of ranks that exist at once, most of them waiting, and time to start, ask and end them: a server that sends a
/// model of mnist-softmax to a hundred clients of 100,000 and gets it back, then all of them meet in a barrier of 1.7
/// million messages.
func registerScale() {
    var configuration = Benchmark.defaultConfiguration
    configuration.metrics = [.wallClock, .peakMemoryResident]
    configuration.timeUnits = .milliseconds
    configuration.warmupIterations = 0
    configuration.maxIterations = 3
    configuration.maxDuration = .seconds(10)
    for barriers in [0, 1] {
        Benchmark(
            "100,000 ranks, a round of 100\(barriers == 0 ? "" : " and a barrier of all")", configuration: configuration
        ) { _, fabric in
            _ = try fabric.run { rank in
                if rank.index == 0 {
                    try await serve(rank)
                } else {
                    try await answer(rank, isAsked: rank.index % 1000 == 1)
                }
                for _ in 0..<barriers { try await rank.barrier() }
            }
        } setup: {
            SimulatedFabric(
                nodes: ClusterPresets.phones4G.nodes(ranks: 100_000, server: 0, seeds: SeedSequence(1)),
                compute: ComputeModel(.reference, flopsPerSample: 1, parameters: 64), seeds: SeedSequence(1),
                pool: HostPool(threads: 1))
        }
    }
}

private func serve(_ rank: any Rank) async throws {
    let model = ParameterVector(count: 7850)
    for client in stride(from: 1, to: rank.count, by: 1000) {
        try await rank.send(Message(model, purpose: .modelDown, direction: .downlink), to: client)
    }
    for client in stride(from: 1, to: rank.count, by: 1000) { _ = try await rank.receive(from: client) }
    // The others wait for their turn, which does not come.
    for client in 1..<rank.count where client % 1000 != 1 {
        try await rank.send(Message(ParameterVector([0]), purpose: .control, direction: .downlink), to: client)
    }
}

private func answer(_ rank: any Rank, isAsked: Bool) async throws {
    guard let message = try await rank.receive(from: 0), isAsked else { return }
    try await rank.send(Message(message.vector, purpose: .modelUp, direction: .uplink), to: 0)
}
