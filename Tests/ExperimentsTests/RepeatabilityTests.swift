import Datasets
import Foundation
import Locking
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import TestSupport

@Suite struct RepeatabilityTests {
    /// The records as they are written, without host time: every bit of every number counts.
    private func records(_ setup: Setup) throws -> Data {
        var results = try setup.run()
        results.plan.hostThreads = 1
        results.runs = results.runs.map(withoutHostTime)
        return try ResultsFile.encode(results)
    }

    private func withoutHostTime(_ run: RunRecord) -> RunRecord {
        RunRecord(
            strategy: run.strategy, seed: run.seed, outcome: run.outcome, evaluations: run.evaluations,
            clusterSeconds: run.clusterSeconds, computeSeconds: run.computeSeconds,
            communicationSeconds: run.communicationSeconds, idleSeconds: run.idleSeconds, hostSeconds: 0,
            serverComputeSeconds: run.serverComputeSeconds, traffic: run.traffic, partitionSkew: run.partitionSkew,
            timings: [])
    }

    @Test func aSecondRunIsTheSameToTheLastBit() throws {
        var setup = Setup()
        setup.partition = "dirichlet:0.5"
        setup.seeds = [3, 4]
        #expect(try records(setup) == records(setup))
    }

    @Test(arguments: [2, 3]) func hostThreadsChangeNoBit(_ threads: Int) throws {
        var (one, more) = (Setup(), Setup())
        (one.hostThreads, more.hostThreads) = (1, threads)
        #expect(try records(one) == records(more))
    }

    @Test func aStrategyDoesTheSameAloneAsInCompany() throws {
        let together = try Setup().run().runs
        for run in together {
            let alone = try Setup(strategies: [run.strategy]).run().runs
            #expect(alone.map(withoutHostTime) == [withoutHostTime(run)], "\(run.strategy)")
        }
    }

    @Test func seedsDifferInDataAndModel() throws {
        var setup = Setup()
        setup.seeds = [1, 2]
        for runs in Dictionary(grouping: try setup.run().runs, by: \.strategy).values {
            #expect(runs[0].evaluations[0].testLoss != runs[1].evaluations[0].testLoss, "\(runs[0].strategy)")
        }
    }

    @Test func seedsAreTheOuterLoopAndEveryRunIsAnnounced() throws {
        var setup = Setup()
        setup.seeds = [5, 6]
        let begun = Guarded<[String]>([])
        let lengths = Guarded<[Int]>([])
        let results = try setup.run(
            callbacks: Experiment.Callbacks(
                began: { run in
                    begun.withLock { $0.append("\(run.strategy.name) \(run.seed) \(run.index) of \(run.count)") }
                },
                finished: { _, _, losses, parameters in
                    let bytes = try parameters?.encoded().count ?? 0
                    lengths.withLock { $0.append(losses.isEmpty ? 0 : bytes) }
                }))
        let names = ["single", "threads", "sync", "federated"]
        let expected = (names.map { ($0, 5) } + names.map { ($0, 6) }).enumerated()
        #expect(begun.withLock { $0 } == expected.map { "\($1.0) \($1.1) \($0) of 8" })
        #expect(results.runs.map { "\($0.strategy) \($0.seed)" } == expected.map { "\($1.0) \($1.1)" })
        #expect(results.isComplete)
        #expect(lengths.withLock { $0 }.allSatisfy { $0 > 4 * 4810 })
    }

    @Test func resultsAreCompleteAfterTheLastRunOnly() throws {
        let states = Guarded<[String]>([])
        let experiment = try Experiment(Setup(strategies: ["single", "sync"]).plan, data: DataDirectory(nil))
        _ = try experiment.run(machine: machine) { results in
            states.withLock { $0.append("\(results.runs.count) \(results.isComplete)") }
        }
        #expect(states.withLock { $0 } == ["0 false", "1 false", "2 true"])
    }
}
