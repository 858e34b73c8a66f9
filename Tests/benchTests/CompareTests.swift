import Datasets
import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage

/// `bench compare`, by its exit codes and what it prints and writes.
@Suite struct CompareTests {
    /// Deterministic except for host time, and quick.
    private static let simulated = [
        "--task", "digits", "--epochs", "1", "--seeds", "2", "--compute", "reference", "--clock", "simulated",
        "--strategy", "single,sync", "--workers", "2",
    ]

    private func run(_ folder: TemporaryFolder, _ name: String, _ more: [String] = []) async throws {
        let outcome = try await bench(Self.simulated + more + ["--output", name], in: folder)
        #expect(outcome.code == 0, "\(outcome.testDescription)")
    }

    private func results(_ folder: TemporaryFolder, _ name: String) throws -> Results {
        try ResultsFile.read(folder.path(name))
    }

    /// Writes results with one value changed, and the checksum that belongs to them.
    private func write(_ folder: TemporaryFolder, _ from: String, _ to: String, _ change: (inout Results) -> Void)
        throws
    {
        var changed = try results(folder, from)
        change(&changed)
        try folder.write(try ResultsFile.encode(changed), "\(to)/results.json")
    }

    private func sendsMore(_ results: inout Results) {
        for index in results.runs.indices where results.runs[index].strategy == "sync" {
            let run = results.runs[index]
            results.runs[index] = RunRecord(
                strategy: run.strategy, seed: run.seed, outcome: run.outcome, evaluations: run.evaluations,
                clusterSeconds: run.clusterSeconds, computeSeconds: run.computeSeconds,
                communicationSeconds: run.communicationSeconds, idleSeconds: run.idleSeconds,
                hostSeconds: run.hostSeconds, serverComputeSeconds: run.serverComputeSeconds,
                traffic: RunRecord.Traffic(
                    bytesTotal: run.traffic.bytesTotal + run.traffic.messagesTotal,
                    messagesTotal: run.traffic.messagesTotal, bytesPerWorkerMax: run.traffic.bytesPerWorkerMax,
                    bytesUplink: nil, bytesDownlink: nil, entries: nil),
                partitionSkew: nil, timings: run.timings)
        }
    }

    private func expectNoCrash(_ outcome: Outcome) {
        for sign in ["Fatal error", "Stack dump", "Backtrace", "Error Domain"] {
            #expect(!outcome.errors.contains(sign), "\(outcome.testDescription)")
        }
    }

    // MARK: Exit codes

    @Test func anUnchangedProgramPasses() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            try await run(folder, "b")
            let outcome = try await bench(["compare", "a", "b"], in: folder)
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.testDescription)")
            #expect(outcome.output.contains("No regression; "))
            // One repetition is none to compare times by, which is said.
            #expect(outcome.output.contains("1 and 1 repetitions; 10 are needed on either side (--repetitions)"))
        }
    }

    @Test func filesAreComparedAsFoldersAre() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            let folders = try await bench(["compare", "a", "a/"], in: folder)
            let files = try await bench(["compare", "a/results.json", "a/results.json"], in: folder)
            #expect(folders.code == 0 && files.code == 0, "\(files.testDescription)")
            #expect(folders.output == files.output)
        }
    }

    @Test func oneMoreByteAMessageFailsByName() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            try write(folder, "a", "b", sendsMore)
            let outcome = try await bench(["compare", "a", "b", "--github"], in: folder)
            #expect(outcome.code == 1 && outcome.errors.isEmpty, "\(outcome.testDescription)")
            #expect(outcome.output.contains("1 regression: sync's bytes sent"))
            #expect(outcome.output.contains("+1 a message; in every seed"))
            #expect(outcome.output.contains("\n::error title=sync%3A bytes sent::"))
            let back = try await bench(["compare", "b", "a"], in: folder)
            #expect(
                back.code == 0 && back.output.contains("1 improvement: sync's bytes sent"), "\(back.testDescription)")
            #expect(!back.output.contains("::"))
        }
    }

    @Test func whatCannotBeComparedEndsWithCodeTwoAndEveryReason() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            try await run(folder, "seeds", ["--seeds", "1"])
            try await run(folder, "strategy", ["--strategy", "sync"])
            try await run(folder, "batch", ["--batch", "32", "--target", "90%"])
            for (current, reasons) in [
                ("seeds", ["could not compare: the plans differ in seeds: 1,2 against 1\n"]),
                ("strategy", ["could not compare: single is in the baseline and missing in the current results\n"]),
                (
                    "batch",
                    [
                        "target: 0.95 against 0.9", "single's options.batch: 64 against 32",
                        "sync's options.batch",
                    ]
                ),
                ("none", ["could not compare: 'none/results.json' does not exist or cannot be read\n"]),
            ] {
                let outcome = try await bench(["compare", "a", current], in: folder)
                #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome.testDescription)")
                for reason in reasons { #expect(outcome.errors.contains(reason), "\(outcome.testDescription)") }
                expectNoCrash(outcome)
            }
            #expect(try await bench(["compare", "none", "a"], in: folder).code == 2)
            #expect(try await bench(["compare", "a", "a", "--confirm", "seeds"], in: folder).code == 2)
            #expect(try await bench(["compare", "a", "a", "--confirm", "none"], in: folder).code == 2)
        }
    }

    @Test func timesThatAreRequiredAndMissingAreNoComparison() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            let outcome = try await bench(["compare", "a", "a", "--require-times"], in: folder)
            #expect(outcome.code == 2, "\(outcome.testDescription)")
            #expect(
                outcome.errors.contains("could not compare: single: host time was not compared: 1 and 1 repetitions"))
            try write(folder, "a", "b", sendsMore)
            #expect(try await bench(["compare", "a", "b", "--require-times"], in: folder).code == 1)
        }
    }

    @Test func aSlowerProgramFailsUnlessAConfirmationSaysOtherwise() async throws {
        try await withFolder { folder in
            try await run(folder, "source")
            func timed(_ name: String, _ factor: Double) throws {
                try write(folder, "source", name) { results in
                    for index in results.runs.indices {
                        results.runs[index].timings = (0..<10).map { repetition in
                            let seconds = factor * (1 + 0.001 * Double(repetition))
                            return RunRecord.Timing(
                                clusterSeconds: seconds, hostSeconds: seconds,
                                control: HostControl.Times(sgemmSeconds: 1e-3, sweepSeconds: 1e-3),
                                segmentSeconds: [seconds])
                        }
                    }
                }
            }
            for (name, factor) in [("a", 1.0), ("same", 1.02), ("slow", 1.3)] { try timed(name, factor) }
            func code(_ arguments: [String]) async throws -> Int32 {
                try await bench(["compare", "a"] + arguments, in: folder).code
            }
            #expect(try await code(["same", "--require-times"]) == 0)
            let slow = try await bench(["compare", "a", "slow"], in: folder)
            #expect(
                slow.code == 1 && slow.output.contains("2 regressions: single's host time, sync's host time"),
                "\(slow.output)")
            #expect(try await code(["slow", "--confirm", "slow", "--confirm", "slow"]) == 1)
            #expect(try await code(["slow", "--confirm", "slow", "--confirm", "same"]) == 0)
            #expect(try await code(["slow", "--time-margin", "50%"]) == 0)
            #expect(try await code(["same", "--time-margin", "1%"]) == 1)
        }
    }

    @Test func measuredTimesAreComparedWhereAsked() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            for (scope, says) in [
                ("never", "not asked for (--times never)"), ("same-processor", "1 and 1 repetitions"),
            ] {
                let outcome = try await bench(["compare", "a", "a", "--times", scope], in: folder)
                #expect(outcome.code == 0 && outcome.output.contains(says), "\(outcome.testDescription)")
            }
        }
        try await expectError(
            ["compare", "a", "b", "--times", "same"], code: 64, ["'same'", "same-machine, same-processor, never"])
    }

    @Test func resultsOfOtherDataOrAnotherStartAreNotCompared() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            let foreign = DataIdentity(
                name: "other digits", sha256: String(repeating: "b", count: 64), isPublished: false)
            try write(folder, "a", "b") { $0.data = foreign }
            let data = try await bench(["compare", "a", "b"], in: folder)
            #expect(data.code == 2, "\(data.testDescription)")
            let words = "the data differ: digits (SHA-256 6ebb3d2fee24) against other digits (SHA-256 bbbbbbbbbbbb)"
            #expect((data.output + data.errors).contains(words), "\(data.testDescription)")
            // Where the contents of files are known, their names do not matter; where they are not, the name is all
            // there is.
            for (name, file, digest) in [
                ("s", "start", "c"), ("t", "start", "d"), ("u", "there", "c"), ("v", "there", ""),
            ] {
                try write(folder, "a", name) {
                    $0.plan.initialParametersFile = file
                    $0.initialParametersSHA256 = digest.isEmpty ? nil : String(repeating: digest, count: 64)
                }
            }
            for (other, code, says) in [
                ("t", 2 as Int32, "the initial parameters' files differ"), ("u", 0, "No regression"),
                ("v", 2, "the plans differ in initialParametersFile: start against there"),
            ] {
                let outcome = try await bench(["compare", "s", other, "--times", "never"], in: folder)
                let text = outcome.output + outcome.errors
                #expect(outcome.code == code && text.contains(says), "\(outcome.testDescription)")
            }
        }
    }

    /// The same commands by programs of both schemas; only the repetitions differ.
    @Test func filesOfEverySchemaAreComparedAndReported() async throws {
        try await withFolder { folder in
            for schema in 1...Results.currentSchema {
                let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                    .appendingPathComponent("../StorageTests/Schemas/schema-\(schema).json")
                try folder.write(try Data(contentsOf: file), "\(schema)/results.json")
            }
            for schema in 1...Results.currentSchema {
                let report = try await bench(["report", "\(schema)"], in: folder)
                #expect(report.code == 0 && folder.exists("\(schema)/report.md"), "\(report.testDescription)")
                for (baseline, current) in [("\(schema)", "2"), ("2", "\(schema)")] {
                    let outcome = try await bench(["compare", baseline, current, "--times", "never"], in: folder)
                    #expect(outcome.code == 0 && outcome.output.contains("No regression"), "\(outcome.testDescription)")
                }
            }
        }
    }

    @Test func aWrongCommandLineIsNoComparison() async throws {
        try await expectError(["compare", "a"], code: 64, ["<current>"])
        try await expectError(["compare", "a", "b", "--accept"], code: 64, ["--accept needs --reason"])
        try await expectError(
            ["compare", "a", "b", "--accept", "--reason", " "], code: 64, ["--accept needs --reason"])
        try await expectError(["compare", "a", "b", "--reason", "x"], code: 64, ["--reason is for --accept"])
        try await expectError(["compare", "a", "b", "--time-margin", "much"], code: 64, ["'much'", "97% or 0.97"])
        try await expectError(["compare", "a", "b", "--markdown", ""], code: 64, ["--markdown is empty"])
    }

    // MARK: Files

    @Test func markdownAndXMLAreWrittenWhateverTheVerdict() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            try write(folder, "a", "b", sendsMore)
            try write(folder, "a", "other") { $0.plan.target = 0.5 }
            for (current, code, markdown, xml) in [
                ("a", 0 as Int32, "### ✅ bench: digits, 2 strategies, 2 seeds", "failures=\"0\" errors=\"0\""),
                ("b", 1, "### ❌ bench: digits, 2 strategies, 2 seeds", "failures=\"1\" errors=\"0\""),
                (
                    "other", 2, "### ⚠️ bench: could not compare\n\n- the plans differ in target: 0.95 against 0.5",
                    "errors=\"1\""
                ),
            ] {
                let outcome = try await bench(
                    ["compare", "a", current, "--markdown", "summary.md", "--junit", "gate.xml", "--github"], in: folder
                )
                #expect(outcome.code == code, "\(outcome.testDescription)")
                #expect(try folder.text("summary.md").hasPrefix(markdown))
                let text = try folder.text("gate.xml")
                #expect(
                    text.hasPrefix("<?xml version=\"1.0\"") && text.contains(xml) && text.hasSuffix("</testsuites>\n"))
                #expect(outcome.output.contains("::error") == (code != 0), "\(outcome.output)")
            }
        }
    }

    /// Code 1, with which the program ends by other errors, would say that there is a regression.
    @Test func aFileThatCannotBeWrittenIsNoRegression() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            for option in ["--markdown", "--junit"] {
                let outcome = try await bench(["compare", "a", "a", option, "no/such/file"], in: folder)
                #expect(outcome.code == 2 && outcome.errors.contains("could not compare: \(option) 'no/such/file'"))
                expectNoCrash(outcome)
            }
        }
    }

    // MARK: Accepting

    @Test func anAcceptedBaselineKeepsReasonsAndHistory() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            try write(folder, "a", "b", sendsMore)
            let begin = try await bench(["compare", "baseline", "a", "--accept", "--reason", "the first"], in: folder)
            #expect(begin.code == 0, "\(begin.testDescription)")
            #expect(folder.exists("baseline/report.md") && folder.exists("baseline/summary.csv"))
            #expect(try await bench(["compare", "baseline", "b"], in: folder).code == 1)
            let move = try await bench(["compare", "baseline", "b", "--accept", "--reason", "a header"], in: folder)
            #expect(
                move.code == 0 && move.output.contains("1 regression: sync's bytes sent"), "\(move.testDescription)")
            #expect(try await bench(["compare", "baseline", "b"], in: folder).code == 0)
            let history = try results(folder, "baseline").history
            #expect(history.map(\.reason) == ["the first", "a header"])
            #expect(history.first?.changes == ["the first baseline"])
            #expect(history.last?.changes.map { $0.prefix(18) } == ["sync: bytes sent: "])
        }
    }

    @Test func aFileAndAnotherPlanAreAcceptedTooAndAStoppedExperimentIsNot() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            let accept = ["--accept", "--reason", "r"]
            #expect(try await bench(["compare", "base.json", "a"] + accept, in: folder).code == 0)
            try write(folder, "a", "other") { $0.plan.target = 0.5 }
            #expect(try await bench(["compare", "base.json", "other"] + accept, in: folder).code == 0)
            #expect(
                try results(folder, "base.json").history.map(\.changes) == [["the first baseline"], ["another plan"]])
            let before = try folder.read("base.json")
            try write(folder, "a", "stopped") {
                $0.isComplete = false
                $0.runs.removeLast()
            }
            let stopped = try await bench(["compare", "base.json", "stopped"] + accept, in: folder)
            #expect(stopped.code == 2 && stopped.errors.contains("is no baseline"), "\(stopped.testDescription)")
            // A broken baseline would lose its history.
            try folder.write(Data("{".utf8), "broken.json")
            #expect(try await bench(["compare", "broken.json", "a"] + accept, in: folder).code == 2)
            #expect(try folder.text("broken.json") == "{" && folder.read("base.json") == before)
        }
    }

    // MARK: Damaged files

    @Test func resultsThatAreCutOffAtTwentyPlacesAreRefused() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            let whole = try folder.read("a/results.json")
            for part in 0..<20 {
                try folder.write(whole.prefix(whole.count * part / 20), "cut/results.json")
                for (arguments, code) in [
                    (["compare", "a", "cut"], 2 as Int32), (["compare", "cut", "a"], 2), (["report", "cut"], 1),
                ] {
                    let outcome = try await bench(arguments, in: folder)
                    #expect(outcome.code == code && outcome.output.isEmpty, "\(part)/20: \(outcome.testDescription)")
                    #expect(
                        outcome.errors.contains("cut/results.json: not a complete results file"), "\(outcome.errors)")
                    expectNoCrash(outcome)
                }
            }
            #expect(!folder.exists("cut/report.md"))
        }
    }

    /// Twenty numbers from all over the file, a digit of each.
    @Test func twentyChangedDigitsAreRefusedAndWithACorrectedChecksumNoneEndsTheProgram() async throws {
        try await withFolder { folder in
            try await run(folder, "a")
            let lines = try folder.text("a/results.json").split(separator: "\n", omittingEmptySubsequences: false)
            let numbers = lines.indices.filter {
                lines[$0].contains("\" : ") && lines[$0].drop { $0 != ":" }.contains { $0.isNumber && $0 != "9" }
                    && !lines[$0].contains("checksum") && lines[$0].suffix(2).contains { $0.isNumber }
            }
            for place in 0..<20 {
                var changed = lines
                let index = numbers[numbers.count * place / 20]
                let line = lines[index]
                guard let digit = line.lastIndex(where: \.isNumber), let value = line[digit].wholeNumberValue else {
                    continue
                }
                changed[index] = line[..<digit] + "\(value == 9 ? 8 : value + 1)" + line[line.index(after: digit)...]
                let text = Data(changed.joined(separator: "\n").utf8)
                try folder.write(text, "changed/results.json")
                for (arguments, code) in [(["compare", "a", "changed"], 2 as Int32), (["report", "changed"], 1)] {
                    let outcome = try await bench(arguments, in: folder)
                    #expect(outcome.code == code && outcome.output.isEmpty, "\(line): \(outcome.testDescription)")
                    #expect(outcome.errors.contains("changed/results.json: "), "\(outcome.errors)")
                    expectNoCrash(outcome)
                }
                let sealed = try #require(SealedJSON.unseal(text)).text
                try folder.write(SealedJSON.seal(sealed), "changed/results.json")
                let compared = try await bench(["compare", "a", "changed"], in: folder)
                let reported = try await bench(["report", "changed"], in: folder)
                expectNoCrash(compared)
                expectNoCrash(reported)
                #expect(
                    [0, 1, 2].contains(compared.code) && [0, 1].contains(reported.code),
                    "\(line): \(compared.testDescription)")
                // A verdict names what it is about, a refusal says why.
                #expect(
                    compared.code != 1 || compared.output.contains("REGRESSION"), "\(line): \(compared.testDescription)"
                )
                #expect(compared.code != 2 || compared.errors.contains("could not compare: "), "\(line)")
                #expect(reported.code == 0 || reported.errors.contains("changed/results.json: "), "\(line)")
            }
        }
    }
}
