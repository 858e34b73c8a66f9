import Foundation
import Testing

/// Results with a strategy, an option, a task and a cluster that this program does not have. `Tests/ExamplePackage` wrote them:
///
///     example --strategy 'sync,parameter-mixing(mix-every=2)' --task stripes --cluster laboratory --compute reference --seeds 2 --epochs 4
@Suite struct UnknownStrategyTests {
    private static let row = "parameter-mixing(mix-every=2)"

    private func copy(_ folder: TemporaryFolder, _ name: String) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../ExamplePackage/Results/results.json")
        try folder.write(try Data(contentsOf: file), "\(name)/results.json")
    }

    @Test func itsResultsAreReportedWithItsOption() async throws {
        try await withFolder { folder in
            try copy(folder, "told")
            let outcome = try await bench(["report", "told"], in: folder)
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.testDescription)")
            #expect(outcome.output.contains("\n\(Self.row) "), "\(outcome.testDescription)")
            let table = try folder.text("told/summary.csv").split(separator: "\n")
                .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
            let column = try #require(table[0].firstIndex(of: "mix_every"))
            #expect(table.map { $0[column] } == ["mix_every", "", "2"])
            #expect(try folder.text("told/report.md").contains(Self.row))
        }
    }

    @Test func itsResultsAreCompared() async throws {
        try await withFolder { folder in
            try copy(folder, "old")
            try copy(folder, "same")
            let same = try await bench(["compare", "old", "same"], in: folder)
            #expect(same.code == 0 && same.output.contains("No regression; "), "\(same.testDescription)")
        }
    }

    @Test func itCannotBeRun() async throws {
        try await withFolder { folder in
            let outcome = try await bench(["--strategy", "parameter-mixing"], in: folder)
            #expect(outcome.code == 64, "\(outcome.testDescription)")
            #expect(outcome.errors.contains("parameter-mixing"), "\(outcome.testDescription)")
        }
    }
}
