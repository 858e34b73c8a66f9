import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport

@Suite struct PairwiseVerdictTests {
    private static let seeds: [UInt64] = [1, 2, 3, 4, 5]
    private static let never = [0.1, 0.2, 0.3]

    private static func reaching(_ seconds: Int, end: Double = 0.99) -> [Double] {
        Array(repeating: 0.1, count: seconds - 2) + [0.99, 0.99, end]
    }

    private func made(_ single: [[Double]], _ sync: [[Double]]) -> Results {
        let seeds = Self.seeds.prefix(single.count)
        return results(
            zip(seeds, single).map { record("single", seed: $0, $1) }
                + zip(seeds, sync).map { record("sync", seed: $0, $1) },
            seeds: Array(seeds))
    }

    private func words(_ figure: PairwiseVerdict.Figure, _ results: Results) -> [String] {
        PairwiseVerdict.all(results).filter { $0.figure == figure }.map(\.words)
    }

    /// Made with scipy 1.17:
    ///
    ///     slow, fast = np.array([8, 9, 10, 8, 9]), np.array([4, 5, 5, 4, 5])
    ///     ci = lambda r: np.exp(st.ttest_1samp(np.log(r), 0).confidence_interval(0.95))
    ///     print(np.median(slow / fast), ci((slow - 1) / fast)[0], ci(slow / (fast - 1))[1])    # 2.0 1.5850 2.7348
    ///
    /// Evaluations are a second apart, so that either time may be up to a second less.
    @Test func theFasterOneIsNamedWithItsSeedsItsFactorAndTheInterval() {
        let (slow, fast) = ([8, 9, 10, 8, 9].map { Self.reaching($0) }, [4, 5, 5, 4, 5].map { Self.reaching($0) })
        let sentence = "beats %@ in 5 of 5 seeds, 2x [1.58, 2.73]"
        #expect(words(.timeToTarget, made(slow, fast)) == ["sync " + sentence.replacing("%@", with: "single")])
        #expect(words(.timeToTarget, made(fast, slow)) == ["single " + sentence.replacing("%@", with: "sync")])
    }

    /// Made with scipy 1.17:
    ///
    ///     d = np.array([.962, .971, .968, .966, .97]) - [.951, .955, .956, .952, .957]
    ///     print(100 * np.median(d), 100 * st.ttest_1samp(d, 0).confidence_interval(0.95))    # 1.3, 1.081 to 1.559
    @Test func theMoreAccurateOneIsNamedWithItsPoints() {
        let high = [0.962, 0.971, 0.968, 0.966, 0.97].map { Self.reaching(4, end: $0) }
        let low = [0.951, 0.955, 0.956, 0.952, 0.957].map { Self.reaching(4, end: $0) }
        let sentence = "ends above %@ in 5 of 5 seeds, 1.30 points [1.08, 1.56]"
        #expect(words(.finalValue, made(high, low)) == ["single " + sentence.replacing("%@", with: "sync")])
        #expect(words(.finalValue, made(low, high)) == ["sync " + sentence.replacing("%@", with: "single")])
    }

    @Test func whereNothingIsShownItSaysSo() {
        let curves = [4, 5, 6].map { Self.reaching($0) }
        let other = [5, 4, 7].map { Self.reaching($0) }
        let found = words(.timeToTarget, made(curves, other))
        #expect(found[0].hasPrefix("no difference shown between single and sync (1.17x ["), "\(found)")
        #expect(
            words(.finalValue, made(curves, curves)) == ["single and sync end with the same accuracy in every seed"])
        #expect(
            words(.timeToTarget, made(curves, curves))
                == ["single and sync reach the target at the same time in every seed"])
    }

    /// Four seconds against five, with evaluations a second apart: 4 s may have been 3 s and 5 s may have been 4 s.
    @Test func timesLessThanAnEvaluationApartShowNoDifference() throws {
        let all = made(Array(repeating: Self.reaching(4), count: 5), Array(repeating: Self.reaching(5), count: 5))
        let verdict = try #require(PairwiseVerdict.all(all).first)
        // Exactly a step: the shorter one is ahead, by an amount that may be nothing.
        #expect(verdict.comparison.wins == 5 && verdict.comparison.low == 1)
        #expect(verdict.comparison.verdict == .noDifferenceShown)
        #expect(words(.timeToTarget, all)[0].hasPrefix("no difference shown"))
    }

    /// Three seeds of 4,000 s against some that take a second longer, as a curve with finer steps would have it.
    @Test func aDifferenceThatThreeDigitsDoNotShowIsToldInPerCent() throws {
        func moved(_ seconds: Double, _ name: String) -> [RunRecord] {
            [1, 2, 3].map { (seed: UInt64) in
                let run = record(name, seed: seed, Self.reaching(4))
                // Evaluations a thousandth of a second apart.
                return run.with(
                    evaluations: run.evaluations.map { $0.with(clusterSeconds: seconds + $0.clusterSeconds * 1e-3) })
            }
        }
        let all = results(moved(400, "single") + moved(401, "sync"), seeds: [1, 2, 3])
        #expect(words(.timeToTarget, all) == ["single beats sync in 3 of 3 seeds, 0.25 % [0.25, 0.25]"])
    }

    @Test func seedsThatNeverGotThereAreCountedAndGiveNoFactor() {
        let (some, none) = ((4...8).map { Self.reaching($0) }, Array(repeating: Self.never, count: 5))
        #expect(
            words(.timeToTarget, made(some, none)) == [
                "single beats sync in 5 of 5 seeds; the target was reached by single in 5, by sync in 0 of 5 seeds"
            ])
        let mixed = Array(some.prefix(3)) + none.prefix(2)
        #expect(
            words(.timeToTarget, made(some, mixed)) == [
                "no difference shown between single and sync; the target was reached by single in 5, by sync in 3 of 5 seeds"
            ])
    }

    @Test func onlySeedsThatBothHaveAreCompared() throws {
        let all = results(
            [1, 2, 3].map { record("single", seed: $0, Self.reaching(8)) }
                + [2, 3].map { record("sync", seed: $0, Self.reaching(4)) }, seeds: [1, 2, 3], isComplete: false)
        let verdict = try #require(PairwiseVerdict.all(all).first)
        #expect(verdict.comparison.pairs == 2)
        let apart = results([record("single", seed: 1), record("sync", seed: 2)], seeds: [1, 2], isComplete: false)
        #expect(PairwiseVerdict.all(apart).isEmpty)
    }

    @Test func everyPairStandsInTheOrderOfTheTable() {
        let names = ["single", "threads", "sync", "federated"]
        let all = results([1, 2].flatMap { seed in names.map { record($0, seed: seed) } }, seeds: [1, 2])
        let pairs = PairwiseVerdict.all(all).map { "\($0.figure.rawValue) \($0.first) \($0.second)" }
        let expected = [
            "single threads", "single sync", "single federated", "threads sync", "threads federated", "sync federated",
        ]
        #expect(pairs == ["timeToTarget", "finalValue"].flatMap { figure in expected.map { "\(figure) \($0)" } })
    }

    // MARK: In reports

    @Test func theReportHasVerdictsAndHowTheyWereMadeForSeveralSeedsAndSeveralStrategies() {
        let report = MarkdownReport.render(made([4, 5].map { Self.reaching($0) }, [8, 10].map { Self.reaching($0) }))
        #expect(report.contains("## Verdicts") && report.contains("Student's t on the paired 2 values"))
        #expect(report.contains("Time to 95 %:\n\n- ") && report.contains("Accuracy at the end:\n\n- "))
        #expect(!MarkdownReport.render(made([Self.never], [Self.never])).contains("## Verdicts"))
        let alone = results([record(seed: 1), record(seed: 2)], seeds: [1, 2])
        #expect(!MarkdownReport.render(alone).contains("## Verdicts"))
    }

    @Test(arguments: [StrategyPlan.FabricKind.threads, .mpi, .emulated])
    func timesOfTwoClocksAreNeverCompared(_ fabric: StrategyPlan.FabricKind) {
        var all = made([4, 5].map { Self.reaching($0) }, [8, 10].map { Self.reaching($0) })
        #expect(!MarkdownReport.render(all).contains("Times of different clocks are not compared"))
        all.plan.strategies[0].fabric = fabric
        #expect(PairwiseVerdict.all(all).map(\.figure) == [.finalValue], "accuracy needs no clock")
        let report = MarkdownReport.render(all)
        #expect(!report.contains("single beats sync in"))
        let title = ClockClass(all.plan.strategies[0]).title
        #expect(
            report.contains(
                "Times of different clocks are not compared: `single` (\(title)) against `sync` (simulated)."))
    }

    @Test func timesOfOneClockOnOtherMachinesAreComparedAndTheMachinesNamed() {
        var all = made([4, 5].map { Self.reaching($0) }, [12, 15].map { Self.reaching($0) })
        all.plan.strategies[1].cluster?.worker.link.latencySeconds = 0.5
        all.plan.strategies[1].cluster?.name = "slow"
        #expect(MarkdownReport.render(all).contains(" (with their machines, which differ: infiniband and slow)."))
        // A price or a source makes no other machine.
        all.plan.strategies[1].cluster = all.plan.strategies[0].cluster
        all.plan.strategies[1].cluster?.worker.pricePerHour = 7
        all.plan.strategies[1].cluster?.source = "elsewhere"
        #expect(!MarkdownReport.render(all).contains("with their machines"))
    }

    @Test func whichIntervalComparesIsSaidWhereBothAreShown() {
        let all = made([4, 5].map { Self.reaching($0) }, [8, 10].map { Self.reaching($0) })
        #expect(
            MarkdownReport.render(all).contains("These intervals, and not the brackets of the table, are what compares")
        )
        #expect(
            MarkdownReport.summary(all).contains("compared seed by seed; a bracket behind a median shows only"))
    }
}
