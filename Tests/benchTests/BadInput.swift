import Foundation
import Testing

/// Runs the program and expects one error that holds all `parts`, with nothing of a crash and nothing left behind.
/// - Parameters:
///   - arguments: those of the quickest run are added, in front.
///   - code: 64 for the command line, 1 for files.
///   - files: writes what the arguments name.
func expectError(
    _ arguments: [String], code: Int32, _ parts: [String], sourceLocation: SourceLocation = #_sourceLocation,
    files: (TemporaryFolder) throws -> Void = { _ in }
) async throws {
    try await withFolder { folder in
        try files(folder)
        let before = folder.files
        let isRun = arguments.first?.hasPrefix("--") != false
        let outcome = try await bench(isRun ? quick + arguments : arguments, in: folder)
        #expect(outcome.code == code, "\(outcome.testDescription)", sourceLocation: sourceLocation)
        let lines = outcome.errors.split(separator: "\n")
        #expect(
            lines.filter { $0.hasPrefix("Error: ") }.count == 1, "\(outcome.testDescription)",
            sourceLocation: sourceLocation)
        let message = lines.first { $0.hasPrefix("Error: ") } ?? ""
        for part in parts {
            #expect(message.contains(part), "'\(part)' in: \(outcome.testDescription)", sourceLocation: sourceLocation)
        }
        for sign in ["Fatal error", "Stack dump", "Thread ", "Backtrace", "Error Domain", "NSError"] {
            #expect(!outcome.errors.contains(sign), "\(outcome.testDescription)", sourceLocation: sourceLocation)
        }
        #expect(outcome.output.isEmpty, "\(outcome.testDescription)", sourceLocation: sourceLocation)
        #expect(folder.files == before, "\(outcome.testDescription)", sourceLocation: sourceLocation)
    }
}
