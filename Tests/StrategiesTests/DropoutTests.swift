import Cluster
import Fabrics
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Ranks that leave at every phase of a step or round.
@Suite(.timeLimit(.minutes(60)))
struct StrategyDropoutTests {
    private static func configuration(_ answer: TrainingConfiguration.DropoutResponse?) -> TestConfiguration {
        // Five steps of 64, evaluated after every second one and at the end.
        var configuration = TestRuns.configuration(epochs: 320 / 1437.0, momentum: 0.5)
        configuration.evaluateEveryEpochs = 128 / 1437.0
        configuration.onDropout = answer
        return configuration
    }

    /// When something happens in a job: a computation begins or ends, a message has left its port or is there, ...
    private final class EventTimes: SimulationObserver {
        private(set) var times: Set<Int64> = []
        let needsMessages = true
        func began(_ operation: Operation, on rank: Int, at now: VirtualTime) { times.insert(now.nanoseconds) }
        func ended(on rank: Int, at now: VirtualTime, ready: VirtualTime) { times.insert(now.nanoseconds) }
        func posted(_ message: SimulatedMessage, at now: VirtualTime, departs: VirtualTime) {
            times.formUnion([now.nanoseconds, departs.nanoseconds])
        }
        func delivered(_ number: Int, at now: VirtualTime) { times.insert(now.nanoseconds) }
    }

    /// Moments of a job: some that are spread over it, and all at which something happens; with `beside` also a
    /// nanosecond before and after.
    private static func moments(
        _ strategy: any Strategy, _ configuration: TestConfiguration, _ allReduce: AllReduceAlgorithm = .ring,
        spread: Int, beside: Bool = false
    ) throws -> (plain: TestRuns.Outcome, seconds: [Double]) {
        let events = EventTimes()
        let plain = try TestRuns.run(strategy, configuration, allReduce: allReduce, observer: events)
        let end = VirtualTime.span(seconds: plain.report.seconds)
        var times = events.times.union((0..<spread).map { end * Int64($0) / Int64(spread) })
        if beside { times.formUnion(events.times.flatMap { [$0 - 1, $0 + 1] }) }
        return (plain, times.filter { $0 >= 0 && $0 < end }.sorted().map { VirtualTime(nanoseconds: $0).seconds })
    }

    private static let rounding = 1e-4

    @Test(arguments: AllReduceAlgorithm.allCases + [.servers(count: 3)])
    func thoseWhoRemainTrainOnAsIfNobodyHadLeft(_ algorithm: AllReduceAlgorithm) throws {
        let configuration = Self.configuration(.goOn)
        let strategy = SynchronousSGD(configuration, workers: 4)
        let (plain, moments) = try Self.moments(
            strategy, configuration, algorithm, spread: 10, beside: algorithm == .ring)
        // The others lose ranks by the same code, so that the first, the last and all but one are enough of them.
        let leavers = algorithm == .ring ? [[0], [2], [3], [0, 1], [0, 1, 2]] : [[0], [3], [0, 1, 2]]
        for seconds in moments {
            for ranks in leavers {
                let dropouts = Dropouts(ranks.map { Departure(rank: $0, seconds: seconds) }, detectionSeconds: 1e-3)
                let outcome = try TestRuns.run(strategy, configuration, allReduce: algorithm, dropouts: dropouts)
                let what = "ranks \(ranks) left at \(seconds)"
                #expect(outcome.record.stepLosses.count == plain.record.stepLosses.count, "\(what)")
                for (loss, expected) in zip(outcome.record.stepLosses, plain.record.stepLosses) {
                    #expect(abs(loss - expected) < Self.rounding, "\(what)")
                }
                #expect(TestRuns.distance(outcome.parameters, plain.parameters) < Float(Self.rounding), "\(what)")
                let (points, expected) = (outcome.record.evaluations, plain.record.evaluations)
                #expect(points.map(\.samples) == expected.map(\.samples), "\(what)")
                #expect(points.map(\.round) == expected.map(\.round), "\(what)")
                for (point, other) in zip(points, expected) {
                    #expect(abs(point.testLoss - other.testLoss) < Self.rounding, "\(what)")
                    // Until somebody leaves, nothing is otherwise.
                    if other.clusterSeconds < seconds { #expect(point == other, "\(what)") }
                }
                #expect(outcome.report.departures.map(\.rank) == ranks, "\(what)")
                #expect(outcome.record.stoppedBy == nil && outcome.record.lostSamples % 64 == 0, "\(what)")
            }
        }
    }

    /// Where the gradient goes out in buckets beside the backward pass, the step in which a rank leaves is added up in
    /// none or in all of its buckets.
    @Test func overlappedStepsAreRepeatedAsAWhole() throws {
        var configuration = Self.configuration(.goOn)
        configuration.overlap = GradientOverlap(bucketBytes: 1)
        let strategy = SynchronousSGD(configuration, workers: 4)
        #expect(try #require(configuration.overlap).buckets(of: TestRuns.network).count > 2)
        let (plain, moments) = try Self.moments(strategy, configuration, spread: 10)
        for seconds in moments {
            for rank in [0, 3] {
                let dropouts = Dropouts([Departure(rank: rank, seconds: seconds)], detectionSeconds: 1e-3)
                let outcome = try TestRuns.run(strategy, configuration, dropouts: dropouts)
                let what = "rank \(rank) left at \(seconds)"
                #expect(outcome.record.stepLosses.count == plain.record.stepLosses.count, "\(what)")
                #expect(TestRuns.distance(outcome.parameters, plain.parameters) < Float(Self.rounding), "\(what)")
                #expect(outcome.record.evaluations.map(\.round) == [0, 2, 4, 5], "\(what)")
                for account in outcome.report.accounts {
                    let busy = account.computeSeconds + account.communicationSeconds + account.waitingSeconds
                    #expect(account.computeSeconds > -1e-9 && busy < outcome.report.seconds + 1e-6, "\(what)")
                }
            }
        }
    }

    /// A dropout while the others agree on an earlier one, and while they wait for the last evaluation.
    @Test func dropoutsDuringARecoveryAreRecoveredFrom() throws {
        let configuration = Self.configuration(.goOn)
        let strategy = SynchronousSGD(configuration, workers: 4)
        let plain = try TestRuns.run(strategy, configuration)
        for first in stride(from: 0, to: plain.report.seconds, by: plain.report.seconds / 13) {
            for gap in [0, 1e-9, 0.5e-3, 1e-3, 1.000001e-3, 10e-3, 27e-3, 54e-3, 60e-3, 100e-3] {
                let dropouts = Dropouts(
                    [Departure(rank: 1, seconds: first), Departure(rank: 0, seconds: first + gap)],
                    detectionSeconds: 1e-3)
                let outcome = try TestRuns.run(strategy, configuration, dropouts: dropouts)
                let what = "ranks left at \(first) and \(gap) later"
                #expect(outcome.record.evaluations.map(\.round) == [0, 2, 4, 5], "\(what)")
                #expect(TestRuns.distance(outcome.parameters, plain.parameters) < Float(Self.rounding), "\(what)")
            }
        }
    }

    @Test(arguments: [1, 4])
    func aRunThatStopsKeepsWhatItHadAndSaysWhoLeft(workers: Int) throws {
        let configuration = Self.configuration(nil)
        let strategy = SynchronousSGD(configuration, workers: workers)
        let (plain, moments) = try Self.moments(strategy, configuration, spread: 10, beside: true)
        for seconds in moments {
            for rank in Set([0, workers / 2, workers - 1]) {
                let dropouts = Dropouts([Departure(rank: rank, seconds: seconds)], detectionSeconds: 1e-3)
                let outcome = try TestRuns.run(strategy, configuration, dropouts: dropouts)
                let what = "rank \(rank) left at \(seconds)"
                let points = outcome.record.evaluations
                // A rank that evaluates does so before it leaves; the others' messages may get to it, or not.
                #expect(points == Array(plain.record.evaluations.prefix(points.count)), "\(what)")
                #expect(points.last.map { $0.clusterSeconds <= seconds + 1e-3 } == true, "\(what)")
                let due = plain.record.evaluations.filter { $0.clusterSeconds < seconds }
                #expect(points.count >= due.count, "\(what)")
                // A rank that has its last sum is done before the others are.
                let isDone = outcome.report.departures.isEmpty
                #expect(
                    isDone ? points == plain.record.evaluations : outcome.report.departures[0].rank == rank, "\(what)")
                if let cause = outcome.record.stoppedBy {
                    #expect(cause.rank == rank && abs(cause.seconds - seconds) < 1e-9, "\(what)")
                }
                // The model that is left is that of the last evaluation.
                let model = try #require(outcome.record.finalParameters)
                let again = TrainingRun(
                    network: TestRuns.network, data: outcome.run.data, configuration: configuration.shared,
                    initialParameters: model, seeds: outcome.run.seeds, shuffles: true, ranks: 1,
                    workspaces: WorkspacePool(for: TestRuns.network))
                let alone = SimulatedFabric(
                    nodes: [Node(link: ClusterPresets.phones4G.worker.link)], compute: TestRuns.compute,
                    seeds: outcome.run.seeds, pool: HostPool(threads: 1))
                _ = try alone.run { _ = try await again.evaluate(model, round: 0, samples: 0, on: $0, .allRanks) }
                #expect(again.result.evaluations.last?.testLoss == points.last?.testLoss, "\(what)")
            }
        }
    }

    /// Everybody leaves before the last ones know of the first.
    @Test func withoutAnybodyTheRunEnds() throws {
        let configuration = Self.configuration(.goOn)
        let strategy = SynchronousSGD(configuration, workers: 3)
        let plain = try TestRuns.run(strategy, configuration)
        for share in [0, 0.2, 0.5, 0.8] {
            let seconds = share * plain.report.seconds
            let dropouts = Dropouts(
                (0..<3).map { Departure(rank: $0, seconds: seconds + Double($0) * 0.3e-3) }, detectionSeconds: 1e-3)
            let outcome = try TestRuns.run(strategy, configuration, dropouts: dropouts)
            #expect(outcome.report.departures.map(\.rank) == [0, 1, 2])
            let points = outcome.record.evaluations
            #expect(points == Array(plain.record.evaluations.prefix(points.count)))
            #expect(try #require(points.last).samples < outcome.run.sampleBudget)
        }
    }

    // MARK: Federated

    private static func federated(epochs: Double = 3) -> TestConfiguration {
        TestRuns.configuration(epochs: epochs, clients: 6, fraction: 0.5, localEpochs: 1)
    }

    @Test func theServerGoesOnWithTheClientsThatAnswer() throws {
        let configuration = Self.federated()
        let strategy = FederatedAveraging(configuration)
        let (plain, moments) = try Self.moments(strategy, configuration, spread: 20)
        // Six clients of 239 or 240 samples, three a round: six rounds.
        for seconds in moments {
            for gone in [[1], [3], [6], [2, 5], [1, 2, 3, 4, 5]] {
                let dropouts = Dropouts(gone.map { Departure(rank: $0, seconds: seconds) }, detectionSeconds: 20e-3)
                let outcome = try TestRuns.run(strategy, configuration, dropouts: dropouts)
                let what = "clients \(gone) left at \(seconds)"
                let points = outcome.record.evaluations
                let last = try #require(points.last)
                #expect(last.samples >= outcome.run.sampleBudget, "\(what)")
                #expect(outcome.parameters.allSatisfy { $0.isFinite }, "\(what)")
                #expect(outcome.record.stoppedBy == nil, "\(what)")
                for (point, other) in zip(points, plain.record.evaluations) where other.clusterSeconds < seconds {
                    #expect(point == other, "\(what)")
                }
                // What counts as trained on is what came up: each update is of a client's whole shard.
                let up = outcome.report.ledger.entries.filter { $0.purpose == .modelUp }.reduce(0) {
                    $0 + $1.messagesSent
                }
                #expect(last.samples <= up * 240, "\(what)")
                #expect(last.testAccuracy > 0.5, "\(what)")
            }
        }
    }

    /// Three clients with a round for all: one leaves in the second round, whose average is that of the other two.
    @Test func theAverageIsOfThoseWhoAnswered() throws {
        let all = TestRuns.configuration(epochs: 1, clients: 3, fraction: 1, localEpochs: 1, partition: "quantity:0.4")
        let plain = try TestRuns.run(FederatedAveraging(all), all)
        let round = try #require(plain.record.evaluations.last).clusterSeconds
        let dropouts = Dropouts([Departure(rank: 2, seconds: round / 2)], detectionSeconds: 1e-3)
        let outcome = try TestRuns.run(FederatedAveraging(all), all, dropouts: dropouts)
        // By hand, from the same streams: the clients 1 and 3, weighed by their samples.
        let run = outcome.run
        let shards = try run.partition("quantity:0.4", among: 3)
        let total = Float(shards[0].count + shards[2].count)
        var expected = [Float](repeating: 0, count: outcome.parameters.count)
        for client in [0, 2] {
            var stream = run.seeds.stream(.localShuffle, client + 1, 0)
            let order = stream.shuffled(shards[client])
            let model = run.initialParameters.copied()
            for start in stride(from: 0, to: order.count, by: 10) {
                let batch = order[start..<min(start + 10, order.count)]
                _ = run.descend(batch, dividedBy: batch.count, from: model, rate: 0.3, into: model)
            }
            for index in expected.indices { expected[index] += model[index] * Float(shards[client].count) / total }
        }
        let first = try #require(outcome.record.evaluations.first { $0.round == 1 })
        #expect(first.samples == shards[0].count + shards[2].count)
        #expect(outcome.record.lostSamples == shards[1].count)
        let once = TestRuns.configuration(
            epochs: Double(first.samples) / 1437, clients: 3, fraction: 1, localEpochs: 1, partition: "quantity:0.4")
        let ended = try TestRuns.run(FederatedAveraging(once), once, dropouts: dropouts)
        #expect(ended.record.evaluations.last?.round == 1)
        #expect(TestRuns.distance(ended.parameters, expected) < 1e-5)
    }

    @Test func aRoundThatNobodyAnswersChangesNothing() throws {
        var configuration = TestRuns.configuration(epochs: 1, clients: 4, fraction: 0.25, localEpochs: 1)
        configuration.evaluateEveryEpochs = 0.01
        let strategy = FederatedAveraging(configuration)
        let first = configuration.clients.cohort(ofRound: 0, SeedSequence(1))[0]
        let dropouts = Dropouts([Departure(rank: first + 1, seconds: 1e-3)], detectionSeconds: 1)
        let outcome = try TestRuns.run(strategy, configuration, dropouts: dropouts)
        let points = outcome.record.evaluations
        #expect(points.map(\.round) == Array(0..<points.count), "rounds that change nothing do not count")
        #expect(outcome.record.lostSamples >= 359)
        #expect(points[1].clusterSeconds > 1 && points[1].samples >= 359)
    }

    @Test func withoutClientsOrServerTheRunEnds() throws {
        let configuration = Self.federated()
        let strategy = FederatedAveraging(configuration)
        let (plain, moments) = try Self.moments(strategy, configuration, spread: 20)
        // Moments in the last 5 % of the run are left out: the last update may have come by then.
        for seconds in moments where seconds < 0.95 * plain.report.seconds {
            for gone in [[0], Array(1...6), Array(0...6)] {
                let dropouts = Dropouts(gone.map { Departure(rank: $0, seconds: seconds) }, detectionSeconds: 20e-3)
                let outcome = try TestRuns.run(strategy, configuration, dropouts: dropouts)
                let what = "\(gone) left at \(seconds)"
                let points = outcome.record.evaluations
                let before = plain.record.evaluations.filter { $0.clusterSeconds < seconds }
                #expect(Array(points.prefix(before.count)) == before, "\(what)")
                // In the round under way the server, if it is there, averages the updates that have left their clients.
                let then = plain.record.evaluations.filter { $0.clusterSeconds <= seconds }
                #expect(points.count <= then.count + (gone.contains(0) ? 0 : 1), "\(what)")
                let last = try #require(points.last)
                #expect(last.samples < outcome.run.sampleBudget || points.count > before.count, "\(what)")
                #expect(!outcome.report.departures.isEmpty, "\(what)")
                if gone == [0] { #expect(outcome.record.stoppedBy?.rank == 0, "\(what)") }
            }
        }
    }

    // MARK: All

    /// Jitter, a node at a fifth of the speed of the others, and ranks that leave at random.
    @Test(arguments: StrategyRegistry.all.map(\.name), [0.05, 0.5])
    func noBitDependsOnTheNumberOfHostThreads(name: String, share: Double) throws {
        var configuration = TestRuns.configuration(epochs: 1, momentum: 0.5)
        configuration.onDropout = .goOn
        let strategy = try configuration.make(#require(StrategyRegistry.named(name)))
        let plain = try TestRuns.run(strategy, configuration)
        let dropouts = Dropouts(
            lifetime: .exponential(meanSeconds: plain.report.seconds / share),
            detectionSeconds: plain.report.seconds / 1000)
        for seed in 1...2 as ClosedRange<UInt64> {
            let outcomes = try [1, 2, 5, 2].map { threads in
                try TestRuns.run(
                    strategy, configuration, seed: seed, hostThreads: threads, jitter: .logNormal(sigma: 0.4),
                    dropouts: dropouts, slowRank: strategy.rankCount - 1)
            }
            for other in outcomes.dropFirst() {
                #expect(other.parameters == outcomes[0].parameters)
                #expect(other.record.evaluations == outcomes[0].record.evaluations)
                #expect(other.record.stepLosses == outcomes[0].record.stepLosses)
                #expect(other.record.lostSamples == outcomes[0].record.lostSamples)
                #expect(other.report.departures == outcomes[0].report.departures)
                #expect(other.report.ledger.entries == outcomes[0].report.ledger.entries)
                #expect(other.report.accounts == outcomes[0].report.accounts)
                #expect(other.report.seconds == outcomes[0].report.seconds)
            }
        }
    }
}
