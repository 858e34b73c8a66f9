import Fabrics
import Testing

@testable import Experiments
@testable import TestSupport

@Suite struct EqualWorkTests {
    private static let parameters = 64 * 64 + 64 + 64 * 10 + 10
    private static let training = 1437
    /// What every message has around its payload.
    private static let framing = 16

    private func runs(_ setup: Setup) throws -> [String: RunRecord] {
        Dictionary(uniqueKeysWithValues: try setup.run().runs.map { ($0.strategy, $0) })
    }

    @Test func everyStrategyTrainsOnTheBudgetAndLessThanARoundMore() throws {
        for epochs in [0.5, 2.0] {
            var setup = Setup()
            setup.epochs = epochs
            let budget = Int((epochs * Double(Self.training)).rounded())
            let runs = try runs(setup)
            #expect(runs.count == 4)
            for (name, run) in runs {
                // A round is five clients of at most 72 samples, twice; a step is 64 samples or what is left of an epoch.
                let round = name == "federated" ? 5 * 72 * 2 : 64
                #expect((budget..<budget + round).contains(run.samples), "\(name), \(epochs) epochs: \(run.samples)")
            }
        }
    }

    @Test func everyStrategyStartsFromTheSameModelOnTheSameData() throws {
        let runs = try runs(Setup())
        let starts = Set(runs.values.compactMap(\.evaluations.first).map { [$0.testAccuracy, $0.testLoss] })
        #expect(starts.count == 1)
        #expect(runs.values.allSatisfy { $0.evaluations[0].samples == 0 && $0.evaluations[0].clusterSeconds == 0 })
    }

    @Test func dataParallelStrategiesMakeTheSameSteps() throws {
        let runs = try runs(Setup())
        let steps = 2 * 23
        for name in ["single", "threads", "sync"] { #expect(runs[name]?.rounds == steps, "\(name)") }
        // The strategies `threads` and `sync` do the same arithmetic in the same order, so that losses are equal to the
        // last bit.
        let (threads, sync) = (runs["threads"]?.evaluations ?? [], runs["sync"]?.evaluations ?? [])
        #expect(threads.map(\.testLoss) == sync.map(\.testLoss))
        #expect(threads.map(\.trainLoss) == sync.map(\.trainLoss))
    }

    @Test(arguments: [1, 2, 3, 4, 8]) func aRingSendsItsClosedForm(_ workers: Int) throws {
        var setup = Setup(strategies: ["sync"])
        setup.workers = workers
        let traffic = try runs(setup)["sync"]?.traffic
        let messages = workers * 2 * (workers - 1)
        let steps = 2 * 23
        #expect(traffic?.messagesTotal == steps * messages, "\(workers) workers")
        let bytes = 2 * (workers - 1) * 4 * Self.parameters + messages * Self.framing
        #expect(traffic?.bytesTotal == steps * bytes, "\(workers) workers")
        #expect(traffic?.bytesUplink == nil || workers == 1)
    }

    /// Messages of an all-reduce among four: twice a tree's three edges, a star's three, or two exchanges of all four.
    @Test(arguments: [(AllReduceAlgorithm.tree, 6), (.parameterServer, 6), (.recursiveDoubling, 8)])
    func otherAllReducesSendTheWholeVectorInEveryMessage(_ algorithm: AllReduceAlgorithm, _ messages: Int) throws {
        var setup = Setup(strategies: ["sync"])
        setup.allReduce = algorithm
        let traffic = try runs(setup)["sync"]?.traffic
        #expect(traffic?.messagesTotal == 46 * messages, "\(algorithm)")
        #expect(traffic?.bytesTotal == 46 * messages * (4 * Self.parameters + Self.framing), "\(algorithm)")
    }

    @Test(arguments: [(20, 0.25), (10, 1.0), (7, 0.1)])
    func federatedRoundsSendTheModelToTheCohortAndBack(_ clients: Int, _ fraction: Double) throws {
        var setup = Setup(strategies: ["federated"])
        (setup.clients, setup.fraction) = (clients, fraction)
        let run = try #require(try runs(setup)["federated"])
        let cohort = max(1, Int((fraction * Double(clients)).rounded()))
        let oneWay = run.rounds * cohort * (4 * Self.parameters + Self.framing)
        #expect(run.rounds > 0)
        #expect(run.traffic.bytesTotal == 2 * oneWay, "\(clients) clients, \(fraction)")
        #expect(
            run.traffic.bytesUplink == oneWay && run.traffic.bytesDownlink == oneWay, "\(clients) clients, \(fraction)")
        #expect(run.traffic.messagesTotal == 2 * run.rounds * cohort)
        #expect(run.evaluations.last?.bytesSent == 2 * oneWay, "all that was sent was sent before the last evaluation")
    }

    @Test func entriesOfTheLedgerAddUpToTheTotals() throws {
        for (name, run) in try runs(Setup()) {
            let entries = try #require(run.traffic.entries)
            #expect(entries.reduce(0) { $0 + $1.bytesSent } == run.traffic.bytesTotal, "\(name)")
            #expect(entries.reduce(0) { $0 + $1.bytesReceived } == run.traffic.bytesTotal, "\(name)")
            #expect(entries.reduce(0) { $0 + $1.messagesSent } == run.traffic.messagesTotal, "\(name)")
        }
    }

    /// The server's bytes are the cluster's, but no worker's.
    @Test func theMostThatAWorkerSendsLeavesOutTheServer() throws {
        var setup = Setup(strategies: ["federated", "sync"])
        (setup.clients, setup.fraction) = (10, 1)
        let runs = try runs(setup)
        let federated = try #require(runs["federated"])
        #expect(federated.traffic.bytesPerWorkerMax == federated.rounds * (4 * Self.parameters + Self.framing))
        // 4,810 numbers in four chunks of at most 1,203: no rank of four sends three of the larger ones and then three less.
        let sync = try #require(runs["sync"])
        let most = sync.traffic.entries?.map(\.bytesSent).max()
        #expect(sync.traffic.bytesPerWorkerMax == most)
    }
}
