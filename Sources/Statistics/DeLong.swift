import Foundation

/// The difference of the areas under the ROC curves of two models on the same samples, with its variance (E. DeLong,
/// D. DeLong and D. Clarke-Pearson 1988, *Comparing the Areas under Two or More Correlated Receiver Operating Characteristic
/// Curves: A Nonparametric Approach*, Biometrics 44, section 2).
///
/// Every sample has a placement: for a positive it is the share of negatives with a lower score, for a negative the
/// share of positives with a higher score, equal scores counting half. The areas are the means of placements. The
/// variance of their difference is the variance of the mean of the placements' differences, added up over positives and
/// negatives.
package struct DeLong: Hashable, Sendable {
    /// The area of the first model less that of the second.
    package let difference: Double
    package let variance: Double

    /// Nil for fewer than two samples of a label, whose variance is not known, and where a score is no number.
    ///
    /// - Parameters:
    ///   - first: a score for each sample, from the first model.
    ///   - second: a score for each sample, from the second model.
    ///   - labels: whether each sample is a positive.
    package init?(_ first: [Float], _ second: [Float], labels: [Bool]) {
        precondition(
            first.count == labels.count && second.count == labels.count,
            "\(first.count) and \(second.count) scores of \(labels.count) samples")
        let positives = labels.indices.filter { labels[$0] }
        let negatives = labels.indices.filter { !labels[$0] }
        guard min(positives.count, negatives.count) > 1, !(first + second).contains(where: \.isNaN) else { return nil }
        func placements(_ scores: [Float], _ own: [Int], _ others: [Int]) -> [Double] {
            let sorted = others.map { scores[$0] }.sorted()
            return own.map { sample in
                let below = Self.count(sorted) { $0 < scores[sample] }
                let upTo = Self.count(sorted) { $0 <= scores[sample] }
                return (Double(below) + Double(upTo)) / 2 / Double(sorted.count)
            }
        }
        func differences(_ own: [Int], _ others: [Int]) -> [Double] {
            zip(placements(first, own, others), placements(second, own, others)).map { $0 - $1 }
        }
        // A negative's placement is the share of positives above it, which is 1 less what is computed here.
        let (ofPositives, ofNegatives) = (differences(positives, negatives), differences(negatives, positives))
        difference = ofPositives.reduce(0, +) / Double(positives.count)
        variance = Self.varianceOfMean(ofPositives) + Self.varianceOfMean(ofNegatives)
    }

    /// How many of ascending numbers come before the first one that does not satisfy a condition.
    private static func count(_ sorted: [Float], while isBefore: (Float) -> Bool) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(sorted[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func varianceOfMean(_ values: [Double]) -> Double {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        // Equal values have no variance, and rounding of their mean must not create one.
        guard values.contains(where: { $0 != values[0] }) else { return 0 }
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1) / count
    }

    /// The two-sided p-value of several independent sets of samples together, by the normal distribution; 1 where no
    /// area differs.
    package static func pValue(_ sets: [DeLong]) -> Double {
        let (sum, variance) = sets.reduce((0.0, 0.0)) { ($0.0 + $1.difference, $0.1 + $1.variance) }
        guard sum != 0 else { return 1 }
        // All placements differ by the same amount: these samples do not show how much of that may be chance.
        guard variance > 0 else { return 1 }
        return min(1, 2 * Normal.cumulative(-abs(sum) / variance.squareRoot()))
    }
}
