import Foundation

/// What the best of k trials is worth, if the k are drawn from the n that were made.
///
/// J. Dodge et al. 2019, *Show Your Work* (EMNLP), section 3, ask for this instead of the best of all trials: it tells
/// what a smaller search would have found. The k are drawn without replacement, which is unbiased (R. Tang et al. 2020,
/// *Showing Your Work Doesn't Always Work*, ACL).
package enum ExpectedBest {
    /// The expected greatest of k values.
    package static func maximum(of values: [Double], trials k: Int) -> Double {
        precondition((1...max(1, values.count)).contains(k), "\(k) of \(values.count) trials")
        let sorted = values.sorted()
        // The i-th value is the greatest if the other k - 1 are among the i before it.
        return sorted.indices.dropFirst(k - 1).reduce(0.0) { sum, index in
            sum + sorted[index] * exp(logChoose(index, k - 1) - logChoose(sorted.count, k))
        }
    }

    /// The median of the least of k values: the least value that the best of k does not exceed in at least half of the
    /// draws. Infinite where at least half of the draws contain nothing else.
    package static func medianMinimum(of values: [Double], trials k: Int) -> Double {
        precondition((1...max(1, values.count)).contains(k), "\(k) of \(values.count) trials")
        let sorted = values.sorted()
        return sorted.indices.first { index in
            // The least of k lies behind this value if all k do.
            let behind = sorted.count - 1 - index
            let probability = behind < k ? 0 : exp(logChoose(behind, k) - logChoose(sorted.count, k))
            return probability <= 0.5 + 1e-12
        }.map { sorted[$0] } ?? .infinity
    }
}
