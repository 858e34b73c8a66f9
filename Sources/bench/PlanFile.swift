import ArgumentParser
import Diagnostics
import Experiments
import Foundation
import Strategies
import Tasks
import Training
import Yams

/// An experiment's file that cannot be read; names the file, the line, and what is allowed.
struct PlanFileError: Error, CustomStringConvertible, Equatable {
    let description: String
    init(_ description: String) { self.description = ErrorText.message(description) }
}

/// An experiment in YAML, `bench --plan experiment.yaml`. Each key is an option of the command line without its dashes,
/// with the same value. Options on the command line come later and replace those of the file:
///
///     task: digits
///     seeds: 5
///     target: 95%
///     cluster: wan
///     overlap: true                                # of a flag
///     dropout: [3@12s, 4@20s]                      # of an option that may stand several times
///     strategies:                                  # in place of strategy: a row for each
///       - sync
///       - federated(fraction=1)
///       - strategy: federated
///         label: everybody once
///         options: {fraction: 1, local-epochs: 1}
struct PlanFile {
    let file: String

    /// The words of a command line with the same meaning as the file.
    ///
    /// - Parameter strategies: what the command line has behind `--strategy`, which takes the place of what the file says.
    /// - Throws: ``PlanFileError`` where there is no such file, or naming the line.
    static func words(_ file: String, strategies: String? = nil) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw PlanFileError("--plan '\(file)' does not exist or cannot be read")
        }
        guard let text = String(data: data, encoding: .utf8) else { throw PlanFileError("\(file): not UTF-8 text") }
        return try PlanFile(file: file).words(of: text, strategies: strategies)
    }

    func words(of text: String, strategies: String? = nil) throws -> [String] {
        let root: Yams.Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw self.error(for: error)
        }
        guard let root else {
            throw PlanFileError("\(file): empty; an experiment has keys such as task and strategies")
        }
        let allowed = RunOptionNames.all.map(\.name).filter { !Self.refused.contains($0) } + [Self.rows]
        var parts: [(words: [String], node: Yams.Node)] = []
        let keys = try fields(of: root, allowed: allowed, ofStrategies: true)
        for (key, value) in keys {
            let own = key.string == Self.rows ? [try self.strategies(value)] : try self.words(key, value)
            try check(own, at: value)
            if key.string == "target" { try checkTarget(value, among: keys) }
            parts.append((own, value))
        }
        try checkRows(parts, strategies: strategies)
        return parts.flatMap(\.words)
    }

    /// Checks that somebody has each option that a key sets, where it is said who takes part: a command that is given no
    /// strategies has some of its own.
    private func checkRows(_ parts: [(words: [String], node: Yams.Node)], strategies: String?) throws {
        let option = "--strategy="
        let own = parts.flatMap(\.words).last(where: { $0.hasPrefix(option) }).map {
            String($0.dropFirst(option.count))
        }
        // A wrong list of the command line is answered when that is read.
        guard let list = strategies ?? own, let rows = try? StrategyChoice.parse(list) else { return }
        let whole = try PlanFileKeys.of(parts.flatMap(\.words)).builder
        for (words, node) in parts {
            do {
                try PlanFileKeys.of(words).settings.check(rows, countsNodes: whole.countsNodes)
            } catch { throw self.error(at: node, Bench.message(for: error)) }
        }
    }

    /// Checks a target in the unit of the metric. Where neither the metric nor a task of the program's is in the file,
    /// the target of any metric is accepted.
    private func checkTarget(_ node: Yams.Node, among keys: [(key: Yams.Node, value: Yams.Node)]) throws {
        func value(_ key: String) -> String? { keys.first { $0.key.string == key }?.value.string }
        let text = try scalar(node)
        var metrics = Metric.allCases
        if let named = value("judged-by").flatMap(Metric.init(rawValue:)) {
            metrics = [named]
        } else if let task = value("task").flatMap({ try? TrainingTask.named($0) }) {
            metrics = [task.metric]
        }
        guard !metrics.contains(where: { (try? $0.target(parsing: text)) != nil }) else { return }
        do throws(Quantity.Failure) {
            _ = try metrics[0].target(parsing: text)
        } catch {
            throw self.error(at: node, "target, \(metrics[0].oneOfThem): \(error)")
        }
    }

    private static let rows = "strategies"
    /// Options that do not describe an experiment.
    private static let refused: Set = ["plan", "help", "version"]

    // MARK: Keys

    /// The entries of a mapping in their order, each key known.
    ///
    /// - Parameter ofStrategies: whether a key can be the option of one strategy, such as `sync.batch`, which ``check(_:at:)``
    ///   answers with the options of that strategy where it has no such.
    private func fields(
        of node: Yams.Node, allowed: [String], ofStrategies: Bool = false
    ) throws -> [(key: Yams.Node, value: Yams.Node)] {
        guard let mapping = node.mapping else {
            throw error(at: node, "expected keys: \(allowed.joined(separator: ", "))")
        }
        return try mapping.map { key, value -> (key: Yams.Node, value: Yams.Node) in
            let name = key.string ?? "?"
            guard allowed.contains(name) || (ofStrategies && name.contains(".")) else {
                throw error(at: key, UnknownName.message("key", found: name, allowed: allowed))
            }
            return (key, value)
        }
    }

    private func words(_ key: Yams.Node, _ value: Yams.Node) throws -> [String] {
        let name = key.string ?? ""
        let isFlag = RunOptionNames.all.first { $0.name == name }?.value == nil && !name.contains(".")
        let values = try value.sequence.map { try $0.map(scalar) } ?? [scalar(value)]
        guard isFlag else { return values.map { "--\(name)=\($0)" } }
        guard values.count == 1, let isOn = Bool(values[0]) else {
            throw error(at: value, "\(name) is \(values.joined(separator: ", ")); allowed is true or false")
        }
        return isOn ? ["--\(name)"] : []
    }

    private func scalar(_ node: Yams.Node) throws -> String {
        guard let text = node.scalar?.string else { throw error(at: node, "expected one value, not a list or mapping") }
        return text
    }

    // MARK: Strategies

    private func strategies(_ node: Yams.Node) throws -> String {
        guard let rows = node.sequence else { throw error(at: node, "expected a list of strategies") }
        let texts = try rows.map { row in
            let text = try row.scalar?.string ?? variant(row)
            do {
                for choice in try StrategyChoice.parse(text) { try choice.check() }
            } catch { throw self.error(at: row, Bench.message(for: error)) }
            return text
        }
        return "--strategy=\(texts.joined(separator: ","))"
    }

    /// The text of a row that is given by its parts.
    private func variant(_ node: Yams.Node) throws -> String {
        var (strategy, options, label) = ("", [String](), [String]())
        for (key, value) in try fields(of: node, allowed: ["strategy", "options", "label"]) {
            switch key.string {
            case "strategy": strategy = try scalar(value)
            case "label":
                let text = try scalar(value)
                guard !text.contains(where: { "(),".contains($0) }) else {
                    throw error(at: value, "the label '\(text)' has a bracket or a comma; allowed are others")
                }
                label = ["label=\(text)"]
            default:
                options = try fields(of: value, allowed: PlanOptions.all.map(\.name)).map { key, value in
                    "\(key.string ?? "")=\(try scalar(value))"
                }
            }
        }
        guard !strategy.isEmpty else { throw error(at: node, "a strategy has the keys strategy, options and label") }
        guard !(options + label).isEmpty else { return strategy }
        return "\(strategy)(\((options + label).joined(separator: ",")))"
    }

    // MARK: Errors

    /// Checks everything about one key that can be checked without the others.
    private func check(_ words: [String], at node: Yams.Node) throws {
        do {
            let options = try PlanFileKeys.of(words)
            try options.builder.checkRanges()
            for setting in try options.settings.settings() {
                do throws(OptionError) {
                    _ = try PlanOptions.named(setting.name)?.allowed.value(of: setting.value)
                } catch { throw ValidationError("\(error.of(setting.name))") }
            }
        } catch { throw self.error(at: node, Bench.message(for: error)) }
    }

    private func error(at node: Yams.Node, _ message: String) -> PlanFileError {
        PlanFileError(node.mark.map { "\(file):\($0.line): \(message)" } ?? "\(file): \(message)")
    }

    private func error(for error: YamlError) -> PlanFileError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            PlanFileError("\(file):\(mark.line): not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            PlanFileError("\(file):\(context.mark.line): the key '\(keys.first ?? "?")' stands twice")
        default: PlanFileError("\(file): not YAML: \(error)")
        }
    }
}

/// The options of `bench run` as a file may give them, without checks of their combination.
private struct PlanFileKeys: ParsableArguments {
    @OptionGroup var experiment: ExperimentOptions
    @OptionGroup var training: TrainingOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var settings: StrategySettings
    @OptionGroup var files: FileOptions
    @OptionGroup var checkpoints: CheckpointOptions
    @OptionGroup var tuned: TunedOptions

    /// - Parameter words: of a command line, without the command's name.
    static func of(_ words: [String]) throws -> PlanFileKeys {
        try parse(CommandWords.rewritten(["run"] + words).dropFirst().map(\.self))
    }

    var builder: PlanBuilder {
        PlanBuilder(experiment: experiment, training: training, cluster: cluster, settings: settings, data: files.data)
    }
}

/// The options of `bench run` by their names, in the order of its help.
enum RunOptionNames {
    /// `value` is the help's name for the option's value; nil for a flag.
    static let all: [(name: String, value: String?)] = {
        let lines = Bench.helpMessage(for: Run.self, columns: 1000).split(separator: "\n")
        return lines.compactMap { line in
            guard let match = line.firstMatch(of: /^\s+(?:-\w, )?--([a-z][a-z0-9-]*)(?: <([^>]+)>)?(?:\s|$)/) else {
                return nil
            }
            return (String(match.1), match.2.map(String.init))
        }
    }()
}
