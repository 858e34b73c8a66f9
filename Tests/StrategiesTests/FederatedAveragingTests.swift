import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

@Suite(.timeLimit(.minutes(60)))
struct FederatedAveragingTests {
    /// Gradients of size 1 added in another order, times a rate of 0.3, over at most 5 steps: some 1e-7; a sample
    /// weighed wrongly moves a parameter by 0.3 / 1437 = 2e-4.
    private static let rounding: Float = 1e-5

    @Test(arguments: ["iid", "quantity:0.5", "shards:2", "dirichlet:0.5"])
    func oneFullLocalStepOnAllClientsIsOneStepOfGradientDescent(partition: String) throws {
        let federated = TestRuns.configuration(
            epochs: 1, fraction: 1, localEpochs: 1, localBatch: nil, partition: partition)
        let averaged = try TestRuns.run(FederatedAveraging(federated), federated)
        let full = TestRuns.configuration(batch: 1_437, epochs: 1)
        let descended = try TestRuns.run(SynchronousSGD(full, workers: 1), full)
        #expect(averaged.record.evaluations.last?.round == 1)
        #expect(TestRuns.distance(averaged.parameters, descended.parameters) < Self.rounding, "\(partition)")
    }

    /// Local SGD with H = 1 step between averages is synchronous SGD; so are five rounds of it.
    @Test func oneLocalStepARoundIsSynchronousSGD() throws {
        let federated = TestRuns.configuration(epochs: 5, clients: 7, fraction: 1, localEpochs: 1, localBatch: nil)
        let averaged = try TestRuns.run(FederatedAveraging(federated), federated)
        let full = TestRuns.configuration(batch: 1_437, epochs: 5)
        let synchronous = try TestRuns.run(SynchronousSGD(full, workers: 7), full)
        #expect(averaged.record.evaluations.last?.round == 5)
        #expect(TestRuns.distance(averaged.parameters, synchronous.parameters) < 5 * Self.rounding)
    }

    /// More clients than parts that a server adds up side by side, some of them in parts of two; and no bit depends on
    /// who adds them up.
    @Test func largeCohortsAreAveragedInParts() throws {
        let federated = TestRuns.configuration(epochs: 2, clients: 45, fraction: 1, localEpochs: 1, localBatch: nil)
        let averaged = try TestRuns.run(FederatedAveraging(federated), federated)
        let full = TestRuns.configuration(batch: 1_437, epochs: 2)
        let descended = try TestRuns.run(SynchronousSGD(full, workers: 1), full)
        #expect(TestRuns.distance(averaged.parameters, descended.parameters) < 2 * Self.rounding)
        for threads in [1, 3] {
            let other = try TestRuns.run(FederatedAveraging(federated), federated, hostThreads: threads)
            #expect(other.parameters == averaged.parameters, "\(threads) host threads")
            #expect(other.record.stepLosses == averaged.record.stepLosses, "\(threads) host threads")
        }
    }

    /// Local steps that go straight into the weights, and steps by an optimizer without effect of its own: a momentum
    /// too small to count.
    @Test func directStepsEqualTheOptimizers() throws {
        let direct = TestRuns.configuration(epochs: 3)
        let indirect = TestRuns.configuration(epochs: 3, momentum: 1e-30)
        let first = try TestRuns.run(FederatedAveraging(direct), direct)
        let second = try TestRuns.run(FederatedAveraging(indirect), indirect)
        #expect(TestRuns.distance(first.parameters, second.parameters) < 1e-4)
        let (single, other) = (
            try TestRuns.run(SynchronousSGD(direct, workers: 1), direct),
            try TestRuns.run(SynchronousSGD(indirect, workers: 1), indirect)
        )
        #expect(TestRuns.distance(single.parameters, other.parameters) < 1e-4)
        #expect(zip(single.record.stepLosses, other.record.stepLosses).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func manyLocalStepsAreNotSynchronousSGD() throws {
        let local = TestRuns.configuration(epochs: 5, fraction: 1, localEpochs: 5, localBatch: 10)
        let federated = try TestRuns.run(FederatedAveraging(local), local)
        let full = TestRuns.configuration(batch: 1_437, epochs: 5)
        let synchronous = try TestRuns.run(SynchronousSGD(full, workers: 1), full)
        #expect(TestRuns.distance(federated.parameters, synchronous.parameters) > 1e-2)
    }

    @Test func theAverageWeighsClientsByTheirSamples() throws {
        // One round over three clients; each client's model is made again here from the same streams, and averaged by hand.
        let configuration = TestRuns.configuration(
            epochs: 1, clients: 3, fraction: 1, localEpochs: 1, localBatch: 50, partition: "quantity:0.3")
        let outcome = try TestRuns.run(FederatedAveraging(configuration), configuration)
        let run = outcome.run
        let shards = try run.partition("quantity:0.3", among: 3)
        var expected = [Double](repeating: 0, count: outcome.parameters.count)
        for (client, shard) in shards.enumerated() {
            var stream = run.seeds.stream(.localShuffle, client + 1, 0)
            let order = stream.shuffled(shard)
            let model = run.initialParameters.copied()
            let gradient = ParameterVector(count: model.count)
            for start in stride(from: 0, to: order.count, by: min(50, order.count)) {
                let batch = order[start..<min(start + min(50, order.count), order.count)]
                _ = run.lossAndGradient(batch, dividedBy: batch.count, at: model, into: gradient)
                model.add(gradient, scaledBy: -0.3)
            }
            for index in expected.indices {
                expected[index] += Double(model[index]) * Double(shard.count) / 1_437
            }
        }
        // Sums of three floats of size 1.
        #expect(TestRuns.distance(outcome.parameters, expected.map(Float.init)) < 1e-5)
        #expect(Set(shards.map(\.count)).count == 3, "the clients' sizes must differ for this test to tell anything")
    }

    @Test func cohortsAreDistinctClientsOfTheRightNumber() {
        let options = TestRuns.configuration(clients: 100, fraction: 0.1).clients
        var seen: Set<Int> = []
        var cohorts: Set<[Int]> = []
        for round in 0..<50 {
            let cohort = options.cohort(ofRound: round, SeedSequence(3))
            #expect(cohort.count == 10 && Set(cohort).count == 10, "round \(round)")
            #expect(cohort.allSatisfy { (0..<100).contains($0) })
            seen.formUnion(cohort)
            cohorts.insert(cohort)
        }
        // The chance that a client is never drawn in 50 rounds is 0.9^50 = 0.5 %: half a client of 100.
        #expect(seen.count > 95)
        #expect(cohorts.count == 50)
        #expect(
            options.cohort(ofRound: 0, SeedSequence(3)) != options.cohort(ofRound: 0, SeedSequence(4)),
            "the seed decides who is drawn")
    }

    @Test(arguments: [(0.001, 1), (0.1, 10), (0.25, 25), (1, 100)])
    func aRoundHasTheShareOfClientsAndAtLeastOne(fraction: Double, count: Int) {
        #expect(TestRuns.configuration(clients: 100, fraction: fraction).clients.cohortSize == count)
    }

    /// The first four of the shuffle of Python in `DrawTests`, by the stream of (seed 1, client sampling, round).
    @Test func theCohortsOfASeedNeverChange() {
        let options = TestRuns.configuration(clients: 20, fraction: 0.2).clients
        let cohorts = (0..<3).map { options.cohort(ofRound: $0, SeedSequence(1)) }
        #expect(cohorts == [[0, 4, 9, 11], [2, 7, 11, 15], [1, 6, 8, 14]])
    }

    @Test func everyRoundMovesOneModelDownAndOneUpPerClient() throws {
        let configuration = TestRuns.configuration(epochs: 3, clients: 20, fraction: 0.2)
        let outcome = try TestRuns.run(FederatedAveraging(configuration), configuration)
        let rounds = outcome.record.evaluations.last?.round ?? 0
        let messageBytes = 4 * outcome.parameters.count + 16
        let entries = outcome.report.ledger.entries
        let down = entries.filter { $0.direction == .downlink }.reduce(0) { $0 + $1.bytesSent }
        let up = entries.filter { $0.direction == .uplink }.reduce(0) { $0 + $1.bytesSent }
        #expect(rounds > 5)
        #expect(down == rounds * 4 * messageBytes)
        #expect(up == down)
        #expect(entries.filter { $0.rank == 0 && $0.direction == .uplink }.allSatisfy { $0.bytesSent == 0 })
    }

    @Test(arguments: [(1, 50), (4, 50), (3, 1_000)])
    func aClientPassesOverItsDataOncePerLocalEpoch(localEpochs: Int, localBatch: Int) throws {
        let configuration = TestRuns.configuration(
            epochs: 3, clients: 10, fraction: 0.3, localEpochs: localEpochs, localBatch: localBatch)
        let outcome = try TestRuns.run(FederatedAveraging(configuration), configuration)
        let rounds = try #require(outcome.record.evaluations.last).round
        // Three clients of 143 or 144 samples: three batches of 50 at most an epoch, or all of them at once.
        let steps = rounds * 3 * localEpochs * (localBatch == 50 ? 3 : 1)
        #expect(outcome.record.stepLosses.count == steps)
    }

    @Test func slowUplinksCostMoreThanSlowComputation() throws {
        // Priced by hand: a round takes the server's sends, then latency, a model down, the steps, a model up, latency.
        let configuration = TestRuns.configuration(epochs: 2, clients: 1, fraction: 1, localEpochs: 2, localBatch: nil)
        let outcome = try TestRuns.run(FederatedAveraging(configuration), configuration)
        let bytes = Double(4 * outcome.parameters.count + 16)
        let step = TestRuns.compute.seconds(.step(samples: 1_437)) / 0.25
        let down = 26.55e-3 + bytes / 1.8375e6
        let up = 26.55e-3 + bytes / 1.7e6
        let average = TestRuns.compute.seconds(.vector(elements: outcome.parameters.count))
        let expected = down + 2 * step + up + average
        // Seven spans of time, each rounded to a nanosecond.
        #expect(abs(outcome.report.seconds - expected) < 7e-9)
    }
}
