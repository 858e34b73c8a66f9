import Foundation
import Testing

/// Numbers that do not fit where they would go: one error, and what was finished is kept.
@Suite(.timeLimit(.minutes(60))) struct NumberBoundTests {
    @Test(arguments: [
        (["--learning-rate", "1e39"], "--learning-rate is 1e+39", "up to 3.4028235e+38"),
        (["--learning-rate", "inf"], "--learning-rate is inf", "a number above 0"),
        (["--first-seed", "9223372036854775807", "--seeds", "2"], "--first-seed is", "0 to 9223372036854775806"),
        (["--weight-decay", "1e39"], "--weight-decay is", "0 or more"),
        (["--warmup", "inf"], "--warmup is inf", "0 to 1000000"),
    ])
    func anOptionBeyondWhatFitsIsRefused(_ arguments: [String], _ found: String, _ allowed: String) async throws {
        try await expectError(arguments + ["--strategy", "all"], code: 64, [found, allowed])
    }

    /// A rate that fits and a schedule by which it grows beyond all 32-bit numbers: the run diverges, which is a result.
    @Test func aRateThatGrowsBeyondAllNumbersIsADivergence() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + [
                    "--strategy", "single,sync,federated", "--clock", "simulated", "--learning-rate", "3e38",
                    "--schedule", "step:0.01:1e300", "--workers", "2", "--scale-learning-rate-from", "1",
                ], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.output.contains("1 diverged"), "\(outcome.testDescription)")
        }
    }

    @Test(arguments: ["1e-19", "1e-300"]) func anIntervalBelowASampleEvaluatesAfterEachUpdate(
        _ interval: String
    ) async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                quick + ["--strategy", "single", "--batch", "500", "--evaluate-every", interval], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            // A heading, the start, and three steps.
            #expect(table(try folder.text("results/curves.csv")).count == 5)
        }
    }

    /// A billion losses are not made room for at once: a limit may end the run, as here, long before its epochs.
    @Test func asManyEpochsAsThereCanBeTakeNoMemoryBeforeTheyAreMade() async throws {
        try await withFolder { folder in
            let outcome = try await launch(
                URL(fileURLWithPath: "/bin/sh"),
                ["-c", "ulimit -v 12000000; exec \"$0\" \"$@\"", benchExecutable.path] + quick + [
                    "--strategy", "single,sync,federated", "--clock", "simulated", "--epochs", "1e6", "--batch", "2",
                    "--workers", "2", "--limit-updates", "2", "--evaluate-every", "1e-9", "--local-batch", "1",
                ], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
        }
    }

    /// A step of one sample takes a second and each further sample an hour, on machines of a ten-thousandth of the speed:
    /// 64 workers of one sample each are done after days, and a single one needs more than a clock can tell.
    @Test func aRunBeyondTheClockFailsAndTheRunsBeforeItAreKept() async throws {
        try await withFolder { folder in
            let cluster = """
                latency: 1ms
                bandwidth: 1Gbit
                speed: 0.0001
                compute: {digits: {steps: {1: 1s, 2: 1h}, vector_element: 1ns}}
                """
            try folder.write(Data(cluster.utf8), "slow.yaml")
            let outcome = try await bench(
                [
                    "--task", "digits", "--epochs", "1", "--seeds", "1", "--output", "results", "--clock", "simulated",
                    "--strategy", "sync,single", "--workers", "64", "--cluster", "slow.yaml",
                ], in: folder)
            #expect(outcome.code == 1, "\(outcome.testDescription)")
            #expect(
                outcome.errors.contains("Error: single with seed 1: the job would take more than 9e9 s (285 years)"),
                "\(outcome.testDescription)")
            #expect(outcome.errors.contains("1 finished run is in results/"), "\(outcome.testDescription)")
            #expect(try folder.text("results/results.json").contains("\"strategy\" : \"sync\""))
        }
    }

    private static let heading = "kind,task,size,messages,ranks,repetition,seconds\n"

    @Test(arguments: [
        ("all-reduce,,1,1,2,0,1e-6", "all-reduce: a size of 1; allowed is 4 to 1073741824"),
        ("all-reduce,,256,1,2147483648,0,1e-6", "all-reduce: 2147483648 ranks; allowed is 1 to 1024"),
        ("ping-pong,,9223372036854775807,1,2,0,1e-6", "ping-pong: a size of 9223372036854775807"),
        ("burst,,16,9223372036854775807,2,0,1e-6", "burst: 9223372036854775807 messages"),
        ("ping-pong,,256,1,2,0,1e-320", "a femtosecond to one hour"), ("ping-pong,,256,1,2,0,1e300", "one hour"),
        ("ping-pong,,256,1,2,0,0x10", "is no time"), ("ping-pong,,256,1,2,0,\"0,5\"", "is no time"),
    ])
    func pointsThatNothingCanBeFittedToAreRefusedWithTheirLine(_ line: String, _ part: String) async throws {
        try await expectError(["calibrate", "--from", "p.csv"], code: 1, ["p.csv:2: ", part]) {
            try $0.write(Data((Self.heading + line + "\n").utf8), "p.csv")
        }
    }

    /// A spreadsheet of another country, or of another system, writes the points with other separators.
    @Test(arguments: [",", ";", "\t"]) func pointsAreReadHoweverTheyAreSeparated(_ separator: String) async throws {
        let points = [256, 4096, 65536].map { "ping-pong,,\($0),1,2,0,\(1e-6 + Double($0) * 1e-9)" }
        let text = Self.heading + points.joined(separator: "\n")
        try await withFolder { folder in
            try folder.write(
                Data(("\u{FEFF}" + text.replacing(",", with: separator).replacing("\n", with: "\r\n")).utf8), "p.csv")
            let outcome = try await bench(
                ["calibrate", "--from", "p.csv", "--fit", "messages", "--output", "c.yaml"], in: folder)
            #expect(outcome.code == 0 && folder.exists("c.yaml"), "\(outcome.testDescription)")
        }
    }
}
