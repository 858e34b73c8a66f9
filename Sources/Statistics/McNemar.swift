import Foundation

/// Whether one of two classifiers is right more often than the other on the same samples (Q. McNemar 1947), exactly.
/// Samples that both have right, or both wrong, say nothing; if neither classifier is better, each other sample is a
/// fair coin.
package enum McNemar {
    /// Samples that have the same weight.
    package struct Stratum: Hashable, Sendable {
        /// The weight of one sample; only ratios between strata matter.
        package let weight: Double
        /// Samples that the first classifier has right and the second wrong.
        package let wins: Int
        /// Samples that the second classifier has right and the first wrong.
        package let losses: Int

        package init(weight: Double, wins: Int, losses: Int) {
            precondition(weight >= 0 && wins >= 0 && losses >= 0, "\(wins) to \(losses) of weight \(weight)")
            (self.weight, self.wins, self.losses) = (weight, wins, losses)
        }
    }

    /// The two-sided p-value; 1 where no sample tells the two apart.
    package static func pValue(wins: Int, losses: Int) -> Double { SignTest.pValue(wins: wins, losses: losses) }

    /// The two-sided p-value for samples of different weights: the probability that the weighted difference of wins and
    /// losses is at least as far from 0, if every sample that tells the two apart were a fair coin.
    ///
    /// The test is exact whatever the weights are, also after they were rounded to whole multiples of a thousandth of
    /// the largest (a multiple of that for thousands of samples): rounding changes what the test looks at, but not its
    /// level.
    ///
    /// - Complexity: at most about 10⁷ multiplications.
    package static func pValue(_ strata: [Stratum]) -> Double {
        let present = strata.filter { $0.weight > 0 && $0.wins + $0.losses > 0 }
        guard let largest = present.map(\.weight).max() else { return 1 }
        var units = mostUnits
        var groups = Groups(present, largest: largest, units: units)
        while groups.cost > mostCost, units > leastUnits {
            units /= 2
            groups = Groups(present, largest: largest, units: units)
        }
        return groups.pValue
    }

    private static let mostUnits = 1000.0
    private static let leastUnits = 8.0
    private static let mostCost = 10_000_000
}

/// Strata with the same whole number of units, merged.
private struct Groups {
    private struct Group {
        let units: Int
        let wins: Int
        let losses: Int
        /// The least number of heads among the coins whose probability counts.
        let first: Int
        /// The probabilities of that number of heads and of the numbers that follow.
        let masses: [Double]

        init(units: Int, wins: Int, losses: Int) {
            (self.units, self.wins, self.losses) = (units, wins, losses)
            let coins = wins + losses
            let all = (0...coins).map { Binomial.mass($0, coins, 0.5) }
            // The probabilities that are left out on both sides are far below the last digit of any p-value in use.
            let first = all.firstIndex { $0 > 1e-25 } ?? 0
            self.first = first
            masses = Array(all[first...(coins - first)])
        }
    }

    private let groups: [Group]

    init(_ strata: [McNemar.Stratum], largest: Double, units: Double) {
        var counts: [Int: (wins: Int, losses: Int)] = [:]
        for stratum in strata {
            let own = max(1, Int((stratum.weight / largest * units).rounded()))
            counts[own, default: (0, 0)].wins += stratum.wins
            counts[own, default: (0, 0)].losses += stratum.losses
        }
        groups = counts.sorted { $0.key < $1.key }.map {
            Group(units: $0.key, wins: $0.value.wins, losses: $0.value.losses)
        }
    }

    /// Sums that the groups after the first can make, times the terms of each.
    var cost: Int {
        guard groups.count > 1 else { return 0 }
        let sums = groups.reduce(1) { $0 + $1.units * ($1.masses.count - 1) }
        return groups.reduce(0) { $0 + $1.masses.count } * sums
    }

    var pValue: Double {
        guard groups.count > 1 else { return SignTest.pValue(wins: groups[0].wins, losses: groups[0].losses) }
        let seen = abs(groups.reduce(0) { $0 + $1.units * ($1.wins - $1.losses) })
        // The probability of each sum of units of heads, beginning with the least sum.
        var probabilities = [1.0]
        for group in groups {
            var sums = Array(repeating: 0.0, count: probabilities.count + group.units * (group.masses.count - 1))
            for (heads, mass) in group.masses.enumerated() {
                let shift = heads * group.units
                for (sum, probability) in probabilities.enumerated() { sums[sum + shift] += probability * mass }
            }
            probabilities = sums
        }
        // The difference of heads and tails is twice the heads less all coins.
        let least = groups.reduce(0) { $0 + $1.units * (2 * $1.first - $1.wins - $1.losses) }
        let tail = probabilities.enumerated().reduce(0.0) { total, entry in
            abs(least + 2 * entry.offset) >= seen ? total + entry.element : total
        }
        return min(1, tail)
    }
}
