import Foundation
import Testing

/// `--jobs`: what runs side by side leave is what they leave one after the other.
@Suite struct SideBySideCommandTests {
    /// Keys and columns of what a clock on the wall says, of the command, the process, and of how many runs were made side by side.
    private static let measured: Set<String> = [
        "checksum", "hostSeconds", "timings", "command", "date", "jobs", "time_ms", "host_seconds",
        "pid", "process_began",
    ]

    private static func withoutMeasured(_ value: Any) -> Any {
        switch value {
        case let object as [String: Any]: object.filter { !measured.contains($0.key) }.mapValues(withoutMeasured)
        case let list as [Any]: list.map(withoutMeasured)
        default: value
        }
    }

    /// What a file has to have in common with one of another number of jobs.
    private func comparable(_ name: String, in folder: TemporaryFolder) throws -> Data {
        let data = try folder.read(name)
        if name.hasSuffix(".jsonl") {
            // How far runs that others wait for are is told only where runs are made side by side.
            let told = String(decoding: data, as: UTF8.self).split(separator: "\n").filter {
                !$0.contains("\"run_progress\"")
            }
            let lines = try told.map { Data($0.utf8) }.map { line in
                let object = try JSONSerialization.jsonObject(with: line)
                return try JSONSerialization.data(withJSONObject: Self.withoutMeasured(object), options: .sortedKeys)
            }
            return Data(lines.joined(separator: Data("\n".utf8)))
        }
        if name.hasSuffix("results.json") || name.hasSuffix("study.json") {
            let object = try JSONSerialization.jsonObject(with: data)
            return try JSONSerialization.data(withJSONObject: Self.withoutMeasured(object), options: .sortedKeys)
        }
        if name.hasSuffix(".csv") {
            let rows = table(String(decoding: data, as: UTF8.self))
            let columns = rows[0].indices.filter { !rows[0][$0].contains("host") }
            return Data(rows.map { row in columns.map { row[$0] }.joined(separator: ",") }.joined(separator: "\n").utf8)
        }
        return data
    }

    /// Runs the command with one job and with several, and compares all files except the report, which tells times.
    private func expectEqualFiles(_ arguments: [String], fewest: Int) async throws {
        var first: [String: Data] = [:]
        for jobs in ["1", "2", "5"] {
            try await withFolder { folder in
                let outcome = try await bench(arguments + ["--jobs", jobs], in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                let names = folder.files.filter { !$0.hasSuffix("report.md") && !$0.hasSuffix("report.html") }
                #expect(names.count >= fewest, "\(names)")
                var files: [String: Data] = [:]
                for name in names { files[name] = try comparable(name, in: folder) }
                if first.isEmpty { first = files }
                #expect(files.keys.sorted() == first.keys.sorted())
                for name in names { #expect(files[name] == first[name], "\(name) with \(jobs) jobs") }
            }
        }
    }

    private static let plan = [
        "--task", "digits", "--epochs", "2", "--compute", "reference", "--workers", "2", "--fabric", "simulated",
        "--quiet",
    ]

    @Test func aRunLeavesTheSameFiles() async throws {
        try await expectEqualFiles(
            Self.plan + [
                "--strategy", "single,sync,federated", "--seeds", "3", "--repetitions", "2", "--output", "results",
                "--save", "model", "--trace-loss", "loss.csv", "--trace", "trace.json", "--record", "--log",
                "log.jsonl", "--limit-updates", "40",
            ], fewest: 9 + 9 + 9 + 2 + 4)
    }

    @Test func aStudyLeavesTheSameFiles() async throws {
        try await expectEqualFiles(
            ["study"] + Self.plan + [
                "--strategy", "sync,federated", "--seeds", "2", "--halving", "2", "--output", "study",
                "--vary", "learning-rate=0.05,0.1,0.2,0.4",
            ], fewest: 3)
    }

    @Test func theRecordAndTheReportSayHowManyRunsWereMadeSideBySide() async throws {
        try await withFolder { folder in
            let arguments = Self.plan + ["--strategy", "sync", "--seeds", "2", "--output", "results"]
            for (jobs, recorded) in [("1", nil), ("2", 2), ("9", 2)] as [(String, Int?)] {
                let outcome = try await bench(arguments + ["--jobs", jobs], in: folder)
                #expect(outcome.code == 0, "\(outcome.testDescription)")
                let root = try JSONSerialization.jsonObject(with: try folder.read("results/results.json"))
                let plan = (root as? [String: Any])?["plan"] as? [String: Any]
                #expect(plan?["jobs"] as? Int == recorded)
                let words = "up to 2 simulated runs side by side"
                #expect(try folder.text("results/report.md").contains(words) == (recorded != nil))
            }
        }
    }
}
