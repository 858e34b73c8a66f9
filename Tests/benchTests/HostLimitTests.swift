#if os(Linux)
    import Foundation
    import Testing

    /// What the process may use of the machine, and what becomes of a run that has too little. `Benchmarks/limits.sh` tries
    /// more.
    @Suite struct HostLimitTests {
        private static let run = quick + ["--strategy", "single,threads,sync", "--workers", "2", "--save", "model"]

        /// Expects all results, or one line that says why there are none, and never half of a file.
        private func expectResultsOrOneError(_ outcome: Outcome, _ folder: TemporaryFolder, _ words: [String]) {
            let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
            #expect([0, 1].contains(outcome.code), "\(outcome.testDescription)")
            #expect(errors.count == (outcome.code == 0 ? 0 : 1), "\(outcome.testDescription)")
            if let error = errors.first {
                #expect(words.contains { error.contains($0) }, "\(error)")
            }
            #expect(!folder.files.contains { $0.contains(".tmp-") }, "\(folder.files)")
        }

        @Test func aProcessThatIsBoundToOneCoreUsesOne() async throws {
            try await withFolder { folder in
                let first = "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')"
                let outcome = try await shell(
                    "exec taskset -c \"\(first)\" \"$@\"", ["list", "--task", "digits"], in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                let lines = outcome.output.split(separator: "\n")
                #expect(
                    lines.contains { $0.contains("--host-threads ") && $0.contains(" 1, all that") },
                    "\(outcome.output)")
                #expect(lines.contains { $0.contains("threads ") && $0.contains(" 1 worker") }, "\(outcome.output)")
            }
        }

        @Test(arguments: [0, 1, 8]) func aLimitOnTheSizeOfFilesIsOneError(_ kilobytes: Int) async throws {
            try await withFolder { folder in
                // What the program says is a file here, too, in which there is room for one line or for none.
                let outcome = try await shell("ulimit -f \(kilobytes); exec \"$@\"", Self.run, in: folder)
                #expect(outcome.code == 1, "\(outcome.testDescription)")
                if kilobytes > 0 { expectResultsOrOneError(outcome, folder, ["File too large"]) }
                #expect(!folder.files.contains { $0.contains(".tmp-") }, "\(folder.files)")
            }
        }

        @Test(arguments: [4, 6, 9, 12, 20]) func fewOpenFilesAreEnoughOrOneError(_ count: Int) async throws {
            try await withFolder { folder in
                let outcome = try await shell("ulimit -n \(count); exec \"$@\"", Self.run, in: folder)
                if outcome.code == 127, outcome.errors.contains("loading shared libraries") { return }
                expectResultsOrOneError(outcome, folder, ["Too many open files"])
            }
        }

        @Test(arguments: [300_000, 600_000, 900_000]) func littleAddressSpaceIsEnoughOrOneError(_ kilobytes: Int)
            async throws
        {
            try await withFolder { folder in
                let outcome = try await shell("ulimit -v \(kilobytes); exec \"$@\"", Self.run, in: folder)
                expectResultsOrOneError(outcome, folder, ["ulimit -v"])
            }
        }

        /// Only root can start the program as somebody who has no other processes.
        @Test(
            .enabled(if: geteuid() == 0 && isForEverybody, "root is who can start it for somebody else"),
            arguments: [
                1, 2, 3, 5, 16,
            ])
        func fewThreadsAreEnoughOrOneError(_ count: Int) async throws {
            try await withFolder { folder in
                chmod(folder.url.path, 0o777)
                let line =
                    "exec setpriv --reuid 61234 --clear-groups bash -c 'ulimit -u \(count); exec \"$@\"' bash \"$@\""
                let outcome = try await shell(line, Self.run, in: folder)
                expectResultsOrOneError(outcome, folder, ["ulimit -u"])
                #expect(outcome.code == (count == 16 ? 0 : outcome.code), "\(outcome.testDescription)")
            }
        }

        private static let isForEverybody: Bool = {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["setpriv", "--reuid", "61234", "--clear-groups", "test", "-x", benchExecutable.path]
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }()
    }
#endif
