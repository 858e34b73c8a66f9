public import Datasets
public import Fabrics
public import Kernel
public import Randomness

/// A strategy without a server whose nodes have data and models of their own. What it is as a strategy follows from the options
/// of nodes.
public protocol NodeStrategy: Strategy {
    var configuration: TrainingConfiguration { get }
    var nodeOptions: NodeOptions { get }
    /// What each node keeps between rounds beside its model and its optimizer's state.
    var ownState: [StateDeclaration] { get }

    /// Vectors of the model's size that a node needs during a round beside those.
    var scratchVectors: Int { get }

    /// Vectors of the model's size in what a node has sent last, which stay as they were while its model changes.
    var messageVectors: Int { get }

    /// What each node trains on: its objective, or less where it keeps some of its samples for another purpose.
    ///
    /// - Throws: ``DataError`` where the partition or the options do not fit the data.
    func trainingObjectives(for run: TrainingRun) throws(DataError) -> [NodeObjective]
}

/// One whose nodes exchange with neighbours in rounds. It says what is special about it.
public protocol PeerStrategy: NodeStrategy {
    /// Who exchanges with whom.
    ///
    /// - Throws: ``OverlayError`` where the nodes cannot exchange as the options say.
    func schedule(_ seeds: SeedSequence) throws(OverlayError) -> any PeerSchedule

    /// What the strategy does in a run.
    ///
    /// - Parameter state: as declared.
    func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule
}

extension NodeStrategy {
    public var ownState: [StateDeclaration] { [] }
    public var scratchVectors: Int { 0 }
    public var messageVectors: Int { 1 }

    public func trainingObjectives(for run: TrainingRun) throws(DataError) -> [NodeObjective] {
        try run.nodeObjectives(partition: nodeOptions.partition, among: nodeOptions.workers)
    }

    public var rankCount: Int { nodeOptions.workers }
    public var modelsOfNodes: Bool { true }
    public var stepBatch: Int? { nodeOptions.localBatch }
    public var dataOfRanks: DataOfRanks? { DataOfRanks(nodeOptions.partition, ranks: 0..<rankCount) }
    public func longestRound(trainingSamples: Int) -> Int {
        let samples = configuration.mostSamplesOfNodes(trainingSamples: trainingSamples)
        return nodeOptions.syncEvery * min(rankCount * (nodeOptions.localBatch ?? samples), samples)
    }
    public var state: [StateDeclaration] { PeerLoop.state(configuration) + ownState }

    public var vectorCount: Int { rankCount * (state.vectorsOfEachWorker + scratchVectors + messageVectors) }

    public func memoryNeed(ofRank rank: Int, _ network: any Objective, samples: Int) -> MemoryNeed {
        .training(
            network, batch: min(nodeOptions.localBatch ?? samples, samples),
            keeping: state.vectorsOfEachWorker - 1 + scratchVectors + messageVectors)
    }
}

extension PeerStrategy {
    public var hasFixedSchedule: Bool { true }

    public func program(for run: TrainingRun) throws -> RankProgram {
        let state = NamedState(state, startingFrom: run.initialParameters)
        return try PeerLoop(run, nodeOptions, of: self).program(rule(for: run, state, schedule(run.seeds)))
    }

    public func problem(seed: UInt64) -> String? {
        do throws(OverlayError) {
            _ = try schedule(SeedSequence(seed))
            return nil
        } catch { return "\(error)" }
    }
}
