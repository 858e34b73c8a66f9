import Diagnostics

/// How values are written.
extension Metric {
    /// Whether values are written in per cent.
    package var isShare: Bool { self == .accuracy }

    /// A value as tables show it: an accuracy in per cent with two decimals, an AUC with four, others with four significant
    /// digits; `-` for a model that has none any more.
    package func text(_ value: Double) -> String {
        switch self {
        case .accuracy: Format.percent(value, decimals: 2)
        case .auc: Format.fixed(value, 4)
        case .loss, .perplexity, .rmse: value.isFinite ? Format.significant(value, digits: 4) : "-"
        }
    }

    /// A value without its unit, for the ends of an interval behind a value.
    package func bareText(_ value: Double) -> String {
        isShare ? Format.fixed(value * 100, 2) : text(value)
    }

    /// A difference of two values, without a sign in front of one above 0: an accuracy's in points.
    package func differenceText(_ difference: Double) -> String {
        switch self {
        case .accuracy: Format.fixed(difference * 100, 2)
        case .auc: Format.fixed(difference, 4)
        case .loss, .perplexity, .rmse: Format.significant(difference)
        }
    }

    /// What a difference is told in, with a space in front; empty for numbers without a unit.
    package var differenceUnit: String { isShare ? " points" : "" }

    /// A target with all of its digits, as it was given: `97.25 %` or `4.5`.
    package func targetText(_ target: Double) -> String {
        isShare ? Format.exactPercent(target) : Format.exact(target)
    }
}
