import Cluster
import Datasets
import Fabrics
import Locking
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import Tasks
@testable import TestSupport

/// Clusters whose files say how long steps take.
@Suite struct ClusterComputeTests {
    /// Measured times of a task whose steps take as long for any number of samples.
    private static func compute(_ task: String, stepSeconds: Double) -> MeasuredCompute {
        MeasuredCompute(
            task: task, steps: [.init(samples: 1, seconds: stepSeconds), .init(samples: 1000, seconds: stepSeconds)],
            secondsPerVectorElement: 3.32174e-11)
    }

    private static func plan(
        _ compute: [MeasuredCompute]?, model: String = "calibrated", strategies: [String] = ["sync"]
    ) -> ExperimentPlan {
        var plan = Setup(strategies: strategies).plan
        plan.compute = model
        for index in plan.strategies.indices { plan.strategies[index].cluster?.compute = compute }
        return plan
    }

    private func run(_ plan: ExperimentPlan, _ callbacks: Experiment.Callbacks = .init()) throws -> Results {
        try Experiment(plan, data: DataDirectory(nil)).run(machine: machine, callbacks: callbacks)
    }

    private static let two = [compute("mnist-2nn", stepSeconds: 9), compute("digits", stepSeconds: 2e-3)]

    @Test func stepsTakeWhatTheClustersFileSays() throws {
        let results = try run(Self.plan(Self.two))
        let run = results.runs[0]
        let steps = try #require(run.evaluations.last).round
        #expect(steps > 40 && abs(run.computeSeconds - Double(steps) * 2e-3) < 1e-6, "\(run.computeSeconds)")
        #expect(results.computeModel?.name == "cluster file")
        #expect(MarkdownReport.render(results).contains("measured where the cluster file was made"))
        #expect(try ResultsFile.decode(try ResultsFile.encode(results), file: "r.json").plan == results.plan)
    }

    @Test func aDeviceProfileCountsMoreThanTheFile() throws {
        let (with, without) = (
            try run(Self.plan(Self.two, model: "reference")), try run(Self.plan(nil, model: "reference"))
        )
        #expect(with.runs[0].clusterSeconds == without.runs[0].clusterSeconds)
        #expect(with.computeModel?.name == "reference")
    }

    @Test func aTaskThatTheFileDoesNotHaveIsRefused() {
        let plan = Self.plan([Self.compute("mnist-2nn", stepSeconds: 1)])
        let error = #expect(throws: ExperimentError.self) { try Experiment(plan, data: DataDirectory(nil)) }
        for part in ["step times of mnist-2nn", "none of digits", "calibrate --task digits", "--compute reference"] {
            #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
        }
    }

    @Test func clustersThatDifferInOneExperimentAreRefused() {
        var plan = Self.plan(Self.two, strategies: ["sync", "federated"])
        plan.strategies[1].cluster?.compute = [Self.compute("digits", stepSeconds: 1)]
        #expect(throws: ExperimentError.self) { try Experiment(plan, data: DataDirectory(nil)) }
        plan.strategies[1].cluster?.compute = nil
        #expect(throws: ExperimentError.self) { try Experiment(plan, data: DataDirectory(nil)) }
    }

    @Test func pricesOnAClusterAreThoseOfItsOwnStepTimes() throws {
        let schedules = Guarded<[Schedule]>([])
        var callbacks = Experiment.Callbacks()
        callbacks.scheduled = { _, schedule in schedules.withLock { list in list += schedule.map { [$0] } ?? [] } }
        let recorded = try run(Self.plan(Self.two), callbacks)
        let other = Self.plan([Self.compute("digits", stepSeconds: 7e-3)])
        let schedule = try #require(schedules.withLock { $0.first })
        let repricing = try Repricing(recorded, recorded.plan.strategies[0]) { _ in schedule }
        let expected = try run(other).runs[0]
        #expect(try repricing.price(other.strategies[0]).runs[0].clusterSeconds == expected.clusterSeconds)
        // One without step times keeps those of the recorded run.
        let plain = try repricing.price(Self.plan(nil).strategies[0]).runs[0]
        #expect(plain.clusterSeconds == recorded.runs[0].clusterSeconds)
    }
}
