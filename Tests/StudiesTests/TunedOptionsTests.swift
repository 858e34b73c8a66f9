import Testing

@testable import Experiments
@testable import Reports
@testable import Studies
@testable import Tasks
@testable import TestSupport

/// What a study chose, put to use.
@Suite struct TunedOptionsTests {
    private func study(_ strategies: [String] = ["single", "federated"]) throws -> StudyResults {
        try made([[0.4], [0.1], [0.8], [0.2]], strategies: strategies)
    }

    @Test func theBestOptionsAndTheirOriginGoIntoThePlan() throws {
        let setup = Setup(strategies: ["single", "federated"])
        let tuned = try study().tuned(setup.plan, source: "study.json")
        for strategy in tuned.strategies {
            #expect(strategy.configuration.schedule.baseRate == 0.4)
            #expect(
                strategy.tuning
                    == Tuning(
                        options: [Tuning.Option(name: "learning-rate", values: ["0.1", "0.2", "0.4", "0.8"])],
                        trials: 4,
                        seeds: 1, chosenOn: "validation split",
                        source: "study.json: grid search, by accuracy at the end"))
        }
        var without = tuned
        for index in without.strategies.indices {
            without.strategies[index].tuning = nil
            without.strategies[index].configuration.schedule.baseRate = setup.rate
        }
        #expect(without == setup.plan, "nothing else is changed")
    }

    @Test func theContractShowsTheTrials() throws {
        let setup = Setup(strategies: ["single", "federated"])
        let plan = try study().tuned(setup.plan, source: "study.json")
        var results = results([record("single"), record("federated")], seeds: [1])
        results.plan.strategies = plan.strategies
        let line = try #require(FairComparison(results).lines.first { $0.quantity == "trials of tuning" })
        #expect(line.status == .equal && line.values == ["4"])
        #expect(
            MarkdownReport.render(results).contains(
                "4 trials of learning-rate over 0.1, 0.2, 0.4, 0.8; 1 seed each, chosen on the validation split (study.json"
            ))
    }

    @Test func whatItWasNotTunedWithIsNamed() throws {
        var setup = Setup(strategies: ["single"])
        setup.epochs = 5
        let tuned = try study().tuned(setup.plan, source: "study.json")
        #expect(tuned.strategies[0].tuning?.differences == ["other epochs"])
        #expect(tuned.strategies[0].tuning?.trialsText == "untuned (other epochs)")
    }

    @Test func aStudyOfSomethingElseIsRefused() throws {
        func message(_ study: StudyResults, _ setup: Setup) -> String {
            do {
                _ = try study.tuned(setup.plan, source: "s.json")
                return "none"
            } catch {
                return error.description
            }
        }
        #expect(
            try message(study(), Setup(strategies: ["sync"]))
                == "s.json has no trials of sync; it has those of single, federated")
        var stopped = try study()
        stopped.isComplete = false
        #expect(message(stopped, Setup(strategies: ["single"])).contains("was stopped before its end"))
        var other = try study()
        other.plan.experiment.task = "mnist-2nn"
        #expect(message(other, Setup()).contains("a study of the task mnist-2nn, this is digits"))
    }
}
