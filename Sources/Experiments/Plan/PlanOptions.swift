import Diagnostics
import Fabrics
import Kernel
import Strategies
import Tasks
public import Training

/// The options of a plan's strategies by their names: those that all strategies have, those of each, and the all-reduce,
/// which belongs to what carries a strategy.
package enum PlanOptions {
    package static let allReduceName = "allreduce"

    static let allReduce = OptionInfo(
        name: allReduceName, allowed: .form(usages: AllReduceAlgorithm.usages) { _ = try PlanOptions.algorithm($0) },
        source: "see 'bench list'", help: "How simulated workers add their gradients.", effect: .onTheNetwork)

    static let shared = TrainingConfiguration.specs.map(\.info)

    /// Each name once, in the order of lists.
    package static let all: [OptionInfo] = shared + StrategyRegistry.optionInfos + [allReduce]

    package static func named(_ name: String) -> OptionInfo? { all.first { $0.name == name } }

    /// Whether it is an option that some optimizers have and others do not.
    package static func isOfAnOptimizer(_ name: String) -> Bool {
        shared.contains { $0.name == name } && Optimizer.Kind.allCases.contains { !$0.uses(name) }
    }

    /// - Throws: ``ExperimentError`` with the names that there are.
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
    /// The row as `--strategy` takes it: its name where that says all, as of a variant that was given no label.
    ///
    /// - Parameter defaults: of the task.
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
            let own = PlanOptions.shared.map(\.name) + (description?.optionInfos.map(\.name) ?? options.keys.sorted())
            throw OptionError(sentence: UnknownName.message("option of \(self.name)", found: name, allowed: own))
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
