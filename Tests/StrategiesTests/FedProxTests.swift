import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

@Suite struct FedProxTests {
    private func strategy(_ configuration: TestConfiguration, mu: Double) -> FedProx {
        var options = FedProx.Options()
        (options.clients, options.mu) = (configuration.clients, mu)
        return FedProx(configuration: configuration.shared, options: options)
    }

    @Test func withoutTheTermItIsFederatedAveraging() throws {
        let configuration = TestRuns.configuration(epochs: 3)
        let plain = try TestRuns.run(FederatedAveraging(configuration), configuration)
        let proximal = try TestRuns.run(strategy(configuration, mu: 0), configuration)
        #expect(proximal.parameters == plain.parameters && proximal.report.seconds == plain.report.seconds)
        #expect(proximal.record.evaluations == plain.record.evaluations)
    }

    /// At the server's model the term is zero. A step by a gradient rounds otherwise than one that goes straight into the
    /// weights: by 1e-7 or so in each of three rounds.
    @Test(arguments: [0.01, 1, 100]) func oneLocalStepARoundIsFederatedAveragingForEveryWeight(mu: Double) throws {
        let configuration = TestRuns.configuration(epochs: 3, fraction: 1, localEpochs: 1, localBatch: nil)
        let plain = try TestRuns.run(FederatedAveraging(configuration), configuration)
        let proximal = try TestRuns.run(strategy(configuration, mu: mu), configuration)
        #expect(TestRuns.distance(proximal.parameters, plain.parameters) < 1e-5)
    }

    /// With η μ = 1 a step from w goes to w - η (g + (w - w_t) / η) = w_t - η g: every step begins anew at the server's model,
    /// so that what a client sends is one step by its last batch.
    @Test func withTheInverseOfTheRateEveryStepBeginsAtTheServersModel() throws {
        let configuration = TestRuns.configuration(
            rate: 0.25, epochs: 1, clients: 1, fraction: 1, localEpochs: 1, localBatch: 400)
        let outcome = try TestRuns.run(strategy(configuration, mu: 4), configuration)
        let run = outcome.run
        var stream = run.seeds.stream(.localShuffle, 1, 0)
        let order = stream.shuffled(try run.partition("iid", among: 1)[0])
        let (model, gradient) = (run.initialParameters.copied(), ParameterVector(count: outcome.parameters.count))
        for start in stride(from: 0, to: order.count, by: 400) {
            let batch = order[start..<min(start + 400, order.count)]
            _ = run.lossAndGradient(batch, dividedBy: batch.count, at: model, into: gradient)
            model.copy(from: run.initialParameters)
            model.add(gradient, scaledBy: -0.25)
        }
        #expect(TestRuns.distance(outcome.parameters, model.values) < 1e-5)
        let plain = try TestRuns.run(FederatedAveraging(configuration), configuration)
        #expect(TestRuns.distance(plain.parameters, model.values) > 1e-2)
    }
}
