import Datasets
import Tasks

extension ExperimentPlan {
    /// Checks that options which a study chose are used on the data that the study was made on.
    func checkTuning(on data: DataIdentity) throws(ExperimentError) {
        for strategy in strategies {
            guard let tuning = strategy.tuning, let studied = tuning.data, studied != data else { continue }
            throw ExperimentError(
                """
                \(strategy.name): \(tuning.source) is a study on other data: \(studied.words), and here they are \
                \(data.words); options of one are not tuned for the other
                """)
        }
    }
}

extension DataIdentity {
    /// Checks that an experiment which continues has the data that it began with.
    func check(isThatOf results: Results) throws(ExperimentError) {
        guard let before = results.data, before != self else { return }
        throw ExperimentError(
            """
            the experiment was begun on other data: \(before.words), and now they are \(words). Allowed are the data \
            that it was begun with, or another folder of checkpoints
            """)
    }

    /// Checks that the data that are read again, for another seed, are those that were read first.
    func check(isStill first: DataIdentity) throws(ExperimentError) {
        guard first != self else { return }
        throw ExperimentError("the data were \(first.words), and are \(words) now: they changed while they were used")
    }
}
