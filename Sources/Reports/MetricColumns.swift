import Experiments
import Training

/// Columns of a CSV file about a metric that is no accuracy: its name, then values in its own unit. They stand behind
/// the columns that every file has, so that readers of those find them in their places. A file of accuracies has no
/// such columns.
struct MetricColumns {
    private let metric: Metric
    /// Whether the file has these columns.
    let isPresent: Bool

    /// - Parameter always: whether a file of accuracies has the columns, too.
    init(_ metric: Metric, always: Bool = false) {
        self.metric = metric
        isPresent = always || metric != .accuracy
    }

    /// - Parameter values: the names of columns of values.
    func names(_ values: [String]) -> [String] { isPresent ? ["metric"] + values : [] }

    /// - Parameter values: nil, infinity and what is no number are empty fields.
    func fields(_ values: [Double?]) -> [String] {
        isPresent ? [metric.rawValue] + values.map(CSV.number) : []
    }

    /// Whether models have accuracies: those of a regression are never right, and nor is what their records have in that place.
    static func hasAccuracies(_ results: Results) -> Bool {
        switch results.plan.metric {
        case .accuracy: true
        case .rmse: false
        default: results.runs.contains { $0.evaluations.contains { $0.testAccuracy > 0 } }
        }
    }

    /// What a column of accuracies has of a value of the metric: nothing where it is none.
    func accuracy(_ value: Double) -> Double? { metric == .accuracy ? value : nil }
}
