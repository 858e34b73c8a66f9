import Datasets
import Locking
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import Studies
@testable import Tasks
@testable import TestSupport

/// Studies that are really run.
@Suite struct StudyRunTests {
    /// The study's file without host time: every bit of every other number counts.
    private func file(_ results: StudyResults) throws -> String {
        var results = results
        for index in results.runs.indices { results.runs[index].cost.hostSeconds = 0 }
        (results.plan.experiment.hostThreads, results.plan.experiment.jobs) = (1, nil)
        return String(decoding: try StudyFile.encode(results), as: UTF8.self)
    }

    @Test func aSecondStudyIsTheSameToTheLastBit() throws {
        var setup = StudySetup(
            search: .random, trials: 3, vary: ["learning-rate=0.05..1", "federated.local-epochs=1..4"])
        setup.setup.seeds = [3, 4]
        setup.halving = 3
        let first = try file(setup.run())
        #expect(try file(setup.run()) == first)
        setup.setup.hostThreads = 1
        #expect(try file(setup.run()) == first)
        // Rungs, of which the next one has the best trials of the one before, are not made side by side.
        for jobs in [2, 5] { #expect(try file(setup.run(jobs: jobs)) == first, "\(jobs) jobs") }
    }

    @Test func everyStrategyHasTheSameNumberOfTrialsAndTheSameSamples() throws {
        var setup = StudySetup()
        setup.setup.seeds = [1, 2]
        let results = try setup.run()
        #expect(results.isComplete && results.runs.count == 3 * 2 * 4)
        #expect(results.summaries.map(\.outcomes.count) == [3, 3, 3, 3])
        #expect(results.trainingSamples == 1198 && results.selectionSamples == 239)
        for run in results.runs where run.strategy != "federated" { #expect(run.samples == 2 * 1198) }
        // A round of federated training may go beyond the budget, by less than its length.
        for run in results.runs where run.strategy == "federated" { #expect((2396..<2396 + 600).contains(run.samples)) }
        // single, threads and sync take the same steps.
        let accuracies = results.summaries.prefix(3).map { $0.outcomes.map(\.accuracy.median) }
        #expect(accuracies[0] == accuracies[2], "\(accuracies)")
    }

    @Test func aTrialIsTheRunOfThatPlan() throws {
        var setup = StudySetup(vary: ["learning-rate=0.05,0.2"], selection: .test)
        setup.setup.seeds = [7]
        let results = try setup.run()
        var alone = setup.setup
        alone.rate = 0.2
        for (run, record) in zip(results.runs.filter { $0.trial == 1 }, try alone.run().runs) {
            #expect(run.strategy == record.strategy && run.accuracy == record.finalAccuracy)
            #expect(run.cost.clusterSeconds == record.clusterSeconds && run.cost.bytesSent == record.traffic.bytesTotal)
            #expect(run.samples == record.samples && run.updates == record.rounds)
            let time = TimeToTarget(record.evaluations, target: alone.plan.goal).sustainedSeconds
            #expect(run.secondsToTarget == time)
        }
    }

    @Test func theTestSetIsLeftAloneUnlessAskedFor() throws {
        var setup = StudySetup(vary: ["learning-rate=0.2"])
        setup.setup.strategies = ["single"]
        let validation = try setup.run()
        setup.selection = .test
        let test = try setup.run()
        #expect(test.trainingSamples == 1437 && test.selectionSamples == 360)
        #expect(validation.runs[0].accuracy != test.runs[0].accuracy)
    }

    @Test func aTrialThatDivergesIsAResult() throws {
        var setup = StudySetup(vary: ["learning-rate=0.2,1e30"])
        setup.setup.strategies = ["single", "federated"]
        let results = try setup.run()
        for summary in results.summaries {
            #expect(summary.outcomes.map(\.divergedCount) == [0, 1] && summary.best.trial.index == 0)
        }
        #expect(StudyTable.terminal(results).contains("1 of 2 trials of `single` diverged"))
        #expect(try StudyFile.decode(StudyFile.encode(results), file: "study.json").runs.count == 4)
    }

    @Test func itIsSavedAfterEveryTrialAndToldAfterEveryRun() throws {
        var setup = StudySetup(vary: ["learning-rate=0.1,0.2"])
        setup.setup.strategies = ["single", "sync"]
        setup.setup.seeds = [1, 2]
        let told = Guarded<[String]>([])
        let began = Guarded<[String]>([])
        let saved = Guarded<[String]>([])
        _ = try Study(try setup.plan(), data: DataDirectory(nil)).run(
            machine: machine,
            callbacks: Study.Callbacks(began: { run, trial in
                began.withLock {
                    $0.append("\(run.index) of \(run.count) \(trial.strategy) \(trial.index) \(run.seed)")
                }
            }), update: { results in told.withLock { $0.append("\(results.runs.count) \(results.isComplete)") } },
            save: { results in saved.withLock { $0.append("\(results.runs.count) \(results.isComplete)") } })
        #expect(saved.withLock { $0 } == ["4 false", "8 true"])
        #expect(told.withLock { $0 } == (1...8).map { "\($0) \($0 == 8)" })
        let expected = (0...1).flatMap { trial in
            [1, 2].flatMap { seed in ["single", "sync"].map { "\($0) \(trial) \(seed)" } }
        }
        #expect(began.withLock { $0 } == expected.enumerated().map { "\($0) of 8 \($1)" })
    }

    @Test func oneComputeModelIsForAllTrials() throws {
        var setup = StudySetup(vary: ["learning-rate=0.1,0.2"])
        setup.setup.strategies = ["sync"]
        var plan = try setup.plan()
        plan.experiment.compute = "calibrated"
        let runs = try Study(plan, data: DataDirectory(nil)).run(machine: machine).runs
        // Simulated times of the same steps are equal to the last digit only with the same model.
        #expect(runs[0].cost.clusterSeconds == runs[1].cost.clusterSeconds)
    }

    @Test func aTrialThatCannotBeEndsTheStudyBeforeItBegins() throws {
        var setup = StudySetup(vary: ["batch=64,2"])
        setup.setup.strategies = ["sync"]
        let error = #expect(throws: ExperimentError.self) { try Study(setup.plan(), data: DataDirectory(nil)) }
        #expect(error?.description.contains("a batch of 2 cannot be split among 4 workers") == true)
    }
}
