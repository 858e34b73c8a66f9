import Foundation

/// Whether one of a pair is better more often than chance would have it.
package enum SignTest {
    /// The two-sided, exact p-value; 1 without wins and losses. Ties are not counted.
    package static func pValue(wins: Int, losses: Int) -> Double {
        let least = min(wins, losses)
        return min(1, 2 * Binomial.cumulative(least, trials: wins + losses, probability: 0.5))
    }

    /// The fewest pairs that are significant if all go one way: 6 at a level of 5 %.
    package static func leastPairs(level: Double) -> Int {
        precondition(level > 0 && level < 1, "a level of \(level)")
        return (1...).first { pValue(wins: $0, losses: 0) <= level } ?? 1
    }
}

/// Whether two shares differ, from the counts of a table [[a, b], [c, d]] (R. A. Fisher 1935).
package enum FisherExact {
    /// The two-sided p-value: the probability, with the margins fixed, of all tables that are at most as likely as this
    /// one.
    package static func pValue(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Double {
        let (row, column, all) = (a + b, a + c, a + b + c + d)
        func mass(_ k: Int) -> Double {
            exp(logChoose(column, k) + logChoose(all - column, row - k) - logChoose(all, row))
        }
        // Tables that are equally likely must not be told apart by rounding.
        let limit = mass(a) * (1 + 1e-7)
        let range = max(0, row + column - all)...min(row, column)
        return min(1, range.map(mass).filter { $0 <= limit }.reduce(0, +))
    }
}

/// The exact distribution of Mann and Whitney's U where both samples are of one distribution without ties.
struct MannWhitney {
    /// P(U <= u) for each u.
    let cumulative: [Double]

    init(_ first: Int, _ second: Int) {
        // The numbers of ways to get each sum, by how many of the first sample are placed (Mann and Whitney 1947).
        let most = first * second
        var ways = Array(repeating: Array(repeating: 0.0, count: most + 1), count: first + 1)
        ways[0][0] = 1
        for rank in 0..<(first + second) {
            for placed in stride(from: min(first, rank + 1), to: 0, by: -1) {
                // A member of the first sample at this place stands above the members of the second that were placed
                // before it.
                let above = rank - (placed - 1)
                guard above <= second else { continue }
                for sum in stride(from: most, through: above, by: -1) where ways[placed - 1][sum - above] > 0 {
                    ways[placed][sum] += ways[placed - 1][sum - above]
                }
            }
        }
        let all = ways[first].reduce(0, +)
        var running = 0.0
        cumulative = ways[first].map {
            running += $0
            return running / all
        }
    }

    /// P(U >= u), where ties may make u a multiple of one half.
    func upperTail(_ u: Double) -> Double {
        let below = Int(u.rounded(.up)) - 1
        return below < 0 ? 1 : 1 - cumulative[min(below, cumulative.count - 1)]
    }
}
