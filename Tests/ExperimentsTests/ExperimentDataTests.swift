import Datasets
import Locking
import Randomness
import Testing

@testable import Experiments
@testable import Tasks

/// Files are read once for all that an experiment or a study makes.
@Suite struct ExperimentDataTests {
    private static func task(_ data: TrainingTask.DataSource) -> TrainingTask {
        let digits = TrainingTask.digits
        return TrainingTask(
            name: "counted", summary: digits.summary, target: digits.target, network: digits.network,
            defaults: digits.defaults, data: data)
    }

    private func data(
        _ source: TrainingTask.DataSource, _ selection: SelectionSet = .test, keeping splits: Int = 1
    ) -> ExperimentData {
        ExperimentData(
            of: Self.task(source), in: DataDirectory(nil), selection, shuffles: true, keeping: splits)
    }

    @Test(arguments: [SelectionSet.test, .validation]) func aFixedSplitIsReadOnceForAllSeeds(_ selection: SelectionSet)
        throws
    {
        let reads = Guarded(0)
        let data = data(
            .fixedSplit { _ in
                reads.withLock { $0 += 1 }
                return try Digits.split(seeds: SeedSequence(9), shuffles: true)
            }, selection)
        let seeds: [UInt64] = [1, 2, 1, 3]
        let splits = try seeds.map { try data.split(seed: $0) }
        #expect(reads.withLock { $0 } == 1)
        let whole = try Digits.split(seeds: SeedSequence(9), shuffles: true)
        for (seed, split) in zip(seeds, splits) {
            let expected =
                selection == .test ? whole : whole.holdingOutValidation(seeds: SeedSequence(seed), shuffles: true)
            #expect(split.training.labels == expected.training.labels && split.test.labels == expected.test.labels)
        }
    }

    @Test func dataThatSeedsSplitAreReadOnceAndDrawnOnceWhileASeedIsInUse() throws {
        let (reads, draws) = (Guarded(0), Guarded<[UInt64]>([]))
        let data = data(
            .splitBySeed { _ in
                reads.withLock { $0 += 1 }
                let all = try Digits.load()
                return { seeds, shuffles in
                    draws.withLock { $0.append(seeds.seed) }
                    return Digits.split(all, seeds: seeds, shuffles: shuffles)
                }
            }, keeping: 2)
        for seed: UInt64 in [1, 1, 2, 1, 3, 1, 2] {
            let split = try data.split(seed: seed)
            let expected = try Digits.split(seeds: SeedSequence(seed), shuffles: true)
            #expect(split.training.labels == expected.training.labels && split.identity == Digits.identity)
        }
        #expect(reads.withLock { $0 } == 1)
        // The two that were asked for last are kept: 3 takes the place of 2, which is drawn again.
        #expect(draws.withLock { $0 } == [1, 2, 3, 2])
    }

    @Test func dataThatAreOthersForAnotherSeedAreRefused() throws {
        let data = data(
            .splitBySeed { _ in
                let all = try Digits.load()
                return { seeds, _ in
                    let count = seeds.seed == 7 ? all.count - 1 : all.count
                    return TrainTestSplit(training: all.selecting(1..<count), test: all.selecting([0]))
                }
            })
        _ = try data.split(seed: 1)
        _ = try data.split(seed: 2)
        let error = #expect(throws: ExperimentError.self) { try data.split(seed: 7) }
        #expect(error?.description.contains("they changed while they were used") == true)
    }
}
