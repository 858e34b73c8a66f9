import Cluster
import Datasets
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import Strategies
@testable import TestSupport

@Suite struct DivergenceTests {
    @Test(arguments: ClockChoice.allCases)
    func aDivergedRunIsAnOutcomeOfEveryStrategy(_ clock: ClockChoice) throws {
        var setup = Setup()
        (setup.clock, setup.rate, setup.workers, setup.clients, setup.fraction) = (clock, 1e30, 2, 4, 0.5)
        let results = try setup.run()
        #expect(results.runs.map(\.strategy) == ["single", "threads", "sync", "federated"])
        #expect(results.isComplete)
        for run in results.runs {
            #expect(run.outcome == .diverged, "\(run.strategy), \(clock)")
            #expect(run.finalAccuracy == 0, "\(run.strategy), \(clock)")
            // A run ends at the evaluation that finds the divergence, and not at the end of the sample budget.
            #expect(run.evaluations.count == 2, "\(run.strategy), \(clock)")
            #expect(run.samples < 2 * 1437, "\(run.strategy), \(clock)")
        }
    }

    @Test func aDivergedRunCanBeWrittenReadAndReported() throws {
        var setup = Setup()
        setup.rate = 1e30
        let data = try ResultsFile.encode(try setup.run())
        let decoded = try ResultsFile.decode(data, file: "results.json")
        // NaN differs from itself, so the records are compared as they are written.
        #expect(try ResultsFile.encode(decoded) == data)
        #expect(MarkdownReport.render(decoded).contains("diverged"))
        #expect(fields(SummaryCSV.render(decoded), line: 1)["seeds_diverged"] == "1")
        #expect(fields(SummaryCSV.render(decoded), line: 1)["time_to_target_seconds_median"] == "")
    }

    @Test func aRateThatLearnsDoesNotDiverge() throws {
        #expect(try Setup().run().runs.allSatisfy { $0.outcome == .completed && $0.finalAccuracy > 0.5 })
    }
}

@Suite struct PlanCheckTests {
    private func message(_ setup: Setup, changing change: (inout ExperimentPlan) -> Void = { _ in }) -> String {
        var plan = setup.plan
        change(&plan)
        let error = #expect(throws: (any Error).self) {
            try Experiment(plan, data: DataDirectory(nil)).run(machine: machine)
        }
        return error.map { "\($0)" } ?? ""
    }

    @Test func aPlanThatCannotBeRunSaysWhy() {
        #expect(message(Setup()) { $0.task = "digit" }.contains("did you mean 'digits'?"))
        #expect(message(Setup()) { $0.compute = "slide rule" }.contains("calibrated, reference"))
        #expect(message(Setup()) { $0.strategies[0].strategy = "telepathy" } == "unknown strategy 'telepathy'")
        #expect(message(Setup(workers: 65)).contains("batch of 64 cannot be split among 65 workers"))
    }

    @Test func moreClientsThanSamplesStopAnExperimentBeforeItsFirstRun() throws {
        var setup = Setup()
        (setup.clients, setup.fraction) = (2000, 0.01)
        let experiment = try Experiment(setup.plan, data: DataDirectory(nil))
        #expect(throws: DataError.self) {
            try experiment.run(
                machine: machine,
                callbacks: Experiment.Callbacks(began: { Issue.record("\($0.strategy.name) began") }))
        }
    }

    @Test func moreRanksThanThreadsCanOnlyBeSimulated() {
        var setup = Setup(strategies: ["federated"], clock: .emulate)
        setup.clients = 100_000
        #expect(message(setup).contains("can only be simulated"))
    }
    @Test func aClusterThatCannotCarryTheJobIsRefused() {
        func message(_ interconnect: Interconnect, _ clock: ClockChoice) -> String {
            self.message(Setup(strategies: ["sync"], clock: clock)) {
                $0.strategies[0].cluster?.interconnect = interconnect
            }
        }
        let torus = Interconnect(.torus(rows: 1, columns: 3))
        #expect(message(torus, .simulated).contains("sync: cluster 'infiniband' has 3 machines, and the job 4 ranks"))
        #expect(message(Interconnect(.ring), .emulate).contains("sync: cluster 'infiniband' cannot be emulated"))
    }
}
