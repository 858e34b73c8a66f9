import Foundation

/// The scale on which differences count.
public enum Scale: Sendable {
    case linear
    /// For positive values, whose differences are ratios: times, costs.
    case logarithmic

    func transformed(_ value: Double) -> Double { self == .linear ? value : log(value) }
    func back(_ value: Double) -> Double { self == .linear ? value : exp(value) }
}

/// What an interval rests on.
public enum IntervalMethod: String, Sendable {
    /// Between order statistics, symmetric about the median: no assumption on the distribution.
    case orderStatistics
    /// Student's t on the scale: takes the values for normally distributed.
    case studentT
    /// From the least to the greatest value.
    case range
    /// One value: none.
    case single
}

/// A median and a 95 % interval for it, over seeds.
///
/// *Six values or more*: the narrowest interval between order statistics that holds the true median with at least 95 %
/// probability, by the binomial distribution, whatever the distribution of the values (W. Conover, *Practical
/// Nonparametric Statistics*, section 3.2). *Two to five*: no such interval exists, so a distribution has to be
/// assumed: Student's t, for the logarithms on the logarithmic scale. Where one of so few values is infinite, the
/// interval goes from the least to the greatest, and `coverage` tells its probability.
///
/// *Values that come in steps* (``SteppedValue``): the interval goes from the lower end of the interval over the steps'
/// beginnings to the upper end of the interval over their ends. Between order statistics it holds the true median with
/// the same probability, since no true value lies outside its step; it is never narrower than the steps.
public struct SpreadSummary: Hashable, Sendable {
    /// The median of all values.
    public let median: Double
    /// The lower end of the interval.
    public let low: Double
    /// The upper end of the interval.
    public let high: Double
    /// The probability with which the interval holds the true median; 0 for a single value.
    public let coverage: Double
    /// What the interval rests on.
    public let method: IntervalMethod

    private static let confidence = 0.95
    /// With fewer values no interval between order statistics has the wanted coverage.
    private static let leastForOrderStatistics = 6

    /// - Parameters:
    ///   - values: at least one; infinity where a target was never reached, which sorts last, so that the median is
    ///     not one of the successful values only.
    ///   - bounds: the possible values, such as 0...1 for accuracies; an interval that goes beyond is cut off.
    public init(_ values: [Double], scale: Scale = .linear, within bounds: ClosedRange<Double>? = nil) {
        precondition(!values.isEmpty, "a summary of no values")
        let sorted = values.sorted()
        median = Median.ofSorted(sorted)
        let (least, greatest) = (sorted[0], sorted[sorted.count - 1])
        if sorted.count == 1 {
            (low, high, coverage, method) = (median, median, 0, .single)
        } else if sorted.count >= Self.leastForOrderStatistics {
            let cut = Self.cut(sorted.count)
            (low, high) = (sorted[cut], sorted[sorted.count - 1 - cut])
            (coverage, method) = (Self.coverage(sorted.count, cut: cut), .orderStatistics)
        } else if greatest.isFinite, scale == .linear || least > 0 {
            // The sample median lies within: it is no farther from the mean than the deviation s', which is
            // s * sqrt((n - 1) / n), and t / sqrt(n) is larger than that factor for n up to 5.
            let interval = TInterval(sorted.map(scale.transformed), confidence: Self.confidence)
            let isPoint = least == greatest
            low = isPoint ? least : max(scale.back(interval.low), bounds?.lowerBound ?? -.infinity)
            high = isPoint ? least : min(scale.back(interval.high), bounds?.upperBound ?? .infinity)
            (coverage, method) = (Self.confidence, .studentT)
        } else {
            (low, high) = (least, greatest)
            (coverage, method) = (Self.coverage(sorted.count, cut: 0), .range)
        }
    }

    /// A summary of values that come in steps; the median is the median of the steps' ends. The interval of a single
    /// value is its step.
    package init(_ values: [SteppedValue], scale: Scale = .linear) {
        let ends = SpreadSummary(values.map(\.value), scale: scale)
        let beginnings = SpreadSummary(values.map(\.before), scale: scale)
        median = ends.median
        low = min(beginnings.low, ends.low)
        high = max(beginnings.high, ends.high)
        (coverage, method) = (ends.coverage, ends.method)
    }

    /// The probability that the interval between order statistics of `count` values holds the true median.
    public static func orderStatisticsCoverage(_ count: Int) -> Double { coverage(count, cut: cut(count)) }

    /// How many values can be left out at each end.
    static func cut(_ count: Int, confidence: Double = confidence) -> Int {
        var cut = 0
        while cut + 1 <= (count - 1) / 2, coverage(count, cut: cut + 1) >= confidence { cut += 1 }
        return cut
    }

    static func coverage(_ count: Int, cut: Int) -> Double {
        max(0, 1 - 2 * Binomial.cumulative(cut, trials: count, probability: 0.5))
    }
}

/// Student's interval for a mean.
struct TInterval {
    let mean: Double
    let low: Double
    let high: Double
    /// Two-sided, against a mean of 0.
    let pValue: Double

    /// - Precondition: two values or more.
    init(_ values: [Double], confidence: Double) {
        let count = Double(values.count)
        // Equal values have no variance, and rounding of their mean must not create one.
        let mean = values.allSatisfy { $0 == values[0] } ? values[0] : values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let error = (variance / count).squareRoot()
        let reach = StudentT.quantile((1 + confidence) / 2, degrees: count - 1) * error
        self.mean = mean
        low = mean - reach
        high = mean + reach
        pValue =
            error > 0
            ? 2 * StudentT.cumulative(-abs(mean / error), degrees: count - 1) : mean == 0 ? 1 : 0
    }
}
