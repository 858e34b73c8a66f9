import Datasets
import Foundation
import Testing

@testable import Cluster
@testable import Experiments
@testable import Reports
@testable import Storage
@testable import Strategies
@testable import Tasks
@testable import TestSupport
@testable import Training

/// Runs on devices that differ, and what their records and reports say of it.
@Suite struct DeviceRunTests {
    private func run(
        _ strategies: [String], seeds: [UInt64] = [1], clock: ClockChoice = .simulated, hostThreads: Int = 2,
        _ change: (inout ClusterSpec) -> Void
    ) throws -> Results {
        var setup = Setup(strategies: strategies, clock: clock, seeds: seeds, epochs: 1, hostThreads: hostThreads)
        setup.clients = 20
        var plan = setup.plan
        for index in plan.strategies.indices {
            var cluster = ClusterPresets.ethernet1G
            change(&cluster)
            plan.strategies[index].cluster = cluster
        }
        return try Experiment(plan, data: DataDirectory(nil)).run(machine: machine)
    }

    private static func mixed(_ cluster: inout ClusterSpec) {
        cluster.devices = DevicePopulation(
            figures: [.speed: .logNormal(median: 0.25, sigma: 0.5)],
            kinds: [
                .init(
                    count: 1,
                    figures: [.wattsBusy: .constant(10), .wattsIdle: .constant(1), .pricePerHour: .constant(1)]),
                .init(
                    count: 1,
                    figures: [.wattsBusy: .constant(30), .wattsIdle: .constant(2), .pricePerHour: .constant(3)]),
            ])
        cluster.stragglers = Stragglers(fraction: 0.3, slowdown: .constant(4))
        cluster.slowdowns = .random(
            every: .exponential(mean: 5e-3), lasting: .constant(5e-3), factor: .constant(3))
    }

    @Test func allStrategiesGiveTheSameBitsOnOneAndTwoHostThreads() throws {
        let names = ["single", "threads", "sync", "federated"]
        let (one, two) = (try run(names, hostThreads: 1, Self.mixed), try run(names, hostThreads: 2, Self.mixed))
        for (first, second) in zip(one.runs, two.runs) {
            #expect(first.hasSameResult(as: second, isMeasured: false), "\(first.strategy)")
            #expect(first.devices == second.devices && first.devices != nil)
            #expect(first.computeSeconds == second.computeSeconds && first.idleSeconds == second.idleSeconds)
        }
    }

    @Test func slowDevicesTakeTimeAndLeaveTheModelAsItIs() throws {
        let names = ["sync", "federated"]
        let (mixed, equal) = (try run(names, Self.mixed), try run(names) { _ in })
        for (slow, fast) in zip(mixed.runs, equal.runs) {
            #expect(slow.clusterSeconds > fast.clusterSeconds && slow.traffic == fast.traffic)
            #expect(slow.evaluations.map(\.testLoss) == fast.evaluations.map(\.testLoss))
            #expect(fast.devices == nil && fast.memoryShortage == nil)
        }
    }

    @Test(arguments: ["sync", "federated"]) func slowdownsAloneTakeTimeToo(_ strategy: String) throws {
        let steady = try run([strategy]) { _ in }
        let slowed = try run([strategy]) { cluster in
            cluster.slowdowns = .random(
                every: .constant(1e-3), lasting: .constant(1e-2), factor: .constant(50))
        }
        #expect(slowed.runs[0].computeSeconds > 2 * steady.runs[0].computeSeconds)
        #expect(slowed.runs[0].clusterSeconds > steady.runs[0].clusterSeconds)
    }

    @Test func eachDeviceHasItsOwnPriceAndWatts() throws {
        let results = try run(["sync"]) { cluster in
            Self.mixed(&cluster)
            cluster.slowdowns = nil
            (cluster.pricePerGB, cluster.wattHoursPerGB) = (0, 0)
        }
        let (run, plan) = (results.runs[0], results.plan.strategies[0])
        let nodes = try #require(plan.cluster).nodes(ranks: 4, server: nil, seeds: .init(1))
        let cost = RunCost(run, plan, on: plan.cluster)
        let prices = nodes.compactMap(\.pricePerHour)
        #expect(Set(prices) == [1, 3], "both kinds were drawn")
        let money = run.clusterSeconds / 3600 * prices.reduce(0, +)
        #expect(abs((cost.money ?? 0) / money - 1) < 1e-12)
        // All ranks have parts of the same size, so that each computes in proportion to its slowness. The only
        // exception is the last step, of 29 samples; the record has the mean.
        let slowness = nodes.map { 1 / $0.speed }
        let busy = slowness.map { run.computeSeconds * 4 * $0 / slowness.reduce(0, +) }
        let joules = zip(nodes, busy).reduce(0.0) { sum, pair in
            sum + pair.1 * (pair.0.wattsBusy ?? 0) + (run.clusterSeconds - pair.1) * (pair.0.wattsIdle ?? 0)
        }
        #expect(abs((cost.wattHours ?? 0) / (joules / 3600) - 1) < 1e-3)
        let half = RunCost(run, plan, on: plan.cluster, until: run.evaluations[0])
        #expect(half.money == 0 && half.wattHours == 0)
    }

    @Test func whatOneDeviceDoesNotSayIsNotKnownOfAll() throws {
        let results = try run(["sync"]) { cluster in
            cluster.worker.pricePerHour = nil
            cluster.devices = DevicePopulation(
                kinds: [.init(count: 3, figures: [.pricePerHour: .constant(1)]), .init(count: 1, figures: [:])],
                assignment: .inOrder)
        }
        let devices = try #require(results.runs[0].devices)
        #expect(devices.pricePerHour == nil && devices.wattsIdle != nil)
        #expect(
            RunCost(results.runs[0], results.plan.strategies[0], on: results.plan.strategies[0].cluster).money == nil)
    }

    // MARK: Memory

    @Test(arguments: ["single", "sync"]) func aRankWithTooLittleMemoryEndsTheExperimentBeforeItBegins(
        _ strategy: String
    ) throws {
        let error = #expect(throws: ExperimentError.self) {
            try run([strategy], seeds: [1, 2]) { $0.worker.memoryBytes = 30_000 }
        }
        let samples = strategy == "single" ? 64 : 16
        let message = error?.description ?? ""
        for part in [
            "\(strategy) with seed 1: rank 0 has 30 kB of memory and needs ", "parameters 19.2 kB", "gradient 19.2 kB",
            "activations of \(samples) samples",
        ] { #expect(message.contains(part), "\(message)") }
        #expect(throws: Never.self) { try run([strategy]) { $0.worker.memoryBytes = 1_000_000 } }
    }

    @Test func theFirstRankOfAnySeedThatHasTooLittleIsNamed() throws {
        let error = #expect(throws: ExperimentError.self) {
            try run(["sync"]) { cluster in
                cluster.devices = DevicePopulation(
                    kinds: [
                        .init(count: 2, figures: [.memory: .constant(1e9)]),
                        .init(count: 2, figures: [.memory: .constant(1e4)]),
                    ],
                    assignment: .inOrder)
            }
        }
        #expect(error?.description.contains("sync with seed 1: rank 2 has 10 kB of memory") == true)
    }

    private static func half(_ cluster: inout ClusterSpec) {
        cluster.devices = DevicePopulation(
            kinds: [.init(figures: [.memory: .constant(1e9)]), .init(figures: [.memory: .constant(2e4)])])
    }

    @Test func federatedGoesOnWithoutThemAndSaysSoEverywhere() throws {
        let results = try run(["federated"], seeds: [1, 2], Self.half)
        for run in results.runs {
            let shortage = try #require(run.memoryShortage)
            #expect((1..<20).contains(shortage.ranks) && shortage.of == 20)
            #expect(run.devices?.summary.count == 20 - shortage.ranks)
            #expect(run.devices?.summary.memoryBytes?.least == 1e9, "only those that took part")
        }
        let worst = results.runs.compactMap(\.memoryShortage).map(\.ranks).max() ?? 0
        let sentence = "`federated` left out \(worst) of 20 clients with seed "
        #expect(DeviceSection.lines(results).joined().contains(sentence), "\(DeviceSection.lines(results))")
        let report = MarkdownReport.render(results)
        for part in [sentence, "never selected", "rank ", "has 20 kB of memory and needs", "## Devices"] {
            #expect(report.contains(part), "\(part)")
        }
        let copy = try ResultsFile.decode(ResultsFile.encode(results), file: "results.json")
        #expect(copy == results)
    }

    @Test func federatedWithoutAClientIsAnErrorBeforeItBegins() throws {
        var plan = Setup(strategies: ["federated"]).plan
        plan.strategies[0].cluster?.worker.memoryBytes = 40_000
        let experiment = try Experiment(plan, data: DataDirectory(nil))
        let error = #expect(throws: ExperimentError.self) { try experiment.prepare() }
        let message = error?.description ?? ""
        for part in ["federated with seed 1: none of 20 clients can train: rank 1 has 40 kB", "--local-batch"] {
            #expect(message.contains(part), "\(message)")
        }
    }

    @Test func aServerHoldsModelAndSum() throws {
        let error = #expect(throws: ExperimentError.self) {
            try run(["federated"]) { cluster in
                cluster.server = cluster.worker
                cluster.server?.memoryBytes = 38_000
            }
        }
        let message = error?.description ?? ""
        #expect(
            message.contains(
                "rank 0 has 38 kB of memory and needs 38.5 kB (parameters 19.2 kB, sum of models 19.2 kB)"),
            "\(message)")
    }

    @Test func aReportOfEqualWorkersHasNoSectionOfDevices() throws {
        #expect(!MarkdownReport.render(try run(["sync"]) { _ in }).contains("## Devices"))
    }

    // MARK: What cannot be

    @Test func slowdownsCannotBeEmulatedAndOtherDevicesCan() throws {
        let error = #expect(throws: ExperimentError.self) {
            try run(["sync"], clock: .emulate) { $0.slowdowns = .listed([]) }
        }
        #expect(error?.description.contains("sync: cluster 'ethernet-1g' cannot be emulated") == true)
    }

    @Test func anEditedRecordIsRefused() throws {
        var results = try run(["federated"], Self.half)
        let shortage = try #require(results.runs[0].memoryShortage)
        results.runs[0].memoryShortage = MemoryShortage(
            ranks: 20, of: 20, rank: 1, memoryBytes: shortage.memoryBytes, need: shortage.need)
        let edited = results
        let error = #expect(throws: ExperimentError.self) { try edited.validate() }
        #expect(error?.description.contains("clients left out: found 20, allowed is 1 to below 20") == true)
    }
}
