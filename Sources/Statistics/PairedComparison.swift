import Foundation

/// Two strategies on the same seeds: how much, how sure, and which.
///
/// *All values finite*, two to five pairs: Student's t on the paired differences, of the logarithms on the logarithmic
/// scale. *Six pairs or more*: order statistics of the paired effects and the sign test, without an assumption on their
/// distribution. *A value is infinite* (never reached): no ratio is made up; Fisher's exact test on how many got there, and
/// where that shows nothing, the sign test on who was better.
public struct PairedComparison: Hashable, Sendable {
    public enum Verdict: Sendable {
        case firstIsBetter, secondIsBetter, noDifferenceShown
    }

    public enum Basis: Sendable {
        case studentT, orderStatistics, reached
        /// One pair shows nothing.
        case none
    }

    public let pairs: Int
    /// Of the first: a finite value beats infinity, two infinities tie.
    public let wins: Int
    public let losses: Int
    public let ties: Int
    /// Finite values.
    public let firstReached: Int
    public let secondReached: Int
    /// The median of the paired ratios second / first, or differences first - second; nil where a value is infinite.
    public let effect: Double?
    public let low: Double?
    public let high: Double?
    /// Two-sided.
    public let pValue: Double?
    public let basis: Basis
    public let verdict: Verdict

    /// - Parameters:
    ///   - first: in the order of seeds, infinity for what was never reached.
    ///   - second: of the same seeds.
    ///   - scale: `.logarithmic` for times, where 1.81 means that the first is 1.81 times as fast.
    public init(
        _ first: [Double], _ second: [Double], scale: Scale, smallerIsBetter: Bool, confidence: Double = 0.95
    ) {
        precondition(first.count == second.count && !first.isEmpty, "\(first.count) and \(second.count) values")
        pairs = first.count
        wins = zip(first, second).count { $0 != $1 && ($0 < $1) == smallerIsBetter }
        ties = zip(first, second).count { $0 == $1 }
        losses = first.count - wins - ties
        firstReached = first.count(where: \.isFinite)
        secondReached = second.count(where: \.isFinite)
        let alpha = 1 - confidence

        guard firstReached == pairs, secondReached == pairs else {
            (effect, low, high) = (nil, nil, nil)
            basis = .reached
            let fisher = FisherExact.pValue(firstReached, pairs - firstReached, secondReached, pairs - secondReached)
            let sign = SignTest.pValue(wins: wins, losses: losses)
            let isByCount = fisher <= alpha
            pValue = isByCount ? fisher : sign
            let isFirst = isByCount ? firstReached > secondReached : wins > losses
            verdict =
                isByCount || sign <= alpha ? (isFirst ? .firstIsBetter : .secondIsBetter) : .noDifferenceShown
            return
        }

        // Above 0 the first is better on a scale of ratios second / first.
        let effects = zip(first, second).map { first, second in
            scale == .logarithmic ? log(second / first) : first - second
        }
        let median = SpreadSummary(effects).median
        effect = scale.back(median)
        let bounds: (low: Double, high: Double)
        switch pairs {
        case 1:
            (basis, pValue, low, high, verdict) = (.none, nil, nil, nil, .noDifferenceShown)
            return
        case 2...5:
            let interval = TInterval(effects, confidence: confidence)
            bounds = (interval.low, interval.high)
            (basis, pValue) = (.studentT, interval.pValue)
        default:
            let sorted = effects.sorted()
            let cut = SpreadSummary.cut(sorted.count, confidence: confidence)
            bounds = (sorted[cut], sorted[sorted.count - 1 - cut])
            (basis, pValue) = (.orderStatistics, SignTest.pValue(wins: wins, losses: losses))
        }
        (low, high) = (scale.back(bounds.low), scale.back(bounds.high))
        let positiveIsBetter = scale == .logarithmic ? smallerIsBetter : !smallerIsBetter
        if bounds.low > 0 {
            verdict = positiveIsBetter ? .firstIsBetter : .secondIsBetter
        } else if bounds.high < 0 {
            verdict = positiveIsBetter ? .secondIsBetter : .firstIsBetter
        } else {
            verdict = .noDifferenceShown
        }
    }
}
