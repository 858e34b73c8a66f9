import Fabrics
import Kernel
import Testing

@testable import Strategies
@testable import Training

@Suite struct LocalSGDTests {
    private func strategy(_ configuration: TestConfiguration, every steps: Int) -> LocalSGD {
        var options = LocalSGD.Options()
        (options.steps, options.workers) = (configuration.steps.steps, configuration.steps.workers)
        options.syncEvery = steps
        return LocalSGD(configuration: configuration.shared, options: options)
    }

    /// The mean of w - η N / |B| * (a part's sum) is w - η / |B| * (the sum); and so it stays with a momentum that no worker
    /// shares, which is linear. 65 samples among 4 workers are not alike. What differs is how 23 steps of gradients of size 1
    /// round, some 1e-6 with the rate of 0.3; a sample weighed wrongly moves a parameter by 0.3 / 65 = 5e-3.
    @Test(arguments: [1, 4], [Float(0), 0.9])
    func withAnAverageAfterEveryStepItIsSynchronousSGD(workers: Int, momentum: Float) throws {
        let configuration = TestRuns.configuration(batch: 65, workers: workers, momentum: momentum)
        let sync = try TestRuns.run(SynchronousSGD(configuration, workers: workers), configuration)
        let local = try TestRuns.run(strategy(configuration, every: 1), configuration)
        #expect(TestRuns.distance(local.parameters, sync.parameters) < 1e-4)
        #expect(local.record.evaluations.map(\.samples) == sync.record.evaluations.map(\.samples))
        #expect(zip(local.record.stepLosses, sync.record.stepLosses).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(local.report.ledger.totalBytes == sync.report.ledger.totalBytes)
        #expect(local.report.seconds == sync.report.seconds)
    }

    /// 23 steps an epoch are rounds of 5, 5, 5, 5 and 3, each with one all-reduce.
    @Test func anAverageIsMadeOnceInSoManySteps() throws {
        let configuration = TestRuns.configuration(workers: 4)
        let sync = try TestRuns.run(SynchronousSGD(configuration, workers: 4), configuration)
        let local = try TestRuns.run(strategy(configuration, every: 5), configuration)
        #expect(local.record.evaluations.map(\.round) == [0, 3, 5])
        #expect(local.record.evaluations.map(\.samples) == [0, 960, 1437])
        #expect(local.record.stepLosses.count == 23)
        #expect(local.report.ledger.totalBytes * 23 == sync.report.ledger.totalBytes * 5)
        #expect(TestRuns.distance(local.parameters, sync.parameters) > 1e-3)
    }

    /// Two rounds of three steps by two workers, made again in plain loops.
    @Test(arguments: [Float(0), 0.5]) func aWorkerTrainsByItselfBetweenAverages(momentum: Float) throws {
        let configuration = TestRuns.configuration(epochs: 384 / 1437.0, workers: 2, momentum: momentum)
        let outcome = try TestRuns.run(strategy(configuration, every: 3), configuration)
        let (run, count) = (outcome.run, outcome.parameters.count)
        let sampler = run.sampler(batch: 64)
        let models = [run.initialParameters.copied(), run.initialParameters.copied()]
        let (velocities, gradient) = (
            [ParameterVector(count: count), ParameterVector(count: count)], ParameterVector(count: count)
        )
        for step in 0..<6 {
            for (worker, model) in models.enumerated() {
                _ = run.lossAndGradient(
                    sampler.indices(step: step, part: worker, of: 2), dividedBy: 32, at: model, into: gradient)
                velocities[worker].scale(by: momentum)
                velocities[worker].add(gradient)
                model.add(velocities[worker], scaledBy: -0.3)
            }
            guard step % 3 == 2 else { continue }
            let mean = models[0].copied()
            mean.add(models[1])
            mean.scale(by: 0.5)
            for model in models { model.copy(from: mean) }
        }
        #expect(TestRuns.distance(outcome.parameters, models[0].values) < 1e-5)
    }
}
