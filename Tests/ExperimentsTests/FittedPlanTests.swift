import Datasets
import Kernel
import Testing

@testable import Experiments
@testable import Studies
@testable import Tasks
@testable import TestSupport

/// Figures that follow from others are taken when those are final.
@Suite struct FittedPlanTests {
    private func plan(batch: Int, reference: Int?, rate: Double = 0.5) -> ExperimentPlan {
        var plan = Setup(strategies: ["single", "sync"]).plan
        for index in plan.strategies.indices {
            plan.strategies[index].options["batch"] = batch.optionValue
            plan.strategies[index].configuration.schedule.baseRate = rate
            plan.strategies[index].configuration.schedule.referenceBatch = reference
        }
        return plan
    }

    @Test func aRateIsScaledToTheBatchInUse() throws {
        for (batch, reference, expected) in [(100_000, 1437, 0.5), (128, 64, 1.0), (32, 64, 0.25)] {
            for strategy in try plan(batch: batch, reference: reference).fitted(toTrainingSamples: 1437).strategies {
                #expect(strategy.configuration.schedule.baseRate == expected, "\(batch)")
                #expect(strategy.options["batch"] == min(batch, 1437).optionValue)
                #expect(strategy.configuration.schedule.referenceBatch == nil)
            }
        }
    }

    @Test func aPlanIsFittedOnce() throws {
        let fitted = try plan(batch: 5000, reference: 64).fitted(toTrainingSamples: 1437)
        #expect(try fitted.fitted(toTrainingSamples: 1437) == fitted)
        let whole = plan(batch: 64, reference: nil)
        #expect(try whole.fitted(toTrainingSamples: 1437) == whole)
    }

    @Test func aBatchThatCannotBeSplitIsRefusedWithWhatIsThere() {
        var plan = plan(batch: 5000, reference: nil)
        plan.strategies[1].options["workers"] = 2000
        let error = #expect(throws: ExperimentError.self) { try plan.fitted(toTrainingSamples: 1437) }
        #expect(error?.description.contains("a batch of 5000 is the whole training set of 1437 samples") == true)
    }

    @Test func aRunIsMadeAndRecordedWithTheRateInUse() throws {
        let asked = plan(batch: 100_000, reference: 1437)
        let made = try Experiment(asked, data: DataDirectory(nil)).run(machine: machine)
        let same = try Experiment(plan(batch: 1437, reference: nil), data: DataDirectory(nil)).run(machine: machine)
        #expect(made.plan == same.plan && made.plan.strategies[0].configuration.schedule.baseRate == 0.5)
        #expect(made.runs.map(\.evaluations) == same.runs.map(\.evaluations))
    }

    @Test func eachTrialHasTheRateOfItsOwnBatch() throws {
        var setup = StudySetup(vary: ["batch=64,128,256"])
        setup.setup.strategies = ["sync"]
        setup.setup.rate = 0.1
        var experiment = setup.setup.plan
        experiment.strategies[0].configuration.schedule.referenceBatch = 64
        let study = try StudyPlan(
            experiment: experiment, search: .grid, trialCount: nil,
            dimensions: try setup.vary.map { try SearchDimension(parsing: $0) })
        let rates = try study.trials.map { trial in
            try study.experiment([trial]).fitted(toTrainingSamples: 1197).strategies[0].configuration.schedule.baseRate
        }
        #expect(rates == [0.1, 0.2, 0.4])
    }
}
