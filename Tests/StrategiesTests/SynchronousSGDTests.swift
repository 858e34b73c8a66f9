import Kernel
import Testing

@testable import Strategies

@Suite(.timeLimit(.minutes(60)))
struct SynchronousSGDTests {
    /// An epoch is 23 steps. Each changes a parameter by rate * gradient, and adding the parts in another order changes
    /// a gradient of size 1 by a few times 2^-24; 1e-4 is a thousand times that over the steps, and far below what one
    /// wrong sample makes (rate / batch = 5e-3).
    private static let rounding: Float = 1e-4

    @Test(arguments: [2, 3, 8])
    func manyRanksWithABatchSplitEqualOneRankWithTheWholeBatch(workers: Int) throws {
        let configuration = TestRuns.configuration(momentum: 0.9)
        let one = try TestRuns.run(SynchronousSGD(configuration, workers: 1), configuration)
        let many = try TestRuns.run(SynchronousSGD(configuration, workers: workers), configuration)
        let distance = TestRuns.distance(one.parameters, many.parameters)
        #expect(distance < Self.rounding, "\(workers) workers")
        #expect(one.record.evaluations.map(\.samples) == many.record.evaluations.map(\.samples))
        for (first, second) in zip(one.record.stepLosses, many.record.stepLosses) {
            #expect(abs(first - second) < 1e-4)
        }
    }

    @Test func aBatchThatDoesNotDivideIsSplitExactly() throws {
        // 65 among 8: seven ranks of 8 and one of 9; a mean of means would weigh the nine too little.
        let configuration = TestRuns.configuration(batch: 65)
        let one = try TestRuns.run(SynchronousSGD(configuration, workers: 1), configuration)
        let many = try TestRuns.run(SynchronousSGD(configuration, workers: 8), configuration)
        #expect(TestRuns.distance(one.parameters, many.parameters) < Self.rounding)
    }

    @Test(arguments: [1, 2, 3, 5])
    func threadsEqualSimulatedNodesBitForBit(workers: Int) throws {
        let configuration = TestRuns.configuration(momentum: 0.5)
        let strategy = SynchronousSGD(configuration, workers: workers)
        let threads = try TestRuns.run(strategy, configuration, on: .threads)
        let simulated = try TestRuns.run(strategy, configuration)
        #expect(threads.parameters == simulated.parameters)
        #expect(threads.record.stepLosses == simulated.record.stepLosses)
        #expect(threads.record.evaluations.map(\.testAccuracy) == simulated.record.evaluations.map(\.testAccuracy))
    }

    @Test func aThousandRanksTrain() throws {
        let configuration = TestRuns.configuration(batch: 1_437, epochs: 1, workers: 1_000)
        let outcome = try TestRuns.run(SynchronousSGD(configuration, workers: 1_000), configuration)
        #expect(outcome.record.stepLosses.count == 1)
        #expect(outcome.record.evaluations.last?.samples == 1_437)
        // One step of a ring: 2 (n - 1) messages a rank.
        #expect(outcome.report.ledger.totalMessages == 1_000 * 2 * 999)
    }

    @Test func samplesWithoutShufflingComeInFileOrder() throws {
        let configuration = TestRuns.configuration(batch: 100)
        let strategy = SynchronousSGD(configuration, workers: 1)
        let outcome = try TestRuns.run(strategy, configuration, seed: 1, shuffles: false)
        let sampler = outcome.run.sampler(batch: 100)
        #expect(Array(sampler.indices(step: 0)) == Array(0..<100))
        // The split is the file's, too: nothing but the initial weights depends on the seed.
        let first = outcome.run.data.training.labels.prefix(10)
        #expect(Array(first) == Array(0...9))
    }

    @Test func theLearningRateFollowsTheSchedule() throws {
        let constant = TestRuns.configuration()
        let cosine = TestRuns.configuration(decay: .cosine)
        let first = try TestRuns.run(SynchronousSGD(constant, workers: 1), constant)
        let second = try TestRuns.run(SynchronousSGD(cosine, workers: 1), cosine)
        #expect(first.parameters != second.parameters)
        // The middle of the work counts: the last step is not lost, half of the way is half of the rate.
        #expect(second.run.learningRate(from: 1_400, to: 1_437) > 0)
        #expect(abs(second.run.learningRate(from: 0, to: 1_437) - 0.15) < 1e-6)
        #expect(first.run.learningRate(from: 1_400, to: 1_437) == 0.3)
    }
}
