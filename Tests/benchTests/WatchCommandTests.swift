import Foundation
import Testing

@testable import BenchCommands
@testable import Storage

/// `bench watch`, on planted logs and on logs of runs.
@Suite(.timeLimit(.minutes(60))) struct WatchCommandTests {
    private static func line(_ key: String, _ value: String, _ metadata: String) -> String {
        """
        {"event_type":"POINT_IN_TIME","key":"\(key)","metadata":{\(metadata)},"namespace":"","time_ms":1000,"value":\(value)}

        """
    }

    /// The first line of an experiment of two runs of `sync`.
    private static func start(pid: Int32, host: String? = nil) -> String {
        let host = host ?? ProcessIdentity.current.host
        return line(
            "experiment_start", "\"digits\"",
            """
            "kind":"run","metric":"accuracy","target":0.95,"strategies":["sync"],"clocks":["simulated"],\
            "machines":["simulated on ethernet-1g"],"runs":[2],"finished_runs":0,"seeds":[1,2],"repetitions":1,"jobs":1,\
            "host":"\(host)","pid":\(pid)
            """)
    }

    private static let run = "\"strategy\":\"sync\",\"seed\":1,\"repetition\":0,\"run\":0"
    private static let events =
        line("run_start", "null", run + ",\"epochs\":10")
        + line("eval_accuracy", "0.5", run + ",\"share\":0.1,\"cluster_seconds\":1.5")
        + line("eval_accuracy", "0.875", run + ",\"share\":0.2,\"cluster_seconds\":3")
        + line("eval_accuracy", "0.75", run + ",\"share\":0.3,\"cluster_seconds\":4.5")
    private static let stop = line("experiment_stop", "null", "\"status\":\"success\"")

    /// A process that has ended, and whose number nobody has by now.
    private func endedProcess() async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/true")
        try process.run()
        process.waitUntilExit()
        return process.processIdentifier
    }

    private func watch(_ log: String, _ more: [String] = []) async throws -> Outcome {
        try await withFolder { folder in
            try folder.write(Data(log.utf8), "run/\(EventLog.name)")
            return try await bench(["watch", "run"] + more, in: folder)
        }
    }

    // MARK: Planted logs

    @Test func anExperimentThatHasEndedIsToldALineForEachEvent() async throws {
        let outcome = try await watch(Self.start(pid: getpid()) + Self.events + Self.stop)
        #expect(outcome.code == 0, "\(outcome.testDescription)")
        #expect(
            outcome.output == """
                digits: 1 strategy, 2 seeds, 2 runs; target 95 %
                [1/2] sync seed 1 begins
                [1/2] sync seed 1  epoch 1 of 10  accuracy 50.00 %, best 50.00 %  1.5 s simulated
                [1/2] sync seed 1  epoch 2 of 10  accuracy 87.50 %, best 87.50 %  3 s simulated
                [1/2] sync seed 1  epoch 3 of 10  accuracy 75.00 %, best 87.50 %  4.5 s simulated
                The experiment has ended: 0 of 2 runs are finished.

                """, "\(outcome.testDescription)")
    }

    @Test func anExperimentThatWasStoppedIsOneThatFailed() async throws {
        let outcome = try await watch(
            Self.start(pid: getpid()) + Self.events
                + Self.line("experiment_stop", "null", "\"status\":\"aborted\",\"reason\":\"a signal\""))
        #expect(outcome.code == 1)
        #expect(outcome.output.hasSuffix("The experiment was stopped: a signal; 0 of 2 runs are finished.\n"))
    }

    @Test func aProcessThatHasGoneEndsTheWatch() async throws {
        let pid = try await endedProcess()
        // With half a line at its end, which nobody completes any more.
        let outcome = try await watch(Self.start(pid: pid) + Self.events + "{\"event_type\":\"POI")
        #expect(outcome.code == 1)
        #expect(
            outcome.errors.contains("process \(pid), which ran the experiment, has gone")
                && outcome.errors.contains("0 of 2 runs are finished"), "\(outcome.testDescription)")
    }

    /// The number of a process that began at another time is of another one.
    @Test func aNumberThatWasGivenAgainIsNotTakenForTheProcess() async throws {
        let start = Self.start(pid: getpid()).replacing("\"pid\":", with: "\"process_began\":1,\"pid\":")
        let outcome = try await watch(start + Self.events)
        #expect(outcome.code == 1 && outcome.errors.contains("has gone"), "\(outcome.testDescription)")
    }

    @Test func aLogFromElsewhereIsWaitedForAsLongAsAsked() async throws {
        let outcome = try await watch(Self.start(pid: 1, host: "elsewhere") + Self.events, ["--patience", "1s"])
        #expect(outcome.code == 1)
        #expect(
            outcome.errors.contains("has not grown for") && outcome.errors.contains("process 1 on 'elsewhere'"),
            "\(outcome.testDescription)")
    }

    @Test(arguments: [
        ("no json\n", "line 1: found 'no json'"), ("{\"key\":\"x\"}\n", "line 1: found '{\"key\":\"x\"}'"),
        ("[1]\n", "line 1"), (run(key: "run_start"), "begins with 'experiment_start'"),
        (start(pid: 1) + "\u{0}\n", "line 2"),
        (start(pid: 1).replacing("\"accuracy\"", with: "\"speed\""), "has no 'metric' that is one"),
        (start(pid: 1).replacing("[\"sync\"]", with: "[]"), "has no 'strategies'"),
        (start(pid: 1).replacing("[2]", with: "[-2]"), "has no 'runs'"),
        (start(pid: 1) + line("run_start", "null", ""), "line 2: run_start has no 'run'"),
    ]) func whatIsNoLogIsNamedWithItsLine(_ log: String, _ words: String) async throws {
        let outcome = try await watch(log)
        #expect(outcome.code == 1 && outcome.output.count < 100, "\(outcome.testDescription)")
        #expect(outcome.errors.contains(words) && outcome.errors.contains("allowed is"), "\(outcome.testDescription)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }

    private static func run(key: String) -> String { line(key, "null", run) }

    @Test func aFolderWithoutALogIsAnErrorOrWaitedFor() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder.path("run"), withIntermediateDirectories: true)
            for (place, words) in [("none", "'none' does not exist"), ("run", "'run' has no log.jsonl")] {
                let outcome = try await bench(["watch", place], in: folder)
                #expect(outcome.code == 1 && outcome.errors.contains(words), "\(outcome.testDescription)")
                #expect(outcome.errors.contains("--wait"))
            }
            let waited = try await bench(["watch", "later", "--wait", "5min"], in: folder) { _ in
                Thread.sleep(forTimeInterval: 0.5)
                try? folder.write(Data((Self.start(pid: getpid()) + Self.stop).utf8), "later/\(EventLog.name)")
            }
            #expect(waited.code == 0, "\(waited.testDescription)")
        }
    }

    @Test func aLogThatIsBegunAgainIsReadFromItsBeginning() async throws {
        try await withFolder { folder in
            try folder.write(Data((Self.start(pid: getpid()) + Self.events).utf8), "log")
            let outcome = try await bench(["watch", "log"], in: folder) { _ in
                // So long that it has read the first log even where twenty programs start at once.
                Thread.sleep(forTimeInterval: 20)
                try? folder.write(Data((Self.start(pid: getpid()) + Self.stop).utf8), "log")
            }
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(outcome.output.contains("The log was begun again.\ndigits: 1 strategy"), "\(outcome.output)")
        }
    }

    // MARK: Runs

    /// Ctrl-C ends the watch; a watch that goes on sees the end of a process that is killed.
    @Test func aRunIsFollowedToItsEnd() async throws {
        try await withFolder { folder in
            let endless = [
                "--strategy", "sync", "--workers", "2", "--task", "digits", "--epochs", "1000000", "--evaluate-every",
                "1", "--compute", "reference", "--output", "run", "--log", "run/\(EventLog.name)", "--seeds", "1",
            ]
            async let killed = bench(endless, in: folder) { process in
                func lines() -> Int { (try? folder.text("run/\(EventLog.name)"))?.count { $0 == "\n" } ?? 0 }
                while lines() < 60, process.isRunning { Thread.sleep(forTimeInterval: 0.01) }
                Thread.sleep(forTimeInterval: 1)
                kill(process.processIdentifier, SIGKILL)
            }
            async let interrupted = bench(["watch", "run", "--wait", "5min"], in: folder) { process in
                while !folder.exists("run/\(EventLog.name)"), process.isRunning { Thread.sleep(forTimeInterval: 0.01) }
                Thread.sleep(forTimeInterval: 0.5)
                kill(process.processIdentifier, SIGINT)
            }
            async let followed = bench(["watch", "run", "--wait", "5min"], in: folder)
            let outcomes = try await (killed, interrupted, followed)
            #expect(outcomes.0.code == -SIGKILL, "\(outcomes.0.testDescription)")
            #expect(outcomes.1.code == -SIGINT && outcomes.1.errors.isEmpty, "\(outcomes.1.testDescription)")
            #expect(outcomes.2.code == 1 && outcomes.2.errors.contains("has gone"), "\(outcomes.2.testDescription)")
            #expect(outcomes.2.output.contains("epoch 2 of 1e+06") || outcomes.2.output.contains("epoch 2 of 1000000"))
        }
    }

    @Test func runsStudiesAndCoalitionsLeaveALogThatCanBeWatched() async throws {
        try await withFolder { folder in
            let least = ["--epochs", "1", "--seeds", "1", "--compute", "reference", "--output", "o", "--watch"]
            for (arguments, count) in [
                (["run", "--strategy", "single,sync", "--workers", "2"], 2),
                (["study", "--strategy", "single", "--vary", "learning-rate=0.1,0.2"], 2),
                (["coalitions", "--workers", "2", "--objectives", "rotations:2", "--clock", "simulated"], 3),
            ] {
                let made = try await bench(arguments + least, in: folder)
                #expect(made.code == 0, "\(made.testDescription)")
                #expect(made.errors.contains("The experiment has ended: \(count) of \(count) runs are finished."))
                let watched = try await bench(["watch", "o"], in: folder)
                #expect(watched.code == 0, "\(watched.testDescription)")
                #expect(made.errors.contains(watched.output), "\(watched.output)\n\(made.errors)")
                try FileManager.default.removeItem(atPath: folder.path("o"))
            }
            try await expectError(
                ["--watch", "--quiet"], code: 64, ["--watch shows what --quiet hides; leave one of them out"])
        }
    }

    #if os(Linux)
        @Test func aTerminalShowsBarCurveAndClockAndDrawsThemInTheirPlace() async throws {
            try await withFolder { folder in
                try folder.write(Data((Self.start(pid: getpid()) + Self.events + Self.stop).utf8), "log")
                let shown = try await benchOnTerminal(["watch", "log"], in: folder)
                #expect(shown.outcome.code == 0, "\(shown.outcome.testDescription)")
                #expect(shown.lines[0] == "digits: 1 strategy, 2 seeds, 2 runs; target 95 %")
                let row = try #require(shown.lines.first { $0.hasPrefix("A  sync ") }, "\(shown.text)")
                for word in [" 0/2 ", "#....", "75.00 %", "87.50 %", "4.5 s", "simulated"] {
                    #expect(row.contains(word), "\(row)")
                }
                #expect(shown.text.contains("simulated on ethernet-1g"))
                #expect(shown.longest.count <= 100)
                // Half a line first, then the rest: the same lines again, in their place.
                // When the first lines are there cannot be seen from here: on a busy machine it takes more patience.
                let log = Self.start(pid: getpid()) + Self.events
                var isDrawnAgain = false
                for patience in [5, 20, 80, 320] where !isDrawnAgain {
                    try folder.write(Data(log.dropLast(20).utf8), "log")
                    async let later = benchOnTerminal(["watch", "log"], in: folder)
                    try await Task.sleep(for: .seconds(patience))
                    try folder.write(Data((log + Self.stop).utf8), "log")
                    let drawn = try await later
                    #expect(drawn.outcome.code == 0, "\(drawn.text)")
                    isDrawnAgain = drawn.text.contains(/\u{1B}\[[0-9]+A\r\u{1B}\[J/)
                }
                #expect(isDrawnAgain)
                let small = try await benchOnTerminal(["watch", "log"], columns: 60, rows: 8, in: folder)
                #expect(small.longest.count <= 60 && small.lines.count <= 8, "\(small.text)")
                let ascii = try await benchOnTerminal(["watch", "log"], environment: ["LC_ALL": "C"], in: folder)
                #expect(ascii.isASCII && ascii.text.contains("|"), "\(ascii.text)")
            }
        }
    #endif
}
