import ArgumentParser
import Diagnostics
import Experiments
import Strategies
import Tasks
import Training

/// The options of strategies, set by their names.
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

    /// One setting `[STRATEGY.]OPTION=VALUE`.
    struct Setting: Hashable {
        /// A strategy's name or a variant's label; nil for all strategies that have the option.
        let strategy: String?
        let name: String
        let value: String

        /// The option as messages name it, such as `--mu` or `--fedprox.mu`.
        var word: String { "--" + (strategy.map { "\($0)." } ?? "") + name }

        /// - Parameter rows: the chosen ones, by whose labels an option can be addressed.
        /// - Throws: `ValidationError` for another form, or an option that no strategy has.
        init(_ text: String, rows: [StrategyChoice] = []) throws {
            guard let path = OptionPath(text) else {
                throw ValidationError("--set '\(text)' is not [STRATEGY.]OPTION=VALUE; write such as local-epochs=5")
            }
            (strategy, name, value) = (path.strategy, path.option, path.value)
            guard PlanOptions.named(name) != nil else {
                if let strategy, let owner = Self.description(strategy, rows) {
                    throw ValidationError(PlanOptions.unknown(name, of: strategy, own: owner.optionInfos.map(\.name)))
                }
                throw ValidationError(
                    UnknownName.message("option", found: name, allowed: PlanOptions.all.map(\.name)))
            }
        }

        /// The strategy that is addressed: by its name, by the label of a row, or by a row as it was written.
        private static func description(_ name: String, _ rows: [StrategyChoice]) -> StrategyDescription? {
            let written = name.prefix { $0 != "(" }
            return rows.first { $0.label == name }?.description ?? StrategyRegistry.named(String(written))
        }

        func isFor(_ row: StrategyChoice) -> Bool {
            strategy.map { $0 == row.label || $0 == row.description.name } ?? true
        }
    }

    /// - Parameter rows: the chosen ones, where they are known.
    func settings(for rows: [StrategyChoice] = []) throws -> [Setting] {
        try texts.map { try Setting($0, rows: rows) }
    }

    /// Checks that each option is one of the rows that it is for.
    ///
    /// - Parameter countsNodes: whether an option of this name counts nodes for all strategies, also those without it.
    /// - Throws: `ValidationError` naming who has the option.
    func check(_ rows: [StrategyChoice], countsNodes: (String) -> Bool) throws {
        let labels = rows.map(\.label).joined(separator: ", ")
        for setting in try settings(for: rows) {
            let addressed = rows.filter(setting.isFor)
            if let strategy = setting.strategy, addressed.isEmpty {
                guard StrategyRegistry.named(strategy) == nil else {
                    throw ValidationError(
                        "\(setting.word): \(strategy) is not among the chosen strategies; chosen are \(labels)")
                }
                throw ValidationError(
                    "\(setting.word): "
                        + UnknownName.message("strategy", found: strategy, allowed: rows.map(\.label)))
            }
            let isOfAll = !StrategyRegistry.optionInfos.contains { $0.name == setting.name }
            guard
                !isOfAll, !countsNodes(setting.name), !addressed.contains(where: { $0.description.has(setting.name) })
            else { continue }
            if let strategy = setting.strategy, let row = addressed.first {
                let own = row.description.optionInfos.map(\.name)
                throw ValidationError("\(setting.word): " + PlanOptions.unknown(setting.name, of: strategy, own: own))
            }
            let users = PlanOptions.users(of: setting.name).joined(separator: ", ")
            throw ValidationError("\(setting.word) is an option of \(users); chosen are \(labels)")
        }
    }

    // MARK: Help

    /// Two lines for each option: its form on the command line, and its meaning. Made once, since the parser asks for
    /// it several times.
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

/// The default value of an option, in words.
enum OptionDefault {
    /// - Parameter strategies: the strategies that have the option.
    static func words(_ name: String, _ strategies: [StrategyDescription]) -> String {
        if TrainingTask.all.contains(where: { $0.defaults.options[name] != nil }) { return "the task's" }
        let values = strategies.map { text(name, of: $0) }
        guard Set(values).count > 1 else { return values.first ?? "" }
        return zip(strategies, values).map { "\($0.name) \($1)" }.joined(separator: ", ")
    }

    /// The published default; for the number of workers the strategy's own.
    static func text(_ name: String, of strategy: StrategyDescription) -> String {
        if name == "workers" { return strategy.defaultWorkers.map(String.init) ?? "this machine's cores" }
        guard let value = strategy.options.init().values[name] else { return "" }
        if case .size? = PlanOptions.named(name)?.allowed, case .number(let bytes) = value { return size(bytes) }
        return value == .flag(false) ? "off" : value == .flag(true) ? "on" : value.description
    }

    /// The size in binary units where it is a whole number of them: PyTorch's buckets are 25 MiB.
    private static func size(_ bytes: Double) -> String {
        let mebi = bytes / 1_048_576
        return mebi == mebi.rounded() ? "\(Format.exact(mebi)) MiB" : Format.bytes(bytes)
    }
}
