import Foundation
import Testing

@Suite struct PlotCommandTests {
    private static let run = quick + ["--strategy", "sync,federated", "--workers", "2"]

    private func recorded(_ body: (TemporaryFolder) async throws -> Void) async throws {
        try await withFolder { folder in
            let run = try await bench(Self.run, in: folder)
            #expect(run.code == 0, "\(run.testDescription)")
            try await body(folder)
        }
    }

    @Test func picturesAreListedAndWritten() async throws {
        try await recorded { folder in
            let list = try await bench(["plot", "results"], in: folder)
            #expect(list.code == 0 && list.output.contains("accuracy-bytes"), "\(list.testDescription)")
            let first = try await bench(["plot", "results", "--output", "a.svg"], in: folder)
            #expect(first.code == 0 && first.output == "Time to 95 %: a.svg\n", "\(first.testDescription)")
            #expect(try folder.text("a.svg").contains("prefers-color-scheme:dark"))
            let named = try await bench(["plot", "results", "--picture", "time-shares", "--theme", "dark"], in: folder)
            #expect(named.code == 0, "\(named.testDescription)")
            #expect(try folder.text("time-shares.svg").contains("fill=\"#121417\""))
            // The picture that is plotted is the same as the one beside the report.
            let light = try await bench(
                ["plot", "results", "--picture", "accuracy-time", "--theme", "light", "--output", "b.svg"], in: folder)
            #expect(light.code == 0, "\(light.testDescription)")
            #expect(try folder.read("b.svg") == folder.read("results/figures/accuracy-time-light.svg"))
        }
    }

    @Test func pngNeedsAnotherProgramAndSaysWhich() async throws {
        try await recorded { folder in
            let arguments = ["plot", "results", "--output", "a.png"]
            let without = try await bench(arguments, environment: ["PATH": "/nowhere"], in: folder)
            #expect(
                without.code == 1 && without.errors.contains("apt-get install librsvg2-bin"),
                "\(without.testDescription)")
            #expect(!folder.exists("a.png"))
            // One that stands in for it: it is told where the picture is and where the image goes.
            try folder.write(Data("#!/bin/sh\nprintf PNG > \"$4\"\n".utf8), "bin/rsvg-convert")
            chmod(folder.path("bin/rsvg-convert"), 0o755)
            let with = try await bench(arguments, environment: ["PATH": folder.path("bin")], in: folder)
            #expect(with.code == 0, "\(with.testDescription)")
            #expect(try folder.text("a.png") == "PNG")
        }
    }

    private static let bad: [([String], Int32, [String])] = [
        (["--output", "a.jpg"], 64, ["'a.jpg'", ".svg or .png"]), (["--theme", "drak"], 64, ["drak", "dark"]),
        (["--picture", "time-to-targte"], 64, ["time-to-target"]),
        (["--output", "a.png", "--theme", "auto"], 64, ["light and dark"]),
        (["--output", "results/results.json.svg/x.svg"], 1, ["folder"]), (["--picture", ""], 64, ["empty"]),
    ]

    @Test(arguments: bad)
    func badInputIsNamed(_ arguments: [String], _ code: Int32, _ words: [String]) async throws {
        try await recorded { folder in
            let outcome = try await bench(["plot", "results"] + arguments, in: folder)
            #expect(outcome.code == code, "\(outcome.testDescription)")
            for word in words { #expect(outcome.errors.contains(word), "\(outcome.testDescription)") }
        }
    }
}
