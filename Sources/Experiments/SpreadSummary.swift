import Foundation

/// A median and an interval for it, over seeds.
///
/// The interval is between order statistics, symmetric about the median, which needs no assumption on the distribution
/// (W. Conover, *Practical Nonparametric Statistics*, section 3.2): the narrowest whose coverage, by the binomial distribution, is
/// 95 % or more. Below six values none is so good; then it is from the least to the greatest value, and `coverage`
/// tells how much that is worth: 75 % for three.
public struct SpreadSummary: Hashable, Sendable {
    public let median: Double
    public let low: Double
    public let high: Double

    /// - Parameter values: infinity for what was not reached; at least one.
    public init(_ values: [Double]) {
        precondition(!values.isEmpty, "a summary of no values")
        let sorted = values.sorted()
        let cut = Self.cut(sorted.count)
        let middle = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
        median = middle.0 == middle.1 ? middle.0 : (middle.0 + middle.1) / 2
        low = sorted[cut]
        high = sorted[sorted.count - 1 - cut]
    }

    /// The probability that the interval over `count` values holds the true median.
    public static func coverage(_ count: Int) -> Double { coverage(count, cut: cut(count)) }

    /// How many values can be left out at each end.
    private static func cut(_ count: Int) -> Int {
        var cut = 0
        while cut + 1 <= (count - 1) / 2, coverage(count, cut: cut + 1) >= 0.95 { cut += 1 }
        return cut
    }

    /// 1 - 2 P(Binomial(count, 1/2) <= cut).
    private static func coverage(_ count: Int, cut: Int) -> Double {
        let tail = (0...cut).reduce(0.0) {
            $0 + exp(lgamma(Double(count + 1)) - lgamma(Double($1 + 1)) - lgamma(Double(count - $1 + 1)))
        }
        return max(0, 1 - 2 * tail * pow(0.5, Double(count)))
    }
}
