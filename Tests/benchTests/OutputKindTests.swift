import Foundation
import Testing

/// Files that are written, where something else than a regular file stands in their place.
@Suite struct OutputKindTests {
    private func kind(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    private static let run = quick + ["--strategy", "sync", "--workers", "2"]

    /// What each option writes to, by way of a link: to a device, and to a file of somebody's.
    @Test(arguments: ["--save", "--trace", "--trace-loss", "--log"])
    func aRunWritesThroughLinksAndLeavesThem(_ option: String) async throws {
        try await withFolder { folder in
            symlink("/dev/null", folder.path("null"))
            try folder.write(Data("old".utf8), "theirs/file")
            chmod(folder.path("theirs/file"), 0o600)
            symlink("theirs/file", folder.path("link"))
            let outcome = try await bench(Self.run + [option, "null"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(kind(folder.path("null")) == S_IFLNK)
            #expect(kind("/dev/null") == S_IFCHR)
            let second = try await bench(Self.run + [option, "link"], in: folder)
            #expect(second.code == 0, "\(second.testDescription)")
            #expect(kind(folder.path("link")) == S_IFLNK)
            #expect(try folder.read("theirs/file").count > 100)
            let mode = try FileManager.default.attributesOfItem(atPath: folder.path("theirs/file"))[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func theModelsOfSeveralRunsGoThroughOneDevice() async throws {
        try await withFolder { folder in
            symlink("/dev/null", folder.path("null"))
            let outcome = try await bench(
                quick + ["--strategy", "single,sync", "--seeds", "2", "--save", "null"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            #expect(kind(folder.path("null")) == S_IFLNK)
            #expect(folder.files.filter { $0.hasPrefix("null-") }.isEmpty)
        }
    }

    #if os(Linux)
        @Test func standardOutputMayBeNamed() async throws {
            try await withFolder { folder in
                let outcome = try await bench(Self.run + ["--trace-loss", "/dev/stdout"], in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                // The table comes behind it, in the same file.
                #expect(
                    outcome.output.hasPrefix("strategy,seed,step,loss,label\nsync,1,0,"), "\(outcome.testDescription)")
                #expect(outcome.output.contains("Report, CSV and JSON"), "\(outcome.testDescription)")
            }
        }

        @Test(arguments: ["--save", "--trace", "--trace-loss", "--log"])
        func aDeviceWithoutRoomIsOneError(_ option: String) async throws {
            try await withFolder { folder in
                symlink("/dev/full", folder.path("full"))
                let outcome = try await bench(Self.run + [option, "full"], in: folder)
                #expect(outcome.code == 1, "\(outcome.testDescription)")
                let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
                #expect(
                    errors.count == 1 && errors[0].contains("No space left on device"), "\(outcome.testDescription)")
                #expect(kind(folder.path("full")) == S_IFLNK)
            }
        }

        @Test func standardOutputWithoutRoomIsAnErrorAfterTheFilesAreWritten() async throws {
            try await withFolder { folder in
                let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
                let outcome = try await bench(Self.run, in: folder, standardOutput: full)
                #expect(outcome.code == 1, "\(outcome.testDescription)")
                #expect(
                    outcome.errors == "Error: standard output cannot be written: No space left on device\n",
                    "\(outcome.testDescription)")
                #expect(folder.exists("results/report.md"))
            }
        }
    #endif

    @Test func theOtherCommandsWriteThroughLinksToo() async throws {
        try await withFolder { folder in
            symlink("/dev/null", folder.path("null"))
            let run = try await bench(quick + ["--strategy", "sync", "--workers", "2", "--record"], in: folder)
            #expect(run.code == 0, "\(run.testDescription)")
            for arguments in [
                ["reprice", "results", "--latency", "1ms", "--csv", "null"],
                ["compare", "results", "results", "--markdown", "null", "--junit", "null"],
            ] {
                let outcome = try await bench(arguments, in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                #expect(kind(folder.path("null")) == S_IFLNK, "\(arguments)")
            }
        }
    }
}
