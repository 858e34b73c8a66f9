import Foundation
import Testing

@testable import Experiments
@testable import RegressionGate
@testable import Reports
@testable import Tasks
@testable import TestSupport

/// Results against a baseline, figure by figure. The runs are made up, so that each test changes one thing.
@Suite struct ComparisonTests {
    static let seeds: [UInt64] = [1, 2, 3, 4, 5]
    private static let accuracies = [0.96, 0.965, 0.97, 0.975, 0.98]
    private static let steady = [10.0, 10.1, 10.2, 10.1, 10.0, 10.3, 10.1, 10.2, 10.05, 10.15]

    /// Five seeds of `sync`, and of `single` on a clock.
    private func made(
        accuracyChange: Double = 0, bytes: Int = 4000, messages: Int = 40, clusterSeconds: Double = 4,
        losses: Double = 0, ratios: [Double] = steady, isMeasured: Bool = false
    ) -> Results {
        let runs = zip(Self.seeds, Self.accuracies).map { seed, accuracy in
            let accuracy = accuracy + accuracyChange
            let loss = 1.25 + Double(seed) * 0.01 + losses
            return record(
                "sync", seed: seed, [0.1, accuracy, accuracy, accuracy], bytes: bytes,
                losses: [2.3, loss, loss, loss], messages: messages, clusterSeconds: clusterSeconds,
                timings: timings(ratios))
        }
        var results = results(runs, seeds: Self.seeds)
        if isMeasured {
            results.plan.strategies[0].fabric = .threads
            results.plan.strategies[0].cluster = nil
        }
        return results
    }

    private func figure(_ name: String, _ comparison: Comparison) throws -> Figure {
        try #require(comparison.figures.first { $0.name == name }, "\(comparison.figures.map(\.name))")
    }

    @Test func resultsAgainstThemselvesHaveNoDifference() throws {
        let comparison = try Comparison(baseline: made(), current: made())
        #expect(comparison.regressions.isEmpty && comparison.improvements.isEmpty && comparison.notCompared.isEmpty)
        #expect(comparison.figures.filter { $0.kind != .measured }.allSatisfy { $0.status == .same })
        #expect(comparison.verdict.hasPrefix("No regression; "))
        let names = comparison.figures.map(\.name)
        #expect(
            names == [
                "outcome", "samples trained on", "updates of the model", "bytes sent", "messages", "simulated time",
                "evaluations", "curve updates", "curve samples", "curve bytes", "curve times", "curve accuracies",
                "curve losses", "time to target", "final accuracy", "mean accuracy of the curve", "final test loss",
                "host time",
            ])
    }

    // MARK: Exact figures

    @Test func oneMoreByteAMessageIsARegressionByName() throws {
        let comparison = try Comparison(baseline: made(), current: made(bytes: 4040))
        #expect(comparison.regressions.map(\.name) == ["bytes sent"])
        let bytes = try figure("bytes sent", comparison)
        #expect(bytes.change.contains("+1 a message") && bytes.change.contains("gradient +40"), "\(bytes.change)")
        #expect(bytes.change.contains("in every seed"))
    }

    @Test func oneMoreAllReduceIsARegressionOfMessagesBytesAndTime() throws {
        let comparison = try Comparison(
            baseline: made(), current: made(bytes: 8000, messages: 80, clusterSeconds: 4.000000001))
        #expect(comparison.regressions.map(\.name) == ["bytes sent", "messages", "simulated time"])
        #expect(try figure("simulated time", comparison).change.hasPrefix("+1 ns (+"))
        #expect(try figure("messages", comparison).change.contains("1.33 -> 2.67 an update of the model"))
    }

    @Test func lessTrafficAndTimeAreImprovementsAndLessWorkIsNot() throws {
        var better = made(bytes: 3000, messages: 30, clusterSeconds: 3)
        #expect(
            try Comparison(baseline: made(), current: better).improvements.map(\.name)
                == ["bytes sent", "messages", "simulated time"])
        let points = better.runs[0].evaluations
        better.runs[0] = record(
            "sync", seed: 1, points.dropLast().map(\.testAccuracy), losses: points.dropLast().map(\.testLoss))
        let names = try Comparison(baseline: made(), current: better).regressions.map(\.name)
        #expect(names.prefix(2) == ["samples trained on", "updates of the model"])
    }

    @Test func oneSeedThatIsWorseIsNotMadeGoodByAnother() throws {
        var current = made()
        current.runs[1] = record(
            "sync", seed: 2, [0.1, 0.965, 0.965, 0.965], bytes: 3000, losses: [2.3, 1.27, 1.27, 1.27])
        current.runs[3] = record(
            "sync", seed: 4, [0.1, 0.975, 0.975, 0.975], bytes: 4001, losses: [2.3, 1.29, 1.29, 1.29])
        let bytes = try figure("bytes sent", Comparison(baseline: made(), current: current))
        #expect(bytes.status == .regression && bytes.current == "4001" && bytes.change.contains("in seed 4"))
    }

    @Test func calibratedComputeTimeIsNoExactFigure() throws {
        var (baseline, current) = (made(), made(clusterSeconds: 5))
        baseline.plan.compute = "calibrated"
        current.plan.compute = "calibrated"
        let time = try figure("simulated time", Comparison(baseline: baseline, current: current))
        #expect(time.status == .notCompared && time.test.contains("--compute reference"))
    }

    @Test func aRunThatDivergesIsARegression() throws {
        var current = made()
        current.runs[0] = record(
            "sync", seed: 1, [0.1, 0.96, 0.96, 0.96], outcome: .diverged, losses: [2.3, 1.26, 1.26, .nan])
        let comparison = try Comparison(baseline: made(), current: current)
        #expect(try figure("outcome", comparison).status == .regression)
        #expect(try figure("outcome", comparison).current == "diverged")
        #expect(try figure("final test loss", comparison).status == .regression)
    }

    // MARK: Tolerances

    /// 2.5758 * sqrt(mean of 2 p (1 - p) / 360 / 5), p = (360 a + 1) / 362:
    ///
    ///     import numpy as np, scipy.stats as st
    ///     p = (np.array([.96, .965, .97, .975, .98]) * 360 + 1) / 362
    ///     print(st.norm.ppf(.995) * np.sqrt(np.mean(2 * p * (1 - p) / 360) / 5))    # 0.01522...
    @Test func accuracyHasTheToleranceOfIndependentErrors() throws {
        for (change, status) in [
            (-0.0152, Figure.Status.withinTolerance), (-0.0153, .regression), (0.0152, .withinTolerance),
            (0.0153, .improvement), (-0.02, .regression),
        ] {
            let comparison = try Comparison(baseline: made(), current: made(accuracyChange: change))
            #expect(try figure("final accuracy", comparison).status == status, "\(change)")
            #expect(try figure("mean accuracy of the curve", comparison).status == status, "\(change)")
        }
        let two = try Comparison(baseline: made(), current: made(accuracyChange: -0.02))
        #expect(try figure("final accuracy", two).change == "-2.00 points")
    }

    /// Losses of 1.26 to 1.30 have the deviation 0.0158; Student's quantile of 4 degrees for 1 % is 4.604:
    /// 4.604 * 0.0158 * sqrt(2 / 5) = 0.04604.
    @Test func lossHasTheToleranceOfTheSeedsSpread() throws {
        for (change, status) in [
            (0.046, Figure.Status.withinTolerance), (0.0461, .regression), (-0.0461, .improvement),
        ] {
            let comparison = try Comparison(baseline: made(), current: made(losses: change))
            #expect(try figure("final test loss", comparison).status == status, "\(change)")
        }
    }

    @Test func oneSeedGivesNoToleranceForALoss() throws {
        let one = results([record("sync")], seeds: [1])
        let other = results([record("sync", losses: [1.3, 1.3, 1.3, 1.3, 1.3])], seeds: [1])
        let loss = try figure("final test loss", Comparison(baseline: one, current: other))
        #expect(loss.status == .notCompared && loss.test == "one seed gives no tolerance for it")
    }

    // MARK: Times

    @Test(arguments: [false, true]) func aStepThatIsAThirdSlowerIsARegression(_ isMeasured: Bool) throws {
        let slower = made(ratios: Self.steady.map { $0 * 1.3 }, isMeasured: isMeasured)
        let comparison = try Comparison(baseline: made(isMeasured: isMeasured), current: slower)
        #expect(comparison.regressions.map(\.name) == [isMeasured ? "measured time" : "host time"])
        #expect(comparison.isRegressionOfTimeOnly)
        #expect(comparison.regressions.first?.change.hasPrefix("1.300 [") == true, "\(comparison.regressions)")
        let back = try Comparison(baseline: slower, current: made(isMeasured: isMeasured))
        #expect(back.improvements.map(\.kind) == [.measured])
    }

    @Test func aRegressionOfTimeHasToStandInTheConfirmation() throws {
        let slower = made(ratios: Self.steady.map { $0 * 1.3 })
        let confirmed = try Comparison(baseline: made(), current: slower, confirmations: [slower])
        #expect(confirmed.regressions.map(\.name) == ["host time"])
        let once = try Comparison(baseline: made(), current: slower, confirmations: [made()])
        #expect(once.regressions.isEmpty)
        // Exact figures need none.
        #expect(
            try Comparison(baseline: made(), current: made(bytes: 4001), confirmations: [made()]).regressions.count == 1
        )
    }

    @Test func theControlTakesTheMachinesSpeedOut() throws {
        // Everything took twice as long, the control included.
        var current = made()
        for index in current.runs.indices {
            current.runs[index].timings = current.runs[index].timings.map { timing in
                RunRecord.Timing(
                    clusterSeconds: 2 * timing.clusterSeconds, hostSeconds: 2 * timing.hostSeconds,
                    control: HostControl.Times(
                        sgemmSeconds: 2 * timing.control.sgemmSeconds, sweepSeconds: 2 * timing.control.sweepSeconds),
                    segmentSeconds: timing.segmentSeconds.map { 2 * $0 })
            }
        }
        let time = try figure("host time", Comparison(baseline: made(), current: current))
        #expect(time.status == .withinTolerance && time.change.hasPrefix("1.000 ["), "\(time.change)")
    }

    @Test func timesOfOtherMachinesAndTooFewRepetitionsAreNotCompared() throws {
        var other = made(ratios: Self.steady.map { $0 * 2 })
        other.machine.processor = "Another Processor"
        let elsewhere = try Comparison(baseline: made(), current: other)
        #expect(try figure("host time", elsewhere).status == .notCompared)
        #expect(try figure("host time", elsewhere).test.contains("Another Processor"))
        let few = try Comparison(baseline: made(ratios: [10]), current: made(ratios: [20]))
        #expect(try figure("host time", few).test.contains("repetitions"))
        #expect(elsewhere.regressions.isEmpty && few.regressions.isEmpty)
    }

    // MARK: What cannot be compared

    private func reasons(_ baseline: Results, _ current: Results) -> [String] {
        do {
            _ = try Comparison(baseline: baseline, current: current)
            return []
        } catch {
            return error.reasons
        }
    }

    @Test func otherPlansAreNamedWithAllThatDiffers() {
        var current = made()
        current.plan.strategies[0].options["batch"] = 32
        current.plan.strategies[0].cluster?.worker.link.latencySeconds = 0.5
        current.plan.shuffles = false
        let found = reasons(made(), current)
        #expect(found.count == 3, "\(found)")
        #expect(found.contains { $0.contains("shuffles: 1 against 0") || $0.contains("shuffles: true against false") })
        #expect(found.contains { $0.contains("sync's options.batch: 64 against 32") })
        #expect(found.contains { $0.contains("sync's worker.link.latencySeconds: ") && $0.hasSuffix("against 0.5") })
    }

    @Test func namesSourcesAndPricesAreNoOtherPlan() {
        var current = made()
        current.plan.strategies[0].cluster?.name = "another name"
        current.plan.strategies[0].cluster?.source = "another source"
        current.plan.hostThreads = 7
        current.plan.repetitions = 9
        current.plan.strategies[0].tuning = Tuning(options: [], trials: 1, seeds: 1, chosenOn: "x", source: "y")
        #expect(reasons(made(), current).isEmpty)
    }

    @Test func aMissingStrategyAndAStoppedExperimentAreNamed() throws {
        var current = made()
        current.isComplete = false
        current.runs.removeLast()
        #expect(reasons(made(), current) == ["the current results are of an experiment that was stopped: 4 of 5 runs"])
        var two = results([record("single"), record("sync")], seeds: [1])
        let one = results([record("sync")], seeds: [1])
        #expect(reasons(two, one) == ["single is in the baseline and missing in the current results"])
        #expect(reasons(one, two).isEmpty)
        two.plan.seeds = [2]
        #expect(reasons(one, two).contains("the plans differ in seeds: 1 against 2"))
        #expect(
            try Comparison(baseline: one, current: results([record("single"), record("sync")], seeds: [1])).notes.count
                == 1)
    }

    // MARK: Forms

    @Test func everyFormNamesTheRegression() throws {
        let comparison = try Comparison(baseline: made(), current: made(accuracyChange: 0.02, bytes: 4040))
        let terminal = ComparisonText.terminal(comparison)
        #expect(terminal.contains("REGRESSION") && terminal.contains("1 regression: sync's bytes sent"))
        let markdown = ComparisonText.markdown(comparison)
        #expect(markdown.hasPrefix("### ❌ bench: digits, 1 strategies, 5 seeds"))
        #expect(
            markdown.contains("| REGRESSION ") && markdown.contains("| improvement ") && markdown.contains("<details>"))
        let annotations = GitHubAnnotations.render(comparison).split(separator: "\n")
        #expect(annotations.first?.hasPrefix("::error title=sync%3A bytes sent::4000 -> 4040 (+40 (+1 %25); ") == true)
        #expect(annotations.contains { $0.hasPrefix("::notice title=sync%3A final accuracy::") })
        let xml = JUnitXML.render(comparison)
        #expect(xml.contains("tests=\"18\" failures=\"1\" errors=\"0\" skipped=\"0\""))
        #expect(xml.contains("<failure message=\"sync: bytes sent: 4000 -&gt; 4040"))
    }

    @Test func theXMLIsWellFormedWhateverStandsInIt() throws {
        var baseline = made()
        baseline.machine.processor = "<A & \"B\">\u{1}"
        for text in [
            JUnitXML.render(try Comparison(baseline: baseline, current: made())),
            JUnitXML.render(notComparable: ["a < b & \"c\"\nd"]),
        ] {
            let parser = XMLParserCheck()
            #expect(parser.isWellFormed(text), "\(text)")
        }
    }

    // MARK: Accepting

    @Test func anAcceptedBaselineKeepsItsHistoryWithTheReasonAndTheChanges() throws {
        let first = Comparison.accept(made(), over: nil, comparison: nil, reason: "begin", date: "2026-01-01T00:00:00Z")
        let next = made(bytes: 4040)
        let second = Comparison.accept(
            next, over: first, comparison: try Comparison(baseline: first, current: next), reason: "headers",
            date: "2026-02-01T00:00:00Z")
        #expect(second.history.map(\.reason) == ["begin", "headers"])
        #expect(second.history.first?.changes == ["the first baseline"])
        let changes = second.history.last?.changes ?? []
        #expect(changes.map { $0.prefix(32) } == ["sync: bytes sent: 4000 -> 4040 ("], "\(changes)")
        #expect(second.runs == next.runs)
        #expect(try Comparison(baseline: second, current: next).regressions.isEmpty)
    }
}
