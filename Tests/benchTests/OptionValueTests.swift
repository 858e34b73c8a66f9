import ArgumentParser
import Strategies
import Testing

@testable import BenchCommands

/// Values of all options of all commands: those that begin with a dash, and numbers that cannot be.
@Suite struct OptionValueTests {
    /// An option with a value, and the words in front of it.
    struct Case: CustomTestStringConvertible, Sendable {
        let words: [String]
        let option: CommandOptions.Option
        var testDescription: String { (words + ["--\(option.name)"]).joined(separator: " ") }
    }

    static let cases = CommandOptions.all.flatMap { command in
        CommandOptions.options(of: command.type).filter { $0.value != nil && !isShared($0, command) }
            .map { Case(words: command.words + context(command.words[0], $0.name), option: $0) }
    }

    /// Options that other commands share with `run` are tried once: a parse of so many options takes a while.
    private static func isShared(_ option: CommandOptions.Option, _ command: CommandOptions.Command) -> Bool {
        ["study", "coalitions", "advise"].contains(command.words[0]) && ofRun.contains(option.name)
    }

    private static let ofRun = CommandOptions.names(of: Run.self)

    /// Arguments without which the option is refused, whatever its value.
    private static func context(_ command: String, _ option: String) -> [String] {
        switch (command, option) {
        case ("speed", "clients"), ("speed", "fraction"), ("speed", "local-epochs"), ("speed", "local-batch"),
            ("speed", "samples-per-client"):
            ["--federated"]
        case ("study", "trials"): ["--search", "random"]
        case ("run", "every"): ["--checkpoint", "x"]
        case ("run", "trace"): ["--fabric", "simulated"]
        case ("compare", "reason"): ["--accept"]
        case ("task", "expect"): ["--init", "x"]
        default: ["run", "study"].contains(command) && isOfStrategies(option) ? ["--strategy", "every"] : []
        }
    }

    private static func isOfStrategies(_ option: String) -> Bool {
        StrategyRegistry.optionInfos.contains { $0.name == option }
    }

    /// What is wrong with the command line; nil if nothing is.
    private func fault(_ arguments: [String]) -> (message: String, code: ExitCode)? {
        do {
            _ = try Bench.command(arguments)
            return nil
        } catch {
            return (Bench.message(for: error), Bench.exitCode(for: error))
        }
    }

    @Test func allCommandsAreTried() {
        let tried = CommandOptions.all.map { ObjectIdentifier($0.type) }
        #expect(Set(tried) == Set(CommandOptions.leaves().map { ObjectIdentifier($0) }))
        #expect(Self.cases.count > 80)
    }

    /// What may be any text is the name of a file, a folder or an address, and a reason.
    private static let texts = [
        "file", "folder", "file.json", "file.yaml", "file.csv", "file.csv,...", "url", "text", "study", "label,...",
        "picture",
    ]

    /// The value begins with a dash, and is taken for a value nevertheless.
    @Test(arguments: cases) func aNumberThatCannotBeIsAWrongCommandLineThatNamesIt(_ option: Case) {
        let found = fault(option.words + ["--\(option.option.name)", "-1"])
        #expect(found != nil || Self.texts.contains(option.option.value ?? ""))
        guard let found else { return }
        #expect(found.message.contains("-1"), "\(found.message)")
        // What is missing is a file, and not a value that cannot be.
        let isFile = option.words.contains("run") && option.option.name == "plan"
        #expect(found.code == (isFile ? ExitCode(1) : .validationFailure), "\(found.message)")
    }
}
