import Datasets
import Foundation
import Statistics
import Testing

@testable import Experiments
@testable import Reports
@testable import Studies
@testable import TestSupport
@testable import Training

/// Studies and coalitions by a metric of which lower is better.
@Suite struct MetricStudyTests {
    /// Planted perplexities by trial and seed; accuracies that say the opposite.
    private func study(_ perplexities: [[Double]], diverged: Set<Int> = []) throws -> StudyResults {
        var results = try made(perplexities.map { $0.map { $0 / 100 } }, diverged: diverged)
        (results.plan.experiment.metric, results.plan.experiment.target) = (.perplexity, 4.5)
        results.plan.metric = .final
        results.schema = StudyResults.schemaOfMetrics
        for index in results.runs.indices {
            let run = results.runs[index]
            results.runs[index].value =
                run.outcome == .diverged ? .infinity : perplexities[run.trial][Int(run.seed) - 1]
        }
        return results
    }

    @Test func theBestTrialHasTheLowestPerplexity() throws {
        let results = try study([[9, 9, 9], [4, 5, 20], [6, 6, 6], [3, 3, 3]], diverged: [3])
        let summary = try #require(results.summaries.first)
        #expect(summary.outcomes.map(\.value) == [9, 5, 6, .infinity])
        #expect(summary.ranked.map(\.trial.index) == [1, 2, 0, 3])
        #expect(summary.rivals.map(\.trial.index).contains(2))
        // The best of one trial is infinite, since the trial may be the one that diverged. The best of two is the lower
        // of each pair: 5 for three pairs, 6 for two and 9 for one, on average 36 / 6. The best of all four is 5.
        let expected = summary.afterTrials.map(\.best)
        #expect(expected[0] == .infinity && abs(expected[1] - 6) < 1e-9 && abs(expected[3] - 5) < 1e-9)
        let text = StudyTable.terminal(results)
        #expect(text.contains("Expected best perplexity (lower is better) after k trials"), "\(text)")
        let report = StudyReport.render(results, folder: "study")
        #expect(report.contains("Chosen by the median perplexity at the end (lower is better) over the seeds"))
        let row = fields(TrialsCSV.render(results), line: 2)
        #expect(row["rank"] == "1" && row["metric"] == "perplexity" && row["value_median"] == "5.000000")
        #expect(
            row["target_value"] == "4.500000" && row["target_accuracy"] == "" && row["accuracy_median"] == "0.050000")
        #expect(fields(ExpectedBestCSV.render(results), line: 1)["metric"] == "perplexity")
        try results.validate()
    }

    @Test func aTrialThatIsHigherInEverySeedIsShownWorse() throws {
        let low = [3.0, 3.1, 3.2, 3.3, 3.4, 3.5]
        let results = try study([low.map { $0 + 1 }, low, low.map { $0 + 2 }, low.map { $0 + 3 }])
        let summary = try #require(results.summaries.first)
        #expect(summary.best.trial.index == 1 && summary.rivals.isEmpty)
    }

    /// Two trials both have a median of 5: the trial whose mean is lower comes first.
    @Test func ofEqualMediansTheLowerMeanIsChosen() throws {
        let summary = try #require(
            try study([[4, 5, 20], [4, 5, 6], [9, 9, 9], [8, 8, 8]]).summaries.first)
        #expect(summary.outcomes.prefix(2).map(\.value) == [5, 5])
        #expect(summary.ranked.map(\.trial.index) == [1, 0, 3, 2])
    }

    @Test func ofAccuraciesFinalIsAccuracy() throws {
        var setup = StudySetup()
        setup.metric = .final
        #expect(try setup.plan().metric == .accuracy && setup.plan() == StudySetup().plan())
        #expect(try setup.plan().metricName == "accuracy")
    }

    /// Two epochs of digits at a rate that learns and at one that hardly does.
    @Test func aStudyByLossChoosesTheRateThatLearns() throws {
        var setup = StudySetup(vary: ["learning-rate=0.0001,0.2"], metric: .final)
        setup.setup.strategies = ["single"]
        var plan = setup.setup.plan
        (plan.metric, plan.target) = (.loss, 0.5)
        let study = try StudyPlan(
            experiment: plan, search: .grid, trialCount: nil,
            dimensions: [SearchDimension(parsing: "learning-rate=0.0001,0.2")])
        #expect(study.metric == .final)
        let results = try Study(study, data: DataDirectory(nil)).run(machine: machine)
        let summary = try #require(results.summaries.first)
        #expect(summary.best.trial.words == "learning-rate 0.2")
        #expect(results.runs.allSatisfy { $0.value == $0.loss })
        #expect(StudyReport.commands(results, folder: "x")[0].contains("--judged-by loss --target 0.5"))
    }

    // MARK: Coalitions

    /// Two nodes with losses of 1 alone and 0.5 together.
    @Test func aCoalitionThatLowersTheLossIsAGain() throws {
        var plan = Setup(strategies: ["federated"], clients: 2, fraction: 1).plan
        plan.strategies[0].configuration.objectives = "iid"
        (plan.metric, plan.target) = (.loss, 0.4)
        let model = try Experiment(plan, data: DataDirectory(nil)).prepare().model
        var results = CoalitionResults(
            plan: try CoalitionPlan(plan), machine: machine, computeModel: model, trainingSamples: 1437,
            testSamples: 360, data: nil, initialParametersSHA256: nil)
        for coalition in results.plan.coalitions {
            let members = coalition.members
            results.coalitions.append(
                CoalitionScores(
                    members: members,
                    runs: [
                        .init(
                            seed: 1, accuracies: members.map { _ in members.count == 2 ? 0.1 : 0.9 },
                            values: members.map { _ in members.count == 2 ? 0.5 : 1 }, kinds: members.map { _ in nil },
                            clusterSeconds: 1, bytesSent: 0)
                    ]))
        }
        let analysis = try #require(CoalitionAnalysis(results))
        #expect(analysis.best(for: 0).members == [0, 1] && analysis.value(of: 0, in: analysis.best(for: 0)) == 0.5)
        #expect(analysis.aloneValue(of: 1) == 1 && analysis.gain(of: 1, in: .all(of: 2)) == 0.5)
        #expect(analysis.valueOfData == [0.5, 0.5] && analysis.rational.count == 1)
        #expect(analysis.bestStable?.parts.map(\.members) == [[0, 1]])
        let row = fields(CoalitionsCSV.render(results), line: 3)
        #expect(row["metric"] == "loss" && row["own_value"] == "0.500000" && row["value_gain"] == "0.500000")
    }
}
