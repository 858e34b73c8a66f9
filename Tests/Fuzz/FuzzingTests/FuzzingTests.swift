import Foundation
import Fuzzing
import Testing

/// The program as it was built with these tests: it stands beside the test bundle.
private let executable: URL = {
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
    let binary = bundle ?? Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return binary.deletingLastPathComponent().appendingPathComponent("fuzz-readers")
}()

private let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Corpus")

/// What the harness prints, and how it ends.
private func harness(_ arguments: [String]) async throws -> (text: String, code: Int32) {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments + ["--corpus", corpus.path]
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    let ended = AsyncStream<Void>.makeStream()
    process.terminationHandler = { _ in ended.continuation.finish() }
    try process.run()
    // The table is shorter than what a pipe holds, so that nobody has to read while the harness writes.
    for await _ in ended.stream {}
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return (text, process.terminationStatus)
}

@Suite struct FuzzingTests {
    /// Every input that ever failed is in the corpus, which comes first.
    @Test(arguments: InputClasses.names)
    func everyReaderAnswersItsCorpusAndSomeChangedInputs(_ name: String) async throws {
        let count =
            ["resume": 6, "study": 30, "coalitions": 30, "results": 12, "experiment": 40, "checkpoint": 40][name] ?? 100
        let (text, code) = try await harness(["--class", name, "--inputs", "\(count)"])
        #expect(code == 0, "\(text)")
    }

    @Test func theHarnessFindsEveryPlantedFaultAndCallsItWhatItIs() async throws {
        let (text, code) = try await harness(["--self-test"])
        #expect(code == 0, "\(text)")
    }

    @Test func anInputFollowsFromItsSeedAndNumberAlone() throws {
        for name in ["safetensors", "gzip", "cluster", "points", "values"] {
            let (first, second) = (
                try Inputs(InputClasses.make(name), seed: 7, corpus: corpus),
                try Inputs(InputClasses.make(name), seed: 7, corpus: corpus)
            )
            for index in [0, 100, 5000] { #expect(first.input(index) == second.input(index), "\(name) \(index)") }
            #expect(first.input(100) != first.input(101))
        }
    }

    @Test func theSeedsOfAClassAreAccepted() throws {
        for name in InputClasses.names {
            let inputs = try Inputs(InputClasses.make(name), seed: 1, corpus: corpus)
            let judge = Judge(inputs.kind)
            for index in inputs.seeds.indices.dropFirst(inputs.names.count) {
                #expect(judge.judge(inputs.seeds[index]) == .accepted, "\(name) \(index)")
            }
        }
    }
}
