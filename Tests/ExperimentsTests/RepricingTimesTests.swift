import Cluster
import Fabrics
import Locking
import Testing
import Training

@testable import Experiments
@testable import TestSupport

/// Times to the target alone, and the records of runs on other clusters, against whole prices and against runs there.
@Suite(.timeLimit(.minutes(60))) struct RepricingTimesTests {
    private static let far = ClusterSpec(
        name: "far", summary: "", source: "a test",
        worker: Node(
            link: Link(
                latencySeconds: 1.7e-3, uplinkBytesPerSecond: 3e6, downlinkBytesPerSecond: 7e6, overheadSeconds: 11e-6),
            speed: 0.3, pricePerHour: 0.5, wattsBusy: 40, wattsIdle: 8),
        server: Node(
            link: Link(latencySeconds: 1e-4, bytesPerSecond: 1e8), speed: 2, pricePerHour: 3, wattsBusy: 90,
            wattsIdle: 20), pricePerGB: 0.1, wattHoursPerGB: 2)

    private static var drawn: ClusterSpec {
        var cluster = far
        cluster.name = "drawn"
        cluster.jitter = .logNormal(sigma: 0.3)
        cluster.devices = DevicePopulation(
            figures: [.speed: .logNormal(median: 0.3, sigma: 0.5), .pricePerHour: .uniform(low: 0.1, high: 1)])
        return cluster
    }

    private func setup(_ strategy: String) -> Setup {
        Setup(strategies: [strategy], seeds: [1, 2, 3], epochs: 4, evaluateEvery: 0.5, target: 0.7)
    }

    private func run(_ plan: ExperimentPlan) throws -> (Results, [UInt64: Schedule]) {
        let schedules = Guarded<[UInt64: Schedule]>([:])
        var callbacks = Experiment.Callbacks()
        callbacks.scheduled = { run, schedule in schedules.withLock { $0[run.seed] = schedule } }
        let results = try Experiment(plan, data: .init(nil)).run(machine: machine, callbacks: callbacks)
        return (results, schedules.withLock { $0 })
    }

    @Test(arguments: ["single", "sync", "federated", "dpsgd"], [Self.far, Self.drawn])
    func timesAndRecordsAreThoseOfPricesAndOfRunsThere(_ strategy: String, _ cluster: ClusterSpec) throws {
        let (results, schedules) = try run(setup(strategy).plan)
        let repricing = try Repricing(results, results.plan.strategies[0]) { try #require(schedules[$0]) }
        var there = setup(strategy).plan
        there.strategies[0].cluster = cluster
        let plan = there.strategies[0]
        let priced = try repricing.price(plan).runs
        #expect(priced.contains { $0.secondsToTarget.isFinite }, "the target is to be reached by some")
        #expect(try repricing.timesToTarget(plan) == priced.map(\.timeToTarget))
        #expect(try repricing.timesToTarget(plan, seeds: [2]) == [priced[1].timeToTarget])

        let (full, records) = (try run(there).0, try repricing.records(plan).runs)
        for (found, expected) in zip(records, full.runs) {
            #expect(found.evaluations == expected.evaluations)
            #expect(found.clusterSeconds == expected.clusterSeconds && found.computeSeconds == expected.computeSeconds)
            #expect(found.serverComputeSeconds == expected.serverComputeSeconds && found.devices == expected.devices)
            #expect(found.attribution == expected.attribution)
            #expect(found.attribution != nil || cluster.jitter != .none)
        }
        let summary = StrategySummary(plan, runs: records, target: there.goal)
        let expected = try #require(full.summaries.first)
        #expect(summary.costToTarget(\.money) == expected.costToTarget(\.money))
        #expect(summary.costToTarget(\.wattHours) == expected.costToTarget(\.wattHours))
        #expect(summary.timeToTarget == expected.timeToTarget)
    }
}
