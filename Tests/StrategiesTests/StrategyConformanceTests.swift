import Cluster
import Fabrics
import Kernel
import Testing

@testable import Strategies
@testable import Training

/// What every registered strategy promises; registering one subjects it to these.
@Suite(.timeLimit(.minutes(60)))
struct StrategyConformanceTests {
    static let names = StrategyRegistry.all.map(\.name)

    private func strategy(_ name: String, _ configuration: TestConfiguration) throws -> any Strategy {
        try configuration.make(#require(StrategyRegistry.named(name)))
    }

    @Test func namesAreDistinctAndSourcesAreCited() {
        #expect(Set(Self.names).count == Self.names.count)
        for description in StrategyRegistry.all {
            #expect(!description.summary.isEmpty && description.source.contains { $0.isNumber }, "\(description.name)")
            #expect(ClusterPresets.all.contains { $0.name == description.defaultCluster }, "\(description.name)")
        }
    }

    @Test(arguments: names) func learnsOnEveryFabric(name: String) throws {
        let configuration = TestRuns.configuration(epochs: 8)
        for carrier in TestRuns.Carrier.allCases {
            let record = try TestRuns.run(strategy(name, configuration), configuration, on: carrier).record
            let losses = record.evaluations.compactMap(\.trainLoss)
            #expect(try #require(losses.last) < 0.5 * (try #require(losses.first)), "\(name) on \(carrier)")
            // On the clock of a busy machine, nodes that go by timers come together less often.
            let least = carrier == .simulated ? 0.7 : 0.5
            #expect(try #require(record.evaluations.last).testAccuracy > least, "\(name) on \(carrier)")
            #expect(record.divergedAfterSamples == nil)
        }
    }

    @Test(arguments: names) func givesTheSameBitsOnAnyNumberOfHostThreadsAndAgain(name: String) throws {
        let configuration = TestRuns.configuration(epochs: 2, momentum: 0.5)
        let jitter = Jitter.logNormal(sigma: 0.4)
        let outcomes = try [1, 2, 5, 2].map { threads in
            try TestRuns.run(
                strategy(name, configuration), configuration, hostThreads: threads, jitter: jitter)
        }
        for other in outcomes.dropFirst() {
            #expect(other.parameters == outcomes[0].parameters)
            #expect(other.record.evaluations == outcomes[0].record.evaluations)
            #expect(other.record.stepLosses == outcomes[0].record.stepLosses)
            #expect(other.report.ledger.entries == outcomes[0].report.ledger.entries)
            #expect(other.report.accounts == outcomes[0].report.accounts)
            #expect(other.report.seconds == outcomes[0].report.seconds)
        }
    }

    @Test(arguments: names) func differsBetweenSeeds(name: String) throws {
        let configuration = TestRuns.configuration()
        let first = try TestRuns.run(strategy(name, configuration), configuration, seed: 1)
        let second = try TestRuns.run(strategy(name, configuration), configuration, seed: 2)
        #expect(first.parameters != second.parameters)
    }

    /// What a strategy by timers computes depends on when messages come.
    @Test(arguments: names) func isIndependentOfTheFabricInValue(name: String) throws {
        let configuration = TestRuns.configuration()
        guard try strategy(name, configuration).hasFixedSchedule else { return }
        let simulated = try TestRuns.run(strategy(name, configuration), configuration)
        let threads = try TestRuns.run(strategy(name, configuration), configuration, on: .threads)
        #expect(simulated.parameters == threads.parameters)
        #expect(simulated.record.evaluations.map(\.testLoss) == threads.record.evaluations.map(\.testLoss))
    }

    @Test(arguments: names) func sendsWhatIsReceivedAndNothingAlone(name: String) throws {
        let configuration = TestRuns.configuration()
        let strategy = try strategy(name, configuration)
        let ledger = try TestRuns.run(strategy, configuration).report.ledger
        #expect(ledger.entries.reduce(0) { $0 + $1.bytesSent } == ledger.totalBytes)
        #expect(ledger.entries.reduce(0) { $0 + $1.bytesReceived } == ledger.totalBytes)
        #expect(ledger.entries.reduce(0) { $0 + $1.messagesSent } == ledger.totalMessages)
        #expect((ledger.totalBytes > 0) == (strategy.rankCount > 1 && name != "alone"))
    }

    @Test(arguments: names) func meetsItsSampleBudget(name: String) throws {
        for epochs in [0.3, 1, 2.5] {
            let configuration = TestRuns.configuration(epochs: epochs)
            let record = try TestRuns.run(strategy(name, configuration), configuration).record
            let samples = try #require(record.evaluations.last).samples
            let budget = Int((1_437 * epochs).rounded())
            // The last step or round may go beyond it: 64 samples, or three clients of 144 with two epochs.
            #expect((budget..<budget + 3 * 144 * 2).contains(samples), "\(name), \(epochs) epochs")
            #expect(record.evaluations.first?.samples == 0)
        }
    }

    @Test(arguments: names) func recordsDivergenceAndEnds(name: String) throws {
        let configuration = TestRuns.configuration(rate: 1e30, epochs: 3)
        for carrier in TestRuns.Carrier.allCases {
            let record = try TestRuns.run(strategy(name, configuration), configuration, on: carrier).record
            let samples = try #require(record.divergedAfterSamples, "\(name) on \(carrier)")
            #expect(samples < 3 * 1_437)
        }
    }

    @Test(arguments: names) func accountsAddUpToClusterTime(name: String) throws {
        let configuration = TestRuns.configuration()
        let strategy = try strategy(name, configuration)
        let report = try TestRuns.run(strategy, configuration).report
        for (rank, account) in report.accounts.enumerated() {
            let busy = account.computeSeconds + account.communicationSeconds
            // Each of some hundred spans is rounded to a nanosecond.
            #expect(busy <= report.seconds + 1e-6, "rank \(rank)")
            // Nodes of a server wait for their turn to be sent its models, and for the last of them.
            if strategy.serverRank == nil, strategy.concurrentWorkers == strategy.workerCount {
                #expect(busy > 0.9 * report.seconds, "rank \(rank) of \(name) is hardly ever idle")
            }
        }
    }
}
