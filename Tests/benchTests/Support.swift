import Foundation
import Locking
import Testing

@testable import BenchCommands

/// What a run of the program left behind.
struct Outcome: CustomTestStringConvertible {
    let arguments: [String]
    let output: String
    let errors: String
    let code: Int32
    /// Seconds from the program's start to its end, however late a busy test looks at it.
    var seconds = 0.0

    var testDescription: String { "bench \(arguments.joined(separator: " ")): code \(code)\n\(output)\n\(errors)" }
}

/// The program as it was built with these tests: it stands beside the test bundle.
let benchExecutable: URL = {
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
    let binary = bundle ?? Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return binary.deletingLastPathComponent().appendingPathComponent("bench")
}()

/// Runs the program to its end.
/// - Parameter started: gets the process while it runs, to send it signals; on a thread of its own, since other tests may
///   keep the tasks' threads busy for longer than the program runs.
func bench(
    _ arguments: [String], environment: [String: String] = [:], in folder: TemporaryFolder,
    standardOutput: FileHandle? = nil, standardError: FileHandle? = nil, started: (@Sendable (Process) -> Void)? = nil
) async throws -> Outcome {
    try await launch(
        benchExecutable, arguments, environment: environment, in: folder, standardOutput: standardOutput,
        standardError: standardError, started: started)
}

/// Runs the program by a shell's command line, in which it is `"$@"` with these arguments.
func shell(_ line: String, _ arguments: [String], in folder: TemporaryFolder) async throws -> Outcome {
    try await launch(
        URL(fileURLWithPath: "/bin/bash"), ["-c", line, "bash", benchExecutable.path] + arguments, in: folder)
}

/// Runs an executable to its end, or until the test is cancelled.
/// - Parameters:
///   - standardOutput: in place of a file that the outcome's text is read from.
///   - standardError: the same.
func launch(
    _ executable: URL, _ arguments: [String], environment: [String: String] = [:], in folder: TemporaryFolder,
    standardOutput: FileHandle? = nil, standardError: FileHandle? = nil, started: (@Sendable (Process) -> Void)? = nil
) async throws -> Outcome {
    // Files rather than pipes: nobody has to read while the program writes.
    let files = ["out", "err"].map { folder.url.appendingPathComponent(".std\($0)-\(UUID().uuidString)") }
    for file in files { try Data().write(to: file) }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = folder.url
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try standardOutput ?? FileHandle(forWritingTo: files[0])
    process.standardError = try standardError ?? FileHandle(forWritingTo: files[1])
    let seconds = Guarded(0.0)
    let began = ContinuousClock.now
    try await run(process, started) { seconds.withLock { $0 = (ContinuousClock.now - began) / .seconds(1) } }
    let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
    // Negative for a signal, so that it does not look like a code of the program's own.
    let code = process.terminationStatus * (process.terminationReason == .uncaughtSignal ? -1 : 1)
    return Outcome(
        arguments: arguments, output: texts[0], errors: texts[1], code: code, seconds: seconds.withLock { $0 })
}

/// Returns when the process has ended, and not before: a test that runs out of time ends it.
private func run(
    _ process: Process, _ started: (@Sendable (Process) -> Void)?, ended: @escaping @Sendable () -> Void
) async throws {
    @Sendable func end() { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { (waiting: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in
                ended()
                waiting.resume()
            }
            do {
                try process.run()
            } catch {
                waiting.resume(throwing: error)
                return
            }
            if let started { Thread { started(process) }.start() }
            // Cancelled before there was anything to end.
            withUnsafeCurrentTask { if $0?.isCancelled == true { end() } }
        }
    } onCancel: {
        end()
    }
}

/// A folder of a test's own, which is removed afterwards.
struct TemporaryFolder: Sendable {
    let url: URL

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
    func read(_ name: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(name)) }
    func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }
    func write(_ data: Data, _ name: String) throws {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }

    /// All files within, at any depth, without what the program printed.
    var files: [String] {
        let names = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path(name), isDirectory: &isFolder)
            return !isFolder.boolValue && !name.hasPrefix(".std")
        }.sorted()
    }

    /// The pictures that a folder's `report.md` shows, light and dark.
    func figures(of report: String) throws -> [String] {
        try text("\(report)/report.md").matches(of: /figures\/[a-z0-9-]+-(light|dark)\.svg/).map { "\(report)/\($0.0)" }
    }
}

func withFolder<Result>(_ body: (TemporaryFolder) async throws -> Result) async throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("bench-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(TemporaryFolder(url: url))
}

/// The least there is to do: one epoch, one seed, no calibration.
let quick = ["--task", "digits", "--epochs", "1", "--seeds", "1", "--compute", "reference", "--output", "results"]

/// Lines and fields of a CSV file without quoted fields.
func table(_ text: String) -> [[String]] {
    text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
}

extension Run {
    /// The command line as the program reads it.
    static func of(_ arguments: [String]) throws -> Run {
        try Run.parse(CommandWords.rewritten(["run"] + arguments).dropFirst().map(\.self))
    }
}
