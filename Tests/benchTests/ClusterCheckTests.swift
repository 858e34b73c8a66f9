import Foundation
import Testing

/// A cluster that cannot be simulated is refused by whoever is given it, with the same words.
@Suite(.timeLimit(.minutes(60))) struct ClusterCheckTests {
    private static let fast = Data("latency: 1ms\nbandwidth: 1Gbit\nspeed: 1e9\n".utf8)

    @Test(arguments: [
        ["--strategy", "sync", "--cluster", "fast.yaml"], ["list", "--cluster", "fast.yaml"],
        ["--strategy", "threads", "--machine", "fast.yaml"],
        ["study", "--strategy", "sync", "--vary", "learning-rate=0.1,0.2", "--cluster", "fast.yaml"],
    ])
    func aFigureBeyondWhatCanBeSimulatedIsRefusedAlike(_ arguments: [String]) async throws {
        try await expectError(
            arguments, code: 1, ["fast.yaml: cluster 'fast': a speed of", "allowed is 0.0001 to 10000"]
        ) { try $0.write(Self.fast, "fast.yaml") }
    }

    @Test func calibrateAndRepriceRefuseItToo() async throws {
        try await expectError(
            ["calibrate", "--task", "digits", "--network", "fast.yaml"], code: 64, ["cluster 'fast': a speed of"]
        ) { try $0.write(Self.fast, "fast.yaml") }
        try await withFolder { folder in
            #expect(
                try await bench(quick + ["--strategy", "sync", "--workers", "2", "--record"], in: folder).code == 0)
            try folder.write(Self.fast, "fast.yaml")
            let priced = try await bench(["reprice", "results", "--cluster", "fast.yaml"], in: folder)
            #expect(priced.code == 1, "\(priced.testDescription)")
            #expect(priced.errors.contains("cluster 'fast': a speed of"), "\(priced.testDescription)")
        }
    }

    /// What a file names is shown, and does nothing to the terminal.
    @Test func textOfFilesIsHarmlessToATerminal() async throws {
        let yaml = """
            name: "red\\e[31m\\abell\\u202Eback"
            summary: "two\\nlines"
            latency: 1ms
            bandwidth: 1Gbit
            """
        try await withFolder { folder in
            try folder.write(Data(yaml.utf8), "c.yaml")
            try folder.write(Data((yaml + "\nspeed: \"fast\\e[1m\\nError: forged\"\n").utf8), "d.yaml")
            for (arguments, code) in [
                (["list", "--cluster", "c.yaml"], 0),
                (quick + ["--strategy", "sync", "--workers", "2", "--record", "--cluster", "c.yaml"], 0),
                (["reprice", "results", "--latency", "1ms"], 0), (["report", "results"], 0),
                (["list", "--cluster", "d.yaml"], 1), (quick + ["--strategy", "sync", "--cluster", "d.yaml"], 1),
            ] as [([String], Int32)] {
                let outcome = try await bench(arguments, in: folder)
                #expect(outcome.code == code, "\(outcome.testDescription)")
                let raw = (outcome.output + outcome.errors).unicodeScalars.filter {
                    $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F || $0 == "\u{202E}"
                }
                #expect(raw.isEmpty, "\(Array(raw)) in \(outcome.testDescription)")
                #expect(outcome.errors.split(separator: "\n").count <= 1, "\(outcome.testDescription)")
            }
        }
    }
}
