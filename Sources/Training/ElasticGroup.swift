import Cluster
import Datasets
import Fabrics

/// Where a rank of a data-parallel strategy is in its samples, and among how many it shares the global batch: after a
/// dropout among those that remain, as in elastic training (A. Sergeev and M. Del Balso 2018, *Horovod*, whose Elastic
/// Horovod goes on from the last state that all have committed; PyTorch's TorchElastic starts the workers anew).
///
/// The batch stays the same, and so do learning rate and loss, to rounding; what changes is how many share it. A step
/// counts when all ranks that remain have its sum; if one of them has not, all repeat it.
package struct ElasticGroup {
    /// Steps that are done.
    package private(set) var round: Int
    /// Samples that all ranks have trained on in them, and before the last.
    package private(set) var samples: Int
    package private(set) var samplesBefore: Int
    /// This rank among those that share the batch.
    private var place: Int
    private var count: Int
    private let sampler: BatchSampler

    /// - Parameter start: nil for the beginning.
    package init(_ rank: any Rank, _ sampler: BatchSampler, from start: RunPosition? = nil) {
        (place, count) = (rank.index, rank.count)
        self.sampler = sampler
        (round, samples) = (start?.round ?? 0, start?.samples ?? 0)
        samplesBefore = round == 0 ? 0 : samples - sampler.count(ofStep: round - 1)
    }

    package var position: RunPosition { RunPosition(round: round, samples: samples) }

    /// Whether this is the lowest rank that remains, which evaluates.
    package var isFirst: Bool { place == 0 }

    /// Samples of the next step's global batch, and this rank's.
    package var stepCount: Int { sampler.count(ofStep: round) }
    package var indices: ArraySlice<Int32> { sampler.indices(step: round, part: place, of: count) }

    package mutating func finishStep() {
        samplesBefore = samples
        samples += stepCount
        round += 1
    }

    /// - Parameter members: ascending; every rank of thousands looks for itself.
    private static func place(of rank: Int, among members: [Int]) -> Int {
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle] < rank { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Agrees with the ranks that remain on the step to go on with.
    package mutating func recover(_ rank: any Rank, _ run: TrainingRun) async throws {
        while true {
            do {
                let agreed = try await rank.regroup(at: round)
                // Nobody can be more than a step ahead of another, who is needed for the next.
                while round > agreed {
                    round -= 1
                    samples -= stepCount
                }
                samplesBefore = round == 0 ? 0 : samples - sampler.count(ofStep: round - 1)
                let members = rank.members
                (place, count) = (Self.place(of: rank.index, among: members), members.count)
                if isFirst, samples < run.sampleBudget { run.lose(samples: stepCount) }
                return
            } catch FabricError.rankLeft {
                continue
            }
        }
    }
}
