import Locking
import Testing

@testable import Experiments
@testable import Studies
@testable import TestSupport

@Suite struct StudyHalvingTests {
    private func rungs(_ trials: Int, _ epochs: Double, _ reduction: Int?) -> [[Double]] {
        HalvingSchedule(trials: trials, epochs: epochs, reduction: reduction).rungs.map {
            [Double($0.trials), $0.epochs]
        }
    }

    /// Li et al. 2018, table 1: the brackets of R = 81 and a reduction by 3.
    @Test func rungsAreThoseOfHyperbandsTable() {
        #expect(rungs(81, 81, 3) == [[81, 1], [27, 3], [9, 9], [3, 27], [1, 81]])
        #expect(rungs(27, 81, 3) == [[27, 3], [9, 9], [3, 27], [1, 81]])
        #expect(rungs(9, 81, 3) == [[9, 9], [3, 27], [1, 81]])
        #expect(rungs(6, 81, 3) == [[6, 27], [2, 81]])
        #expect(rungs(5, 81, nil) == [[5, 81]])
    }

    @Test func countsThatAreNoPowersAreRoundedDown() {
        #expect(rungs(6, 100, 2) == [[6, 25], [3, 50], [1, 100]])
        #expect(rungs(243, 243, 3).count == 6)
        #expect(rungs(242, 81, 3).map { $0[0] } == [242, 80, 26, 8, 2])
        for trials in 1...100 {
            for reduction in 2...5 {
                let all = HalvingSchedule(trials: trials, epochs: 60, reduction: reduction).rungs
                #expect(all[0].trials == trials && all[all.count - 1].epochs == 60, "\(trials) by \(reduction)")
                // Every rung costs no more than the last one's length for as many trials as the first has in it.
                for rung in all { #expect(Double(rung.trials) * rung.epochs <= Double(trials) * all[0].epochs + 1e-9) }
                for (rung, next) in zip(all, all.dropFirst()) {
                    #expect(next.trials == rung.trials / reduction, "\(trials) by \(reduction)")
                    #expect(abs(next.epochs - rung.epochs * Double(reduction)) < 1e-9)
                }
            }
        }
    }

    @Test func budgetsAddUp() {
        let schedule = HalvingSchedule(trials: 9, epochs: 81, reduction: 3)
        #expect(schedule.starts == 13)
        #expect(schedule.epochs == 3 * 81)
        #expect(HalvingSchedule(trials: 9, epochs: 81, reduction: nil).epochs == 9 * 81)
    }

    @Test(arguments: [1, 4, 0]) func aReductionThatStopsNoneIsRefused(_ reduction: Int) {
        let setup = StudySetup(halving: reduction)
        #expect(setup.error?.contains("--halving is \(reduction) with 3 trials") == true, "\(setup.error ?? "")")
    }

    @Test func theBestOfEachStrategyGoOnAndTrainLonger() throws {
        var setup = StudySetup(vary: ["learning-rate=0.0001,0.1,0.3,1e-05"], halving: 2)
        setup.setup.strategies = ["single", "federated"]
        setup.setup.seeds = [1, 2]
        let results = try setup.run()
        #expect(results.isComplete && results.runs.count == (4 + 2 + 1) * 2 * 2)
        #expect(results.plan.rungs.map(\.epochs) == [0.5, 1, 2])
        for summary in results.summaries {
            // Rates that hardly move the model are stopped first.
            let last = summary.outcomes.map(\.rung)
            #expect(last[0] == 0 && last[3] == 0, "\(summary.strategy.name): \(last)")
            #expect(last.sorted() == [0, 0, 1, 2], "\(summary.strategy.name): \(last)")
            #expect(summary.best.rung == 2 && summary.best.trial == summary.ranked[0].trial)
            #expect(summary.runCount == 14)
            let longest = results.runs.filter { $0.strategy == summary.strategy.name && $0.rung == 2 }
            #expect(longest.count == 2 && longest.allSatisfy { $0.samples >= 2396 })
        }
        // A whole run of the last rung costs what one without halving does.
        var whole = setup
        whole.halving = nil
        let best = results.summaries[0].best
        let same = try #require(try whole.run().summaries[0].outcomes.first { $0.trial == best.trial })
        #expect(same.runs.map(\.accuracy) == best.runs.map(\.accuracy))
        #expect(same.cost.clusterSeconds == best.cost.clusterSeconds)
    }

    @Test func aCosineEndsWithItsRung() throws {
        var setup = StudySetup(halving: 2)
        setup.setup.strategies = ["single"]
        var plan = try setup.plan()
        plan.experiment.strategies[0].configuration.schedule.decay = .cosine
        let short = try plan.strategy(plan.trials[0], epochs: 0.5).configuration
        #expect(short.epochs == 0.5 && short.schedule.totalEpochs == 0.5)
        #expect(try plan.strategy(plan.trials[0]).configuration.schedule.totalEpochs == 2)
    }
}
