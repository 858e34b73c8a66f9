import Cluster
import Fabrics
import Foundation
import Locking
import Testing
import Training

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import Tasks
@testable import TestSupport

/// Runs that are recorded on one cluster and priced on another, against runs there.
@Suite(.timeLimit(.minutes(60))) struct RepricingTests {
    /// A cluster whose times have nothing to do with those of `infiniband`, on which ``Setup`` runs.
    private static let other = ClusterSpec(
        name: "other", summary: "", source: "a test",
        worker: Node(
            link: Link(
                latencySeconds: 1.7e-3, uplinkBytesPerSecond: 3e6, downlinkBytesPerSecond: 7e6, overheadSeconds: 11e-6),
            speed: 0.3),
        server: Node(link: Link(latencySeconds: 1e-4, bytesPerSecond: 1e8), speed: 2))

    private func setup(_ strategy: String, _ allReduce: AllReduceAlgorithm = .ring) -> Setup {
        Setup(strategies: [strategy], seeds: [1, 2], epochs: 2.3, evaluateEvery: 0.5, allReduce: allReduce)
    }

    private func run(_ plan: ExperimentPlan) throws -> (Results, [UInt64: Schedule]) {
        let schedules = Guarded<[UInt64: Schedule]>([:])
        var callbacks = Experiment.Callbacks()
        callbacks.scheduled = { run, schedule in schedules.withLock { $0[run.seed] = schedule } }
        let results = try Experiment(plan, data: .init(nil)).run(machine: machine, callbacks: callbacks)
        return (results, schedules.withLock { $0 })
    }

    private func expectEqual(_ priced: [Repricing.PricedRun], _ results: Results) {
        #expect(priced.map(\.seed) == results.runs.map(\.seed))
        for (priced, run) in zip(priced, results.runs) {
            #expect(priced.clusterSeconds == run.clusterSeconds)
            #expect(priced.computeSeconds == run.computeSeconds)
            #expect(priced.communicationSeconds == run.communicationSeconds)
            #expect(priced.idleSeconds == run.idleSeconds)
            #expect(priced.bytesSent == run.traffic.bytesTotal)
            #expect(priced.messagesSent == run.traffic.messagesTotal)
            // Losses, accuracies, times and bytes of every evaluation.
            #expect(priced.evaluations == run.evaluations)
            #expect(priced.evaluations.count > 3)
        }
    }

    /// Networks that are more than one switch.
    private static let routed = [
        ClusterSpec.inRacks, ClusterPresets.sites, ClusterPresets.torus, .lossy(.ports), .lossy(.maxMin),
    ]

    private func repricedIsTheRunThere(
        _ strategy: String, _ allReduce: AllReduceAlgorithm, jitter: Jitter? = nil, on cluster: ClusterSpec = Self.other
    ) throws {
        let (results, schedules) = try run(setup(strategy).plan)
        let repricing = try Repricing(results, results.plan.strategies[0]) { try #require(schedules[$0]) }
        var plan = setup(strategy).plan
        plan.strategies[0].cluster = cluster
        if let jitter { plan.strategies[0].cluster?.jitter = jitter }
        plan.strategies[0].allReduce = allReduce
        let (full, priced) = (try run(plan).0, try repricing.price(plan.strategies[0]))
        expectEqual(priced.runs, full)
        #expect(priced.plan.allReduceChoice == full.plan.strategies[0].allReduceChoice)
    }

    @Test(arguments: AllReduceAlgorithm.allCases, [Jitter.none, .logNormal(sigma: 0.3)])
    func syncRepricedIsTheRunOnThatCluster(_ allReduce: AllReduceAlgorithm, _ jitter: Jitter) throws {
        try repricedIsTheRunThere("sync", allReduce, jitter: jitter)
    }

    @Test(arguments: routed) func syncRepricedOnARoutedNetworkIsTheRunThere(_ cluster: ClusterSpec) throws {
        for allReduce in AllReduceAlgorithm.allCases + [.automatic, .grouped(size: 3), .servers(count: 2)] {
            try repricedIsTheRunThere("sync", allReduce, on: cluster)
        }
    }

    @Test(arguments: routed) func federatedRepricedOnARoutedNetworkIsTheRunThere(_ cluster: ClusterSpec) throws {
        try repricedIsTheRunThere("federated", .ring, on: cluster)
    }

    /// Devices of each seed, stragglers, and speeds that change over time, at which nothing repeats.
    @Test(arguments: ["sync", "federated"]) func repricedOnDevicesThatDifferIsTheRunThere(_ strategy: String) throws {
        var cluster = Self.other
        cluster.devices = DevicePopulation(
            figures: [.speed: .logNormal(median: 0.3, sigma: 0.5), .uplink: .uniform(low: 1e6, high: 5e6)],
            kinds: [.init(figures: [.cores: .constant(4)]), .init(figures: [:])])
        cluster.stragglers = Stragglers(fraction: 0.3, slowdown: .constant(4))
        try repricedIsTheRunThere(strategy, .ring, on: cluster)
        cluster.slowdowns = .random(
            every: .exponential(mean: 3e-2), lasting: .constant(2e-2), factor: .uniform(low: 2, high: 5))
        try repricedIsTheRunThere(strategy, .ring, on: cluster)
    }

    @Test func whereOtherClientsWouldBeSelectedARunIsNotRepriced() throws {
        let (results, schedules) = try run(setup("federated").plan)
        let repricing = try Repricing(results, results.plan.strategies[0]) { try #require(schedules[$0]) }
        var plan = results.plan.strategies[0]
        plan.cluster?.worker.memoryBytes = 1_000_000
        _ = try repricing.price(plan)
        plan.cluster?.devices = DevicePopulation(
            kinds: [.init(figures: [:]), .init(figures: [.memory: .constant(1000)])])
        let error = #expect(throws: ExperimentError.self) { try repricing.price(plan) }
        #expect(error?.description.contains("has 1 kB of memory") == true)
        #expect(error?.description.contains("make the run there") == true)
    }

    @Test func whereARankWouldHaveTooLittleMemoryARunIsNotRepriced() throws {
        let (results, schedules) = try run(setup("sync").plan)
        let repricing = try Repricing(results, results.plan.strategies[0]) { try #require(schedules[$0]) }
        var plan = results.plan.strategies[0]
        plan.cluster?.worker.memoryBytes = 1000
        let error = #expect(throws: ExperimentError.self) { try repricing.price(plan) }
        #expect(error?.description.contains("rank 0 has 1 kB of memory and needs") == true)
    }

    @Test func theCheapestAllReduceIsChosenForTheOtherCluster() throws {
        // On one the least bytes count, on the other the fewest steps.
        var (slow, far) = (Self.other, Self.other)
        slow.worker.link = Link(latencySeconds: 1e-6, bytesPerSecond: 1e5)
        far.worker.link = Link(latencySeconds: 1, bytesPerSecond: 1e9)
        var plan = setup("sync", .automatic).plan
        plan.strategies[0].cluster = slow
        let (results, schedules) = try run(plan)
        let repricing = try Repricing(results, results.plan.strategies[0]) { try #require(schedules[$0]) }
        var variant = results.plan.strategies[0]
        variant.cluster = far
        let priced = try repricing.price(variant)
        plan.strategies[0].cluster = far
        expectEqual(priced.runs, try run(plan).0)
        #expect(priced.plan.allReduceInUse != results.plan.strategies[0].allReduceInUse)
    }

    @Test func aMeasuredLatencyIsDrawnAsInARunThere() throws {
        try repricedIsTheRunThere("sync", .ring, jitter: .empirical(file: "f.csv", seconds: [1e-4, 2e-3, 5e-3]))
    }

    @Test(arguments: [Jitter.none, .logNormal(sigma: 0.3)])
    func federatedRepricedIsTheRunOnThatCluster(_ jitter: Jitter) throws {
        try repricedIsTheRunThere("federated", .ring, jitter: jitter)
    }

    @Test(
        arguments: ["alone", "dpsgd", "push-sum", "choco", "epidemic", "clustered", "community"],
        [Jitter.none, .logNormal(sigma: 0.3)])
    func nodesWithoutAServerRepricedAreTheRunThere(_ strategy: String, jitter: Jitter) throws {
        try repricedIsTheRunThere(strategy, .ring, jitter: jitter)
    }

    @Test func singleRepricedIsTheRunOnThatCluster() throws {
        try repricedIsTheRunThere("single", .ring, jitter: Jitter.none)
    }

    @Test func aScheduleOfAnotherRunIsRefused() throws {
        let (results, schedules) = try run(setup("sync").plan)
        var shorter = setup("sync")
        shorter.epochs = 1
        let others = try run(shorter.plan).1
        #expect(throws: ExperimentError.self) {
            _ = try Repricing(results, results.plan.strategies[0]) { try #require(others[$0]) }
        }
        _ = try Repricing(results, results.plan.strategies[0]) { try #require(schedules[$0]) }
    }

    /// A curve that was moved is not what the schedule of its run gives.
    @Test func resultsWhoseEvaluationsWereMovedAreRefused() throws {
        let (results, schedules) = try run(setup("sync").plan)
        let text = String(decoding: try ResultsFile.encode(results), as: UTF8.self)
        let time = results.runs[0].evaluations[2].clusterSeconds
        let moved = text.replacing("\(time)", with: "\(time + 1e-9)", maxReplacements: 1)
        #expect(moved != text)
        let changed = try ResultsFile.decode(resealed(moved), file: "results.json")
        let error = #expect(throws: ExperimentError.self) {
            _ = try Repricing(changed, changed.plan.strategies[0]) { try #require(schedules[$0]) }
        }
        #expect(error?.description.contains("comes to round") == true, "\(error?.description ?? "")")
    }

    /// Step times beyond all clocks are refused as such, and smaller changes since the run would have taken another time.
    @Test(arguments: [(1e9, "computeModel: a step of 1 samples takes"), (1e-3, "the schedule is of another run")])
    func resultsWithOtherStepTimesAreRefused(_ seconds: Double, _ says: String) throws {
        let (results, schedules) = try run(setup("sync").plan)
        let text = String(decoding: try ResultsFile.encode(results), as: UTF8.self)
        let point = try #require(results.computeModel?.stepPoints.last)
        let changed = text.replacing("\(point.seconds)".plainDecimals, with: "\(seconds)", maxReplacements: 1)
        #expect(changed != text)
        do {
            let results = try ResultsFile.decode(resealed(changed), file: "results.json")
            _ = try Repricing(results, results.plan.strategies[0]) { try #require(schedules[$0]) }
            Issue.record("they were priced")
        } catch { #expect("\(error)".contains(says), "\(error)") }
    }

    private func resealed(_ text: String) -> Data {
        SealedJSON.unseal(Data(text.utf8)).map { SealedJSON.seal($0.text) } ?? Data()
    }

    @Test func aScheduleThatRepeatsNothingForEverIsRefused() throws {
        let schedule = try #require(try run(setup("sync").plan).1[1])
        let text = String(decoding: try ScheduleFile.encode(schedule, strategy: "sync", seed: 1), as: UTF8.self)
        let changed = text.replacing(/"operations" : "[^"]*"/, with: "\"operations\" : \"9999999999*()\"")
        #expect(changed != text)
        let error = #expect(throws: ReportError.self) {
            try ScheduleFile.decode(resealed(changed), strategy: "sync", seed: 1, file: "f.json")
        }
        #expect(error?.description.contains("a repetition of nothing") == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["sync", "federated"])
    func aScheduleIsReadAsItWasWritten(_ strategy: String) throws {
        for (seed, schedule) in try run(setup(strategy).plan).1 {
            let data = try ScheduleFile.encode(schedule, strategy: strategy, seed: seed)
            #expect(try ScheduleFile.decode(data, strategy: strategy, seed: seed, file: "f") == schedule)
            // Steps that repeat stand there once: 53 of them here.
            if strategy == "sync" { #expect(data.count < 2_500, "\(data.count)") }
        }
    }

    @Test(arguments: [
        ("\"1-3\"", "\"1-2\"", "checksum"), ("\"schema\" : 1", "\"schema\" : 2", "schema 2"),
        ("\"schema\"", "\"scheme\"", "'schema' is missing"),
    ])
    func aChangedScheduleIsRefused(_ old: String, _ new: String, _ answer: String) throws {
        let schedule = try #require(try run(setup("sync").plan).1[1])
        let text = String(decoding: try ScheduleFile.encode(schedule, strategy: "sync", seed: 1), as: UTF8.self)
        #expect(text.contains(old))
        do {
            let data = Data(text.replacing(old, with: new).utf8)
            _ = try ScheduleFile.decode(data, strategy: "sync", seed: 1, file: "f.json")
            Issue.record("it was read")
        } catch {
            #expect(error.description.hasPrefix("f.json: ") && error.description.contains(answer), "\(error)")
        }
    }

    @Test func aScheduleThatNamesWhatIsNotThereIsRefused() throws {
        let base = Schedule(
            operations: [.receive(from: 1), .evaluation], programs: [[0], [1]], programOfRank: [0, 1])
        let text = String(decoding: try ScheduleFile.encode(base, strategy: "sync", seed: 1), as: UTF8.self)
        for (old, new, answer) in [
            ("\"peer\" : 1", "\"peer\" : 2", "rank 2; allowed is 0 to 1"),
            ("\"ranks\" : \"1\"", "\"ranks\" : \"0\"", "each rank from 0 on, once"),
            ("\"ranks\" : \"1\"", "\"ranks\" : \"1-x\"", "allowed is such as"),
            ("\"kind\" : \"evaluation\"", "\"kind\" : \"nap\"", "an operation 'nap' with an unknown kind"),
            ("\"operations\" : \"1\"", "\"operations\" : \"7\"", "operation 7 of 2"),
        ] {
            #expect(text.contains(old), "\(text)")
            let changed = text.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.contains("checksum") }.joined(separator: "\n").replacing(old, with: new)
            do {
                let data = SealedJSON.seal(Data(changed.utf8))
                _ = try ScheduleFile.decode(data, strategy: "sync", seed: 1, file: "f.json")
                Issue.record("\(new) was read")
            } catch {
                #expect(error.description.contains(answer), "\(error)")
            }
        }
    }

    @Test func whatDependsOnTimeIsNotRepriced() throws {
        let (results, schedules) = try run(setup("gossip").plan)
        #expect(schedules.isEmpty && !results.plan.strategies[0].hasFixedSchedule)
        #expect(results.runs.count == 2 && results.runs.allSatisfy { $0.attribution == nil })
        let error = #expect(throws: ExperimentError.self) {
            try Repricing(results, results.plan.strategies[0]) { try #require(schedules[$0]) }
        }
        #expect(error?.description.contains("what it does depends on time") == true)
        #expect(TimeSection.render(results).contains("- `gossip`: what it does depends on how long things take"))
        #expect(!TimeSection.render(try run(setup("sync").plan).0).contains("depends on how long"))
    }

    @Test func runsThatLimitsOnTimeEndHaveNoSchedule() throws {
        var plan = setup("sync").plan
        #expect(plan.strategies[0].hasFixedSchedule)
        plan.strategies[0].configuration.limits = .init(updates: 10)
        #expect(plan.strategies[0].hasFixedSchedule)
        for limits in [TrainingConfiguration.Limits(clusterSeconds: 1), .init(bytesSent: 1)] {
            plan.strategies[0].configuration.limits = limits
            #expect(!plan.strategies[0].hasFixedSchedule)
        }
        #expect(try run(plan).1.isEmpty)
    }
}

extension ClusterSpec {
    /// Racks of three with uplinks that their nodes share, and receivers that are busy with messages.
    fileprivate static var inRacks: ClusterSpec {
        var link = Link(
            latencySeconds: 170e-6, uplinkBytesPerSecond: 3e7, downlinkBytesPerSecond: 7e7, overheadSeconds: 11e-6)
        link.receiveOverheadSeconds = 3e-6
        return ClusterSpec(
            name: "in racks", summary: "", source: "a test", worker: Node(link: link, speed: 0.3),
            server: Node(link: Link(latencySeconds: 1e-4, bytesPerSecond: 1e8), speed: 2),
            interconnect: Interconnect(
                .racks(Topology.Racks(nodesPerRack: 3, latencySeconds: 7e-6, oversubscription: 5))))
    }

    fileprivate static func lossy(_ sharing: Interconnect.Sharing) -> ClusterSpec {
        ClusterSpec(
            name: "lossy \(sharing.rawValue)", summary: "", source: "a test",
            worker: Node(link: Link(latencySeconds: 1e-3, bytesPerSecond: 1e7)),
            interconnect: Interconnect(sharing: sharing, loss: .init(probability: 0.02, timeoutSeconds: 0.2)))
    }
}

extension String {
    /// A number as results files have it: 0.000013 for 1.3e-05.
    fileprivate var plainDecimals: String {
        guard let mark = firstIndex(of: "e"), let power = Int(self[index(after: mark)...]), power < 0 else {
            return self
        }
        let digits = self[..<mark].filter { $0 != "." }
        return "0." + String(repeating: "0", count: -power - 1) + digits
    }
}
