import Foundation
import Testing

@testable import Experiments

/// The commit that a program says it was built from.
@Suite struct RecordedCommitTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/RecordCommit/record-commit.sh")

    private func recorded(_ folder: TemporaryFolder) async throws -> String {
        let outcome = try await launch(
            URL(fileURLWithPath: "/bin/sh"), [Self.script.path, folder.path("tree"), folder.path("out/commit.swift")],
            in: folder)
        #expect(outcome.code == 0, "\(outcome.testDescription)")
        let text = try folder.text("out/commit.swift")
        return String(text.split(separator: "\"", omittingEmptySubsequences: false)[1])
    }

    private func git(_ arguments: [String], _ folder: TemporaryFolder) async throws -> String {
        let outcome = try await launch(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["git", "-C", folder.path("tree"), "-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
                + arguments,
            in: folder)
        #expect(outcome.code == 0, "\(outcome.testDescription)")
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func itIsThatOfTheTreeWithAWordAboutChangesOfWhatIsBuilt() async throws {
        try await withFolder { folder in
            try folder.write(Data("a".utf8), "tree/Sources/a.swift")
            try folder.write(Data("p".utf8), "tree/Package.swift")
            #expect(try await recorded(folder) == "unknown")
            _ = try await git(["init", "-q"], folder)
            #expect(try await recorded(folder) == "unknown")
            _ = try await git(["add", "."], folder)
            _ = try await git(["commit", "-q", "-m", "first"], folder)
            let first = try await git(["rev-parse", "--short=12", "HEAD"], folder)
            #expect(try await recorded(folder) == first)
            try folder.write(Data("notes".utf8), "tree/notes.md")
            #expect(try await recorded(folder) == first, "notes are not built")
            try folder.write(Data("b".utf8), "tree/Sources/b.swift")
            #expect(try await recorded(folder) == first + "+changes")
            _ = try await git(["add", "."], folder)
            _ = try await git(["commit", "-q", "-m", "second"], folder)
            let second = try await git(["rev-parse", "--short=12", "HEAD"], folder)
            #expect(try await recorded(folder) == second && second != first)
        }
    }

    /// What is written anew is compiled anew.
    @Test func aFileThatIsRightIsLeftAlone() async throws {
        try await withFolder { folder in
            try folder.write(Data(), "tree/Package.swift")
            _ = try await recorded(folder)
            let file = folder.path("out/commit.swift")
            let old = Date(timeIntervalSince1970: 1_000_000_000)
            try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: file)
            _ = try await recorded(folder)
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date == old)
        }
    }

    @Test func aMachineSaysTheCommitInOneForm() {
        let commit = MachineDescription.current(arguments: []).commit
        let digits = commit.hasSuffix("+changes") ? String(commit.dropLast("+changes".count)) : commit
        #expect(commit == "unknown" || digits.count == 12 && digits.allSatisfy(\.isHexDigit), "\(commit)")
    }
}
