import Strategies
import Tasks
import Training

extension TrainingTask.Defaults {
    /// The step batches of the strategies with the task's defaults, each once.
    package var stepBatches: [Int] {
        StrategyRegistry.all.compactMap { strategy in
            (try? strategy.make(.plain, values(of: strategy.options)))?.stepBatch
        }.reduce(into: []) { batches, batch in if !batches.contains(batch) { batches.append(batch) } }
    }
}
