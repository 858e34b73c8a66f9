import Randomness
import Testing

@testable import Datasets

@Suite struct BatchSamplerTests {
    private func sampler(
        _ samples: Int, _ batch: Int, seed: UInt64 = 1, shuffles: Bool = true
    ) -> BatchSampler {
        BatchSampler(sampleCount: samples, batchSize: batch, seeds: SeedSequence(seed), shuffles: shuffles)
    }

    /// What a seed's epochs are: the shuffle of Python in `DrawTests`, by the stream of (seed 1, shuffle, epoch 2).
    @Test func theOrderOfAnEpochNeverChanges() {
        #expect(
            Array(sampler(16, 16).indices(step: 2)) == [7, 8, 2, 0, 12, 14, 10, 13, 3, 6, 9, 1, 15, 4, 11, 5])
    }

    @Test func everyEpochIsAPermutationCutIntoBatches() {
        for seed in 0..<20 {
            var stream = RandomStream(test: seed)
            let (samples, batch) = (stream.int(1...100), stream.int(1...120))
            let sampler = sampler(samples, batch, seed: UInt64(seed))
            let context = "seed \(seed): \(samples) samples, batch \(batch)"
            var epochs: [[Int32]] = []
            for epoch in 0..<3 {
                let steps = epoch * sampler.stepsPerEpoch..<(epoch + 1) * sampler.stepsPerEpoch
                let drawn = steps.map { Array(sampler.indices(step: $0)) }
                #expect(drawn.map(\.count) == steps.map { sampler.count(ofStep: $0) }, "\(context)")
                #expect(drawn.dropLast().allSatisfy { $0.count == min(batch, samples) }, "\(context)")
                epochs.append(drawn.flatMap { $0 })
                #expect(epochs[epoch].sorted() == Array(0..<Int32(samples)), "\(context)")
            }
            // Two of the three orders of 20 samples are alike once in 10^17 cases.
            if samples >= 20 { #expect(Set(epochs).count == 3, "\(context)") }
        }
    }

    @Test func lastBatchIsShort() {
        let sampler = sampler(10, 4)
        #expect(sampler.stepsPerEpoch == 3)
        #expect((0..<6).map { sampler.count(ofStep: $0) } == [4, 4, 2, 4, 4, 2])
        #expect((0..<6).map { sampler.indices(step: $0).count } == [4, 4, 2, 4, 4, 2])
    }

    @Test func batchLargerThanTheSetIsTheSet() {
        let sampler = sampler(10, 64)
        #expect(sampler.batchSize == 10 && sampler.stepsPerEpoch == 1 && sampler.indices(step: 5).count == 10)
    }

    @Test func partsTogetherAreTheBatchOfOnePart() {
        for seed in 0..<20 {
            var stream = RandomStream(test: seed)
            let (samples, batch, parts) = (stream.int(5...100), stream.int(1...30), stream.int(1...9))
            let (shared, alone) = (sampler(samples, batch), sampler(samples, batch))
            for step in 0..<3 * shared.stepsPerEpoch {
                let pieces = (0..<parts).map { Array(shared.indices(step: step, part: $0, of: parts)) }
                let context = "seed \(seed): \(samples) samples, batch \(batch), \(parts) parts, step \(step)"
                #expect(pieces.flatMap { $0 } == Array(alone.indices(step: step)), "\(context)")
                let sizes = pieces.map(\.count)
                #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1, "\(context)")
            }
        }
    }

    @Test func withoutShufflingEveryEpochIsTheFilesOrder() {
        let sampler = sampler(7, 3, shuffles: false)
        #expect(
            (0..<6).map { Array(sampler.indices(step: $0)) } == [
                [0, 1, 2], [3, 4, 5], [6], [0, 1, 2], [3, 4, 5], [6],
            ])
    }

    @Test func seedsGiveDifferentOrdersAndTheSameSeedTheSame() {
        let first = Array(sampler(50, 50, seed: 1).indices(step: 0))
        #expect(first == Array(sampler(50, 50, seed: 1).indices(step: 0)))
        #expect(first != Array(sampler(50, 50, seed: 2).indices(step: 0)))
        #expect(first != Array(0..<50))
    }

    @Test func batchesDoNotDependOnTheOrderOfQueries() {
        let steps = 0..<20
        let inOrder = sampler(30, 7)
        let expected = steps.map { Array(inOrder.indices(step: $0)) }
        for seed in 0..<5 {
            var stream = RandomStream(test: seed)
            let queried = sampler(30, 7)
            for step in (Array(steps) + steps + steps).shuffled(using: &stream) {
                #expect(Array(queried.indices(step: step)) == expected[step], "seed \(seed), step \(step)")
            }
        }
    }

    @Test func threadsThatShareASamplerSeeTheSameBatches() async {
        let shared = sampler(200, 16)
        let expected = (0..<40).map { Array(sampler(200, 16).indices(step: $0)) }
        await withTaskGroup(of: [[Int32]].self) { group in
            for _ in 0..<4 { group.addTask { (0..<40).map { Array(shared.indices(step: $0)) } } }
            for await batches in group { #expect(batches == expected) }
        }
    }
}
