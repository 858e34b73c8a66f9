import Foundation
import Testing

@testable import Experiments
@testable import Reports
@testable import Storage
@testable import TestSupport

@Suite struct OutputDirectoryTests {
    /// Calls `body` with a folder of its own, which is removed afterwards.
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("bench-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url)
    }

    private func files(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test func theFolderIsMadeWithItsParentsAndLeftEmpty() throws {
        try withFolder { folder in
            let output = try OutputDirectory(folder.appendingPathComponent("a/b").path)
            #expect(try files(output.url).isEmpty, "what was written to try it is removed")
        }
    }

    @Test func resultsAreSixFilesAndTheirFigures() throws {
        try withFolder { folder in
            try OutputDirectory(folder.path).write(results([record()], seeds: [1]))
            #expect(
                try files(folder) == [
                    "curves.csv", "figures", "report.html", "report.md", "results.json", "summary.csv", "targets.csv",
                ])
            let report = try String(contentsOf: folder.appendingPathComponent("report.md"), encoding: .utf8)
            let shown = report.matches(of: /figures\/([a-z0-9-]+\.svg)/).map { String($0.1) }
            #expect(try files(folder.appendingPathComponent("figures")) == shown.sorted())
            #expect(shown.contains("accuracy-time-dark.svg") && shown.contains("time-to-target-light.svg"))
        }
    }

    @Test func resultsReplaceEarlierOnes() throws {
        try withFolder { folder in
            let output = try OutputDirectory(folder.path)
            try output.write(results([record(), record("single")], seeds: [1]))
            let second = results([record()], seeds: [1])
            try output.write(second)
            let data = try Data(contentsOf: folder.appendingPathComponent("results.json"))
            #expect(try ResultsFile.decode(data, file: "results.json") == second)
            #expect(try files(folder).count == 7)
        }
    }

    @Test(arguments: ["file", "file/results", "file/a/b"])
    func aFileInTheWayIsNamed(_ path: String) throws {
        try withFolder { folder in
            let file = folder.appendingPathComponent("file")
            try Data("here\n".utf8).write(to: file)
            let error = #expect(throws: ReportError.self) {
                try OutputDirectory(folder.appendingPathComponent(path).path)
            }
            #expect(
                error?.description.contains("'\(file.path)' is not a folder") == true, "\(String(describing: error))")
            #expect(try String(contentsOf: file, encoding: .utf8) == "here\n")
        }
    }

    @Test func aFileThatCannotBeReplacedIsNamedAndNothingIsLeftBeside() throws {
        try withFolder { folder in
            let target = folder.appendingPathComponent("results.json")
            // A folder that is not empty cannot be replaced by a file, whoever asks.
            try FileManager.default.createDirectory(
                at: target.appendingPathComponent("inside"), withIntermediateDirectories: true)
            let error = #expect(throws: ReportError.self) { try writeAtomically(Data("x".utf8), to: target) }
            #expect(error?.description.contains("results.json") == true)
            #expect(try files(folder) == ["results.json"])
        }
    }
}
