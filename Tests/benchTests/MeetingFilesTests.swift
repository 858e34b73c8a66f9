import Foundation
import Testing

/// Files that a command would write over each other, or over what it reads.
@Suite struct MeetingFilesTests {
    private func expectRefusal(
        _ arguments: [String], _ parts: [String], files: (TemporaryFolder) throws -> Void = { _ in }
    )
        async throws
    {
        try await expectError(arguments, code: 64, parts, files: files)
    }

    @Test(arguments: ["--save", "--trace", "--trace-loss", "--log"])
    func noOptionOfARunNamesAFileOfTheOutputFolder(_ option: String) async throws {
        for name in ["results.json", "summary.csv", "report.md"] {
            try await expectRefusal(
                ["--strategy", "sync", option, "results/\(name)"], ["--output", option, "results/\(name)"])
        }
    }

    @Test func noFileHasTheNameOfAFolderThatOthersGoTo() async throws {
        try await expectRefusal(
            ["--strategy", "sync", "--trace-loss", "results/figures"],
            ["--trace-loss 'results/figures' is a folder that --output writes to"])
        try await expectRefusal(
            ["--strategy", "sync", "--save", "a", "--log", "a/b"], ["--save 'a' is a folder that --log writes to"])
    }

    /// A folder that one command keeps is not another's, and its files are not named for something else.
    @Test func whatACommandKeepsIsLeftToIt() async throws {
        try await withFolder { folder in
            for file in ["results.json", "study.json", "coalitions.json"] {
                let name = String(file.prefix { $0 != "." })
                try FileManager.default.createDirectory(
                    at: folder.url.appendingPathComponent("\(name)/figures"), withIntermediateDirectories: true)
                for part in [file, "report.md", "report.html"] { try folder.write(Data("x".utf8), "\(name)/\(part)") }
            }
            let commands = [
                "results": quick + ["--strategy", "sync"],
                "study": ["study", "--strategy", "sync", "--epochs", "1", "--seeds", "1", "--compute", "reference"],
                "coalitions": ["coalitions", "--strategy", "community", "--epochs", "1", "--seeds", "1"],
            ]
            for (name, words) in commands {
                for other in commands.keys where other != name {
                    let outcome = try await bench(words + ["--output", other], in: folder)
                    #expect(
                        outcome.code == 1 && outcome.errors.contains("holds another command's '\(other).json'"),
                        "\(name) \(outcome.testDescription)")
                }
                for path in ["report.html", "report.md", "\(name).json"] {
                    let outcome = try await bench(
                        quick + ["--strategy", "sync", "--output", "new", "--save", "\(name)/\(path)"], in: folder)
                    #expect(
                        outcome.code == 64 && outcome.errors.contains("belongs to the '\(name).json' of its folder"),
                        "\(outcome.testDescription)")
                }
                let reports = try folder.text("\(name)/report.md") + folder.text("\(name)/report.html")
                #expect(reports == "xx")
            }
            let figure = "results/figures/accuracy-time-light.svg"
            let picture = try await bench(
                quick + ["--strategy", "sync", "--output", "new", "--trace-loss", figure], in: folder)
            #expect(picture.code == 64 && picture.errors.contains("belongs to the"), "\(picture.testDescription)")
        }
    }

    @Test func otherSpellingsOfAFileAreTheSameFile() async throws {
        try await expectRefusal(
            ["--strategy", "sync", "--save", "a", "--trace-loss", "./a"], ["--save 'a'", "--trace-loss './a'"])
        try await expectRefusal(
            ["--strategy", "sync", "--save", "a", "--log", "here/a"], ["--save 'a'", "--log 'here/a'"]
        ) { symlink(".", $0.path("here")) }
        try await expectRefusal(
            ["--strategy", "sync", "--save", "a", "--log", "b"], ["--save 'a'", "--log 'b'"]
        ) { folder in
            try folder.write(Data(), "a")
            link(folder.path("a"), folder.path("b"))
        }
    }

    @Test func theFilesOfSeveralRunsDoNotMeetOthers() async throws {
        try await expectRefusal(
            ["--strategy", "sync,federated", "--save", "m.x", "--log", "m-sync-seed1.x"],
            ["--save", "m-sync-seed1.x", "--log"])
        try await expectRefusal(
            ["--strategy", "sync", "--record", "--save", "results/schedule-sync-seed1.json"], ["--record", "--save"])
    }

    @Test func whatIsReadIsNotWrittenOver() async throws {
        try await expectRefusal(
            ["--strategy", "sync", "--init", "m", "--save", "m"], ["--save 'm'", "--init"]
        ) { try $0.write(Data("x".utf8), "m") }
        let cluster = Data("latency: 1ms\nbandwidth: 1Gbit\njitter: empirical:l.csv\n".utf8)
        for name in ["c.yaml", "l.csv"] {
            try await expectRefusal(
                ["--strategy", "sync", "--cluster", "c.yaml", "--trace-loss", name],
                ["--trace-loss '\(name)'", "--cluster"]
            ) { folder in
                try folder.write(cluster, "c.yaml")
                try folder.write(Data("0.001\n0.002\n".utf8), "l.csv")
            }
        }
    }

    @Test func checkpointsKeepTheirNamesForThemselves() async throws {
        for name in ["experiment-1.json", "run1.losses", "run2-update100.checkpoint"] {
            try await expectRefusal(
                ["--strategy", "sync", "--checkpoint", "c", "--log", "c/\(name)"], ["--log", "--checkpoint"]
            ) {
                try FileManager.default.createDirectory(
                    at: $0.url.appendingPathComponent("c"), withIntermediateDirectories: true)
            }
        }
    }

    @Test func theOtherCommandsRefuseToo() async throws {
        try await withFolder { folder in
            let run = try await bench(quick + ["--strategy", "sync", "--workers", "2", "--record"], in: folder)
            #expect(run.code == 0, "\(run.testDescription)")
            let before = try folder.read("results/results.json")
            for arguments in [
                ["reprice", "results", "--csv", "results/results.json"],
                ["reprice", "results", "--csv", "results/../results/schedule-sync-seed1.json"],
                ["reprice", "results", "--csv", "results/reprice.md"],
                ["compare", "results", "results", "--markdown", "x", "--junit", "./x"],
                ["compare", "results", "results", "--markdown", "results/results.json"],
                ["compare", "results", "results", "--accept", "--reason", "x"],
                ["calibrate", "--output", "a.yaml", "--points", "./a.yaml"],
                ["calibrate", "--from", "p.yaml", "--output", "p.yaml"],
                ["study", "--strategy", "single", "--init", "study/report.md", "--output", "study"],
            ] {
                try folder.write(Data("kind\n".utf8), "p.yaml")
                if arguments[0] == "study" { try folder.write(Data("x".utf8), "study/report.md") }
                let outcome = try await bench(arguments, in: folder)
                #expect(outcome.code == 64, "\(outcome.testDescription)")
                #expect(outcome.errors.contains("allowed are files of their own"), "\(outcome.testDescription)")
            }
            #expect(try folder.read("results/results.json") == before)
        }
    }

    @Test func oneDeviceMayBeNamedTwice() async throws {
        try await withFolder { folder in
            symlink("/dev/null", folder.path("null"))
            let outcome = try await bench(
                quick + ["--strategy", "single", "--save", "null", "--trace-loss", "null"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
        }
    }
}
