import Foundation

/// The binomial distribution.
package enum Binomial {
    /// P(X <= k) for `trials` trials.
    package static func cumulative(_ k: Int, trials: Int, probability: Double) -> Double {
        guard k >= 0 else { return 0 }
        guard k < trials else { return 1 }
        return min(1, (0...k).reduce(0.0) { $0 + mass($1, trials, probability) })
    }

    /// P(X = k).
    static func mass(_ k: Int, _ trials: Int, _ probability: Double) -> Double {
        if probability <= 0 { return k == 0 ? 1 : 0 }
        if probability >= 1 { return k == trials ? 1 : 0 }
        return exp(
            logChoose(trials, k) + Double(k) * log(probability) + Double(trials - k) * log1p(-probability))
    }

    /// The interval of C. Clopper and E. Pearson 1934 for the probability, after so many successes: its coverage is at
    /// least `confidence`, whatever the probability is.
    package static func interval(successes: Int, trials: Int, confidence: Double = 0.95) -> ClosedRange<Double> {
        precondition(trials > 0 && (0...trials).contains(successes), "\(successes) successes in \(trials) trials")
        let tail = (1 - confidence) / 2
        let low =
            successes == 0
            ? 0 : bisect { 1 - cumulative(successes - 1, trials: trials, probability: $0) < tail }
        let high =
            successes == trials ? 1 : bisect { cumulative(successes, trials: trials, probability: $0) > tail }
        return low...high
    }

    /// The upper end of the probabilities, from 0 on, for which `isBelow` holds.
    private static func bisect(_ isBelow: (Double) -> Bool) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if isBelow(middle) { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

/// The logarithm of the binomial coefficient n over k.
func logChoose(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
}

/// The standard normal distribution.
package enum Normal {
    package static func cumulative(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

    /// - Precondition: 0 < p < 1.
    package static func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1, "the quantile of \(p)")
        // Starts from the smaller tail, where the distribution function loses no digits.
        if p > 0.5 { return -quantile(1 - p) }
        return invert(p, from: -40, to: 0, cumulative)
    }
}

/// Student's t distribution.
package enum StudentT {
    /// P(T <= t): by the regularised incomplete beta function.
    package static func cumulative(_ t: Double, degrees: Double) -> Double {
        precondition(degrees > 0, "\(degrees) degrees of freedom")
        // Computed from the side whose argument is far from 1, where digits would be lost.
        let tail =
            t * t < degrees
            ? (1 - incompleteBeta(t * t / (degrees + t * t), 0.5, degrees / 2)) / 2
            : incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2
        return t > 0 ? 1 - tail : tail
    }

    /// - Precondition: 0 < p < 1.
    package static func quantile(_ p: Double, degrees: Double) -> Double {
        precondition(p > 0 && p < 1, "the quantile of \(p)")
        if p > 0.5 { return -quantile(1 - p, degrees: degrees) }
        var low = -1.0
        while cumulative(low, degrees: degrees) > p { low *= 2 }
        return invert(p, from: low, to: 0) { cumulative($0, degrees: degrees) }
    }

    /// I_x(a, b) by its continued fraction (W. Press et al., *Numerical Recipes*, section 6.4; NIST DLMF 8.17.22), by
    /// the method of Lentz.
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // The fraction converges quickly on this side of the mean only.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        // Added in steps, since the compiler takes seconds to choose among the overloads in one expression.
        var exponent: Double = lgamma(a + b) - lgamma(a) - lgamma(b)
        exponent += a * log(x)
        exponent += b * log1p(-x)
        let front = exp(exponent) / a
        let tiny = 1e-300
        var c = 1.0
        var d = 1 / nonzero(1 - (a + b) * x / (a + 1), tiny)
        var fraction = d
        for index in 1...10_000 {
            let m = Double(index)
            for term in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 / nonzero(1 + term * d, tiny)
                c = nonzero(1 + term / c, tiny)
                fraction *= c * d
            }
            if abs(c * d - 1) < 1e-16 { break }
        }
        return front * fraction
    }

    private static func nonzero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }
}

/// The argument at which an ascending function is `p`, to the last digits.
private func invert(_ p: Double, from: Double, to: Double, _ function: (Double) -> Double) -> Double {
    var (low, high) = (from, to)
    for _ in 0..<200 {
        let middle = (low + high) / 2
        if middle == low || middle == high { break }
        if function(middle) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
}
