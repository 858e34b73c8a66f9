import Datasets
import Locking
import Randomness
import Tasks

/// The data of an experiment or of all trials of a study. Files are read once, whoever asks for them; of the splits
/// that seeds drew from them, the latest are kept.
package final class ExperimentData: Sendable {
    private struct State {
        var splitter: TrainingTask.Splitter?
        /// Identity of the first seed's data; the data of other seeds must have the same.
        var identity: DataIdentity?
        /// The splits that are kept, the latest one last.
        var splits: [(seed: UInt64, split: TrainTestSplit)] = []
    }

    private let task: TrainingTask
    private let directory: DataDirectory
    private let selection: SelectionSet
    private let shuffles: Bool
    private let objectives: String?
    private let mostSplits: Int
    private let state = Guarded(State())

    /// - Parameters:
    ///   - selection: what accuracy is measured on.
    ///   - objectives: the objectives of the experiment's nodes, for which the data may have to be split in another
    ///     way.
    ///   - mostSplits: how many seeds' splits are kept, for runs that take turns.
    package init(
        of task: TrainingTask, in directory: DataDirectory, _ selection: SelectionSet, shuffles: Bool,
        objectives: String? = nil, keeping mostSplits: Int = 1
    ) {
        self.task = task
        self.directory = directory
        self.selection = selection
        self.shuffles = shuffles
        self.objectives = objectives
        self.mostSplits = mostSplits
    }

    /// What runs with this seed train on and are measured on.
    ///
    /// - Throws: what is wrong with the files, or ``ExperimentError`` where another seed's data had another identity.
    package func split(seed: UInt64) throws -> TrainTestSplit {
        try state.withLock { state in
            let split: TrainTestSplit
            if let index = state.splits.firstIndex(where: { $0.seed == seed }) {
                split = state.splits.remove(at: index).split
            } else {
                split = try drawn(SeedSequence(seed), &state)
            }
            state.splits.append((seed, split))
            state.splits.removeFirst(max(0, state.splits.count - mostSplits))
            return split
        }
    }

    private func drawn(_ seeds: SeedSequence, _ state: inout State) throws -> TrainTestSplit {
        let splitter = try state.splitter ?? read()
        state.splitter = splitter
        var split = try splitter(seeds, shuffles)
        if let objectives { split = try Objectives.parse(objectives).prepared(split, seeds: seeds, shuffles: shuffles) }
        try split.identity.check(isStill: state.identity ?? split.identity)
        state.identity = split.identity
        return selection == .test ? split : split.holdingOutValidation(seeds: seeds, shuffles: shuffles)
    }

    private func read() throws -> TrainingTask.Splitter {
        switch task.data {
        case .fixedSplit(let read):
            let split = try read(directory)
            return { _, _ in split }
        case .splitBySeed(let read): return try read(directory)
        }
    }
}
