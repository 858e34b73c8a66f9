import Diagnostics
public import Training

/// A value of a metric to reach. Measured values are compared with it as the exact numbers that both stand for: from
/// below where higher is better, from above where lower is.
///
/// *Accuracies.* An accuracy is a share of n samples and a target is a decimal, but both are kept as floating-point
/// numbers, and the mean of three times 0.95 is 0.9499999999999998. Two sums of such numbers that are equal exactly
/// differ by rounding less than ``slack``; two that are not differ by 1 / (n d) or more, where 1 / d is the last place
/// of the target: far more than the slack for any n and d whose product is below 1e14, such as a hundred million
/// samples and 97.1234 %.
///
/// *Other metrics* have values of any size, and rounding moves values in proportion: the slack is that of a target of 1
/// times the target. Two measured values that a reader would tell apart are never that close.
public struct Target: Hashable, Sendable {
    /// In the unit of the metric: for accuracy a fraction.
    public let value: Double
    /// The metric whose value is to reach the target.
    public let metric: Metric

    /// - Parameter value: in the metric's unit.
    public init(_ value: Double, of metric: Metric) {
        self.value = value
        self.metric = metric
    }

    /// - Parameter value: a fraction.
    public static func accuracy(_ value: Double) -> Target { Target(value, of: .accuracy) }

    /// Accuracies and a target of at most 1 are each 2^-54 from what they stand for (a target that was divided by 100 after
    /// it was parsed twice that), and the sums of three, below 4, are rounded to 2^-52 at most: 19 / 2^54 in all.
    private static let slack = 0x1p-49
    /// The number of values for which the slack is derived.
    private static let mostValues = 3

    /// Whether the mean of one to three values is at the target or better; false if one of them is NaN.
    public func isReached(by values: some Collection<Double>) -> Bool {
        precondition((1...Self.mostValues).contains(values.count), "\(values.count) values")
        let (sum, needed) = (values.reduce(0, +), value * Double(values.count))
        let slack = metric.isShareOfOne ? Self.slack : Self.slack * abs(value)
        return metric.isHigherBetter ? sum + slack >= needed : sum - slack <= needed
    }

    /// Whether one value is at the target.
    public func isReached(by value: Double) -> Bool { isReached(by: CollectionOfOne(value)) }

    // MARK: Texts

    /// The target for heads of tables: `97 %`, or `perplexity 4.5`.
    package var title: String {
        metric == .accuracy ? metric.targetText(value) : "\(metric.title) \(metric.targetText(value))"
    }

    /// The target in sentences: `97 %`, or `a perplexity of 4.5`.
    package var words: String {
        metric == .accuracy ? metric.targetText(value) : "\(metric.oneOfThem) of \(metric.targetText(value))"
    }
}

extension Metric {
    /// Whether values are shares, of at most 1.
    fileprivate var isShareOfOne: Bool { self == .accuracy || self == .auc }
}
