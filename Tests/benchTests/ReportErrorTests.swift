import Foundation
import Testing

@Suite struct ReportErrorTests {
    @Test func aFolderWithoutResultsIsNamed() async throws {
        try await expectError(["report", "none"], code: 1, ["'none/results.json'", "does not exist"])
    }

    @Test func reportWithoutAFolderIsAUsageError() async throws {
        try await expectError(["report"], code: 64, ["<folder>"])
    }

    @Test func resultsThatAreNotJSONAreDamaged() async throws {
        try await expectError(["report", "results"], code: 1, ["results/results.json", "damaged"]) {
            try $0.write(Data("strategy,seed\n".utf8), "results/results.json")
        }
    }

    @Test func emptyResultsAreDamaged() async throws {
        try await expectError(["report", "results"], code: 1, ["results/results.json"]) {
            try $0.write(Data(), "results/results.json")
        }
    }

    @Test func resultsOfAnotherSchemaAreNamedWithTheOneThatIsRead() async throws {
        try await expectError(
            ["report", "results"], code: 1, ["results/results.json", "schema 99", "reads schemas 1 to 7"]
        ) {
            try $0.write(Data(#"{"schema": 99}"#.utf8), "results/results.json")
        }
    }

    @Test func resultsWithAChangedValueAreRefused() async throws {
        let whole = String(decoding: try await results(), as: UTF8.self)
        let changed = whole.replacingOccurrences(of: "\"outcome\" : \"completed\"", with: "\"outcome\" : \"diverged\"")
        try await expectError(["report", "results"], code: 1, ["results/results.json", "checksum", "changed"]) {
            try $0.write(Data(changed.utf8), "results/results.json")
        }
    }

    @Test func resultsWithAMissingFieldAreNamedWithThatField() async throws {
        let whole = String(decoding: try await results(), as: UTF8.self)
        let damaged = whole.replacingOccurrences(of: "\"hostSeconds\"", with: "\"hostSecond\"")
        try await expectError(["report", "results"], code: 1, ["results/results.json", "'hostSeconds'", "runs.[0]"]) {
            try $0.write(Data(damaged.utf8), "results/results.json")
        }
    }

    @Test func resultsThatAreCutShortAreRefusedWhereverTheyEnd() async throws {
        let whole = try await results()
        for part in 1..<5 {
            try await expectError(
                ["report", "results"], code: 1, ["results/results.json", "not a complete results file"]
            ) {
                try $0.write(whole.prefix(whole.count * part / 5), "results/results.json")
            }
        }
    }

    private func results() async throws -> Data {
        try await withFolder { folder in
            let outcome = try await bench(quick + ["--strategy", "single"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            return try folder.read("results/results.json")
        }
    }
}
