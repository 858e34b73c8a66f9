import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage

@Suite struct HistoryTests {
    /// Three runs of two strategies, by hand, of which the names are not in the order of the dates.
    private func write(_ folder: TemporaryFolder) async throws {
        let outcome = try await bench(
            quick + ["--strategy", "single,sync", "--clock", "simulated", "--workers", "2"], in: folder)
        #expect(outcome.code == 0, "\(outcome.testDescription)")
        for (name, date, commit) in [
            ("a", "2026-03-01T00:00:00Z", "ccc"), ("b", "2026-01-01T00:00:00Z", "aaa"),
            ("c", "2026-02-01T00:00:00Z", "bbb"),
        ] {
            var results = try ResultsFile.read(folder.path("results"))
            (results.machine.date, results.machine.commit) = (date, commit)
            try folder.write(try ResultsFile.encode(results), "runs/\(name)/results.json")
        }
        try folder.write(Data("no results".utf8), "runs/notes/readme.txt")
    }

    @Test func aMetricIsListedByDateAndCommitForEveryStrategy() async throws {
        try await withFolder { folder in
            try await write(folder)
            let outcome = try await bench(
                ["history", "runs", "--metric", "bytes_sent_total,rounds", "--format", "csv"], in: folder)
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.testDescription)")
            let rows = table(outcome.output)
            #expect(
                rows[0] == ["date", "commit", "task", "strategy", "clock", "bytes_sent_total", "rounds", "results"])
            #expect(
                rows.dropFirst().map { "\($0[1]) \($0[3]) \($0[7])" } == [
                    "aaa single runs/b", "aaa sync runs/b", "bbb single runs/c", "bbb sync runs/c", "ccc single runs/a",
                    "ccc sync runs/a",
                ])
            let summary = table(try folder.text("results/summary.csv"))
            let bytes = try #require(summary[0].firstIndex(of: "bytes_sent_total"))
            #expect(rows[2][4] == "simulated" && rows[2][5] == summary[2][bytes] && rows[2][6] == "23")
        }
    }

    @Test func foldersAndFilesMayBeNamedAndStrategiesChosen() async throws {
        try await withFolder { folder in
            try await write(folder)
            let outcome = try await bench(
                ["history", "runs/a", "runs/b/results.json", "--strategy", "sync"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let lines = outcome.output.split(separator: "\n")
            #expect(
                lines.count == 4 && lines[0].hasPrefix("date") && lines[0].contains("time_to_target_seconds_median"))
            #expect(lines[2].hasPrefix("2026-01-01T00:00:00Z  aaa") && lines[3].hasPrefix("2026-03-01T00:00:00Z  ccc"))
            #expect(lines[2...].allSatisfy { $0.contains(" sync ") && $0.contains(" - ") })
        }
    }

    @Test func theHistoryIsAPageToo() async throws {
        try await withFolder { folder in
            try await write(folder)
            var baseline = try ResultsFile.read(folder.path("runs/c"))
            baseline.history = [
                .init(date: "2026-02-01T12:00:00Z", commit: "bbb", reason: "a new loss", changes: ["sync: a -> b"])
            ]
            try folder.write(try ResultsFile.encode(baseline), "baseline/results.json")
            let outcome = try await bench(
                ["history", "runs", "baseline", "--metric", "bytes_sent_total", "--html", "page.html"], in: folder)
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.testDescription)")
            #expect(
                outcome.output.contains(
                    "Moves of the baseline that were accepted:\n2026-02-01T12:00:00Z  bbb  a new loss"))
            let page = try folder.text("page.html")
            #expect(page.contains("<h1>History of 4 results</h1>") && page.contains("a new loss"))
            #expect(page.contains("bench history runs baseline --metric bytes_sent_total --format csv"))
            // Two strategies with 18 figures each, of which host time needs more repetitions; the same results again and again.
            #expect(page.contains("of 34 figures 34 are as they always were"), "\(page.prefix(6000))")
        }
    }

    @Test func aPageThatCannotBeWrittenIsAnErrorBeforeAnythingIsRead() async throws {
        try await expectError(["history", "x", "--html", ""], code: 64, ["--html is empty"])
        try await expectError(["history", "x", "--html", "none/page.html"], code: 1, ["none/page.html", "folder"])
        let schema = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../StorageTests/Schemas/schema-6.json")
        try await expectError(
            ["history", "x", "--html", "x/results.json"], code: 64, ["would overwrite", "the history reads"]
        ) { try $0.write(try Data(contentsOf: schema), "x/results.json") }
    }

    @Test func wrongNamesAndFoldersWithoutResultsAreErrors() async throws {
        try await expectError(["history"], code: 64, ["<folder>"])
        try await expectError(
            ["history", "x", "--metric", "byte_sent_total"], code: 64, ["did you mean 'bytes_sent_total'?"])
        try await expectError(["history", "x", "--metric", ","], code: 64, ["--metric is empty"])
        try await expectError(["history", "x", "--strategy", "synk"], code: 64, ["did you mean 'sync'?"]) {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../StorageTests/Schemas/schema-4.json")
            try $0.write(try Data(contentsOf: file), "x/results.json")
        }
        try await expectError(["history", "x", "--format", "cvs"], code: 64, ["did you mean 'csv'?"])
        try await expectError(["history", "x"], code: 1, ["'x' does not exist"])
        try await expectError(["history", "x"], code: 1, ["'x' holds no results.json"]) {
            try $0.write(Data(), "x/readme.txt")
        }
        try await expectError(["history", "x"], code: 1, ["x/a/results.json: not a complete results file"]) {
            try $0.write(Data("{".utf8), "x/a/results.json")
        }
    }
}
