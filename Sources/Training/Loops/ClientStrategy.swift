public import Fabrics
public import Kernel

/// A strategy with a server, which is rank 0, and clients with data of their own. It says what is special about it; all else
/// follows from the options of clients.
public protocol ClientStrategy: Strategy {
    /// How models are trained, whatever the strategy.
    var configuration: TrainingConfiguration { get }
    /// Clients, rounds and local steps.
    var clientOptions: ClientOptions { get }
    /// What server and clients keep between rounds beside the server's model.
    var ownState: [StateDeclaration] { get }

    /// What the strategy does in a run.
    ///
    /// - Parameter state: as declared.
    func rule(for run: TrainingRun, _ state: NamedState) -> any ClientRule
}

extension ClientStrategy {
    public var ownState: [StateDeclaration] { [] }

    public var rankCount: Int { clientOptions.clients + 1 }
    public var serverRanks: [Int] { [0] }
    public var concurrentWorkers: Int { clientOptions.cohortSize }
    public var stepBatch: Int? { clientOptions.localBatch }
    public var batchSizes: [Int] { clientOptions.localBatch.map { [$0] } ?? [] }
    public var dataOfRanks: DataOfRanks? { DataOfRanks(clientOptions.partition, ranks: 1..<rankCount) }
    public func longestRound(trainingSamples: Int) -> Int {
        clientOptions.localEpochs * configuration.mostSamplesOfNodes(trainingSamples: trainingSamples)
    }
    public var hasFixedSchedule: Bool { true }
    public var state: [StateDeclaration] { ClientRounds.state(clientOptions) + ownState }

    /// Vectors of the model's size that exist at once. The server's state and an aggregate; what every client keeps;
    /// and for every client of a round its model and what its steps need, though for no more clients than a server adds
    /// up at once.
    public var vectorCount: Int {
        let perClient = 2 + configuration.optimizer.stateVectorCount
        return 1 + state.commonVectors + clientOptions.clients * state.vectorsOfEachWorker
            + min(clientOptions.cohortSize, ClientRounds.parts) * perClient
    }

    public func memoryNeed(ofRank rank: Int, _ network: any Objective, samples: Int) -> MemoryNeed {
        guard rank != 0 else { return .averaging(network, keeping: state.commonVectors - 1) }
        return .training(
            network, batch: min(clientOptions.localBatch ?? samples, samples),
            keeping: configuration.optimizer.stateVectorCount + state.vectorsOfEachWorker)
    }

    public func program(for run: TrainingRun) throws -> RankProgram {
        try ClientRounds(run, clientOptions, of: self)
            .program(rule(for: run, NamedState(state, startingFrom: run.initialParameters)))
    }
}
