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
    private func records(_ setup: Setup, repetitions: Int = 1, jobs: Int? = nil) throws -> Data {
        var plan = setup.plan
        (plan.repetitions, plan.jobs) = (repetitions, jobs)
        var results = try Experiment(plan, data: DataDirectory(nil)).run(machine: machine)
        #expect(results.isComplete && results.runs.allSatisfy { $0.timings.count == repetitions })
        (results.plan.hostThreads, results.plan.jobs) = (1, nil)
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

    /// More runs at once than one strategy has, than one repetition has, and than the pool has threads.
    @Test(arguments: [2, 3, 8]) func runsSideBySideGiveTheSameFile(_ jobs: Int) throws {
        var setup = Setup()
        setup.seeds = [3, 4]
        #expect(try records(setup, jobs: jobs) == records(setup))
        setup.strategies = ["sync"]
        setup.seeds = [5]
        #expect(try records(setup, repetitions: 4, jobs: jobs) == records(setup, repetitions: 4))
    }

    @Test func measuredRunsHaveTheMachineForThemselves() throws {
        var setup = Setup(strategies: ["single", "sync", "federated"], clock: .auto)
        setup.seeds = [1, 2, 3]
        var plan = setup.plan
        plan.jobs = 3
        let underWay = Guarded<[String: Int]>([:])
        let callbacks = Experiment.Callbacks(
            began: { run in
                let beside = underWay.withLock { underWay in
                    underWay[run.strategy.name, default: 0] += 1
                    return underWay
                }
                #expect(beside["single", default: 0] == 0 || beside.values.reduce(0, +) == 1, "\(beside)")
            },
            finished: { run, _, _, _ in underWay.withLock { $0[run.strategy.name, default: 0] -= 1 } })
        let results = try Experiment(plan, data: DataDirectory(nil)).run(machine: machine, callbacks: callbacks)
        #expect(results.runs.map { "\($0.strategy) \($0.seed)" } == plan.runs.map { "\($0.strategy.name) \($0.seed)" })
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
