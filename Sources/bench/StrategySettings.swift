import ArgumentParser
import Diagnostics
import Experiments
import Strategies
import Tasks
import Training

/// The options of strategies, by their names.
struct StrategySettings: ParsableArguments {
    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            Set an option, of one strategy or of all that have it; may stand several times. '--set mu=0.1' is the same as \
            '--mu 0.1', and '--set fedprox.mu=0.1' as '--fedprox.mu 0.1'. 'bench list --strategy NAME' shows symbols, \
            allowed values and sources. Options:
            """, discussion: StrategySettings.list, valueName: "[strategy.]option=value"))
    var texts: [String] = []

    /// One `[STRATEGY.]OPTION=VALUE`.
    struct Setting: Hashable {
        /// A strategy's name or the label of a variant; nil for all that have the option.
        let strategy: String?
        let name: String
        let value: String

        /// As a message names it, such as `--mu` or `--fedprox.mu`.
        var word: String { "--" + (strategy.map { "\($0)." } ?? "") + name }

        /// - Throws: `ValidationError` for another form, or an option that no strategy has.
        init(_ text: String) throws {
            guard let path = OptionPath(text) else {
                throw ValidationError("--set '\(text)' is not [STRATEGY.]OPTION=VALUE; write such as local-epochs=5")
            }
            (strategy, name, value) = (path.strategy, path.option, path.value)
            guard PlanOptions.named(name) != nil else {
                throw ValidationError(
                    UnknownName.message("option", found: name, allowed: PlanOptions.all.map(\.name)))
            }
        }
    }

    func settings() throws -> [Setting] { try texts.map(Setting.init) }

    // MARK: Help

    /// Two lines for each option: what the command line has, and what it means. Made once, since the parser asks for it several
    /// times.
    private static let list: String = {
        let all = StrategyRegistry.all
        return StrategyRegistry.optionInfos.map { info in
            let users = all.filter { $0.has(info.name) }
            let symbol = info.symbol.isEmpty ? "" : "\(info.symbol): "
            let names = users.map(\.name).joined(separator: ", ")
            return """
                --\(info.name)\(info.allowed.valueName.map { " <\($0)>" } ?? "")
                  \(symbol)\(info.help) For \(names). (default: \(OptionDefault.words(info.name, users)))
                """
        }.joined(separator: "\n")
    }()
}

/// What an option is where nobody says.
enum OptionDefault {
    /// - Parameter strategies: that have the option.
    static func words(_ name: String, _ strategies: [StrategyDescription]) -> String {
        if TrainingTask.all.contains(where: { $0.defaults.options[name] != nil }) { return "the task's" }
        let values = strategies.map { text(name, of: $0) }
        guard Set(values).count > 1 else { return values.first ?? "" }
        return zip(strategies, values).map { "\($0.name) \($1)" }.joined(separator: ", ")
    }

    /// The published default, or where the number of workers depends on the strategy, that.
    static func text(_ name: String, of strategy: StrategyDescription) -> String {
        if name == "workers" { return strategy.defaultWorkers.map(String.init) ?? "this machine's cores" }
        guard let value = strategy.options.init().values[name] else { return "" }
        if case .size? = PlanOptions.named(name)?.allowed, case .number(let bytes) = value { return size(bytes) }
        return value == .flag(false) ? "off" : value == .flag(true) ? "on" : value.description
    }

    /// In binary units where that is what it was set to: PyTorch's buckets are 25 MiB.
    private static func size(_ bytes: Double) -> String {
        let mebi = bytes / 1_048_576
        return mebi == mebi.rounded() ? "\(Format.exact(mebi)) MiB" : Format.bytes(bytes)
    }
}
