import Cluster
import Fabrics
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import TestSupport

@Suite(.timeLimit(.minutes(60))) struct TimeSectionTests {
    /// Only latency costs time: a step has 2 (n - 1) messages, one after the other.
    @Test func roundTripsAreFoundToBeTheCost() throws {
        var plan = Setup(strategies: ["sync"]).plan
        plan.strategies[0].cluster?.worker.link = Link(latencySeconds: 0.1, bytesPerSecond: 1e9)
        let results = try Experiment(plan, data: .init(nil)).run(machine: machine)
        let run = try #require(results.runs.first)
        let attribution = try #require(run.attribution)
        #expect(attribution.map(\.ideal) == Idealization.allCases.filter { $0 != .noLoss })
        #expect(attribution[0].clusterSeconds < 0.01 * run.clusterSeconds)
        #expect(attribution[1].clusterSeconds > 0.99 * run.clusterSeconds)
        #expect(TimeSection.sentence("sync", [run]) == "`sync`: 100 % of the time is round trips.")
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

    @Test func everySeedIsAttributedAndNothingMeasuredIs() throws {
        var setup = Setup(strategies: ["threads", "sync"], clock: .auto, seeds: [1, 2], epochs: 1)
        setup.workers = 2
        let runs = try setup.run().runs
        #expect(runs.filter { $0.attribution != nil }.map { "\($0.strategy) \($0.seed)" } == ["sync 1", "sync 2"])
        #expect(!TimeSection.render(results([record()], seeds: [1])).contains("re-priced"))
    }

    /// 40 to 60 % without latency, 10 % without bandwidth: the median, and Student's interval of three.
    @Test func theCostIsToldWithItsInterval() {
        let runs = [0.4, 0.5, 0.6].enumerated().map { index, share in
            var run = record(seed: UInt64(index + 1), clusterSeconds: 10)
            run.attribution = [
                .init(ideal: .noLatency, clusterSeconds: 10 * (1 - share)),
                .init(ideal: .infiniteBandwidth, clusterSeconds: 9),
            ]
            return run
        }
        #expect(TimeSection.sentence("sync", runs) == "`sync`: 50 % (25 % to 75 %) of the time is round trips.")
        let report = TimeSection.render(results(runs, seeds: [1, 2, 3]))
        #expect(report.contains("5 s (-50.0 %)") && report.contains("9 s (-10.0 %)"), "\(report)")
    }

    /// Three updates come at 100, 250 and 300 ns, the next round's at 1000 and 1400: 200 + 50 and 400.
    @Test func clientsWaitForTheLastUpdateOfTheirRound() {
        let waiting = RoundWaiting(server: 0)
        func post(_ number: Int, from sender: Int, to receiver: Int) {
            let message = SimulatedMessage(
                number: number, sender: sender, receiver: receiver, bytes: 1, purpose: .modelUp)
            waiting.posted(message, at: .zero, departs: .zero)
        }
        func deliver(_ number: Int, _ time: Int64) { waiting.delivered(number, at: VirtualTime(nanoseconds: time)) }
        for client in 1...3 { post(client, from: 0, to: client) }
        for client in 1...3 { post(10 + client, from: client, to: 0) }
        for (number, time) in [(1, 5), (11, 100), (13, 250), (12, 300)] as [(Int, Int64)] { deliver(number, time) }
        for client in 1...2 { post(20 + client, from: 0, to: client) }
        for client in 1...2 { post(30 + client, from: client, to: 0) }
        deliver(31, 1000)
        deliver(32, 1400)
        #expect((waiting.seconds * 1e9).rounded() == 650)
    }

    /// A time-out of a second for every tenth message, on a network on which all else takes little time.
    @Test func lostMessagesAreFoundToBeTheCostWhereThereAreAny() throws {
        var plan = Setup(strategies: ["sync"]).plan
        plan.strategies[0].cluster?.interconnect = Interconnect(loss: .init(probability: 0.1, timeoutSeconds: 1))
        let results = try Experiment(plan, data: .init(nil)).run(machine: machine)
        let run = try #require(results.runs.first)
        #expect(run.attribution?.map(\.ideal) == Idealization.allCases)
        #expect(TimeSection.sentence("sync", [run]) == "`sync`: 100 % of the time is lost messages.")
        #expect(MarkdownReport.render(results).contains(" no loss |"))
    }

    /// Idle time is waiting for others, and what is left at the end or between a client's rounds.
    @Test func waitingIsPartOfIdleTime() throws {
        for run in try Setup().run().runs {
            let waiting = try #require(run.waitingSeconds)
            #expect(waiting <= run.idleSeconds + 1e-9 * Double(run.samples), "\(run.strategy)")
            if ["sync", "federated"].contains(run.strategy) { #expect(waiting > 0) }
        }
    }

    /// Forty epochs of 23 steps on two ranks, of which the last step of an epoch gives one rank 15 samples and the other 14:
    /// its lead grows with every epoch, and the ring leaves it what it has.
    private var led: Setup {
        Setup(strategies: ["sync"], epochs: 40, evaluateEvery: 10, workers: 2, cluster: ClusterPresets.ethernet1G)
    }

    @Test func idleTimeThatIsALeadIsToldAsOne() throws {
        let all = try led.run()
        let run = try #require(all.runs.first)
        #expect(run.idleSeconds > 0 && run.leastIdleSeconds == 0, "one of the two never waits for the other")
        let lead = try #require(TimeSection.lead(all.summaries[0]))
        #expect(lead.contains(" that a worker is idle on average is the lead of workers that are ahead"), "\(lead)")
        #expect(lead.hasSuffix("the worker that is idle least is so for 0 s."))
        #expect(MarkdownReport.render(all).contains("- " + lead))
        #expect(fields(SummaryCSV.render(all), line: 1)["idle_seconds_least_median"] == "0.000000")
        // The wait is worth nothing: with workers alike the job takes as long.
        let without = try #require(run.attribution?.first { $0.ideal == .noStragglers })
        #expect(without.clusterSeconds == run.clusterSeconds)
    }

    @Test func whatIsMeasuredOrHasNoLeadIsNotExplained() throws {
        #expect(try Setup(strategies: ["single", "federated"]).run().runs.allSatisfy { $0.leastIdleSeconds == nil })
        var all = try led.run()
        #expect(TimeSection.lead(all.summaries[0]) != nil)
        all.plan.strategies[0].fabric = .threads
        #expect(TimeSection.lead(all.summaries[0]) == nil)
        #expect(TimeSection.lead(results([record()], seeds: [1]).summaries[0]) == nil)
    }

    @Test func aFieldThatIsNotThereIsNotWritten() throws {
        let text = String(decoding: try ResultsFile.encode(results([record()], seeds: [1])), as: UTF8.self)
        #expect(!text.contains("attribution") && !text.contains("waitingSeconds") && !text.contains("leastIdle"))
        let run = try Setup(strategies: ["sync"]).run()
        #expect(try ResultsFile.decode(ResultsFile.encode(run), file: "f") == run)
    }

    /// Of 1.98 s a run communicates for 2 s, by the clocks of two processes.
    @Test func noPartIsLargerThanTheWhole() {
        let text = TimeSection.render(results([record("sync", clusterSeconds: 1.98)], seeds: [1]))
        #expect(text.contains("| 100.0 % |") && !text.contains("101"), "\(text)")
    }
}
