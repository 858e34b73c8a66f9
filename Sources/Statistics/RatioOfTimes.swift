import Foundation

/// How much longer one sample of times is than another: the Hodges-Lehmann estimate of the ratio and the interval that
/// goes with the Mann-Whitney test (E. Lehmann, *Nonparametrics*, chapter 2). The only assumption about the
/// distributions is that both have the same shape.
package struct RatioOfTimes: Hashable, Sendable {
    /// current / baseline: the median of all ratios of one value to one of the other sample.
    package let ratio: Double
    /// 0 where the samples are too small for the confidence.
    package let low: Double
    /// Infinite where the samples are too small for the confidence.
    package let high: Double
    /// The one-sided p-value of the hypothesis that the current times are no longer. Exact without ties; a tie counts
    /// half for either side and is rounded against a finding.
    package let pSlower: Double
    package let pFaster: Double

    /// - Precondition: each sample has a value, and all values are positive and finite.
    package init(current: [Double], baseline: [Double], confidence: Double = 0.95) {
        precondition(!current.isEmpty && !baseline.isEmpty, "\(current.count) and \(baseline.count) times")
        precondition((current + baseline).allSatisfy { $0 > 0 && $0.isFinite }, "times that are not above 0")
        let logarithms = current.flatMap { current in baseline.map { log(current) - log($0) } }.sorted()
        ratio = exp(SpreadSummary(logarithms).median)
        let distribution = MannWhitney(current.count, baseline.count)
        // The largest number of differences that can be left out at each end.
        let cut = distribution.cumulative.prefix { $0 <= (1 - confidence) / 2 }.count - 1
        low = cut < 0 ? 0 : exp(logarithms[cut])
        high = cut < 0 ? .infinity : exp(logarithms[logarithms.count - 1 - cut])
        let above = current.reduce(0.0) { sum, value in
            sum + baseline.reduce(0.0) { $0 + (value > $1 ? 1 : value == $1 ? 0.5 : 0) }
        }
        let all = Double(current.count * baseline.count)
        // Half-integers are rounded down before the tail is taken, which makes it larger.
        pSlower = distribution.upperTail(above.rounded(.down))
        pFaster = distribution.upperTail((all - above).rounded(.down))
    }
}
