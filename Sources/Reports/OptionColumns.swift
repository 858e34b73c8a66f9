import Experiments
import Training

/// Columns of a CSV file for the options of strategies: one for each name that a strategy of the plan has and that is no
/// column already, as the number of workers is.
struct OptionColumns {
    private let options: [String]

    init(_ plan: ExperimentPlan, besides columns: [String]) {
        options = Set(plan.strategies.flatMap(\.options.keys)).filter { !columns.contains(Self.column($0)) }.sorted()
    }

    var names: [String] { options.map(Self.column) }

    /// The column's name, with underscores as in all columns.
    private static func column(_ option: String) -> String { option.replacing("-", with: "_") }

    /// The values of a strategy's options; empty fields for options that it does not have.
    func values(of plan: StrategyPlan) -> [String] { options.map { plan.options[$0]?.description ?? "" } }
}
