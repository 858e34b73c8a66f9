import ArgumentParser
import Foundation
import Fuzzing
import Testing

@testable import BenchCommands

/// Command lines that nobody would write, parsed and checked in this process.
@Suite struct OptionFuzzTests {
    /// What the program says to who typed a command line.
    private struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private static func parse(_ arguments: [String]) throws {
        do {
            _ = try Bench.command(arguments)
        } catch {
            let code = Bench.exitCode(for: error)
            // Help and the version.
            if code == .success { return }
            guard code.rawValue == 64 else {
                throw WrongAnswer("exit code \(code.rawValue): \(Bench.message(for: error))")
            }
            // The first line: help and usage of the option stand below it.
            let text = Bench.visibleRefusal(for: error).map { String($0.prefix { $0 != "\n" }) }
            throw Refusal(description: text ?? Bench.message(for: error))
        }
    }

    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzz/Corpus")

    @Test func everyCommandLineIsUnderstoodOrRefusedWithItsExitCode() throws {
        let inputs = try Inputs(OptionInputs(parse: Self.parse), seed: 1, corpus: Self.corpus)
        let judge = Judge(inputs.kind)
        for index in 0..<inputs.seeds.count + 20 {
            let judgement = judge.judge(inputs.input(index))
            if case .wrong(let what) = judgement { Issue.record("input \(index): \(what)") }
        }
    }

    /// Experiments in YAML become words, or are refused with a line.
    @Test func everyExperimentFileIsUnderstoodOrRefused() throws {
        let kind = PlanInputs { text in
            do {
                _ = try PlanFile(file: "plan.yaml").words(of: text)
            } catch {
                guard let wrong = error as? PlanFileError, !wrong.description.contains("\n") else {
                    throw WrongAnswer("an error of another kind: \(error)")
                }
                throw Refusal(description: wrong.description)
            }
        }
        let inputs = try Inputs(kind, seed: 1, corpus: Self.corpus)
        let judge = Judge(kind)
        for index in 0..<inputs.seeds.count + 20 {
            let judgement = judge.judge(inputs.input(index))
            if case .wrong(let what) = judgement { Issue.record("input \(index): \(what)") }
            if index < inputs.seeds.count { #expect(judgement == .accepted, "\(index)") }
        }
    }

    /// Does what a child of `fuzz-readers` does, which cannot reach the program's options.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["FUZZ_CHILD"] != nil))
    func optionsOfAChildOfTheFuzzHarness() throws {
        let words = (ProcessInfo.processInfo.environment["FUZZ_CHILD"] ?? "").split(separator: "\n").map(String.init)
        func value(_ option: String) -> String? {
            words.firstIndex(of: option).flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
        }
        let corpus = value("--corpus").map { URL(fileURLWithPath: $0) } ?? Self.corpus
        let inputs = try Inputs(
            OptionInputs(parse: Self.parse), seed: value("--seed").flatMap(UInt64.init) ?? 1, corpus: corpus)
        let first = value("--first").flatMap(Int.init) ?? 0
        let end = words.contains("--corpus-only") ? inputs.seeds.count : value("--end").flatMap(Int.init) ?? .max
        let status = try StatusPage(value("--child-status") ?? "/dev/null")
        Child(inputs, status: status, findings: value("--child-findings") ?? "/dev/null")
            .run(first..<max(first, end), seconds: value("--seconds").flatMap(Double.init) ?? 1)
    }
}
