internal import Kernel
import Locking
public import Randomness

/// Which samples make up the global batch of each step: every epoch is a permutation of the training set, drawn from
/// (seed, epoch) and cut into batches; the last one may be short.
///
/// Shared by all ranks of a run, so that N ranks with a batch of B/N see exactly the samples that one rank with a
/// batch of B sees, and so that a permutation is drawn once and not once a rank.
public final class BatchSampler: Sendable {
    /// Samples of an epoch.
    public let sampleCount: Int
    /// B, samples of a step; the last step of an epoch may have fewer.
    public let batchSize: Int
    private let seeds: SeedSequence
    private let shuffles: Bool
    /// The permutations in use: ranks are at most one epoch apart.
    private let recent = Guarded<[(epoch: Int, order: [Int32])]>([])

    /// - Parameter shuffles: false to take samples in their order, the same in every epoch.
    public init(sampleCount: Int, batchSize: Int, seeds: SeedSequence, shuffles: Bool) {
        precondition(sampleCount > 0 && batchSize > 0, "batches of \(batchSize) from \(sampleCount) samples")
        self.sampleCount = sampleCount
        self.batchSize = min(batchSize, sampleCount)
        self.seeds = seeds
        self.shuffles = shuffles
    }

    /// ⌈samples / B⌉
    public var stepsPerEpoch: Int { (sampleCount + batchSize - 1) / batchSize }

    /// The number of samples of a step's global batch.
    public func count(ofStep step: Int) -> Int {
        min(batchSize, sampleCount - (step % stepsPerEpoch) * batchSize)
    }

    /// The samples of one rank's part of a step's global batch; parts differ by one sample at most.
    public func indices(step: Int, part: Int = 0, of parts: Int = 1) -> ArraySlice<Int32> {
        let (epoch, position) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        let start = position * batchSize
        return order(ofEpoch: epoch)[(start..<start + count(ofStep: step)).part(part, of: parts)]
    }

    private func order(ofEpoch epoch: Int) -> [Int32] {
        recent.withLock { recent in
            if let known = recent.first(where: { $0.epoch == epoch }) { return known.order }
            var order = [Int32](0..<Int32(sampleCount))
            if shuffles {
                var stream = seeds.stream(.shuffle, epoch)
                stream.shuffle(&order)
            }
            recent = recent.suffix(1) + [(epoch, order)]
            return order
        }
    }
}
