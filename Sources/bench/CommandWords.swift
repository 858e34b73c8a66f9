import ArgumentParser
import Diagnostics
import Experiments
import Strategies
import Training

/// The words of a command line in the form that the parser needs. The parser finds options by the properties of a type,
/// but options of strategies are in their tables: `--mu 0.1` and `--fedprox.mu 0.1` become `--set=mu=0.1` and
/// `--set=fedprox.mu=0.1`.
enum CommandWords {
    /// - Parameter arguments: the arguments without the program's name.
    /// - Throws: `ValidationError` where an option of a strategy has no value.
    static func rewritten(_ arguments: [String]) throws -> [String] {
        guard isForStrategies(arguments) else { return arguments }
        return try withSettings(withPlan(arguments))
    }

    /// Inserts the words of an experiment's file before those of the command line, which come later and therefore win.
    private static func withPlan(_ arguments: [String]) throws -> [String] {
        // The place after the command's name, if there is one.
        let start = arguments.first?.hasPrefix("-") == false ? 1 : 0
        guard let file = last("--plan", in: arguments) else { return arguments }
        let words = try PlanFile.words(file, strategies: last("--strategy", in: arguments))
        return arguments[..<start] + words + arguments[start...]
    }

    /// The value that an option has where it stands last, which is the one that counts.
    private static func last(_ option: String, in arguments: [String]) -> String? {
        var value: String?
        for (index, word) in arguments.enumerated() {
            if word == "--" { break }
            if word.hasPrefix("\(option)=") { value = String(word.dropFirst(option.count + 1)) }
            if word == option, index + 1 < arguments.count { value = arguments[index + 1] }
        }
        return value
    }

    private static func withSettings(_ arguments: [String]) throws -> [String] {
        var words: [String] = []
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word != "--" else { return words + [word] + rest }
            guard let option = OptionWord(word) else {
                words.append(word)
                continue
            }
            var value = option.value
            if value == nil, case .flag? = PlanOptions.named(option.name)?.allowed { value = "true" }
            guard let value = value ?? rest.popFirst() else {
                throw ValidationError("Missing value for '--\(option.path)'")
            }
            words.append("--set=\(option.path)=\(value)")
        }
        return words
    }

    /// Whether the command trains; other commands have their own options with the same names.
    private static func isForStrategies(_ arguments: [String]) -> Bool {
        guard let first = arguments.first else { return false }
        let commands = [
            Run.self as any ParsableCommand.Type, StudyCommand.self, CoalitionsCommand.self, Advise.self,
        ].map {
            $0._commandName
        }
        return first.hasPrefix("-") || commands.contains(first)
    }

    /// `--NAME`, `--NAME=VALUE` or `--STRATEGY.NAME` of an option that belongs to strategies.
    private struct OptionWord {
        /// The text after the dashes, without a value.
        let path: String
        let name: String
        let value: String?

        /// Nil for any other word.
        init?(_ word: String) {
            guard word.hasPrefix("--") else { return nil }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let path = String(parts[0])
            self.path = path
            value = parts.count == 2 ? String(parts[1]) : nil
            let point = path.lastIndex(of: ".")
            let name = point.map { String(path[path.index(after: $0)...]) } ?? path
            self.name = name
            // Declared options have no point in their names, so a wrong name after a point is reported by `--set`.
            guard point != nil || StrategyRegistry.optionInfos.contains(where: { $0.name == name }) else { return nil }
        }
    }

    /// The error of a missing argument with the word that was meant as one, where that begins with a dash.
    static func withDashedWord(_ error: any Error, message: String, _ arguments: [String]) -> any Error {
        guard message.hasPrefix("Missing expected argument"),
            let word = arguments.first(where: { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.count > 1 })
        else { return error }
        return ValidationError(
            """
            \(message), and '\(word)' begins with a dash as options do; for a file or folder of that name write './\(word)'
            """)
    }

    /// The error of an unknown option with the option of a strategy that may be meant.
    static func withNearest(_ error: any Error, message: String) -> any Error {
        let start = "Unknown option '--"
        guard message.hasPrefix(start), !message.contains("Did you mean") else { return error }
        let name = String(message.dropFirst(start.count).prefix { $0 != "'" && $0 != "=" })
        guard let nearest = UnknownName.nearest(to: name, among: StrategyRegistry.optionInfos.map(\.name)) else {
            return error
        }
        return ValidationError("Unknown option '--\(name)'. Did you mean '--\(nearest)'?")
    }
}

extension Bench {
    /// The command that a command line asks for.
    ///
    /// - Parameter arguments: the arguments without the program's name.
    static func command(_ arguments: [String]) throws -> any ParsableCommand {
        do {
            return try parseAsRoot(CommandWords.rewritten(arguments))
        } catch {
            let message = message(for: error)
            let nearest = CommandWords.withNearest(error, message: message)
            throw CommandWords.withDashedWord(nearest, message: message, arguments)
        }
    }
}
