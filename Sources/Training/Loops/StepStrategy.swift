public import Fabrics
public import Kernel

/// A strategy whose workers train in lockstep on parts of the same batches. It says what is special about it; all else follows
/// from the options of steps.
public protocol StepStrategy: Strategy {
    /// How models are trained, whatever the strategy.
    var configuration: TrainingConfiguration { get }
    /// Batch, workers, and how gradients are sent.
    var stepOptions: StepOptions { get }
    /// H, steps from one all-reduce to the next.
    var stepsPerUpdate: Int { get }

    /// What the strategy does in a run.
    ///
    /// - Parameter state: as declared.
    func rule(for run: TrainingRun, _ state: NamedState) -> any StepRule
}

extension StepStrategy {
    public var stepsPerUpdate: Int { 1 }

    public var rankCount: Int { stepOptions.workers }
    public var stepBatch: Int? { stepOptions.batch }
    public var sharesBatch: Bool { true }
    public var usesAllReduce: Bool { true }
    public func longestRound(trainingSamples: Int) -> Int { stepsPerUpdate * stepOptions.batch }
    public var hasFixedSchedule: Bool { true }

    public var batchSizes: [Int] {
        let (size, rest) = stepOptions.batch.quotientAndRemainder(dividingBy: rankCount)
        return rest == 0 ? [size] : [size, size + 1]
    }

    /// Vectors of the model's size that exist at once: what all ranks hold alike, what each has of its own, and a
    /// contribution for each thread. Fewer contributions of simulated ranks exist at once.
    public var vectorCount: Int {
        state.commonVectors + rankCount * state.vectorsOfEachWorker
            + min(rankCount, maximumThreadRanks)
    }

    public func memoryNeed(ofRank rank: Int, _ network: any Objective, samples: Int) -> MemoryNeed {
        let batch = (0..<stepOptions.batch).part(rank, of: rankCount).count
        return .training(network, batch: batch, keeping: state.commonVectors + state.vectorsOfEachWorker - 1)
    }

    public func program(for run: TrainingRun) throws -> RankProgram {
        try StepLoop(
            run, batch: stepOptions.batch, stepsPerUpdate: stepsPerUpdate,
            overlap: stepsPerUpdate == 1 ? stepOptions.overlap : nil
        ).program(rule(for: run, NamedState(state, startingFrom: run.initialParameters)))
    }
}
