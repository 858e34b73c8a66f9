import Foundation
import Testing

@testable import Reports
@testable import Storage

@Suite struct InterruptionTests {
    private static let long = [
        "--task", "digits", "--seeds", "3", "--compute", "reference", "--workers", "2", "--output", "results",
    ]

    @Test(.timeLimit(.minutes(60)), arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGUSR1, SIGALRM])
    func finishedRunsAreWrittenWhenTheProgramIsStopped(_ signal: Int32) async throws {
        try await withFolder { folder in
            let outcome = try await bench(
                Self.long + ["--epochs", "1500", "--strategy", "single,sync", "--save", "model"], in: folder
            ) { process in
                // The saved model is the only sign of a finished run before the end; more runs may finish until it is seen.
                while !folder.exists("model-single-seed1"), process.isRunning {
                    Thread.sleep(forTimeInterval: 0.005)
                }
                kill(process.processIdentifier, signal)
            }
            #expect(outcome.code == 128 + signal, "\(outcome.testDescription)")
            #expect(outcome.errors.contains("Stopped."), "\(outcome.errors)")
            #expect(outcome.errors.contains("results/"), "\(outcome.errors)")
            let results = try ResultsFile.decode(try folder.read("results/results.json"), file: "results.json")
            let finished = results.runs.count
            let order = (1...3).flatMap { seed in ["single", "sync"].map { ($0, UInt64(seed)) } }
            #expect((1..<order.count).contains(finished) && !results.isComplete, "\(finished) runs")
            // Simulated runs may come to their end before a measured one that stands before them.
            let found = results.runs.map { "\($0.strategy) \($0.seed)" }
            #expect(found == order.map { "\($0.0) \($0.1)" }.filter(found.contains))
            #expect(outcome.errors.contains("\(finished) finished run"), "\(outcome.errors)")
            #expect(try folder.text("results/report.md").contains("Stopped before its end"))
            #expect(try await bench(["report", "results"], in: folder).code == 0)
            let names = ["curves.csv", "report.html", "report.md", "results.json", "summary.csv", "targets.csv"]
            let files = names.map { "results/\($0)" } + (try folder.figures(of: "results"))
            let models = results.runs.map { "model-\($0.strategy)-seed\($0.seed)" }
            #expect(folder.files == (models + files).sorted(), "no half of a file")
        }
    }

    /// The program ignores the end of its terminal, as `nohup` starts it.
    @Test(.timeLimit(.minutes(60))) func aProgramThatIsToIgnoreItsTerminalsEndGoesOn() async throws {
        try await withFolder { folder in
            let arguments =
                [benchExecutable.path] + Self.long + [
                    "--epochs", "1500", "--strategy", "single,sync", "--save", "model",
                ]
            let outcome = try await launch(
                URL(fileURLWithPath: "/bin/bash"), ["-c", "trap '' HUP; exec \"$@\"", "bash"] + arguments, in: folder
            ) { process in
                while !folder.exists("model-single-seed1"), process.isRunning {
                    Thread.sleep(forTimeInterval: 0.005)
                }
                kill(process.processIdentifier, SIGHUP)
                kill(process.processIdentifier, SIGTERM)
            }
            #expect(outcome.code == 128 + SIGTERM, "\(outcome.testDescription)")
            #expect(folder.exists("results/results.json"))
        }
    }

    #if os(Linux)
        @Test(.timeLimit(.minutes(60))) func nothingIsWrittenWhenNoRunIsFinished() async throws {
            try await withFolder { folder in
                let arguments = Self.long + ["--epochs", "100000", "--strategy", "sync"]
                let outcome = try await bench(arguments, in: folder) { process in
                    while process.isRunning, !folder.exists("results") || !handlesInterrupt(process) {
                        Thread.sleep(forTimeInterval: 0.005)
                    }
                    // Again and again: until the program's handler stands, the signal is ignored.
                    while process.isRunning {
                        kill(process.processIdentifier, SIGINT)
                        Thread.sleep(forTimeInterval: 0.02)
                    }
                }
                #expect(outcome.code == 130, "\(outcome.testDescription)")
                #expect(
                    outcome.errors.contains("Stopped. No run was finished; nothing was written."), "\(outcome.errors)")
                #expect(folder.files.isEmpty)
            }
        }

        /// Whether the process no longer ends by SIGINT on its own: before that, the test would end it too early.
        private func handlesInterrupt(_ process: Process) -> Bool {
            let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            let lines = status?.split(separator: "\n") ?? []
            // Ignored before the handler stands, blocked or caught after it, as the dispatch library sees fit.
            return ["SigIgn:", "SigBlk:", "SigCgt:"].contains { field in
                guard let line = lines.first(where: { $0.hasPrefix(field) }),
                    let mask = UInt64(line.dropFirst(field.count).trimmingCharacters(in: .whitespaces), radix: 16)
                else { return false }
                return mask & (1 << (SIGINT - 1)) != 0
            }
        }
    #endif
}
