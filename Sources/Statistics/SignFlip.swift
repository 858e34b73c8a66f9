import Foundation

/// Whether the mean of paired differences is not 0, by the randomisation test of R. Fisher 1935, *The Design of
/// Experiments*, section 21: if neither of two models is better, the difference of their losses on a sample could as
/// well have the other sign. The two-sided p-value is the share of all combinations of signs for which the sum of the
/// differences is at least as far from 0. ``McNemar`` is the same test for right and wrong answers.
///
/// Unlike the sign test and Wilcoxon's test it is a test of the mean, so that it cannot call a model better whose mean
/// loss is worse. Differences may be weighted beforehand.
///
/// *Up to ``mostEnumerated`` differences* the test is exact. *For more* the sum is treated as normal with its own
/// variance under random signs, the sum of squares, and is moved towards 0 by the least difference: half a step if all
/// are equal, and negligible otherwise. The sum's fourth cumulant is -2 times the sum of fourth powers, below 0, so
/// that beyond √3 standard deviations the true tail is smaller than the normal one in the first order of Edgeworth's
/// series: at 5 % and below the test errs, if at all, towards no difference. One sample that outweighs all others shows
/// nothing.
package enum SignFlip {
    /// At most 2¹⁶ combinations of signs are tried.
    static let mostEnumerated = 16

    /// The two-sided p-value; 1 where all differences are 0. Where a difference is infinite, as for a model that
    /// diverged, only signs are counted (``SignTest``).
    ///
    /// - Parameter differences: NaN is left out.
    package static func pValue(_ differences: [Double]) -> Double {
        let present = differences.filter { $0 != 0 && !$0.isNaN }
        guard !present.isEmpty else { return 1 }
        guard present.allSatisfy(\.isFinite) else {
            return SignTest.pValue(wins: present.count { $0 > 0 }, losses: present.count { $0 < 0 })
        }
        // Scaled by the largest difference, whose square could otherwise overflow.
        let largest = present.reduce(0) { max($0, abs($1)) }
        let scaled = present.map { $0 / largest }
        return scaled.count <= mostEnumerated ? exact(scaled) : normal(scaled)
    }

    private static func normal(_ differences: [Double]) -> Double {
        let (sum, squares) = differences.reduce((0.0, 0.0)) { ($0.0 + $1, $0.1 + $1 * $1) }
        let least = differences.reduce(.infinity) { min($0, abs($1)) }
        return min(1, 2 * Normal.cumulative(-max(0, abs(sum) - least) / squares.squareRoot()))
    }

    private static func exact(_ differences: [Double]) -> Double {
        // Sums that are equal exactly can differ by rounding.
        let seen = abs(differences.reduce(0, +)) - 1e-12 * Double(differences.count)
        let all = 1 << differences.count
        let far = (0..<all).count { signs in
            let sum = differences.indices.reduce(0.0) {
                $0 + (signs >> $1 & 1 == 1 ? differences[$1] : -differences[$1])
            }
            return abs(sum) >= seen
        }
        return Double(far) / Double(all)
    }
}
