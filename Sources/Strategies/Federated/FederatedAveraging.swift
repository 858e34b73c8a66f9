public import Fabrics
public import Kernel
public import Training

/// FederatedAveraging, algorithm 1 of B. McMahan, E. Moore, D. Ramage, S. Hampson and B. Agüera y Arcas 2017,
/// *Communication-Efficient Learning of Deep Networks from Decentralized Data* (AISTATS).
///
/// Rank 0 is the server, ranks 1...K are the clients. Each round t:
///
///     m ← max(C * K, 1);  S_t ← random set of m clients
///     each k in S_t:  w_k ← ClientUpdate(k, w_t): E epochs of SGD in batches of B over the client's own n_k samples
///     w_{t+1} ← Σ_{k in S_t} n_k / n * w_k,  n = Σ_{k in S_t} n_k
///
/// Clients may leave (as the devices of K. Bonawitz et al. 2019, *Towards Federated Learning at Scale*, section 2.2): then
/// S_t in the last line is of those whose update was received; a round in which nobody answers changes nothing; and later
/// rounds are drawn from the clients that the server does not know to have left. Without clients, or without the server,
/// the run ends.
public struct FederatedAveraging: Strategy {
    static let federated = StrategyDescription(
        name: "federated",
        summary: "FederatedAveraging: clients train several epochs on their own data between averages",
        source: "McMahan et al. 2017, algorithm 1", family: .federated, defaultCluster: "phones-4g",
        defaultRate: .local, isWayOfTheField: true, make: FederatedAveraging.init)

    private let configuration: TrainingConfiguration
    private let options: ClientOptions

    public init(_ configuration: TrainingConfiguration, _ options: ClientOptions) {
        self.configuration = configuration
        self.options = options
    }

    public var rankCount: Int { options.clients + 1 }
    public var serverRanks: [Int] { [0] }
    public var stepBatch: Int? { options.localBatch }
    public var dataOfRanks: DataOfRanks? { DataOfRanks(options.partition, ranks: 1..<rankCount) }
    public func longestRound(trainingSamples: Int) -> Int { options.localEpochs * trainingSamples }
    public var concurrentWorkers: Int { options.cohortSize }
    public var vectorCount: Int { ClientRounds.vectorCount(configuration, options) }
    public var batchSizes: [Int] { options.localBatch.map { [$0] } ?? [] }
    public var hasFixedSchedule: Bool { true }
    public var state: [StateDeclaration] { ClientRounds.state(options) }

    public func memoryNeed(ofRank rank: Int, _ network: Network, samples: Int) -> MemoryNeed {
        rank == 0
            ? .averaging(network)
            : .training(
                network, batch: min(options.localBatch ?? samples, samples),
                keeping: StateDeclaration.velocity(of: configuration.optimizer).count)
    }

    public func program(for run: TrainingRun) throws -> RankProgram {
        // S_t ← random set of m clients
        try ClientRounds(run, options, of: self)
            .program(Rule(state: NamedState(state, startingFrom: run.initialParameters)))
    }

    private struct Rule: ClientRule {
        let state: NamedState

        /// ClientUpdate(k, w_t): E epochs of SGD in batches of B over the client's own n_k samples
        func clientUpdate(_ client: ClientWork, from model: ParameterVector) -> ParameterVector {
            let local = client.localModel(from: model)
            for batch in client.batches { local.step(batch) }
            return local.finished()
        }

        /// n_k / n
        func weight(ofSamples samples: Int, total: Int, clients: Int) -> Float { Float(samples) / Float(total) }

        /// w_{t+1} ← Σ_{k in S_t} n_k / n * w_k
        func serverStep(_ aggregate: ParameterVector) { state.parameters.copy(from: aggregate) }
    }
}
