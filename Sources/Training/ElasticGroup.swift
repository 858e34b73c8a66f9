import Cluster
import Datasets
import Fabrics

/// Where a rank of a data-parallel strategy is in its samples, and how many ranks share the global batches. After a
/// dropout the ranks that remain share them, as in elastic training (A. Sergeev and M. Del Balso 2018, *Horovod*, whose
/// Elastic Horovod goes on from the last state that all have committed; PyTorch's TorchElastic starts the workers
/// anew).
///
/// The batches stay the same, and so do learning rate and loss, to rounding; only the number of ranks that share them
/// changes. An update counts when all ranks that remain have its sum; if one of them has not, all repeat it.
struct ElasticGroup {
    /// Updates of the model that are done.
    private(set) var round: Int
    /// This rank's place among the `count` ranks that share the batches, from 0.
    private var place: Int
    private(set) var count: Int
    private let sampler: BatchSampler
    private let stepsPerUpdate: Int
    /// Steps until the sample budget is used up; the last update makes those that are left.
    private let allSteps: Int

    /// - Parameters:
    ///   - stepsPerUpdate: global batches that are trained on from one update to the next.
    ///   - budget: samples to train on.
    ///   - round: updates that are part of a checkpoint where the program starts at one.
    init(_ rank: any Rank, _ sampler: BatchSampler, stepsPerUpdate: Int = 1, budget: Int, from round: Int = 0) {
        (place, count) = (rank.index, rank.count)
        self.sampler = sampler
        self.stepsPerUpdate = stepsPerUpdate
        self.round = round
        allSteps = sampler.steps(toTrainOn: budget)
    }

    /// Steps that are done.
    var steps: Int { steps(after: round) }
    /// Samples that all ranks have trained on. `samplesBefore` leaves out the last update.
    var samples: Int { sampler.samples(beforeStep: steps) }
    var samplesBefore: Int { sampler.samples(beforeStep: steps(after: max(0, round - 1))) }
    func samples(beforeStep step: Int) -> Int { sampler.samples(beforeStep: step) }
    /// The steps of the next update.
    var nextSteps: Range<Int> { steps..<steps(after: round + 1) }

    private func steps(after round: Int) -> Int { min(round * stepsPerUpdate, allSteps) }

    var position: RunPosition { RunPosition(round: round, samples: samples) }

    /// Whether this is the lowest rank that remains, which evaluates.
    var isFirst: Bool { place == 0 }

    /// The rank's samples of a step's global batch.
    func indices(ofStep step: Int) -> ArraySlice<Int32> { sampler.indices(step: step, part: place, of: count) }

    mutating func finishUpdate() { round += 1 }

    /// - Parameter members: ascending. The search is binary, since each of thousands of ranks makes one.
    private static func place(of rank: Int, among members: [Int]) -> Int {
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle] < rank { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Agrees with the ranks that remain on the update to go on with.
    mutating func recover(_ rank: any Rank, _ run: TrainingRun) async throws {
        while true {
            do {
                // Nobody can be more than an update ahead of another, who is needed for the next.
                round = min(round, try await rank.regroup(at: round))
                let members = rank.members
                (place, count) = (Self.place(of: rank.index, among: members), members.count)
                if isFirst, !nextSteps.isEmpty {
                    run.lose(samples: sampler.samples(beforeStep: nextSteps.upperBound) - samples)
                }
                return
            } catch FabricError.rankLeft {
                continue
            }
        }
    }
}

extension BatchSampler {
    /// Samples of all steps before this one.
    fileprivate func samples(beforeStep step: Int) -> Int {
        let (epochs, rest) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        return epochs * sampleCount + rest * batchSize
    }

    /// The fewest steps with so many samples or more.
    fileprivate func steps(toTrainOn samples: Int) -> Int {
        let (epochs, rest) = samples.quotientAndRemainder(dividingBy: sampleCount)
        return epochs * stepsPerEpoch + (rest + batchSize - 1) / batchSize
    }
}
