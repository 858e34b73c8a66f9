import Diagnostics
import Fabrics
import Kernel
import Strategies
import Tasks
public import Training

/// The options of a plan's strategies by their names: those that all strategies share, those of each strategy, and the
/// all-reduce, which belongs to the fabric: what carries a strategy's messages.
package enum PlanOptions {
    package static let allReduceName = "allreduce"

    static let allReduce = OptionInfo(
        name: allReduceName, allowed: .form(usages: AllReduceAlgorithm.usages) { _ = try PlanOptions.algorithm($0) },
        source: "see 'bench list'", help: "How simulated workers add their gradients.", effect: .onTheNetwork)

    static let shared = TrainingConfiguration.specs.map(\.info)

    /// All options, each name once, in the order of lists.
    package static let all: [OptionInfo] = shared + StrategyRegistry.optionInfos + [allReduce]

    package static func named(_ name: String) -> OptionInfo? { all.first { $0.name == name } }

    /// The names of the strategies that have an option of this name in their tables.
    package static func users(of name: String) -> [String] {
        StrategyRegistry.all.filter { $0.has(name) }.map(\.name)
    }

    /// The message for an option that somebody does not have: with those who have it, where there are any.
    ///
    /// - Parameters:
    ///   - owner: a strategy, or a row by its label.
    ///   - own: the options that the owner's strategy has in its table.
    package static func unknown(_ name: String, of owner: String, own: [String]) -> String {
        let allowed = shared.map(\.name) + own
        let users = users(of: name)
        guard !users.isEmpty else { return UnknownName.message("option of \(owner)", found: name, allowed: allowed) }
        return ErrorText.message(
            """
            unknown option of \(owner) '\(name)', which is an option of \(users.joined(separator: ", ")). Allowed: \
            \(allowed.joined(separator: ", "))
            """)
    }

    /// Whether it is an option that some optimizers have and others do not.
    package static func isOfAnOptimizer(_ name: String) -> Bool {
        shared.contains { $0.name == name } && Optimizer.Kind.allCases.contains { !$0.uses(name) }
    }

    /// - Throws: ``ExperimentError`` with the allowed names.
    package static func algorithm(_ text: String) throws(ExperimentError) -> AllReduceAlgorithm {
        guard let algorithm = AllReduceAlgorithm(rawValue: text) else {
            throw ExperimentError(
                UnknownName.message("all-reduce algorithm", found: text, allowed: AllReduceAlgorithm.usages)
                    + " (SIZE ranks a group, COUNT servers: whole numbers from 1 to 1000000)")
        }
        return algorithm
    }
}

extension StrategyPlan {
    /// The row as `--strategy` takes it: its name alone where that says everything, as for a variant without a label.
    ///
    /// - Parameter defaults: the defaults of the task.
    package func written(_ defaults: TrainingTask.Defaults?) -> String {
        guard name != strategy, !(name.hasPrefix("\(strategy)(") && name.hasSuffix(")")) else { return name }
        let usual = description.flatMap { description in defaults?.values(of: description.options) } ?? [:]
        let own = options.filter { $0.value != usual[$0.key] }.sorted { $0.key < $1.key }
        return "\(strategy)(\((own.map { "\($0.key)=\($0.value)" } + ["label=\(name)"]).joined(separator: ",")))"
    }

    /// Whether an option of this name changes anything in this plan.
    public func uses(_ name: String) -> Bool {
        if name == PlanOptions.allReduceName {
            return roles.usesAllReduce && fabric != .threads && !roles.isSingleDevice
        }
        guard options[name] != nil else {
            return PlanOptions.shared.contains { $0.name == name } && configuration.optimizer.kind.uses(name)
        }
        switch PlanOptions.named(name)?.effect {
        case .onTheModel, .onTheTime, nil: return true
        case .onTheNetwork: return fabric != .threads && roles.ranks > 1
        case .beside(let other): return options[other] == .flag(true) && uses(other)
        }
    }

    /// Whether an option of this name changes anything beside the others as they are here, which a study may vary.
    package func usesAsItIs(_ name: String) -> Bool {
        guard uses(name), options[name] != nil, let description else { return uses(name) }
        return description.uses(name, among: options)
    }

    /// Whether the plan has an option of this name, with an effect or without.
    public func has(_ name: String) -> Bool {
        options[name] != nil || name == PlanOptions.allReduceName
            || PlanOptions.shared.contains { $0.name == name }
    }

    /// Sets an option by its name.
    ///
    /// - Parameters:
    ///   - text: the value as the command line has it.
    ///   - word: what an error calls the option; nil for its name.
    /// - Throws: ``OptionError`` for an option that the strategy does not have, or a value that is not allowed.
    public mutating func set(
        _ name: String, to text: String, calling word: String? = nil
    ) throws(OptionError) {
        guard let info = PlanOptions.named(name), has(name) else {
            let own = description?.optionInfos.map(\.name) ?? options.keys.sorted()
            throw OptionError(sentence: PlanOptions.unknown(name, of: self.name, own: own))
        }
        do throws(OptionError) {
            let value = try info.allowed.value(of: text)
            if let spec = TrainingConfiguration.specs.first(where: { $0.info.name == name }) {
                try spec.set(value, in: &configuration)
            } else if name == PlanOptions.allReduceName {
                allReduce = AllReduceAlgorithm(rawValue: text) ?? allReduce
            } else {
                options[name] = value
            }
        } catch { throw error.of(word ?? name) }
    }
}
