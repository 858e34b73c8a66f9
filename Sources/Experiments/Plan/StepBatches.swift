import Strategies
import Tasks
import Training

extension TrainingTask.Defaults {
    /// The batches of the steps that strategies make where nobody says otherwise, each once.
    package var stepBatches: [Int] {
        StrategyRegistry.all.compactMap { strategy in
            (try? strategy.make(.plain, values(of: strategy.options)))?.stepBatch
        }.reduce(into: []) { batches, batch in if !batches.contains(batch) { batches.append(batch) } }
    }
}
