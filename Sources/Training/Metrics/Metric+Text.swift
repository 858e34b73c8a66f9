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

    /// Parses a target as people write it: of an accuracy or an AUC `97%` or 0.97, of others a number such as 4.5.
    ///
    /// - Throws: what was found and what the metric allows.
    package func target(parsing text: String) throws(Quantity.Failure) -> Double {
        let value = try number(parsing: text)
        guard allows(target: value) || self == .accuracy && value == 0 else {
            throw Quantity.Failure(description: "'\(text)' is no target; allowed is \(allowedTargets)")
        }
        return value
    }

    /// Parses a difference that nobody cares for, 0 or more: of an accuracy or an AUC `0.5%` or 0.005, of others a number.
    ///
    /// - Throws: what was found and what is allowed.
    package func margin(parsing text: String) throws(Quantity.Failure) -> Double {
        let value = try number(parsing: text)
        guard value >= 0 else {
            throw Quantity.Failure(description: "'\(text)' is negative; allowed is a difference of 0 or more")
        }
        return value
    }

    private func number(parsing text: String) throws(Quantity.Failure) -> Double {
        switch self {
        case .accuracy, .auc: return try Quantity.fraction(text)
        case .loss, .perplexity, .rmse:
            guard let value = Quantity.number(text) else {
                throw Quantity.Failure(
                    description:
                        "'\(text)' is no number without a unit, as of \(oneOfThem); allowed is \(allowedTargets)")
            }
            return value
        }
    }
}
