import Foundation
import Testing

@testable import Experiments
@testable import RegressionGate
@testable import Reports
@testable import Storage
@testable import TestSupport

/// What a comparison says and in which form, and what else is not compared or refused.
@Suite struct ComparisonFormTests {
    private static let steady = [10.0, 10.1, 10.2, 10.1, 10.0, 10.3, 10.1, 10.2, 10.05, 10.15]

    /// Two seeds of two strategies.
    private func made(bytes: Int = 4000, accuracy: Double = 0.96, ratios: [Double] = steady) -> Results {
        results(
            [1, 2].flatMap { seed in
                [
                    record("sync", seed: seed, [0.1, accuracy, accuracy], bytes: bytes, timings: timings(ratios)),
                    record("federated", seed: seed, [0.1, 0.96, 0.96], timings: timings(Self.steady)),
                ]
            }, seeds: [1, 2])
    }

    private func reasons(_ baseline: Results, _ current: Results, confirmations: [Results] = []) -> [String] {
        do {
            _ = try Comparison(baseline: baseline, current: current, confirmations: confirmations)
            return []
        } catch {
            return error.reasons
        }
    }

    private func figure(_ name: String, _ comparison: Comparison) throws -> Figure {
        try #require(comparison.figures.first { $0.name == name }, "\(comparison.figures.map(\.name))")
    }

    // MARK: The verdict

    @Test func theVerdictCountsAndNamesWhatIsWorseAndWhatIsBetter() throws {
        let same = try Comparison(baseline: made(), current: made())
        #expect(same.verdict == "No regression; 36 figures compared.")
        let worse = try Comparison(baseline: made(), current: made(bytes: 4001, accuracy: 0.5))
        #expect(
            worse.verdict == """
                4 regressions: sync's bytes sent, sync's curve accuracies, sync's final accuracy, sync's mean accuracy of the curve; \
                36 figures compared.
                """)
        let better = try Comparison(baseline: made(), current: made(bytes: 3000))
        #expect(better.verdict == "No regression; 1 improvement: sync's bytes sent; 36 figures compared.")
        #expect(!better.isRegressionOfTimeOnly && !worse.isRegressionOfTimeOnly)
        let untimed = try Comparison(baseline: made(), current: made(ratios: [10]))
        #expect(untimed.verdict == "No regression; 35 figures compared, 1 not.")
    }

    @Test func theTerminalHasWorseBeforeBetterAndCountsTheRest() throws {
        let comparison = try Comparison(baseline: made(bytes: 4000, accuracy: 0.5), current: made(bytes: 4001))
        let lines = ComparisonText.terminal(comparison).split(separator: "\n").map(String.init)
        let words = lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        #expect(
            words[2...] == [
                "REGRESSION sync", "improvement sync", "improvement sync", "improvement sync", "no change", "no change",
                "30 other", "1 regression:",
            ])
        #expect(lines[2].contains("4000") && lines[2].contains("4001") && lines[2].contains("+1 (+0.025 %)"))
    }

    // MARK: Times

    @Test func timesWithinTheMarginAreNoFinding() throws {
        func status(_ factor: Double, margin: Double = 0.1) throws -> Figure.Status {
            let current = made(ratios: Self.steady.map { $0 * factor })
            let comparison = try Comparison(
                baseline: made(), current: current, settings: Comparison.Settings(timeMargin: margin))
            return try figure("host time", comparison).status
        }
        #expect(try status(1.05) == .withinTolerance && status(0.95) == .withinTolerance)
        #expect(try status(1.2) == .regression && status(0.8) == .improvement)
        #expect(try status(1.05, margin: 0.01) == .regression && status(1.2, margin: 0.5) == .withinTolerance)
    }

    /// Half of the repetitions may be disturbed, on either side.
    @Test func aProgramThatComesByForAWhileIsNoRegression() throws {
        var disturbed = Self.steady
        for index in 5..<10 { disturbed[index] *= 3 }
        let time = try figure("host time", Comparison(baseline: made(), current: made(ratios: disturbed)))
        #expect(time.status == .withinTolerance && time.change.hasPrefix("1.00"), "\(time.change)")
    }

    @Test func timesAreComparedOnTheSameMachineAndBuildOnly() throws {
        func test(_ change: (inout Results) -> Void) throws -> String {
            var current = made(ratios: Self.steady.map { $0 * 2 })
            change(&current)
            let figure = try figure("host time", Comparison(baseline: made(), current: current))
            #expect(figure.status == .notCompared)
            return figure.test
        }
        #expect(try test { $0.machine.processor = "Other" } == "other processors: A Processor and Other")
        #expect(try test { $0.machine.cores = 64 } == "2 and 64 cores")
        #expect(try test { $0.machine.buildMode = "release" } == "other builds: debug and release")
        #expect(try test { $0.plan.hostThreads = 7 } == "other numbers of host threads")
        #expect(try test { $0.runs[0].timings = [] }.hasPrefix("10 and 0 repetitions; 10 are needed on either side"))
    }

    /// A machine that was started anew is another one, since its clocks and its neighbours are.
    @Test func timesAreComparedSinceTheLastStartUnlessMoreIsAskedFor() throws {
        func figure(_ scope: Comparison.TimeScope, boot: String?, processor: String = "A Processor") throws -> Figure {
            var (baseline, current) = (made(), made(ratios: Self.steady.map { $0 * 2 }))
            if boot == nil { baseline.machine.boot = nil }
            current.machine.boot = boot
            current.machine.processor = processor
            let settings = Comparison.Settings(times: scope)
            return try self.figure(
                "host time", Comparison(baseline: baseline, current: current, settings: settings))
        }
        let same = machine.boot
        #expect(try figure(.sameMachine, boot: same).status == .regression)
        #expect(try figure(.sameMachine, boot: "another").test.contains("--times same-processor"))
        #expect(try figure(.sameMachine, boot: nil).status == .notCompared, "not known on either side")
        #expect(try figure(.sameProcessor, boot: "another").status == .regression)
        #expect(try figure(.sameProcessor, boot: "another", processor: "Other").status == .notCompared)
        #expect(try figure(.never, boot: same).test == "not asked for (--times never)")
    }

    /// A machine may be busy on either side. The run is twice as slow, which nothing would hide on a machine that does
    /// nothing else.
    @Test func timesOfABusyMachineAreNotCompared() throws {
        func figure(baseline: Double, current: Double) throws -> Figure {
            var (old, new) = (made(), made())
            for index in old.runs.indices {
                old.runs[index].timings = timings(Self.steady, disturbance: baseline)
                new.runs[index].timings = timings(Self.steady.map { $0 * 2 }, disturbance: current)
            }
            return try self.figure("host time", Comparison(baseline: old, current: new))
        }
        #expect(try figure(baseline: 1.2, current: 1.2).status == .regression)
        let busy = try figure(baseline: 1, current: 1.3)
        #expect(busy.status == .notCompared && busy.test.contains("busy") && busy.test.contains("current results"))
        #expect(busy.test.contains("1.30 times its least, and 1.25 is allowed"), "\(busy.test)")
        #expect(try figure(baseline: 1.3, current: 1).test.contains("during the baseline"))
    }

    /// A file whose checksum was made to fit might have such times; their ratio is no number.
    @Test func timesThatAreNoTimesAreNotCompared() throws {
        let none = Double.leastNonzeroMagnitude
        var current = made()
        let timing = RunRecord.Timing(
            clusterSeconds: 1, hostSeconds: 1, control: HostControl.Times(sgemmSeconds: none, sweepSeconds: none),
            segmentSeconds: [1])
        for run in [0, 2] { current.runs[run].timings = Array(repeating: timing, count: 10) }
        let comparison = try Comparison(baseline: made(), current: current)
        #expect(try figure("host time", comparison).test == "a time or a control that is none")
        var torn = made()
        for (run, parts) in [(0, [0, 1.0]), (2, [1.0, 0])] {
            torn.runs[run].timings[3] = RunRecord.Timing(
                clusterSeconds: 1, hostSeconds: 1, control: HostControl.Times(sgemmSeconds: 1, sweepSeconds: 1),
                segmentSeconds: parts)
        }
        #expect(
            try figure("host time", Comparison(baseline: made(), current: torn)).test
                == "a time or a control that is none")
    }

    // MARK: Tolerances

    @Test func withoutTheSizeOfTheTestSetTheSeedsGiveTheToleranceOfAccuracies() throws {
        func made(_ accuracies: [Double]) -> Results {
            var all = results(
                zip([1, 2, 3], accuracies).map { record("sync", seed: $0, [0.1, $1]) }, seeds: [1, 2, 3])
            all.testSamples = nil
            return all
        }
        // Deviation 0.01, Student's quantile of two degrees for 1 % 9.925: 0.01 * sqrt(2 / 3) * 9.925 = 0.0810.
        let baseline = made([0.95, 0.96, 0.97])
        for (change, status) in [(-0.0805, Figure.Status.withinTolerance), (-0.0815, .regression)] {
            let comparison = try Comparison(baseline: baseline, current: made([0.95, 0.96, 0.97].map { $0 + change }))
            #expect(try figure("final accuracy", comparison).status == status, "\(change)")
        }
    }

    @Test func aRunThatDivergesOnBothSidesIsAsItWas() throws {
        let diverged = results([record("sync", [0.1, 0.1], outcome: .diverged, losses: [2.3, .nan])], seeds: [1])
        let comparison = try Comparison(baseline: diverged, current: diverged)
        #expect(comparison.regressions.isEmpty)
        #expect(
            try figure("outcome", comparison).status == .same && figure("final test loss", comparison).status == .same)
        let healed = try Comparison(
            baseline: diverged, current: results([record("sync", [0.1, 0.1], losses: [2.3, 1])], seeds: [1]))
        #expect(try figure("outcome", healed).status == .improvement)
        #expect(try figure("final test loss", healed).status == .improvement)
    }

    // MARK: What cannot be compared

    @Test func anotherTaskTargetComputeModelOrSizeOfTheDataIsAnotherPlan() {
        var current = made()
        current.plan.task = "mnist-2nn"
        current.plan.target = 0.9
        current.plan.compute = "calibrated"
        current.trainingSamples = 1000
        current.plan.initialParametersFile = "start.safetensors"
        #expect(
            reasons(made(), current) == [
                "the plans differ in compute: reference against calibrated",
                "the plans differ in initialParametersFile: nothing against start.safetensors",
                "the plans differ in target: 0.95 against 0.9", "the plans differ in task: digits against mnist-2nn",
                "the plans differ in trainingSamples: 1437 against 1000",
            ])
    }

    @Test func aMissingSeedIsNamed() {
        var current = made()
        current.plan.seeds = [1]
        current.runs.removeAll { $0.seed == 2 }
        #expect(reasons(made(), current) == ["the plans differ in seeds: 1,2 against 1"])
    }

    /// JSON has no number for it, which must not make all plans look alike.
    @Test func aRateThatIsNoNumberIsAnotherPlan() {
        var (first, second) = (made(), made())
        for index in 0..<2 {
            first.plan.strategies[index].configuration.schedule.baseRate = .infinity
            second.plan.strategies[index].configuration.schedule.baseRate = .infinity
        }
        second.plan.strategies[0].options["batch"] = 32
        #expect(reasons(first, first).isEmpty)
        #expect(reasons(first, second).count == 1)
    }

    @Test func aConfirmationHasToBeOfThePlanToo() {
        var other = made()
        other.plan.target = 0.5
        #expect(reasons(made(), made(), confirmations: [made()]).isEmpty)
        #expect(
            reasons(made(), made(), confirmations: [made(), other]) == ["the plans differ in target: 0.95 against 0.5"])
    }

    // MARK: Forms

    @Test func theMarkdownNamesBothSidesAndTheLastMoveOfTheBaseline() throws {
        var baseline = made()
        baseline.history = [
            .init(date: "2026-01-01", commit: "a", reason: "first", changes: []),
            .init(date: "2026-02-01", commit: "b", reason: "headers", changes: []),
        ]
        var current = made()
        current.machine.commit = "fedcba"
        let text = ComparisonText.markdown(try Comparison(baseline: baseline, current: current))
        #expect(
            text.hasPrefix("### ✅ bench: digits, 2 strategies, 2 seeds\n\n**No regression; 36 figures compared.**\n"))
        #expect(text.contains("<details><summary>34 figures are as they were</summary>\n\n| verdict"))
        #expect(
            text.contains("Baseline: commit 0123456789ab, 2026-01-02T03:04:05Z, A Processor. Current: commit fedcba, "))
        #expect(text.hasSuffix("The baseline was accepted on 2026-02-01: headers\n"))
    }

    @Test func whatCouldNotBeComparedIsSaidInEveryForm() {
        let reasons = ["the plans differ in seeds: 1 against 2", "sync is missing, 100 %"]
        #expect(
            ComparisonText.markdown(notComparable: reasons) == """
                ### ⚠️ bench: could not compare

                - the plans differ in seeds: 1 against 2
                - sync is missing, 100 %

                """)
        #expect(
            GitHubAnnotations.render(notComparable: reasons) == """
                ::error title=bench could not compare::the plans differ in seeds: 1 against 2
                ::error title=bench could not compare::sync is missing, 100 %25

                """)
        let xml = JUnitXML.render(notComparable: reasons)
        #expect(xml.contains("tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\""))
        #expect(xml.contains("<error message=\"the plans differ in seeds: 1 against 2; sync is missing, 100 %\""))
        #expect(XMLParserCheck().isWellFormed(xml))
    }

    @Test func anAnnotationIsOneLineWhateverStandsInIt() throws {
        let text = GitHubAnnotations.render(notComparable: ["a\r\nb\nc\rd: 5 %, e\u{301}"])
        #expect(text == "::error title=bench could not compare::a%0D%0Ab%0Ac%0Dd: 5 %25, e\u{301}\n")
        var other = made()
        other.machine.processor = "B\r\n::error::not ours"
        let warnings = GitHubAnnotations.render(try Comparison(baseline: made(), current: other))
        #expect(
            warnings.unicodeScalars.count { $0 == "\n" } == 2 && !warnings.unicodeScalars.contains("\r"), "\(warnings)")
        #expect(
            warnings.hasPrefix("::warning title=sync%3A host time::other processors: A Processor and B%0D%0A::error"))
    }

    @Test func eachFigureIsATestCaseOfTheXML() throws {
        var other = made(bytes: 4001)
        other.machine.cores = 8
        let comparison = try Comparison(baseline: made(), current: other)
        let xml = JUnitXML.render(comparison)
        #expect(
            xml.contains("<testsuite name=\"bench compare\" tests=\"36\" failures=\"1\" errors=\"0\" skipped=\"2\">"))
        #expect(xml.components(separatedBy: "<testcase ").count - 1 == 36)
        #expect(xml.components(separatedBy: "<failure ").count - 1 == 1)
        #expect(xml.components(separatedBy: "<skipped message=\"2 and 8 cores\"/>").count - 1 == 2)
        #expect(xml.contains("<testcase classname=\"bench.sync\" name=\"bytes sent\">\n      <failure "))
        #expect(XMLParserCheck().isWellFormed(xml))
    }

    /// The check of the XML refuses these; otherwise its test would pass whatever stands in the text.
    @Test(arguments: [
        "<a>", "<a></b>", "<a b=\"c></a>", "<a>&</a>", "<a>\u{1}</a>", "<a><b></a></b>", "<a b=\"<\"></a>",
    ])
    func theCheckOfTheXMLFindsWhatIsNotWellFormed(_ text: String) {
        #expect(!XMLParserCheck().isWellFormed(text), "\(text)")
    }

    // MARK: Accepting

    @Test func anotherPlanIsAcceptedWithTheOldHistory() throws {
        let first = Comparison.accept(made(), over: nil, comparison: nil, reason: "begin", date: "2026-01-01T00:00:00Z")
        var next = made()
        next.plan.target = 0.9
        let second = Comparison.accept(
            next, over: first, comparison: nil, reason: "a target", date: "2026-02-01T00:00:00Z")
        #expect(second.history.map(\.changes) == [["the first baseline"], ["another plan"]])
        #expect(second.history.map(\.date) == ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"])
        #expect(second.history.last?.commit == next.machine.commit)
        #expect(second.plan.target == 0.9)
    }

    @Test func improvementsAndNewStrategiesStandInTheHistory() throws {
        let baseline = results([record("sync", timings: timings(Self.steady))], seeds: [1])
        let current = results(
            [record("sync", bytes: 3000, timings: timings(Self.steady)), record("federated")], seeds: [1])
        let accepted = Comparison.accept(
            current, over: baseline, comparison: try Comparison(baseline: baseline, current: current), reason: "r",
            date: "d")
        let changes = try #require(accepted.history.first).changes
        #expect(changes.first?.hasPrefix("sync: bytes sent: 4000 -> 3000 (-1000") == true, "\(changes)")
        #expect(changes.dropFirst() == ["federated is not in the baseline and was not compared; --accept takes it in"])
    }

    @Test func theHistoryComesBackFromTheFile() throws {
        let accepted = Comparison.accept(made(), over: nil, comparison: nil, reason: "begin: \"x\"\n", date: "d")
        #expect(try ResultsFile.decode(ResultsFile.encode(accepted), file: "f").history == accepted.history)
    }
}
