import Foundation
import Testing

@testable import Cluster

/// Broken populations, stragglers, slowdowns and device files: every message names the file, the line, what was found and
/// what is allowed.
@Suite struct DeviceErrorTests {
    struct Broken: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        /// The line of the mistake, from 1: of the cluster's keys below the first two lines, or of the CSV file.
        let line: Int
        let parts: [String]

        init(_ name: String, _ text: String, line: Int = 3, _ parts: String...) {
            (self.name, self.text, self.line, self.parts) = (name, text, line, parts)
        }

        var testDescription: String { name }
    }

    private static let link = "latency: 5ms\nbandwidth: 1Gbit\n"

    static let clusters = [
        Broken("cores none", "cores: 0", "'0' is not a number of cores", "1 to 1024"),
        Broken("cores half", "cores: 1.5", "'1.5'", "a whole number from 1 to 1024"),
        Broken(
            "cores drawn log-normally", "cores: lognormal:4:1", "unknown distribution 'lognormal'", "uniform:LOW..HIGH"),
        Broken("memory without number", "memory: lots", "'lots'", "such as 64kB"),
        Broken("memory unit", "memory: 4GiB", "unknown unit 'GiB'", "1.5GB"),
        Broken(
            "unknown distribution", "speed: log-normal:1:0.5", "unknown distribution 'log-normal'",
            "did you mean 'lognormal'?",
            "choice:VALUE"),
        Broken("lognormal sigma", "speed: lognormal:1:9", "sigma", "0...3"),
        Broken("lognormal without median", "memory: lognormal:0.5", "no median", "lognormal:MEDIAN:SIGMA"),
        Broken("uniform with one end", "speed: uniform:1", "no two ends", "uniform:LOW..HIGH"),
        Broken("uniform backwards", "speed: uniform:2..1", "ends before it begins"),
        Broken("uniform beyond", "speed: uniform:1..1e9", "'1e9' is not a speed", "0.0001 to 10000"),
        Broken("choice weight", "memory: choice:2GB=0,4GB", "'2GB=0'", "above 0", "choice:VALUE[=WEIGHT]"),
        Broken("choice value", "memory: choice:2GB,-4", "'-4'", "above 0"),
        Broken("price drawn from nothing", "price_per_hour: uniform:-1..1", "'-1'", "a number from 0 up"),
        Broken(
            "server that is drawn", "server:\n  latency: 1ms\n  bandwidth: 1Gbit\n  speed: uniform:1..2", line: 6,
            "a server is one machine", "one speed"),
        Broken("devices without ending", "devices: phones", "'phones' is no list of devices", ".csv"),
        Broken("devices file missing", "devices: none.csv", "none.csv' does not exist"),
        Broken("devices as a mapping", "devices: {speed: 1}", "list of kinds of devices"),
        Broken("no kind", "devices: []", "no kind of devices", "1 to 10000"),
        Broken(
            "key of a kind", "devices:\n  - {sped: 1}", line: 4, "unknown key 'sped'", "did you mean 'speed'?", "memory"
        ),
        Broken("count and weight", "devices:\n  - {speed: 1, count: 1, weight: 2}", line: 4, "not both"),
        Broken(
            "count of nothing", "devices:\n  - {speed: 1}\n  - {speed: 2, count: 0}", line: 5,
            "'0' is not a number of devices", "above 0"),
        Broken(
            "kind with three bandwidths", "devices:\n  - {bandwidth: 1Mbit, uplink: 1Mbit}", line: 4, "'bandwidth'",
            "not both"),
        Broken(
            "half a device in order", "assign: in-order\ndevices:\n  - {speed: 1, count: 1.5}", line: 5, "'1.5'",
            "whole number"),
        Broken(
            "assignment", "devices:\n  - {speed: 1}\nassign: random", line: 5, "unknown assignment 'random'",
            "drawn, in-order"),
        Broken("assignment of nothing", "assign: drawn", "'assign' without 'devices'"),
        Broken(
            "link that differs in a ring", "topology: ring\ndevices:\n  - {latency: 1ms}", line: 5, "are alike",
            "one figure for all"),
        Broken(
            "oversubscription of what",
            "topology:\n  racks: {nodes_per_rack: 2, latency: 0, oversubscription: 4}\ndevices:\n  - {uplink: 1Mbit}",
            line: 6, "'bandwidth' of their uplinks"),
        Broken("stragglers without slowdown", "stragglers: {fraction: 0.1}", "incomplete", "'slowdown'"),
        Broken("stragglers in short", "stragglers: 0.1", "'0.1' are no stragglers", "0.1:4"),
        Broken(
            "four of the workers", "stragglers: {fraction: 4, slowdown: 2}", "'4' is outside 0 to 1, and has no %",
            "97% or 0.97"),
        Broken(
            "straggler that is faster", "stragglers: {fraction: 0.1, slowdown: 0.5}", "'0.5' is not a slowdown",
            "1 to 1000"),
        Broken("slowdowns without gap", "slowdowns: {for: 5s, slowdown: 4}", "incomplete", "'every'"),
        Broken(
            "slowdown without unit", "slowdowns: {every: 60s, for: 5, slowdown: 4}", "'5' has no unit", "such as 250us"),
        Broken("slowdown too often", "slowdowns: {every: 1us, for: 5s, slowdown: 4}", "'1us'", "1 ms to"),
        Broken(
            "key of slowdowns", "slowdowns: {every: 60s, for: 5s, slowdwn: 4}", "'slowdwn'", "did you mean 'slowdown'?"),
        Broken(
            "slowdown of no rank", "slowdowns:\n  - {rank: -1, at: 1s, for: 1s, slowdown: 2}", line: 4,
            "'-1' is not a rank"),
        Broken("slowdown at no time", "slowdowns:\n  - {rank: 1, for: 1s, slowdown: 2}", line: 4, "incomplete", "'at'"),
        Broken(
            "slowdown of one that is drawn", "slowdowns:\n  - {rank: 1, at: 1s, for: 1s, slowdown: uniform:1..2}",
            line: 4, "is not drawn"),
    ]

    @Test(arguments: clusters)
    func brokenClusterIsExplained(_ broken: Broken) {
        let error = #expect(throws: ClusterFileError.self) {
            try ClusterFile(file: "lab/c.yaml").parse(Self.link + broken.text)
        }
        let message = error?.description ?? ""
        #expect(message.hasPrefix("lab/c.yaml:\(broken.line): "), "\(message)")
        for part in broken.parts { #expect(message.contains(part), "\(message)") }
    }

    static let files = [
        Broken(
            "column", "name,sped\na,1", line: 1, "column 2", "unknown column 'sped'", "did you mean 'speed'?",
            "watts_idle"),
        Broken("column twice", "speed,speed\n1,1", line: 1, "'speed' stands twice"),
        Broken("count and weight", "speed,count,weight\n1,1,1", line: 1, "'count' and 'weight'", "one of them"),
        Broken("bandwidth and uplink", "bandwidth,uplink\n1Mbit,1Mbit", line: 1, "'bandwidth' and 'uplink'"),
        Broken("speed", "name,speed\na,1\n\nb,fast", line: 4, "column 'speed'", "'fast' is not a speed", "above 0"),
        Broken("speed beyond", "speed\n1e9", line: 2, "column 'speed'", "0.0001 to 10000"),
        Broken("memory", "speed,memory\r\n1,4GB\r\n1,4Gb\r\n", line: 3, "column 'memory'", "unknown unit 'Gb'"),
        Broken("cores", "cores\n0", line: 2, "column 'cores'", "1 to 1024"),
        Broken("uplink", "uplink\n10", line: 2, "column 'uplink'", "'10' has no unit"),
        Broken("count", "count\n-1", line: 2, "column 'count'", "'-1' is not a number of devices"),
        Broken("too few fields", "speed,memory\n1", line: 2, "1 fields; allowed are 2"),
        Broken("too many fields", "speed\n1,2", line: 2, "2 fields; allowed are 1"),
        Broken("no figures", "speed,memory\n1,1GB\n,", line: 3, "fields without a device"),
        Broken("open quote", "name\n\"a\nb", line: 2, "quote that is not closed"),
    ]

    private func message(_ data: Data) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try data.write(to: folder.appending(path: "phones.csv"))
        let error = #expect(throws: ClusterFileError.self) {
            try ClusterFile(file: folder.path + "/c.yaml").parse(Self.link + "devices: phones.csv")
        }
        return error?.description.replacing(folder.path + "/", with: "") ?? ""
    }

    @Test(arguments: files) func brokenDeviceFileIsExplained(_ broken: Broken) throws {
        let message = try message(Data(broken.text.utf8))
        #expect(message.hasPrefix("phones.csv:\(broken.line): "), "\(message)")
        for part in broken.parts { #expect(message.contains(part), "\(message)") }
    }

    @Test func deviceFilesWithoutDevicesAreExplained() throws {
        #expect(try message(Data()).hasPrefix("phones.csv: empty; allowed columns are name, count"))
        #expect(try message(Data("speed\n".utf8)) == "phones.csv: 0 devices below the heading; allowed are 1 to 10000")
        #expect(try message(Data([0x73, 0xff])) == "phones.csv: not UTF-8 text")
    }

    @Test func whatTheJobIsTooLargeForIsNamedBeforeItBegins() throws {
        let spec = try ClusterFile(file: "c.yaml").parse(
            Self.link + "assign: in-order\ndevices:\n  - {speed: 1, count: 2}\nslowdowns:\n"
                + "  - {rank: 4, at: 1s, for: 1s, slowdown: 2}")
        try spec.validate(workers: 2)
        try spec.validate(ranks: 5)
        let devices = #expect(throws: ClusterFileError.self) { try spec.validate(workers: 3) }
        #expect(
            devices?.description.contains("has 2 devices in order, and the job 3 workers; allowed are up to 2") == true)
        let slowdown = #expect(throws: ClusterFileError.self) { try spec.validate(ranks: 4) }
        #expect(slowdown?.description.contains("slowdown of rank 4; the job's ranks are 0 to 3") == true)
        let emulation = #expect(throws: ClusterFileError.self) { try spec.validateEmulation() }
        #expect(emulation?.description.contains("'slowdowns'") == true)
    }

    /// What a results file that was edited could say.
    struct Change: Sendable, CustomTestStringConvertible {
        let says: String
        let make: @Sendable (inout ClusterSpec) -> Void

        init(_ says: String, _ make: @escaping @Sendable (inout ClusterSpec) -> Void) {
            (self.says, self.make) = (says, make)
        }

        var testDescription: String { says }
    }

    static let changes = [
        Change("a speed of", { $0.devices = DevicePopulation(figures: [.speed: .constant(0)]) }),
        Change("from 2.0 down to 1.0", { $0.devices = DevicePopulation(figures: [.speed: .uniform(low: 2, high: 1)]) }),
        Change("sigma 4.0", { $0.devices = DevicePopulation(figures: [.speed: .logNormal(median: 1, sigma: 4)]) }),
        Change("weight", { $0.devices = DevicePopulation(figures: [.speed: .choice([.init(value: 1, weight: -1)])]) }),
        Change("choice of no", { $0.devices = DevicePopulation(figures: [.memory: .choice([])]) }),
        Change("a kind of 0.0 devices", { $0.devices = DevicePopulation(kinds: [.init(count: 0, figures: [:])]) }),
        Change("stragglers of 2.0", { $0.stragglers = Stragglers(fraction: 2, slowdown: .constant(2)) }),
        Change(
            "a slowdown of 0.5",
            { $0.slowdowns = .listed([.init(rank: 0, beginSeconds: 0, lastingSeconds: 1, factor: 0.5)]) }),
        Change(
            "a gap between slowdowns of 0.0",
            { $0.slowdowns = .random(every: .constant(0), lasting: .constant(1), factor: .constant(2)) }
        ),
        Change("2000 cores", { $0.worker.cores = 2000 }), Change("0 bytes of memory", { $0.worker.memoryBytes = 0 }),
        Change(
            "are alike",
            {
                $0.interconnect = Interconnect(.ring)
                $0.devices = DevicePopulation(figures: [.latency: .constant(1)])
            }
        ),
    ]

    @Test(arguments: changes) func whatCannotBeSimulatedIsRefused(_ change: Change) throws {
        var spec = ClusterPresets.ethernet1G
        try spec.validate()
        change.make(&spec)
        let error = #expect(throws: ClusterFileError.self) { try spec.validate() }
        #expect(error?.description.contains(change.says) == true, "\(error?.description ?? "")")
    }
}
