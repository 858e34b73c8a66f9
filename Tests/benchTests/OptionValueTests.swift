import ArgumentParser
import Testing

@testable import bench

/// Values of all options of all commands: those that begin with a dash, and numbers that cannot be.
@Suite struct OptionValueTests {
    /// An option with a value, and the words in front of it.
    struct Case: CustomTestStringConvertible, Sendable {
        let words: [String]
        let option: CommandOptions.Option
        var testDescription: String { (words + ["--\(option.name)"]).joined(separator: " ") }
    }

    static let cases = CommandOptions.all.flatMap { command in
        CommandOptions.options(of: command.type).filter { $0.value != nil }
            .map { Case(words: command.words + context(command.words[0], $0.name), option: $0) }
    }

    /// Without which the option is refused, whatever its value.
    private static func context(_ command: String, _ option: String) -> [String] {
        switch (command, option) {
        case ("speed", "clients"), ("speed", "fraction"), ("speed", "local-epochs"), ("speed", "local-batch"),
            ("speed", "samples-per-client"):
            ["--federated"]
        case ("study", "trials"): ["--search", "random"]
        case ("run", "bucket"), ("study", "bucket"): ["--overlap"]
        case ("run", "every"): ["--checkpoint", "x"]
        case ("run", "trace"): ["--fabric", "simulated"]
        case ("compare", "reason"): ["--accept"]
        default: []
        }
    }

    /// What is wrong with the command line; nil if nothing is.
    private func fault(_ arguments: [String]) -> (message: String, code: ExitCode)? {
        do {
            _ = try Bench.parseAsRoot(arguments)
            return nil
        } catch {
            return (Bench.message(for: error), Bench.exitCode(for: error))
        }
    }

    @Test func allCommandsAreTried() {
        let tried = CommandOptions.all.map { ObjectIdentifier($0.type) }
        #expect(Set(tried) == Set(CommandOptions.leaves().map { ObjectIdentifier($0) }))
        #expect(Self.cases.count > 100)
    }

    @Test(arguments: cases) func aValueThatBeginsWithADashIsAValue(_ option: Case) {
        guard let problem = fault(option.words + ["--\(option.option.name)", "-x.yaml"]) else { return }
        #expect(problem.message.contains("-x.yaml"), "\(problem.message)")
        #expect(problem.code == .validationFailure, "\(problem.message)")
    }

    /// What may be any text is the name of a file, a folder or an address, and a reason.
    private static let texts = [
        "file", "folder", "file.json", "file.yaml", "file.csv", "file.csv,...", "url", "text", "study",
    ]

    @Test(arguments: cases.filter { !texts.contains($0.option.value ?? "") })
    func aNumberThatCannotBeIsAWrongCommandLine(_ option: Case) throws {
        let problem = try #require(fault(option.words + ["--\(option.option.name)", "-1"]))
        #expect(problem.message.contains("-1"), "\(problem.message)")
        #expect(problem.code == .validationFailure, "\(problem.message)")
    }
}
