import Foundation
import Randomness
import Testing

@testable import Cluster

@Suite struct DevicePopulationTests {
    private static let link = "latency: 5ms\nbandwidth: 1Gbit\n"

    private func parse(_ text: String) throws -> ClusterSpec {
        let spec = try ClusterFile(file: "lab/c.yaml").parse(Self.link + text)
        try spec.validate()
        return spec
    }

    private func nodes(_ spec: ClusterSpec, _ ranks: Int, server: Int? = nil, seed: UInt64 = 1) -> [Node] {
        spec.nodes(ranks: ranks, server: server, seeds: SeedSequence(seed))
    }

    @Test func aDeviceFileIsReadInAnyOrderWithUnitsQuotesAndGaps() throws {
        let csv =
            "\u{FEFF}memory,name,speed,count,uplink,watts_busy,price_per_hour,cores\r\n"
            + "8GB,\"new, fast\",0.5,3,20Mbit,3W,$0.01,8\r\n\r\n2GB,old,uniform:0.05..0.2,7,,,,\r\n"
        let kinds = try DeviceFile(name: "p.csv", .drawn).parse(Data(csv.utf8))
        #expect(
            kinds == [
                DevicePopulation.Kind(
                    name: "new, fast", count: 3,
                    figures: [
                        .memory: .constant(8e9), .speed: .constant(0.5), .uplink: .constant(2.5e6),
                        .wattsBusy: .constant(3), .pricePerHour: .constant(0.01), .cores: .constant(8),
                    ]),
                DevicePopulation.Kind(
                    name: "old", count: 7,
                    figures: [.memory: .constant(2e9), .speed: .uniform(low: 0.05, high: 0.2)]),
            ])
    }

    @Test func aFileOfDevicesIsRelativeToTheClusterFile() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("speed\n0.5\n".utf8).write(to: folder.appending(path: "d.csv"))
        let file = folder.appending(path: "c.yaml")
        try Data((Self.link + "devices: d.csv").utf8).write(to: file)
        #expect(nodes(try ClusterFile.resolve(file.path), 2).map(\.speed) == [0.5, 0.5])
    }

    @Test func whatADeviceDoesNotSayIsTheWorkers() throws {
        let spec = try parse("speed: 0.25\ncores: 2\nmemory: 1GB\ndevices:\n  - {uplink: 8Mbit, memory: 2GB}")
        var expected = spec.worker
        expected.link.uplinkBytesPerSecond = 1e6
        expected.memoryBytes = 2_000_000_000
        #expect(nodes(spec, 1) == [expected])
        #expect(expected.cores == 2 && expected.speed == 0.25 && expected.link.downlinkBytesPerSecond == 125e6)
    }

    @Test func aRankIsTheSameDeviceWhateverTheJob() throws {
        let spec = try parse(
            "speed: lognormal:0.5\ndevices:\n  - {memory: 1GB}\n  - {memory: 2GB, cores: uniform:1..64}")
        let few = nodes(spec, 8)
        let many = nodes(spec, 200, server: 0)
        #expect(Array(many[1..<8]) == Array(few[1...]), "more ranks, and a server")
        #expect(many[0] == spec.worker, "the server is not drawn")
        #expect(nodes(spec, 8) == few && nodes(spec, 8, seed: 2) != few)
        #expect(Set(many.map(\.speed)).count == 200)
    }

    @Test func oneMoreFigureDoesNotChangeTheOthers() throws {
        let one = nodes(try parse("speed: lognormal:0.5"), 50)
        let two = nodes(try parse("speed: lognormal:0.5\ncores: uniform:1..8"), 50)
        #expect(one.map(\.speed) == two.map(\.speed) && Set(two.map(\.cores)) == Set(1...8))
    }

    /// Shares and medians of 20,000 draws: four standard deviations of a share of a third are 1.3 %.
    @Test func drawsFollowTheirDistributions() throws {
        let count = 20_000
        let spec = try parse(
            """
            speed: lognormal:0.25:0.5
            cores: uniform:1..4
            memory: choice:2GB=3,4GB=1
            watts_busy: uniform:2..4
            """)
        let drawn = nodes(spec, count)
        let speeds = drawn.map(\.speed).sorted()
        #expect(abs(speeds[count / 2] / 0.25 - 1) < 0.02)
        // A standard deviation above the median.
        #expect(abs(speeds[count * 8413 / 10000] / (0.25 * exp(0.5)) - 1) < 0.03)
        for cores in 1...4 { #expect(abs(Double(drawn.count { $0.cores == cores }) / Double(count) - 0.25) < 0.014) }
        #expect(abs(Double(drawn.count { $0.memoryBytes == 4_000_000_000 }) / Double(count) - 0.25) < 0.013)
        #expect(drawn.allSatisfy { (2...4).contains($0.wattsBusy ?? 0) })
        #expect(abs(drawn.reduce(0) { $0 + ($1.wattsBusy ?? 0) } / Double(count) - 3) < 0.02)
    }

    @Test func kindsAreDrawnAsOftenAsTheirCountsSay() throws {
        let spec = try parse("devices:\n  - {speed: 1, count: 30}\n  - {speed: 2, weight: 70}")
        let fast = nodes(spec, 20_000).count { $0.speed == 2 }
        #expect(abs(Double(fast) / 20_000 - 0.7) < 0.013)
    }

    @Test func devicesInOrderAreEachThereOnce() throws {
        let spec = try parse(
            "assign: in-order\ndevices:\n  - {speed: 1, count: 2}\n  - {speed: 2}\n  - {speed: 3, count: 2}")
        #expect(nodes(spec, 5).map(\.speed) == [1, 1, 2, 3, 3])
        #expect(nodes(spec, 4, server: 0).map(\.speed) == [1, 1, 1, 2], "the first worker is the first device")
        #expect(nodes(spec, 5, seed: 9) == nodes(spec, 5))
    }

    @Test func bandwidthIsDrawnOnceForBothDirections() throws {
        let both = nodes(try parse("devices:\n  - {bandwidth: uniform:1Mbit..100Mbit}"), 20)
        #expect(both.allSatisfy { $0.link.uplinkBytesPerSecond == $0.link.downlinkBytesPerSecond })
        let apart = nodes(
            try parse("devices:\n  - {uplink: uniform:1Mbit..100Mbit, downlink: uniform:1Mbit..100Mbit}"), 20)
        #expect(apart.allSatisfy { $0.link.uplinkBytesPerSecond != $0.link.downlinkBytesPerSecond })
    }

    @Test func drawsBeyondWhatCanBeSimulatedStayAtItsEnd() throws {
        let speeds = nodes(try parse("speed: lognormal:0.001:3"), 2000).map(\.speed)
        #expect(speeds.min() == 1e-4)
    }

    @Test func overridesReplaceDrawnLinksToo() throws {
        let spec = try parse("devices:\n  - {uplink: 1Mbit, latency: 1ms, speed: 2}")
        let changed = nodes(spec.overridden(by: .init(latencySeconds: 0.5, bytesPerSecond: 1000)), 1)[0]
        #expect(changed.link == Link(latencySeconds: 0.5, bytesPerSecond: 1000) && changed.speed == 2)
        let drawn = try ClusterFile(file: "c.yaml").parse("latency: uniform:1ms..2ms\nbandwidth: 1Gbit")
        #expect(drawn.overridden(by: .init(latencySeconds: 0.5)).devices == nil, "nothing is left that differs")
    }

    @Test func stragglersAreAsManyAndAsSlowAsSaid() throws {
        let spec = try parse("speed: 0.5\nstragglers: {fraction: 10%, slowdown: 4}")
        let speeds = nodes(spec, 20_000, server: 0).map(\.speed)
        #expect(Set(speeds) == [0.5, 0.125] && speeds[0] == 0.5)
        let slow = speeds.count { $0 == 0.125 }
        #expect(abs(Double(slow) / 20_000 - 0.1) < 0.009)
        #expect(spec.stragglerCount(among: Array(1..<20_000), seeds: SeedSequence(1)) == slow)
        #expect(try parse("stragglers: 0.1:4").stragglers == spec.stragglers)
        #expect(nodes(try parse("stragglers: 0:4"), 1000).allSatisfy { $0.speed == 1 })
        #expect(nodes(try parse("stragglers: 1:uniform:2..8"), 1000).allSatisfy { (0.125...0.5).contains($0.speed) })
        let overridden = ClusterPresets.wan.overridden(by: .init(stragglers: spec.stragglers))
        #expect(overridden.stragglers == spec.stragglers)
    }

    @Test func jsonRoundTripKeepsPopulationsAndEqualWorkersSayNothing() throws {
        let spec = try parse(
            """
            speed: lognormal:0.5
            cores: 4
            memory: choice:1GB,2GB=3
            devices:
              - {name: a, speed: 2, latency: uniform:1ms..2ms}
            stragglers: 0.1:4
            slowdowns: {every: exponential:60s, for: 5s, slowdown: uniform:2..4}
            """)
        let data = try JSONEncoder().encode(spec)
        #expect(try JSONDecoder().decode(ClusterSpec.self, from: data) == spec)
        let plain = String(decoding: try JSONEncoder().encode(ClusterPresets.wan), as: UTF8.self)
        for key in ["cores", "memory", "devices", "stragglers", "slowdowns"] {
            #expect(!plain.contains(key), "\(plain)")
        }
    }

    @Test func figuresTellThePopulation() throws {
        let spec = try parse(
            """
            assign: in-order
            devices:
              - {speed: 0.5, memory: 8GB, cores: 8}
              - {speed: 0.1, memory: 2GB, cores: 8, count: 2}
            stragglers: 0.1:4
            slowdowns: {every: exponential:60s, for: 5s, slowdown: 4}
            """)
        #expect(
            spec.figures == """
                5 ms, 1 Gbit/s; devices of 2 kinds in order: speed 0.1 to 0.5, median 0.1; memory 2 GB to 8 GB, median 2 GB; \
                stragglers: 10 % of the workers, 4 times slower; slowdowns: every exponential with mean 60 s, for 5 s, 4 \
                times slower
                """)
        #expect(try parse("cores: 4\nmemory: 2GB").figures == "5 ms, 1 Gbit/s, 4 cores, 2 GB of memory")
    }

    @Test func thePresetOfMixedPhonesHasTheMedianOfPhones() {
        let speeds = ClusterPresets.phonesMixed.devices?.kinds.compactMap { $0.figures[.speed]?.median }.sorted() ?? []
        #expect(speeds.count == 12 && abs((speeds[5] + speeds[6]) / 2 - ClusterPresets.phones4G.worker.speed) < 1e-12)
    }
}
