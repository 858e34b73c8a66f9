import ArgumentParser
import Diagnostics
import Experiments
import Strategies

/// Rows of results, as `--strategy` names them in commands that read results: by label, by strategy for all of its
/// rows, or `all`.
struct RowNames {
    private let names: [String]

    /// - Throws: `ValidationError` for an empty name.
    init(_ list: String) throws {
        names = try StrategyChoice.parts(of: list)
        if names.contains("") {
            let known = StrategyRegistry.all.map(\.name) + ["all"]
            throw ValidationError(UnknownName.message("strategy", found: "", allowed: known))
        }
    }

    /// The chosen rows, each once, in the order of the names.
    ///
    /// - Parameter missing: the error for a name that no row has; nil where that is not an error.
    func chosen(
        among plans: [StrategyPlan], missing: (String) -> (any Error)?
    ) throws -> [StrategyPlan] {
        var chosen: [StrategyPlan] = []
        for name in names {
            let found = plans.filter { name == "all" || $0.name == name || $0.strategy == name }
            if found.isEmpty, let error = missing(name) { throw error }
            for plan in found where !chosen.contains(where: { $0.name == plan.name }) { chosen.append(plan) }
        }
        return chosen
    }
}
