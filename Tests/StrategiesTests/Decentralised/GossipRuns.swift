import Cluster
import Datasets
import Fabrics
import Kernel
import Randomness

@testable import Strategies
@testable import Training

/// Runs of gossip whose state a test can look at and begin with.
enum GossipRuns {
    typealias Outcome = PeerRuns.Outcome

    /// - Parameters:
    ///   - nodes: nil for equal machines on one switch.
    ///   - memoryBytes: of each rank; empty where memory is not checked.
    ///   - prepare: changes the state that the run begins with.
    static func play(
        _ strategy: Gossip, seed: UInt64 = 1, nodes: [Node]? = nil, jitter: Jitter = .none,
        slowdowns: RankSlowdowns? = nil, departures: [Departure] = [], memoryBytes: [Int?] = [], hostThreads: Int = 2,
        on carrier: TestRuns.Carrier = .simulated, prepare: (NamedState) -> Void = { _ in }
    ) throws -> Outcome {
        try BLAS.useOneThreadPerCaller()
        let (seeds, ranks, network) = (SeedSequence(seed), strategy.rankCount, TestRuns.network)
        let run = TrainingRun(
            network: network, data: try Digits.split(seeds: seeds, shuffles: true),
            configuration: strategy.configuration, initialParameters: network.initialParameters(.he, seeds: seeds),
            seeds: seeds, shuffles: true, ranks: ranks, workspaces: WorkspacePool(for: network),
            mayStop: !departures.isEmpty, memoryBytes: memoryBytes)
        let state = NamedState(strategy.state, startingFrom: run.initialParameters)
        prepare(state)
        let fabric: any Fabric =
            switch carrier {
            case .threads: try ThreadFabric(ranks: ranks)
            case .simulated:
                SimulatedFabric(
                    nodes: nodes ?? PeerRuns.nodes(ranks), jitter: jitter, compute: TestRuns.compute,
                    slowdowns: slowdowns, seeds: seeds, departures: departures, pool: HostPool(threads: hostThreads))
            }
        let report = try fabric.run(strategy.program(for: run, state))
        return Outcome(run: run, record: run.result, report: report, state: state)
    }

    /// Equal machines on links that take no time.
    static func withoutLatency(_ count: Int) -> [Node] {
        Array(repeating: Node(link: Link(latencySeconds: 0, bytesPerSecond: 1e15)), count: count)
    }
}

extension Gossip {
    /// - Parameter rounds: how many rounds each node makes, each of `syncEvery` steps of 10 samples.
    init(
        _ exchange: Exchange, workers: Int, rounds: Int, rate: Double = 0.1, syncEvery: Int = 1,
        momentum: Float = 0, _ change: (inout Options) -> Void = { _ in }
    ) {
        let shared = PeerRuns.configuration(
            rounds: rounds, workers: workers, syncEvery: syncEvery, rate: rate, momentum: momentum)
        self.init(exchange, workers: workers, shared, syncEvery: syncEvery, change)
    }

    init(
        _ exchange: Exchange, workers: Int, _ configuration: TrainingConfiguration, syncEvery: Int = 1,
        _ change: (inout Options) -> Void = { _ in }
    ) {
        var options = Options()
        options.nodes = NodeOptions(workers: workers, syncEvery: syncEvery)
        options.exchange = exchange
        change(&options)
        self.init(configuration: configuration, options: options)
    }
}
