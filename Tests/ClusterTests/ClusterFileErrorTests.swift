import Foundation
import Testing

@testable import Cluster

/// Every message names the file, the line where there is one, what was found and what is allowed.
@Suite struct ClusterFileErrorTests {
    struct Broken: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        /// Line of the mistake; nil where there is none.
        let line: Int?
        let parts: [String]

        init(_ name: String, _ text: String, line: Int?, _ parts: String...) {
            (self.name, self.text, self.line, self.parts) = (name, text, line, parts)
        }

        var testDescription: String { name }
    }

    static let files = [
        Broken(
            "unknown key", "latency: 5ms\nbandwith: 1Gbit", line: 2, "'bandwith'", "did you mean 'bandwidth'?", "uplink"
        ),
        Broken(
            "unknown key of the server", "latency: 5ms\nbandwidth: 1Gbit\nserver:\n  latency: 1ms\n  jitter: none",
            line: 5,
            "'jitter'", "latency, bandwidth, uplink, downlink, overhead, speed"),
        Broken("no latency", "\nbandwidth: 1Gbit", line: 2, "incomplete", "'latency' and 'bandwidth'"),
        Broken("no bandwidth", "latency: 5ms", line: 1, "incomplete", "'uplink' and 'downlink'"),
        Broken("uplink alone", "latency: 5ms\nuplink: 1Mbit", line: 1, "incomplete", "'uplink' and 'downlink'"),
        Broken(
            "incomplete server", "latency: 5ms\nbandwidth: 1Gbit\nserver:\n  latency: 1ms", line: 4, "incomplete",
            "'latency' and 'bandwidth'"),
        Broken("negative latency", "bandwidth: 1Gbit\nlatency: -5ms", line: 2, "'-5ms'", "negative", "such as 250us"),
        Broken("latency without unit", "latency: 5\nbandwidth: 1Gbit", line: 1, "'5'", "no unit", "such as 250us"),
        Broken(
            "bandwidth without unit", "latency: 5ms\nbandwidth: 100", line: 2, "'100'", "no unit", "such as 100Mbit"),
        Broken("bandwidth zero", "latency: 5ms\nbandwidth: 0Mbit", line: 2, "'0Mbit'", "not above zero"),
        Broken(
            "bandwidth and uplink", "latency: 5ms\nbandwidth: 1Gbit\nuplink: 1Mbit", line: 3, "'bandwidth'", "'uplink'",
            "not both"),
        Broken(
            "bandwidth and downlink", "latency: 5ms\nbandwidth: 1Gbit\n\ndownlink: 1Mbit", line: 4, "'downlink'",
            "not both"),
        Broken("list for a value", "latency: 5ms\nbandwidth: [1Gbit, 2Gbit]", line: 2, "one value, not a list"),
        Broken(
            "mapping for a value", "latency: 5ms\nbandwidth: 1Gbit\nname:\n  a: b", line: 4, "one value, not a list"),
        Broken(
            "value for a mapping", "latency: 5ms\nbandwidth: 1Gbit\nserver: fast", line: 3, "keys of a server", "uplink"
        ),
        Broken("list at the top", "- latency: 5ms", line: 1, "keys of a cluster", "latency", "jitter"),
        Broken("word at the top", "hello", line: 1, "keys of a cluster"),
        Broken("no value", "latency:\nbandwidth: 1Gbit", line: 1, "''", "such as 250us"),
        Broken("not YAML", "latency: 5ms\nbandwidth: {", line: 3, "not YAML"),
        Broken("tab", "latency: 5ms\n\tbandwidth: 1Gbit", line: 2, "not YAML"),
        Broken("empty", "", line: nil, "empty", "'latency' and 'bandwidth'"),
        Broken("only a comment", "# nothing\n", line: nil, "empty", "'latency' and 'bandwidth'"),
        Broken("speed zero", "latency: 5ms\nbandwidth: 1Gbit\nspeed: 0", line: 3, "'0'", "a number above 0"),
        Broken(
            "speed not a number", "latency: 5ms\nbandwidth: 1Gbit\nspeed: fast", line: 3, "'fast'", "a number above 0"),
        Broken("speed infinite", "latency: 5ms\nbandwidth: 1Gbit\nspeed: inf", line: 3, "'inf'", "a number above 0"),
        Broken("key twice", "latency: 5ms\nbandwidth: 1Gbit\nlatency: 6ms", line: 3, "'latency' stands twice"),
        Broken(
            "key twice behind a comment", "# the rack\n\nname: latency\nlatency: 5ms\n# latency: 1\n'latency' : 6ms",
            line: 6, "'latency' stands twice"),
        Broken(
            "key of a server twice",
            "latency: 5ms\nbandwidth: 1Gbit\nserver:\n  latency: 1ms\n  speed: 1\n  latency: 2ms\nspeed: 1", line: 6,
            "'latency' stands twice"),
        Broken(
            "key twice in an entry of a list",
            "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - rank: 1\n    at: 1s\n    rank: 2\n  - {rank: 3, at: 1s}",
            line: 6, "'rank' stands twice"),
        Broken(
            "key twice on one line", "latency: 5ms\nbandwidth: 1Gbit\nserver: {speed: 1, speed: 2}", line: 3,
            "'speed' stands twice"),
        Broken("decimal comma", "bandwidth: 1Gbit\nlatency: 5,0ms", line: 2, "'5,0ms'", "such as 250us"),
        Broken("grouped digits", "bandwidth: 1Gbit\nlatency: 1_000ms", line: 2, "'1_000ms'", "such as 250us"),
        Broken("hexadecimal speed", "latency: 5ms\nbandwidth: 1Gbit\nspeed: 0x10", line: 3, "'0x10'", "above 0"),
        Broken(
            "price with a decimal comma", "latency: 5ms\nbandwidth: 1Gbit\nprice_per_gb: 0,02", line: 3, "'0,02'",
            "a number from 0 up"),
        Broken(
            "merge key", "latency: 5ms\nbandwidth: 1Gbit\nserver: &s {latency: 1ms, bandwidth: 1Gbit}\n<<: *s", line: 4,
            "'<<'"),
        Broken("two documents", "latency: 5ms\nbandwidth: 1Gbit\n---\nlatency: 6ms", line: 3, "not YAML"),
        Broken(
            "unknown jitter", "latency: 5ms\nbandwidth: 1Gbit\njitter: gauss:1", line: 3, "'gauss:1'", "lognormal:SIGMA"
        ),
        Broken("jitter without width", "latency: 5ms\nbandwidth: 1Gbit\njitter: uniform", line: 3, "uniform:TIME"),
        Broken("jitter without unit", "latency: 5ms\nbandwidth: 1Gbit\njitter: uniform:1", line: 3, "no unit"),
        Broken("jitter too wide", "latency: 5ms\nbandwidth: 1Gbit\njitter: lognormal:-1", line: 3, "sigma", "0...3"),
        Broken(
            "jitter beyond the clock", "latency: 5ms\nbandwidth: 1Gbit\njitter: lognormal:10", line: 3, "sigma", "0...3"
        ),
        Broken("overhead", "latency: 5ms\nbandwidth: 1Gbit\noverhead: some", line: 3, "'some'", "such as 250us"),
        Broken(
            "dropouts not a list", "latency: 5ms\nbandwidth: 1Gbit\ndropouts: 3@1s", line: 3, "list of dropouts",
            "{rank: 3, at: 12s}"),
        Broken(
            "dropouts empty", "latency: 5ms\nbandwidth: 1Gbit\ndropouts: []", line: 3, "list of dropouts"),
        Broken(
            "dropout not a mapping", "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - 3", line: 4, "keys of a dropout",
            "rank, at"),
        Broken(
            "dropout without rank", "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - at: 1s", line: 4, "incomplete",
            "'rank' and 'at'"),
        Broken(
            "dropout without time", "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - {rank: 1, at: 1s}\n  - rank: 2",
            line: 5, "incomplete", "'rank' and 'at'"),
        Broken(
            "dropout that returns", "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - {rank: 1, at: 1s, returns: 2s}",
            line: 4, "'returns'", "rank, at"),
        Broken(
            "rank of a dropout", "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - {rank: first, at: 1s}", line: 4,
            "'first'", "a whole number from 0 up"),
        Broken(
            "negative rank", "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - {rank: -1, at: 1s}", line: 4, "'-1'",
            "a whole number from 0 up"),
        Broken(
            "time of a dropout", "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - {rank: 1, at: soon}", line: 4,
            "'soon'", "such as 250us"),
        Broken(
            "rank that leaves twice",
            "latency: 5ms\nbandwidth: 1Gbit\ndropouts:\n  - {rank: 1, at: 1s}\n  - {rank: 1, at: 2s}", line: 5,
            "leaves twice", "once"),
        Broken(
            "unknown lifetime", "latency: 5ms\nbandwidth: 1Gbit\nlifetime: weibull:2h", line: 3, "'weibull:2h'",
            "exponential:TIME"),
        Broken(
            "lifetime without unit", "latency: 5ms\nbandwidth: 1Gbit\nlifetime: exponential:2", line: 3, "no unit"),
        Broken(
            "lifetime of zero", "latency: 5ms\nbandwidth: 1Gbit\nlifetime: exponential:0s", line: 3, "mean of zero",
            "exponential:2h"),
        Broken(
            "detection of nothing", "latency: 5ms\nbandwidth: 1Gbit\nfailure_detection: 1s", line: 3,
            "without 'dropouts' or 'lifetime'"),
        Broken(
            "detection too late", "latency: 5ms\nbandwidth: 1Gbit\nlifetime: exponential:2h\nfailure_detection: 2h",
            line: 4, "7200", "up to one hour"),
        Broken(
            "detection without unit", "latency: 5ms\nbandwidth: 1Gbit\nlifetime: exponential:2h\nfailure_detection: 2",
            line: 4, "no unit"),
        Broken(
            "step times of nothing", "latency: 5ms\nbandwidth: 1Gbit\ncompute: fast", line: 3, "expected tasks",
            "vector_element: 0.3ns"),
        Broken(
            "unknown key of step times",
            "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits:\n    step: {1: 20us}\n    vector_element: 0.3ns",
            line: 5,
            "'step'", "did you mean 'steps'?", "vector_element"),
        Broken(
            "step times without vectors", "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits: {steps: {1: 20us}}",
            line: 4, "incomplete", "'steps' and 'vector_element'"),
        Broken(
            "samples of a step",
            "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits: {vector_element: 1ns, steps: {0: 20us}}", line: 4,
            "'0'", "1 to 1000000000"),
        Broken(
            "samples that are a word",
            "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits: {vector_element: 1ns, steps: {all: 20us}}", line: 4,
            "'all'", "number of samples"),
        Broken(
            "samples twice",
            "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits: {vector_element: 1ns, steps: {1: 20us, 01: 20us}}",
            line: 4, "1 samples stands twice"),
        Broken(
            "no steps", "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits: {vector_element: 1ns, steps: []}", line: 4,
            "numbers of samples with times"),
        Broken(
            "step of no time",
            "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits: {vector_element: 1ns, steps: {1: 0us}}", line: 4,
            "'0us'", "above 0"),
        Broken(
            "step without unit",
            "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits: {vector_element: 1ns, steps: {1: 20}}", line: 4,
            "no unit"),
        Broken(
            "vector of words",
            "latency: 5ms\nbandwidth: 1Gbit\ncompute:\n  digits: {vector_element: fast, steps: {1: 20us}}", line: 4,
            "'fast'", "such as 250us"),
    ]

    @Test(arguments: files)
    func brokenFileIsExplained(_ broken: Broken) {
        let error = #expect(throws: ClusterFileError.self) { try ClusterFile(file: "lab/c.yaml").parse(broken.text) }
        let message = error?.description ?? ""
        #expect(message.hasPrefix(broken.line.map { "lab/c.yaml:\($0): " } ?? "lab/c.yaml: "), "\(message)")
        for part in broken.parts { #expect(message.contains(part), "\(message)") }
    }

    @Test func filesAreReadFromDiskByTheirEnding() throws {
        for ending in ["yaml", "yml"] {
            let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).\(ending)")
            defer { try? FileManager.default.removeItem(at: url) }
            try Data("latency: 5ms\nbandwidth: 1Gbit".utf8).write(to: url)
            #expect(try ClusterFile.resolve(url.path).worker.link.latencySeconds == 5e-3)
        }
    }

    @Test func missingFileIsNamed() {
        let error = #expect(throws: ClusterFileError.self) { try ClusterFile.resolve("no/such/cluster.yaml") }
        #expect(error?.description.contains("'no/such/cluster.yaml' does not exist") == true)
    }

    @Test func fileThatIsNotUTF8IsNamed() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data([0x6c, 0xff, 0xfe, 0x0a]).write(to: url)
        let error = #expect(throws: ClusterFileError.self) { try ClusterFile.resolve(url.path) }
        #expect(error?.description == "\(url.path): not UTF-8 text")
    }

    @Test func unknownPresetListsAllAndTheNearest() {
        let error = #expect(throws: ClusterFileError.self) { try ClusterFile.resolve("ethernet10g") }
        let message = error?.description ?? ""
        for part in ["'ethernet10g'", "did you mean 'ethernet-10g'?", ".yaml"] + ClusterPresets.all.map(\.name) {
            #expect(message.contains(part), "\(message)")
        }
    }
}
