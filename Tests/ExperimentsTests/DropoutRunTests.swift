import Datasets
import Foundation
import Testing

@testable import Cluster
@testable import Experiments
@testable import RegressionGate
@testable import Reports
@testable import Storage
@testable import Strategies
@testable import Tasks
@testable import TestSupport

/// Ranks that leave, as records, reports and the gate see them.
@Suite(.timeLimit(.minutes(60))) struct DropoutRunTests {
    private func plan(
        _ strategy: String, _ departures: [Departure], goesOn: Bool = false, detection: Double = 1e-4,
        lifetime: Dropouts.Lifetime? = nil, seeds: [UInt64] = [1]
    ) -> ExperimentPlan {
        var plan = Setup(strategies: [strategy], seeds: seeds, evaluateEvery: 0.25, clients: 6, fraction: 0.5).plan
        plan.strategies[0].cluster?.dropouts = Dropouts(departures, lifetime: lifetime, detectionSeconds: detection)
        plan.strategies[0].configuration.onDropout = goesOn ? .goOn : nil
        return plan
    }

    private func run(_ plan: ExperimentPlan) throws -> Results {
        try Experiment(plan, data: DataDirectory(nil)).run(machine: machine)
    }

    /// Whichever rank leaves, and whenever: there is an outcome, it fits what was done, and it can be written and read.
    @Test(arguments: StrategyRegistry.all.map(\.name), [false, true])
    func everyDropoutOfEveryStrategyHasAnOutcome(name: String, goesOn: Bool) throws {
        let plain = try run(plan(name, [])).runs[0]
        let roles = plan(name, []).strategies[0].roles
        let ranks = roles.ranks
        let budget = 2 * 1437
        // The first, a middle and the last rank take turns, and begin with another where the run goes on: all moments are tried
        // with each strategy, and with two ranks, in a third of the runs that all pairs would take.
        let leavers = [0, ranks / 2, ranks - 1]
        for (turn, share) in [0, 0.01, 0.3, 0.301, 0.5, 0.77, 0.99, 1.2].enumerated() {
            let rank = leavers[(turn + (goesOn ? 1 : 0)) % leavers.count]
            let seconds = (share * plain.clusterSeconds * 1e9).rounded() / 1e9
            let results = try run(plan(name, [Departure(rank: rank, seconds: seconds)], goesOn: goesOn))
            let run = results.runs[0]
            let what = "rank \(rank) of \(name) left at \(seconds), \(goesOn)"
            let isFinished = run.samples >= budget
            #expect(run.outcome == (isFinished ? .completed : .stopped), "\(what)")
            let hasLeft = run.departures != nil
            if share > 1 { #expect(!hasLeft && run.evaluations == plain.evaluations, "\(what)") }
            if share < 0.9 {
                #expect(run.departures == [Departure(rank: rank, seconds: seconds)], "\(what)")
                let stops =
                    roles.needsAllRanks ? !goesOn || ranks == 1 : roles.servers.contains(rank)
                #expect(run.outcome == (stops ? .stopped : .completed), "\(what)")
                if stops { #expect(run.stoppedBy == Departure(rank: rank, seconds: seconds), "\(what)") }
            }
            for (point, other) in zip(run.evaluations, plain.evaluations) where other.clusterSeconds < seconds {
                #expect(point == other, "\(what)")
            }
            let data = try ResultsFile.encode(results)
            #expect(try ResultsFile.decode(data, file: "results.json") == results, "\(what)")
        }
    }

    @Test func repetitionsHaveTheSameDropouts() throws {
        var plan = plan("sync", [], goesOn: true, lifetime: .exponential(meanSeconds: 0.001), seeds: [1, 2, 3])
        plan.repetitions = 2
        let results = try run(plan)
        #expect(results.runs.allSatisfy { $0.timings.count == 2 })
        let times = results.runs.flatMap { $0.departures ?? [] }.map(\.seconds)
        #expect(
            times.count > 2 && Set(times).count == times.count,
            "seeds have lifetimes of their own: \(times) of \(results.runs.map(\.clusterSeconds)) s")
    }

    @Test func reportsSayWhoLeftAndWhatBecameOfIt() throws {
        let stopped = try run(plan("sync", [Departure(rank: 2, seconds: 1e-3)], seeds: [1, 2]))
        let words = try #require(DropoutSection.words(stopped))
        #expect(words == "`sync` was stopped in 2 of 2 runs, with seed 1 since rank 2 left at 1 ms of cluster time.\n")
        #expect(ComparisonTable.terminal(stopped).contains("(2 stopped)"))
        let report = MarkdownReport.render(stopped)
        #expect(report.contains("## Ranks that left") && report.contains("stopped: rank 2 left at 1 ms"))
        #expect(report.contains("When a rank leaves: stop.") && report.contains("dropouts: rank 2 leaves at 1 ms"))
        #expect(fields(SummaryCSV.render(stopped), line: 1)["seeds_stopped"] == "2")
        #expect(fields(SummaryCSV.render(stopped), line: 1)["ranks_left_median"] == "1")

        let wentOn = try run(plan("sync", [Departure(rank: 2, seconds: 1e-3)], goesOn: true))
        #expect(
            DropoutSection.words(wentOn)
                == """
                `sync` went on without those that left in 1 of 1 run, with seed 1 without rank 2 (1 ms); the work of 64 \
                samples was lost.

                """)
        #expect(MarkdownReport.render(wentOn).contains("When a rank leaves: continue."))
        #expect(fields(SummaryCSV.render(wentOn), line: 1)["samples_lost_median"] == "64")
        #expect(DropoutSection.words(try run(Setup(strategies: ["sync"]).plan)) == nil)
    }

    @Test func aRankThatNoStrategyHasIsRefusedAndOneThatSomeLackIsNoted() throws {
        let unknown = plan("sync", [Departure(rank: 4, seconds: 1)])
        let error = #expect(throws: ExperimentError.self) { try Experiment.check(unknown) }
        #expect(error.map { "\($0)" } == "no strategy has a rank 4 that could leave: sync has ranks 0 to 3")
        var both = Setup(strategies: ["single", "threads", "sync"]).plan
        for index in 0..<3 { both.strategies[index].cluster?.dropouts = Dropouts([Departure(rank: 3, seconds: 1)]) }
        both.strategies[1].fabric = .threads
        try Experiment.check(both)
        #expect(
            both.dropoutNotes == [
                "`single` has 1 rank and no rank 3 that could leave.",
                "`threads` is measured on this machine, which no rank leaves.",
            ])
    }

    @Test func aRankThatWouldHaveLeftAfterTheEndIsNoted() throws {
        let late = try run(plan("sync", [Departure(rank: 2, seconds: 360_000)]))
        let words = try #require(DropoutSection.words(late))
        #expect(
            words.hasPrefix("`sync` was over after ") && words.contains("before rank 2 would have left at "), "\(words)"
        )
        #expect(MarkdownReport.render(late).contains("- \(words)"))
        let inTime = try run(plan("sync", [Departure(rank: 2, seconds: 1e-3)], goesOn: true))
        #expect(DropoutSection.words(inTime)?.contains("would have left") == false)
    }

    @Test func anotherEndIsARegression() throws {
        let full = try run(plan("sync", [Departure(rank: 2, seconds: 1e-3)], goesOn: true))
        var stopped = full
        stopped.runs[0] = try run(plan("sync", [Departure(rank: 2, seconds: 1e-3)])).runs[0]
        let names = try Comparison(baseline: full, current: stopped).regressions.map(\.name)
        #expect(names.first == "outcome", "\(names)")
        let figure = try Comparison(baseline: full, current: stopped).figures[0]
        #expect(figure.baseline == "completed" && figure.current == "stopped")
        var more = full
        more.runs[0].departures = [Departure(rank: 1, seconds: 1e-3), Departure(rank: 2, seconds: 1e-3)]
        more.runs[0].lostSamples = 65
        let regressions = try Comparison(baseline: full, current: more).regressions
        #expect(regressions.map(\.name) == ["ranks that left", "samples lost"])
        // Other dropouts are another plan.
        var other = full
        other.plan.strategies[0].cluster?.dropouts?.detectionSeconds = 1
        let reasons = #expect(throws: NotComparable.self) { try Comparison(baseline: full, current: other) }
        let text = reasons.map { "\($0)" } ?? ""
        #expect(text.contains("dropouts.detectionSeconds"), "\(text)")
    }

    @Test func whoHasLeftCostsNothingAnyMore() throws {
        let link = Link(latencySeconds: 1e-3, bytesPerSecond: 1e6)
        let worker = Node(link: link, pricePerHour: 3.6, wattsBusy: 100, wattsIdle: 10)
        let machines = ClusterSpec(
            name: "priced", summary: "", source: "", worker: worker, pricePerGB: 0, wattHoursPerGB: 0)
        var strategy = try #require(Setup(strategies: ["sync"]).plan.strategies.first)
        strategy.cluster = machines
        var run = record("sync")
        run.departures = [Departure(rank: 1, seconds: 1), Departure(rank: 3, seconds: 3.5)]
        // Four nodes for four seconds, less three seconds of one that left and half a second of another; 4 s busy.
        let cost = RunCost(run, strategy, on: machines)
        #expect(abs((cost.money ?? 0) - 12.5 * 0.001) < 1e-12)
        #expect(abs((cost.wattHours ?? 0) - (4 * 100 + 8.5 * 10) / 3600) < 1e-12)
        // After two seconds one is away for one.
        let part = RunCost(run, strategy, on: machines, until: run.evaluations[2])
        #expect(abs((part.money ?? 0) - 7 * 0.001) < 1e-12)
    }

    @Test func damagedDropoutsOfAFileAreRefused() throws {
        let good = try run(plan("sync", [Departure(rank: 2, seconds: 1e-3)]))
        func message(_ change: (inout RunRecord) -> Void) -> String {
            var results = good
            change(&results.runs[0])
            return #expect(throws: ExperimentError.self) { try results.validate() }.map { "\($0)" } ?? ""
        }
        #expect(message { $0.stoppedBy = nil }.contains("stoppedBy: found none"))
        #expect(message { $0.stoppedBy = Departure(rank: -1, seconds: 1) }.contains("a rank that left: found -1"))
        #expect(message { $0.departures = [Departure(rank: 1, seconds: .nan)] }.contains("when a rank left: found nan"))
        #expect(message { $0.lostSamples = -1 }.contains("lostSamples: found -1"))
    }

    @Test func aRunThatRanksLeaveHasNoSchedule() throws {
        let strategies = [plan("sync", [Departure(rank: 2, seconds: 1e-3)]), Setup(strategies: ["sync"]).plan]
        #expect(strategies.map { $0.strategies[0].hasFixedSchedule } == [false, true])
    }
}
