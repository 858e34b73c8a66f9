import ArgumentParser
import Diagnostics
import Experiments
import Strategies
import Training

/// A row that `--strategy` asks for: a strategy, or a variant of one with its own options and label.
struct StrategyChoice {
    let description: StrategyDescription
    /// The name of the row: the given label, or else the text without blanks.
    let label: String
    /// The row's own options, in the order of writing.
    let options: [(name: String, value: String)]
    /// Whether the row is run only for comparison.
    private(set) var isBaseline = false

    private init(_ description: StrategyDescription) {
        (self.description, label, options) = (description, description.name, [])
    }

    private static let (all, every) = ("all", "every")

    /// Whether the list names a group. Strategies of a group that cannot be carried are left out instead of refused,
    /// since the user did not name them.
    static func namesGroup(_ list: String) -> Bool {
        (try? parts(of: list))?.contains { group($0) != nil } ?? false
    }

    /// The strategies of a list with commas, in its order, each once:
    /// `sync,federated(fraction=1),federated(fraction=1,label=all clients)`, `all`, `every`, `federated:*`.
    ///
    /// - Throws: `ValidationError` for an unknown name, and for a label that is used for two different rows.
    static func parse(_ list: String) throws -> [StrategyChoice] {
        var chosen: [StrategyChoice] = []
        for part in try parts(of: list) {
            for choice in try group(part) ?? [StrategyChoice(part)] {
                guard let place = chosen.firstIndex(where: { $0.label == choice.label }) else {
                    chosen.append(choice)
                    continue
                }
                // A baseline becomes a row if it is also asked for.
                if chosen[place].isBaseline || choice.isBaseline {
                    chosen[place] = chosen[place].isBaseline ? choice : chosen[place]
                    continue
                }
                guard chosen[place].isSame(as: choice) else {
                    throw ValidationError(
                        "--strategy: the label '\(choice.label)' stands twice; give each variant a label of its own")
                }
            }
        }
        let files = Dictionary(grouping: chosen.map(\.label), by: StrategyPlan.fileName)
        if let same = files.values.first(where: { $0.count > 1 }) {
            throw ValidationError(
                "--strategy: the labels \(same.map { "'\($0)'" }.joined(separator: " and ")) name the same files")
        }
        return chosen
    }

    /// Checks that the strategy has the options, and that their values are allowed.
    ///
    /// - Throws: ``OptionError`` naming the option, what was found and what is allowed.
    func check() throws(OptionError) {
        var plan = StrategyPlan(
            description.name, label: label, fabric: .simulated, cluster: nil, allReduce: .ring, configuration: .plain)
        for option in options { try plan.set(option.name, to: option.value) }
    }

    private func isSame(as other: StrategyChoice) -> Bool {
        description.name == other.description.name && options.map(\.name) == other.options.map(\.name)
            && options.map(\.value) == other.options.map(\.value)
    }

    /// The strategies of a group; nil for a word that is not the name of a group.
    private static func group(_ word: String) -> [StrategyChoice]? {
        switch word {
        case all: return waysOfTheField
        case every: return StrategyRegistry.all.map { StrategyChoice($0) }
        default:
            guard word.hasSuffix(":*") else { return nil }
            let family = StrategyRegistry.all.filter { $0.family.rawValue == word.dropLast(2) }
            return family.isEmpty ? nil : family.map { StrategyChoice($0) }
        }
    }

    /// A row for each common way of training. If there are decentralised ones, nodes alone are added as a baseline,
    /// which shows whether nodes gain by taking part.
    private static var waysOfTheField: [StrategyChoice] {
        let ways = StrategyRegistry.all.filter(\.isWayOfTheField)
        guard ways.contains(where: { $0.family == .decentralised }),
            let alone = StrategyRegistry.named(NodeComparison.baselineName)
        else { return ways.map { StrategyChoice($0) } }
        var baseline = StrategyChoice(alone)
        baseline.isBaseline = true
        return ways.map { StrategyChoice($0) } + [baseline]
    }

    /// Rows are chosen by their labels, and also by strategies and groups: a label that is the name of another strategy would
    /// make a reader take its figures for that strategy's.
    ///
    /// - Throws: `ValidationError` for such a label.
    private static func check(_ label: String, of name: String, in text: String) throws {
        let isTaken = label != name && StrategyRegistry.named(label) != nil
        guard isTaken || group(label) != nil else { return }
        throw ValidationError(
            """
            --strategy '\(text)': the label '\(label)' is the name of \(isTaken ? "another strategy" : "several strategies"); \
            allowed are names that no other strategy has
            """)
    }

    /// A line for each row that a list names several times, since who writes a row twice may have meant another one. What a
    /// group has besides is no repetition.
    static func repetitions(in list: String) throws -> [String] {
        var (once, twice) = ([String](), [String]())
        for part in try parts(of: list) where group(part) == nil {
            let label = try StrategyChoice(part).label
            if once.contains(label), !twice.contains(label) { twice.append(label) }
            once.append(label)
        }
        return twice.map {
            "'\($0)' stands several times in --strategy and has one row; give another one a label of its own."
        }
    }

    /// The parts between commas that are not in brackets.
    static func parts(of list: String) throws -> [String] {
        var (parts, depth) = ([""], 0)
        for character in list {
            depth += character == "(" ? 1 : character == ")" ? -1 : 0
            guard (0...1).contains(depth) else { break }
            if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        guard depth == 0 else {
            throw ValidationError(
                "--strategy '\(list)' has brackets that do not match; write such as federated(fraction=1,local-epochs=1)"
            )
        }
        return parts.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// `NAME` or `NAME(OPTION=VALUE,...)`.
    private init(_ text: String) throws {
        let start = text.firstIndex(of: "(") ?? text.endIndex
        let name = text[..<start].trimmingCharacters(in: .whitespaces)
        if start < text.endIndex, let group = Self.group(name)?.filter({ !$0.isBaseline }) {
            throw ValidationError(
                """
                --strategy '\(text)': \(name) stands for \(group.count) strategies, and what is in brackets is for one; write \
                options for all of them apart, such as --learning-rate 0.1, or each strategy with brackets of its own
                """)
        }
        guard let description = StrategyRegistry.named(name) else {
            let families = Set(StrategyRegistry.all.map { "\($0.family.rawValue):*" }).sorted()
            throw ValidationError(
                UnknownName.message(
                    "strategy", found: name,
                    allowed: StrategyRegistry.all.map(\.name) + [Self.all, Self.every] + families))
        }
        self.description = description
        guard start < text.endIndex else {
            (label, options) = (name, [])
            return
        }
        guard text.hasSuffix(")") else {
            throw ValidationError("--strategy '\(text)': nothing may stand behind the bracket")
        }
        var (options, label): ([(name: String, value: String)], String?) = ([], nil)
        for part in text[text.index(after: start)...].dropLast().split(separator: ",", omittingEmptySubsequences: false)
        {
            let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard words.count == 2, !words[0].isEmpty, !words[1].isEmpty else {
                throw ValidationError(
                    "--strategy '\(text)': '\(part)' is not OPTION=VALUE; write such as \(name)(learning-rate=0.1)")
            }
            guard words[0] != "label" else {
                label = words[1]
                continue
            }
            guard !options.contains(where: { $0.name == words[0] }) else {
                throw ValidationError("--strategy '\(text)': \(words[0]) stands twice")
            }
            options.append((words[0], words[1]))
        }
        self.options = options
        let written = options.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        self.label = label ?? (written.isEmpty ? name : "\(name)(\(written))")
        if let label { try Self.check(label, of: name, in: text) }
    }
}
