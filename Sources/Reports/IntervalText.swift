import Diagnostics
import Statistics

/// How an interval was made, in words.
enum IntervalText {
    /// A sentence about the resolution of a curve.
    static let steps = """
        An interval of times reaches at least from the evaluation before the one that found the target reached: when \
        in between it was reached nobody knows.
        """

    /// How the intervals of medians over so many seeds were made.
    static func medians(seeds: Int) -> String {
        switch seeds {
        case 1: return "One seed: no interval over seeds can be given; brackets are the step between two evaluations."
        case 2...5:
            return """
                Medians over \(seeds) seeds; in brackets a 95 % interval by Student's t, of the logarithms for times and costs, \
                which takes them for normally distributed: without that, \(seeds) values give none of 95 % (six do). Where a seed \
                never got to the target it is from the least to the greatest value, which covers the median with \
                \(Format.percent(SpreadSummary.orderStatisticsCoverage(seeds), decimals: 0)) probability.
                """
        default:
            return """
                Medians over \(seeds) seeds; in brackets the interval between order statistics that covers the median with \
                \(Format.percent(SpreadSummary.orderStatisticsCoverage(seeds), decimals: 0)) probability, whatever the \
                distribution.
                """
        }
    }

    /// How the intervals of paired comparisons over so many seeds were made.
    static func pairs(seeds: Int) -> String {
        seeds < 6
            ? "the 95 % interval is Student's t on the paired \(seeds) values (their logarithms for times)"
            : "the 95 % interval is between order statistics of the paired values (the sign test's)"
    }
}
