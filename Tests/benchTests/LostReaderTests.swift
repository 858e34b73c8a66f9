import Foundation
import Testing

/// Ways in which whoever reads the text, or the terminal, goes away: the files are there all the same.
@Suite struct LostReaderTests {
    /// The end for writing of a pipe that nobody reads.
    private func unreadPipe() throws -> FileHandle {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        return FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    }

    private static let run = quick + ["--strategy", "sync", "--workers", "2"]
    private static let names =
        ["curves.csv", "report.html", "report.md", "results.json", "summary.csv", "targets.csv"]

    private func expectEnd(_ outcome: Outcome) {
        #expect(outcome.code == -SIGPIPE || outcome.code == 0, "\(outcome.testDescription)")
        #expect(outcome.errors.isEmpty, "\(outcome.testDescription)")
    }

    @Test func aRunWhoseReaderHasGoneHasWrittenItsFiles() async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                Self.run + ["--trace-loss", "loss.csv", "--save", "model", "--log", "log"], in: folder,
                standardOutput: try unreadPipe())
            expectEnd(outcome)
            let files = ["log", "loss.csv", "model"] + Self.names.map { "results/\($0)" }
            #expect(folder.files == (files + (try folder.figures(of: "results"))).sorted())
        }
    }

    @Test func theOtherCommandsHaveWrittenTheirsToo() async throws {
        try await withFolder { folder in
            try folder.write(Data(PriceCommandTests.profile.utf8), "profile.json")
            let first = try await bench(Self.run + ["--record", "--log", "log.jsonl"], in: folder)
            #expect(first.code == 0, "\(first.testDescription)")
            for (arguments, files) in [
                (
                    ["reprice", "results", "--latency", "1ms"],
                    ["results/reprice.csv", "results/reprice.md", "results/reprice.html"]
                ),
                (
                    ["compare", "results", "results", "--markdown", "m.md", "--junit", "j.xml", "--html", "h.html"],
                    ["m.md", "j.xml", "h.html"]
                ),
                (["report", "results"], ["results/report.md", "results/report.html"]),
                (
                    [
                        "study", "--strategy", "single", "--vary", "learning-rate=0.1,0.2", "--output", "study",
                        "--quiet",
                    ]
                        + ["--epochs", "1", "--seeds", "1"],
                    ["study/study.json", "study/report.md"]
                ), (["history", "results"], []), (["list"], []),
                (
                    ["advise", "results", "--output", "advice", "--only", "first"],
                    ["advice/advice.md", "advice/advice.json"]
                ),
                (["plot", "results", "--output", "p.svg"], ["p.svg"]), (["plot", "results"], []),
                (
                    ["price", "profile.json", "--cluster", "ethernet-1g", "--strategy", "sync", "--csv", "p.csv"],
                    ["p.csv"]
                ), (["task", "check", "vowels-softmax"], []), (["watch", "log.jsonl"], []),
            ] {
                for file in files where folder.exists(file) {
                    try FileManager.default.removeItem(atPath: folder.path(file))
                }
                expectEnd(try await bench(arguments, in: folder, standardOutput: try unreadPipe()))
                for file in files { #expect(folder.exists(file), "\(arguments): \(file)") }
            }
        }
    }

    @Test func messagesThatNobodyReadsEndNothing() async throws {
        try await withFolder { folder in
            // A strategy that MPI does not carry would be a message; so is an error.
            let failed = try await bench(["report", "none"], in: folder, standardError: try unreadPipe())
            #expect(failed.code == 1)
            let done = try await bench(
                Self.run + ["--checkpoint", "c", "--resume"], in: folder, standardError: try unreadPipe())
            #expect(done.code == 0)
            #expect(folder.exists("results/results.json"))
        }
    }

    /// A file that is opened then must not get the text of standard output or standard error.
    @Test func closedDescriptorsAreNotTakenForFiles() async throws {
        try await withFolder { folder in
            let whole = try await bench(Self.run, in: folder)
            #expect(whole.code == 0, "\(whole.testDescription)")
            for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
                try FileManager.default.removeItem(atPath: folder.path("results"))
                let outcome = try await shell("exec \"$@\" \(closed)", Self.run, in: folder)
                #expect(outcome.code == 0, "\(closed): \(outcome.testDescription)")
                #expect(try await bench(["report", "results"], in: folder).code == 0, "\(closed)")
            }
        }
    }

    // MARK: Terminals

    #if os(Linux)
        private func escapes(_ type: String) async throws -> (escapes: Int, lines: Int) {
            try await withFolder { folder in
                let terminal = try PseudoTerminal()
                let outcome = try await bench(
                    Self.run, environment: ["TERM": type], in: folder, standardError: terminal.device)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                // Less than a terminal holds, so that the program never waits for it to be read.
                let text = terminal.screen.availableData
                return (text.count { $0 == 0x1B }, text.count { $0 == UInt8(ascii: "\n") })
            }
        }

        @Test func aTerminalGetsEscapeSequencesOnlyIfItUnderstandsThem() async throws {
            let full = try await escapes("xterm")
            #expect(full.escapes > 0 && full.lines == 1)
            for type in ["dumb", ""] {
                let plain = try await escapes(type)
                #expect(plain.escapes == 0 && plain.lines == 1, "TERM='\(type)'")
            }
        }

        @Test func aTerminalThatHasGoneEndsNothing() async throws {
            try await withFolder { folder in
                let terminal = try PseudoTerminal()
                try terminal.screen.close()
                let outcome = try await bench(
                    Self.run, environment: ["TERM": "xterm"], in: folder, standardOutput: terminal.device,
                    standardError: terminal.device)
                // The text could not be shown.
                #expect(outcome.code == 1)
                let files = Self.names.map { "results/\($0)" }
                #expect(folder.files == (files + (try folder.figures(of: "results"))).sorted())
            }
        }
    #endif
}
