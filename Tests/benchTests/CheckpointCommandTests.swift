import Foundation
import Testing

@testable import Reports
@testable import Storage

/// `--checkpoint`, `--every` and `--resume` of the program itself, which is killed.
@Suite(.timeLimit(.minutes(60)))
struct CheckpointCommandTests {
    // MARK: The command line

    @Test func optionsThatNeedAFolderOfCheckpointsSaySo() async throws {
        try await expectError(
            ["--resume"], code: 64, ["--resume is for a folder of checkpoints", "--checkpoint FOLDER"])
        try await expectError(["--every", "5"], code: 64, ["--every is for a folder of checkpoints"])
        try await expectError(["--checkpoint", ""], code: 64, ["--checkpoint is empty"])
        for every in ["0", "-3", "1000000001"] {
            try await expectError(
                ["--checkpoint", "c", "--every", every], code: 64, ["--every is \(every)", "1 to 1000000000"])
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamedBeforeAnythingIsComputed() async throws {
        try await expectError(
            ["--checkpoint", "file/c"], code: 1, ["checkpoint folder 'file/c' cannot be made"]
        ) { try $0.write(Data("here\n".utf8), "file") }
    }

    @Test func aRateThatIsScaledToTheBatchInUseIsTheSameExperimentWhenItGoesOn() async throws {
        try await withFolder { folder in
            let rate = ["--learning-rate", "0.1", "--batch", "5000", "--scale-learning-rate-from", "64"]
            let arguments = quick + ["--strategy", "sync", "--checkpoint", "c", "--resume"] + rate
            let first = try await bench(arguments, in: folder)
            #expect(first.code == 0, "\(first.testDescription)")
            let again = try await bench(arguments, in: folder)
            #expect(again.code == 0 && again.errors == "note: resuming 'c': 1 of 1 runs is finished\n")
        }
    }

    @Test func withoutCheckpointsResumingBeginsWithANote() async throws {
        try await withFolder { folder in
            let arguments =
                quick + [
                    "--strategy", "single", "--fabric", "simulated", "--checkpoint", "c", "--every", "5", "--resume",
                ]
            let outcome = try await bench(arguments, in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.errors == "note: 'c' holds no checkpoints; the experiment starts from its beginning\n")
            // Again: all is done, and the same files are written.
            let before = try folder.read("results/results.json")
            let again = try await bench(arguments, in: folder)
            #expect(again.code == 0 && again.errors == "note: resuming 'c': 1 of 1 runs is finished\n")
            #expect(try folder.read("results/results.json") == before && again.output == outcome.output)
            let other = try await bench(arguments + ["--batch", "32"], in: folder)
            #expect(other.code == 1, "\(other.testDescription)")
            #expect(other.errors.contains("single.options.batch was 64 and is 32"), "\(other.errors)")
            let fresh = try await bench(arguments.filter { $0 != "--resume" }, in: folder)
            #expect(fresh.code == 1 && fresh.errors.contains("'c' holds an experiment"), "\(fresh.errors)")
        }
    }

    // MARK: Other data

    @Test func anExperimentDoesNotGoOnWithOtherData() async throws {
        try await withFolder { folder in
            try DataFileErrorTests.write(to: folder)
            let arguments =
                quick + DataFileErrorTests.mnist + [
                    "--strategy", "single", "--batch", "10", "--checkpoint", "c", "--every", "5", "--resume",
                ]
            let first = try await bench(arguments, in: folder)
            #expect(first.code == 0, "\(first.testDescription)")
            let before = try folder.read("results/results.json")
            // One pixel of one test image.
            let name = "data/mnist/\(DataFileErrorTests.names[2])"
            var images = try folder.read(name)
            images[images.count - 1] = 9
            try folder.write(images, name)
            let other = try await bench(arguments, in: folder)
            #expect(other.code == 1, "\(other.testDescription)")
            let words = "the experiment was begun on other data: IDX files that are not MNIST (SHA-256 "
            #expect(
                other.errors.contains(words) && other.errors.contains("and now they are IDX files"), "\(other.errors)")
            #expect(try folder.read("results/results.json") == before)
        }
    }

    @Test func anExperimentDoesNotGoOnFromAnotherStart() async throws {
        try await withFolder { folder in
            for (seed, name) in [("1", "start"), ("2", "other")] {
                let outcome = try await bench(
                    quick + ["--strategy", "single", "--first-seed", seed, "--save", name], in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
            }
            let arguments = quick + ["--strategy", "single", "--init", "start", "--checkpoint", "c", "--resume"]
            #expect(try await bench(arguments, in: folder).code == 0)
            #expect(try ResultsFile.read(folder.path("results")).initialParametersSHA256?.count == 64)
            try folder.write(try folder.read("other"), "start")
            let other = try await bench(arguments, in: folder)
            #expect(other.code == 1 && other.errors.contains("the contents of --init was 'sha256:"), "\(other.errors)")
        }
    }

    // MARK: Killed

    struct Killing: CustomTestStringConvertible, Sendable {
        let name: String
        let arguments: [String]
        var kills = 3

        var testDescription: String { name }
    }

    private static let base = ["--task", "digits", "--compute", "reference", "--output", "results", "--quiet"]
    private static let killings = [
        Killing(
            name: "simulated",
            arguments: [
                "--strategy", "all", "--clock", "simulated", "--momentum", "0.5", "--epochs", "30", "--seeds", "2",
                "--every", "11", "--save", "model", "--record", "--trace-loss", "losses.csv",
            ]),
        Killing(
            name: "Adam",
            arguments: [
                "--strategy", "sync,local-sgd,federated,dpsgd", "--workers", "4", "--optimizer", "adam",
                "--learning-rate", "0.01", "--epochs", "20", "--seeds", "2", "--every", "11", "--save", "model",
                "--trace-loss", "losses.csv",
            ]),
        Killing(
            name: "dropouts, overlap, trace",
            arguments: [
                "--strategy", "sync", "--workers", "5", "--jitter", "lognormal:0.3", "--cluster", "ethernet-10g",
                "--dropout", "0@400ms", "--on-dropout", "continue", "--overlap", "--bucket", "100B", "--epochs", "20",
                "--seeds", "2", "--every", "9", "--trace", "trace.json",
            ]),
        Killing(
            name: "measured",
            arguments: [
                "--strategy", "threads,federated", "--workers", "2", "--clients", "4", "--clock", "emulate",
                "--cluster",
                "infiniband", "--epochs", "60", "--seeds", "1", "--every", "7", "--save", "model", "--trace-loss",
                "losses.csv",
            ]),
    ]

    @Test(arguments: killings)
    func killedAtRandomMomentsItGoesOnToTheSameFiles(_ killing: Killing) async throws {
        try await withFolder { whole in
            let outcome = try await bench(Self.base + killing.arguments + ["--checkpoint", "c"], in: whole)
            let seconds = outcome.seconds
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            try await withFolder { folder in
                var generator = SeededGenerator(state: 5)
                var kills = 0
                var haste = 1.0
                while true {
                    let isKilled = kills < killing.kills
                    let delay = Double.random(in: 0.1..<0.5, using: &generator) * seconds * haste
                    let outcome = try await bench(
                        Self.base + killing.arguments + ["--checkpoint", "c"] + (kills > 0 ? ["--resume"] : []),
                        in: folder
                    ) { process in
                        guard isKilled else { return }
                        Thread.sleep(forTimeInterval: delay)
                        kill(process.processIdentifier, SIGKILL)
                    }
                    guard outcome.code == -SIGKILL else {
                        #expect(outcome.code == 0, "\(outcome.testDescription)")
                        guard kills == 0, haste > 1e-3 else { break }
                        // The machine was busier when the time was taken: once more from the beginning, and killed earlier.
                        haste /= 2
                        for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
                            try FileManager.default.removeItem(atPath: folder.path(name))
                        }
                        continue
                    }
                    kills += 1
                }
                #expect(kills > 0)
                let names = whole.files.filter { $0.hasPrefix("model") || $0.hasSuffix(".csv") && !$0.contains("/") }
                let more = whole.files.filter { $0.contains("schedule-") || $0.hasPrefix("trace") }
                #expect(!(names + more).isEmpty)
                for name in names + more {
                    #expect(try folder.read(name) == whole.read(name), "\(name)")
                }
                #expect(try results(folder) == results(whole))
                #expect(folder.files.filter { !$0.hasPrefix("c/") } == whole.files.filter { !$0.hasPrefix("c/") })
                #expect(!folder.files.contains { $0.contains(".tmp-") })
            }
        }
    }

    /// `results.json` without what a clock measured.
    private func results(_ folder: TemporaryFolder) throws -> Data {
        let whole = try JSONSerialization.jsonObject(with: try folder.read("results/results.json"))
        var object = try #require(whole as? [String: Any])
        var machine = try #require(object["machine"] as? [String: Any])
        for key in ["date", "command", "commit"] { machine[key] = nil }
        let plan = try #require(object["plan"] as? [String: Any])
        let plans = try #require(plan["strategies"] as? [[String: Any]])
        let measured = Set(plans.filter { $0["fabric"] as? String != "simulated" }.compactMap { $0["name"] as? String })
        var runs = try #require(object["runs"] as? [[String: Any]])
        for index in runs.indices {
            let isMeasured = measured.contains(runs[index]["strategy"] as? String ?? "")
            for key in Array(runs[index].keys) where key == "hostSeconds" || isMeasured && key.hasSuffix("Seconds") {
                runs[index][key] = nil
            }
            runs[index]["timings"] = nil
            if isMeasured {
                let points = runs[index]["evaluations"] as? [[String: Any]]
                runs[index]["evaluations"] = points?.map { $0.filter { $0.key != "clusterSeconds" } }
            }
        }
        (object["machine"], object["runs"], object["checksum"]) = (machine, runs, nil)
        return try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
    }

    /// SplitMix64, so that the moments are the same each time as far as the machine is.
    private struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    // MARK: Beside other options

    /// The names of the complete checkpoints in the folder.
    private func checkpoints(_ folder: TemporaryFolder) -> [String] {
        folder.files.filter { $0.hasSuffix(".checkpoint") && !$0.contains(".tmp-") }
    }

    /// A run that is killed when it has two checkpoints.
    private func killed(_ folder: TemporaryFolder, _ more: [String]) async throws {
        let outcome = try await bench(
            Self.base + ["--strategy", "sync", "--seeds", "1", "--epochs", "3000", "--checkpoint", "c"] + more,
            in: folder
        ) { process in
            while process.isRunning, checkpoints(folder).count < 2 {
                Thread.sleep(forTimeInterval: 0.005)
            }
            kill(process.processIdentifier, SIGKILL)
        }
        #expect(outcome.code == -SIGKILL, "\(outcome.testDescription)")
    }

    @Test func aDamagedCheckpointIsNamedOnStandardErrorInOneLine() async throws {
        try await withFolder { folder in
            // Ends at the first evaluation after the checkpoints: an epoch has 23 steps.
            let limit = ["--limit-updates", "1000", "--evaluate-every", "30", "--every", "200"]
            try await killed(folder, limit)
            let names = checkpoints(folder)
            let updates = names.compactMap { Int($0.split(separator: "update")[1].dropLast(".checkpoint".count)) }
                .sorted()
            let newest = "c/run1-update\(try #require(updates.last)).checkpoint"
            try folder.write(try folder.read(newest).dropLast(9), newest)
            let outcome = try await bench(
                Self.base + ["--strategy", "sync", "--seeds", "1", "--epochs", "3000", "--checkpoint", "c", "--resume"]
                    + limit,
                in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let lines = outcome.errors.split(separator: "\n").filter { $0.contains(newest) }
            #expect(lines.count == 1 && lines[0].contains("cut short"), "\(outcome.errors)")
            #expect(outcome.errors.contains("goes on after \(updates[0]) updates"), "\(outcome.errors)")
        }
    }

    @Test func theLogIsContinuedAndSaysWhere() async throws {
        try await withFolder { folder in
            let more = ["--every", "50", "--evaluate-every", "10", "--limit-updates", "600", "--log", "log.jsonl"]
            try await killed(folder, more)
            let before = try folder.text("log.jsonl")
            let outcome = try await bench(
                Self.base + ["--strategy", "sync", "--seeds", "1", "--epochs", "3000", "--checkpoint", "c", "--resume"]
                    + more,
                in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let text = try folder.text("log.jsonl")
            #expect(text.hasPrefix(before))
            let added = text.dropFirst(before.count).split(separator: "\n")
            #expect(added.first?.contains("experiment_start") == true, "\(added.first ?? "")")
            #expect(added.dropFirst().first?.contains("\"resumed_after_steps\":") == true, "\(added)")
            // Evaluations before the checkpoint are not told again: 230, 460, 690 steps, of which the last ends the run.
            #expect(added.filter { $0.contains("eval_accuracy") }.count <= 3)
            #expect(added.last?.contains("experiment_stop") == true)
            #expect(added.dropLast().last?.contains("run_stop") == true)
        }
    }

    @Test func whoStopsItIsToldHowToGoOn() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                Self.base + ["--strategy", "sync", "--epochs", "100000", "--checkpoint", "c"], in: folder
            ) { process in
                while process.isRunning, !folder.files.contains(where: { $0.hasSuffix(".checkpoint") }) {
                    Thread.sleep(forTimeInterval: 0.005)
                }
                kill(process.processIdentifier, SIGINT)
            }
            #expect(outcome.code == 130, "\(outcome.testDescription)")
            #expect(outcome.errors.contains("with --resume goes on from the last checkpoint"), "\(outcome.errors)")
        }
    }

    // MARK: A full disk

    @Test(
        .enabled(if: canMount, "needs the right to mount a file system"), arguments: ["sync", "threads", "federated"])
    func aFullDiskEndsTheRunWithOneErrorAndKeepsWhatWasThere(_ strategy: String) async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(
                at: folder.url.appendingPathComponent("c"), withIntermediateDirectories: true)
            // Room for the experiment's file and two checkpoints of 4,810 parameters, and not for a third beside them; a round
            // of federated has more steps, whose losses are kept.
            let size = strategy == "federated" ? "size=76k" : "size=56k"
            #expect(try system(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder.path("c")]) == 0)
            defer { _ = try? system(["umount", folder.path("c")]) }
            let arguments =
                Self.base + [
                    "--strategy", strategy, "--seeds", "1", "--epochs", "40", "--checkpoint", "c", "--every", "5",
                ]
                + (strategy == "federated" ? [] : ["--workers", "2"])
            let outcome = try await bench(arguments, in: folder)
            #expect(outcome.code == 1, "\(outcome.testDescription)")
            let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
            let isNamed =
                errors.first?.contains("checkpoint 'c/run1-update15.checkpoint' cannot be written: No space") == true
            #expect(errors.count == 1 && isNamed, "\(outcome.testDescription)")
            // The folder's own entries are left out: they come from the file system.
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path("c")).sorted()
            #expect(
                left == ["experiment-0.json", "run1-update10.checkpoint", "run1-update5.checkpoint"], "\(left)")
            // With more room it goes on from the last one, to the results of a run that had it from the start.
            #expect(try system(["mount", "-o", "remount,size=4m", folder.path("c")]) == 0)
            let resumed = try await bench(arguments + ["--resume"], in: folder)
            #expect(resumed.code == 0, "\(resumed.testDescription)")
            #expect(resumed.errors.contains("goes on after 10 updates"), "\(resumed.errors)")
            let whole = try await withFolder { other in
                _ = try await bench(arguments, in: other)
                return try results(other)
            }
            #expect(try results(folder) == whole)
        }
    }
}

/// Runs a command to its end.
/// - Returns: its code.
private func system(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
}

/// Whether tests may mount a file system, as a superuser on Linux may where containers allow it.
private let canMount: Bool = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bench-mount-\(UUID().uuidString)")
    guard (try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)) != nil else {
        return false
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    guard (try? system(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder.path])) == 0 else { return false }
    return (try? system(["umount", folder.path])) == 0
}()
