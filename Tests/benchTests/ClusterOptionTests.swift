import Cluster
import Experiments
import Foundation
import Testing

@testable import BenchCommands

@Suite struct ClusterOptionTests {
    private func strategies(_ arguments: [String]) throws -> [String: StrategyPlan] {
        let run = try Run.of(arguments)
        return Dictionary(uniqueKeysWithValues: try run.builder.plan().strategies.map { ($0.name, $0) })
    }

    @Test(arguments: [
        ("auto", ["threads", "threads", "simulated", "simulated"]),
        ("simulated", ["simulated", "simulated", "simulated", "simulated"]),
        ("emulate", ["threads", "threads", "emulated", "emulated"]),
    ])
    func theClockChoosesWhatCarriesEachStrategy(_ clock: String, _ fabrics: [String]) throws {
        let strategies = try strategies(["--clock", clock])
        let found = ["single", "threads", "sync", "federated"].map { strategies[$0]?.fabric.rawValue }
        #expect(found == fabrics)
    }

    @Test func withoutAClusterEachStrategyRunsOnItsOwn() throws {
        let strategies = try strategies([])
        #expect(strategies["sync"]?.cluster == ClusterPresets.ethernet1G)
        #expect(strategies["federated"]?.cluster == ClusterPresets.phones4G)
        // Threads of this machine are their own cluster.
        #expect(strategies["single"]?.cluster == nil && strategies["threads"]?.cluster == nil)
        let simulated = try self.strategies(["--clock", "simulated"])
        #expect(simulated["single"]?.cluster == ClusterPresets.workstation)
    }

    @Test func aNamedClusterIsForAllSimulatedStrategies() throws {
        let strategies = try strategies(["--cluster", "wan"])
        #expect(strategies["sync"]?.cluster == ClusterPresets.wan)
        #expect(strategies["federated"]?.cluster == ClusterPresets.wan)
        #expect(strategies["threads"]?.cluster == nil)
    }

    private static let file = """
        name: two-sites
        latency: 18ms
        uplink: 200Mbit
        downlink: 400Mbit
        overhead: 20us
        jitter: lognormal:0.25
        speed: 0.5
        server:
          latency: 250us
          bandwidth: 10Gbit
        """

    /// The cluster of the file above with what the command line says.
    private func cluster(_ overrides: [String]) async throws -> ClusterSpec {
        try await withFolder { folder in
            try folder.write(Data(Self.file.utf8), "sites.yaml")
            // Without a source of its own, a file's path is the source, which differs between the calls.
            let strategies = try strategies(["--strategy", "sync", "--cluster", folder.path("sites.yaml")] + overrides)
            var cluster = try #require(strategies["sync"]?.cluster)
            #expect(cluster.source == folder.path("sites.yaml"))
            cluster.source = ""
            return cluster
        }
    }

    @Test func aClusterFileSaysWhatIsNotOnTheCommandLine() async throws {
        let cluster = try await cluster([])
        #expect(cluster.name == "two-sites")
        let link = Link(
            latencySeconds: 0.018, uplinkBytesPerSecond: 25e6, downlinkBytesPerSecond: 50e6, overheadSeconds: 20e-6)
        // 18 ms are not 18 times a millisecond to the last bit.
        #expect(abs(cluster.worker.link.latencySeconds - 0.018) < 1e-15)
        var worker = cluster.worker
        worker.link.latencySeconds = 0.018
        #expect(worker == Node(link: link, speed: 0.5))
        #expect(cluster.server == Node(link: Link(latencySeconds: 250e-6, bytesPerSecond: 1.25e9)))
        #expect(cluster.jitter == .logNormal(sigma: 0.25))
    }

    @Test func latencyOnTheCommandLineReplacesTheFilesAlone() async throws {
        var expected = try await cluster([])
        expected.worker.link.latencySeconds = 0.005
        #expect(try await cluster(["--latency", "5ms"]) == expected)
    }

    @Test func aLatencyOfZeroReplacesTheFiles() async throws {
        #expect(try await cluster(["--latency", "0"]).worker.link.latencySeconds == 0)
    }

    @Test func bandwidthOnTheCommandLineReplacesTheFilesBothWays() async throws {
        var expected = try await cluster([])
        expected.worker.link.uplinkBytesPerSecond = 125e6
        expected.worker.link.downlinkBytesPerSecond = 125e6
        #expect(try await cluster(["--bandwidth", "1Gbit"]) == expected)
    }

    @Test func jitterOnTheCommandLineReplacesTheFilesAlone() async throws {
        var expected = try await cluster([])
        expected.jitter = .uniform(seconds: 0.001)
        #expect(try await cluster(["--jitter", "uniform:1ms"]) == expected)
        expected.jitter = .none
        #expect(try await cluster(["--jitter", "none"]) == expected)
    }

    @Test func stragglersOnTheCommandLineReplaceTheFilesAlone() async throws {
        var expected = try await cluster([])
        expected.stragglers = Stragglers(fraction: 0.1, slowdown: .uniform(low: 2, high: 8))
        #expect(try await cluster(["--stragglers", "10%:uniform:2..8"]) == expected)
    }

    @Test func thisMachineIsOneMachine() async throws {
        try await withFolder { folder in
            try folder.write(Data("latency: 0\nbandwidth: 1Gbit\nspeed: uniform:1..2".utf8), "m.yaml")
            let error = #expect(throws: (any Error).self) { try strategies(["--machine", folder.path("m.yaml")]) }
            #expect("\(String(describing: error))".contains("allowed is one kind of machine"))
        }
    }

    @Test func aListedClusterTellsItsPopulation() async throws {
        try await withFolder { folder in
            let outcome = try await bench(["list", "--cluster", "phones-mixed"], in: folder)
            #expect(outcome.output.contains("devices of 12 kinds drawn: speed 0.0465 to 0.526, median 0.258"))
            #expect(outcome.output.contains("memory 1 GB to 6 GB, median 2 GB"))
        }
    }

    @Test func overridesReplaceAPresetsFigures() throws {
        let cluster = try strategies(["--cluster", "phones-3g", "--latency", "1ms"])["federated"]?.cluster
        #expect(cluster?.worker.link.latencySeconds == 0.001)
        #expect(cluster?.worker.link.uplinkBytesPerSecond == ClusterPresets.phones3G.worker.link.uplinkBytesPerSecond)
        #expect(cluster?.server == ClusterPresets.phones3G.server)
    }
}
