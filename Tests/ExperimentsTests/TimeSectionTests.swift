import Cluster
import Fabrics
import Strategies
import Testing

@testable import Experiments
@testable import Reports

@Suite(.timeLimit(.minutes(5))) struct TimeSectionTests {
    /// Nothing but latency: 2 (n - 1) messages one after the other a step.
    @Test func roundTripsAreFoundToBeTheCost() throws {
        var plan = Setup(strategies: ["sync"]).plan
        plan.strategies[0].cluster?.worker.link = Link(latencySeconds: 0.1, bytesPerSecond: 1e9)
        let results = try Experiment(plan, data: .init(nil)).run(machine: machine)
        let run = try #require(results.runs.first)
        let attribution = try #require(run.attribution)
        #expect(attribution.map(\.ideal) == Idealization.allCases.filter { $0 != .noLoss })
        #expect(attribution[0].clusterSeconds < 0.01 * run.clusterSeconds)
        #expect(attribution[1].clusterSeconds > 0.99 * run.clusterSeconds)
        #expect(TimeSection.sentence("sync", run) == "`sync`: 100 % of the time is round trips.")
        let report = MarkdownReport.render(results)
        #expect(
            report.contains("## What the time went to")
                && report.contains("- `sync`: 100 % of the time is round trips."))
    }

    @Test func whatIsTakenAwayCannotCostTime() throws {
        for run in try Setup().run().runs {
            let attribution = try #require(run.attribution, "\(run.strategy)")
            for entry in attribution {
                #expect(entry.clusterSeconds <= run.clusterSeconds, "\(run.strategy) \(entry.ideal)")
                #expect(entry.clusterSeconds >= 0)
            }
        }
    }

    @Test func onlyTheFirstSeedIsAttributedAndNothingMeasuredIs() throws {
        var setup = Setup(strategies: ["threads", "sync"], clock: .auto, seeds: [1, 2], epochs: 1)
        setup.workers = 2
        let runs = try setup.run().runs
        #expect(runs.filter { $0.attribution != nil }.map { "\($0.strategy) \($0.seed)" } == ["sync 1"])
        #expect(!TimeSection.render(results([record()], seeds: [1])).contains("re-priced"))
    }

    /// A time-out of a second for every tenth message, on a network on which all else takes little time.
    @Test func lostMessagesAreFoundToBeTheCostWhereThereAreAny() throws {
        var plan = Setup(strategies: ["sync"]).plan
        plan.strategies[0].cluster?.interconnect = Interconnect(loss: .init(probability: 0.1, timeoutSeconds: 1))
        let results = try Experiment(plan, data: .init(nil)).run(machine: machine)
        let run = try #require(results.runs.first)
        #expect(run.attribution?.map(\.ideal) == Idealization.allCases)
        #expect(TimeSection.sentence("sync", run) == "`sync`: 100 % of the time is lost messages.")
        #expect(MarkdownReport.render(results).contains(" no loss |"))
    }

    /// Where all workers train at the same time, idle time is waiting for others, and what is left at the end.
    @Test func waitingIsPartOfIdleTime() throws {
        for run in try Setup().run().runs {
            guard run.strategy != "federated" else {
                #expect(run.waitingSeconds == nil)
                continue
            }
            let waiting = try #require(run.waitingSeconds)
            #expect(waiting <= run.idleSeconds + 1e-9 * Double(run.samples), "\(run.strategy)")
            if run.strategy == "sync" { #expect(waiting > 0) }
        }
    }

    @Test func aFieldThatIsNotThereIsNotWritten() throws {
        let text = String(decoding: try ResultsFile.encode(results([record()], seeds: [1])), as: UTF8.self)
        #expect(!text.contains("attribution") && !text.contains("waitingSeconds"))
        let run = try Setup(strategies: ["sync"]).run()
        #expect(try ResultsFile.decode(ResultsFile.encode(run), file: "f") == run)
    }
}
