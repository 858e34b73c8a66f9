import Foundation

/// Two strategies on the same seeds: how large the difference is, how sure, and which one is better.
///
/// *All values finite*, two to five pairs: Student's t on the paired differences, of the logarithms on the logarithmic
/// scale. *Six pairs or more*: order statistics of the paired effects and the sign test, without an assumption on their
/// distribution. *A value is infinite* (never reached): no ratio is made up; Fisher's exact test on how many got there, and
/// where that shows nothing, the sign test on who was better.
///
/// *Values that come in steps* (``SteppedValue``): the true effect of a pair lies between the least and the largest
/// effect that its two steps allow. The interval goes from the lower end over the least effects to the upper end over
/// the largest, and a pair whose steps overlap is a tie: differences below the size of steps cannot be shown.
public struct PairedComparison: Hashable, Sendable {
    /// What the comparison allows to say.
    public enum Verdict: Sendable {
        case firstIsBetter, secondIsBetter, noDifferenceShown
    }

    /// What the interval rests on.
    public enum Basis: Sendable {
        case studentT, orderStatistics, reached
        /// One pair shows nothing.
        case none
    }

    /// How many seeds both strategies have.
    public let pairs: Int
    /// Pairs that the first wins: a finite value beats infinity, two infinities tie.
    public let wins: Int
    /// Pairs that the second wins.
    public let losses: Int
    /// Pairs that neither wins.
    public let ties: Int
    /// Pairs whose two values are equal; a part of ``ties``.
    public let equals: Int
    /// How many values of the first are finite.
    public let firstReached: Int
    /// How many values of the second are finite.
    public let secondReached: Int
    /// The median of the paired ratios second / first, or differences first - second; nil where a value is infinite.
    public let effect: Double?
    /// The lower end of the effect's interval.
    public let low: Double?
    /// The upper end of the effect's interval.
    public let high: Double?
    /// The two-sided p-value; nil where there is no test.
    public let pValue: Double?
    /// What the interval rests on.
    public let basis: Basis
    /// What the comparison allows to say.
    public let verdict: Verdict

    /// - Parameters:
    ///   - first: the values in the order of seeds, infinity where the target was never reached.
    ///   - second: the values of the same seeds.
    ///   - scale: `.logarithmic` for times, where 1.81 means that the first is 1.81 times as fast.
    public init(
        _ first: [Double], _ second: [Double], scale: Scale, smallerIsBetter: Bool, confidence: Double = 0.95
    ) {
        self.init(
            first.map(SteppedValue.init(exact:)), second.map(SteppedValue.init(exact:)), scale: scale,
            smallerIsBetter: smallerIsBetter, confidence: confidence)
    }

    /// Compares values that come in steps.
    package init(
        _ first: [SteppedValue], _ second: [SteppedValue], scale: Scale, smallerIsBetter: Bool,
        confidence: Double = 0.95
    ) {
        precondition(first.count == second.count && !first.isEmpty, "\(first.count) and \(second.count) values")
        pairs = first.count
        let below = zip(first, second).count { $0.isBelow($1) }
        let above = zip(first, second).count { $1.isBelow($0) }
        (wins, losses) = smallerIsBetter ? (below, above) : (above, below)
        ties = first.count - wins - losses
        equals = zip(first, second).count { $0.value == $1.value }
        firstReached = first.count(where: \.value.isFinite)
        secondReached = second.count(where: \.value.isFinite)
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

        let effects = PairedEffects(first, second, scale)
        effect = scale.back(Median.of(effects.values))
        let bounds: (low: Double, high: Double)
        switch pairs {
        case 1:
            (basis, pValue, low, high, verdict) = (.none, nil, nil, nil, .noDifferenceShown)
            return
        case 2...5:
            let interval = effects.studentT(confidence)
            bounds = (interval.low, interval.high)
            (basis, pValue) = (.studentT, interval.pValue)
        default:
            bounds = effects.orderStatistics(confidence)
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

/// The effects of pairs, above 0 where the first is better by ratios second / first: as they were seen, and the least
/// and the largest that the steps allow.
private struct PairedEffects {
    let values: [Double]
    private let least: [Double]
    private let largest: [Double]

    init(_ first: [SteppedValue], _ second: [SteppedValue], _ scale: Scale) {
        func effect(_ first: Double, _ second: Double) -> Double {
            scale == .logarithmic ? log(second / first) : first - second
        }
        let pairs = Array(zip(first, second))
        values = pairs.map { effect($0.value, $1.value) }
        // A ratio grows with the second value, a difference with the first.
        let atBeginnings = pairs.map { effect($0.value, $1.before) }
        let atEnds = pairs.map { effect($0.before, $1.value) }
        (least, largest) = scale == .logarithmic ? (atBeginnings, atEnds) : (atEnds, atBeginnings)
    }

    /// Whether no step adds to the uncertainty.
    private var isExact: Bool { least == values && largest == values }

    /// Student's interval, widened by the steps, and the largest p-value that the steps allow; 1 where they allow a
    /// mean of 0.
    func studentT(_ confidence: Double) -> (low: Double, high: Double, pValue: Double) {
        let seen = TInterval(values, confidence: confidence)
        guard !isExact else { return (seen.low, seen.high, seen.pValue) }
        func isUsable(_ effects: [Double]) -> Bool { effects.allSatisfy(\.isFinite) }
        let lower = isUsable(least) ? TInterval(least, confidence: confidence) : nil
        let upper = isUsable(largest) ? TInterval(largest, confidence: confidence) : nil
        let low = min(seen.low, lower?.low ?? -.infinity)
        let high = max(seen.high, upper?.high ?? .infinity)
        let isOpen = (lower?.mean ?? -.infinity) <= 0 && (upper?.mean ?? .infinity) >= 0
        let pValue = isOpen ? 1 : max(seen.pValue, lower?.pValue ?? 0, upper?.pValue ?? 0)
        return (low, high, pValue)
    }

    /// The interval between order statistics, which leaves out the same number of least and of largest effects.
    func orderStatistics(_ confidence: Double) -> (low: Double, high: Double) {
        let cut = SpreadSummary.cut(values.count, confidence: confidence)
        return (least.sorted()[cut], largest.sorted()[values.count - 1 - cut])
    }
}
