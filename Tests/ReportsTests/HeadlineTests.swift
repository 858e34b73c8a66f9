import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport

/// Which strategy is the first, in words that follow from the figures and their clocks.
@Suite struct HeadlineTests {
    private static let never = [0.1, 0.2, 0.3]
    private static func reaching(_ seconds: Int) -> [Double] {
        Array(repeating: 0.1, count: seconds - 2) + [0.99, 0.99, 0.99]
    }

    private func raced(_ seconds: [(String, [Int])]) -> Results {
        let seeds = (1...UInt64(seconds[0].1.count)).map { $0 }
        return results(
            seconds.flatMap { name, values in
                zip(seeds, values).map { record(name, seed: $0, $1 == 0 ? Self.never : Self.reaching($1)) }
            }, seeds: seeds)
    }

    private static let judged =
        " Strategies are compared seed by seed; a bracket behind a median shows only how it spreads over the seeds."

    @Test func aMeasuredTimeIsNeverSetAgainstASimulatedOne() {
        var all = raced([("single", [8]), ("threads", [4]), ("sync", [20]), ("federated", [3])])
        all.plan.strategies[0].fabric = .threads
        all.plan.strategies[1].fabric = .threads
        all.plan.strategies[3].cluster?.name = "phones"
        all.plan.strategies[3].cluster?.worker.link.latencySeconds = 0.1
        #expect(
            Headline.words(all) == """
                Measured on this machine, `threads` is the first to reach 95 %, after 4 s; `single` takes 2 times as long. \
                Simulated on infiniband, only `sync` was run: it reaches 95 % after 20 s. Simulated on phones, only `federated` \
                was run: it reaches 95 % after 3 s. Times on different machines, or of different clocks, do not say which strategy is faster.
                """)
    }

    @Test(arguments: [StrategyPlan.FabricKind.threads, .mpi, .emulated])
    func everyKindOfClockHasASentenceOfItsOwn(_ fabric: StrategyPlan.FabricKind) {
        var all = raced([("single", [8]), ("sync", [20])])
        all.plan.strategies[0].fabric = fabric
        let words = Headline.words(all)
        #expect(!words.contains("times as long") && !words.contains("is the first"), "\(words)")
        #expect(words.contains("Simulated on infiniband, only `sync` was run: it reaches 95 % after 20 s."))
    }

    @Test func aGroupThatNeverGotThereSaysSo() {
        var all = raced([("single", [8]), ("sync", [0])])
        all.plan.strategies[0].fabric = .threads
        #expect(
            Headline.words(all).contains(
                "Simulated on infiniband, `sync` did not reach 95 % with more than half of the seeds."))
    }

    /// A mean of 0.71 is not at 95 %, though the last evaluation is.
    @Test func anEndAtTheTargetThatDoesNotCountIsSaidNotTo() {
        let rule = """
            `single` ends at 95 %, which counts as reached only where the mean of the last 3 evaluations is at the target, too.
            """
        let late = results([record("single", [0.13, 1, 1]), record("sync", Self.never)], seeds: [1])
        let words = MarkdownReport.summary(late)
        #expect(words.hasPrefix("No strategy reached 95 %") && words.contains(rule), "\(words)")
        #expect(!MarkdownReport.summary(raced([("single", [8]), ("sync", [0])])).contains("counts as reached"))
        // Where there are fewer evaluations, that is what is said.
        let short = MarkdownReport.summary(results([record("single", [1, 1])], seeds: [1]))
        #expect(!short.contains("counts as reached") && short.contains("With fewer than 3 evaluations"), "\(short)")
    }

    @Test func aTieIsToldAsATie() {
        #expect(
            Headline.words(raced([("single", [4]), ("threads", [4]), ("sync", [8])])) == """
                `single` and `threads` reach 95 % at the same time, after 4 s of simulated cluster time; `sync` takes 2 times as \
                long.
                """)
    }

    /// Times of 4.9 and 5.1 s: with evaluations a second apart nobody knows which was there first.
    @Test func timesWithinOneEvaluationOfEachOtherAreNotRanked() {
        var all = raced([("single", [5]), ("sync", [5])])
        all.runs[1] = all.runs[1].with(evaluations: all.runs[1].evaluations.map { $0.moved(by: 0.1) })
        #expect(
            Headline.words(all)
                == "`single` and `sync` are too close to call: medians of 5 s and 5.1 s of simulated cluster time to reach 95 %."
        )
    }

    @Test func aShorterMedianThatChanceExplainsIsNotCalledTheFirst() {
        #expect(
            Headline.words(raced([("single", [4, 9, 6]), ("sync", [8, 5, 7])])) == """
                `single` and `sync` are too close to call: medians of 6 s and 7 s of simulated cluster time to reach 95 %.
                """ + Self.judged)
        #expect(
            Headline.words(raced([("single", [4, 4, 5]), ("sync", [20, 21, 26])])) == """
                `single` is the first to reach 95 %, after 4 s of simulated cluster time; `sync` takes 5.25 times as long.
                """ + Self.judged)
    }

    @Test func whoTiesWithTwoThatAreEqualIsTooCloseToCallToo() {
        let words = Headline.words(raced([("single", [5]), ("threads", [5]), ("sync", [6])]))
        #expect(words.hasPrefix("`single` and `threads` reach 95 % at the same time, after 5 s"), "\(words)")
        let three = Headline.words(raced([("single", [4, 9, 6]), ("threads", [6, 4, 9]), ("sync", [8, 5, 7])]))
        #expect(
            three.hasPrefix(
                """
                `single` and `threads` reach 95 % at the same time, after 6 s of simulated cluster time; too close to call: \
                `sync` with a median of 7 s.
                """), "\(three)")
    }

    @Test func equalBytesAreNotCalledLeast() {
        let all = raced([("sync", [4]), ("federated", [4])])
        #expect(
            MarkdownReport.summary(all).contains(
                "Over a network, `sync` and `federated` send the same, 4 kB in all, for the same number of samples."))
    }

    @Test func unequalWorkIsNamedBesideBytes() {
        let all = results(
            [record("sync", Self.reaching(9), bytes: 8000), record("federated", Self.reaching(3), bytes: 4000)],
            seeds: [1])
        #expect(
            MarkdownReport.summary(all).contains(
                "`federated` sends least, 4 kB in all, though not for the same number of samples; `sync` sends 2 times as much."
            ))
    }

    @Test func equalAccuraciesShareTheHighest() {
        let words = MarkdownReport.summary(
            results([record("single", [0.1, 0.75]), record("threads", [0.1, 0.75])], seeds: [1]))
        #expect(words.contains("is 75.00 %, of `single` and `threads`."), "\(words)")
    }

    // MARK: Classes

    @Test func clocksAreOfFourKindsAndMachinesOfTheirFigures() throws {
        let plans = Setup(strategies: ["single", "sync"]).plan.strategies
        var other = plans[1]
        #expect(ClockClass(plans[0]).relation(to: ClockClass(other)) == .sameMachines)
        other.cluster?.name = "another name"
        other.cluster?.worker.pricePerHour = 3
        #expect(ClockClass(plans[0]).relation(to: ClockClass(other)) == .sameMachines)
        other.cluster?.worker.link.latencySeconds = 9
        #expect(ClockClass(plans[0]).relation(to: ClockClass(other)) == .otherMachines)
        let kinds = [StrategyPlan.FabricKind.threads, .simulated, .emulated, .mpi].map { fabric in
            other.fabric = fabric
            return ClockClass(other)
        }
        #expect(kinds.map(\.title) == ["measured", "simulated", "emulated", "measured, MPI"])
        for (index, kind) in kinds.enumerated() {
            for (place, another) in kinds.enumerated() {
                #expect((kind.relation(to: another) == .otherClock) == (index != place))
            }
        }
    }

    @Test func tablesOfTimesNameTheClock() throws {
        var study = try made([[0.4], [0.1], [0.8], [0.2]], metric: .time, seconds: [[1], [2], [3], [4]])
        #expect(StudyTable.terminal(study).contains("simulated"))
        study.plan.experiment.strategies[0].fabric = .threads
        let text = StudyTable.terminal(study)
        #expect(text.contains("measured") && !text.contains("simulated"), "\(text)")
    }
}
