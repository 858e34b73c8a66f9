import Foundation

extension ExpectedBest {
    /// A quantile of the greatest of k values that are drawn without replacement from `values`: the least value that
    /// the greatest of k does not exceed with at least this probability.
    ///
    /// Exact: of n values, the greatest of k is among the i least with probability C(i, k) / C(n, k).
    package static func quantile(ofMaximumOf values: [Double], trials k: Int, probability: Double) -> Double {
        precondition((1...max(1, values.count)).contains(k), "\(k) of \(values.count) trials")
        let sorted = values.sorted()
        return sorted.indices.dropFirst(k - 1).first { index in
            exp(logChoose(index + 1, k) - logChoose(sorted.count, k)) >= probability - 1e-12
        }.map { sorted[$0] } ?? sorted[sorted.count - 1]
    }

    /// A quantile of the least of k values that are drawn without replacement from `values`.
    package static func quantile(ofMinimumOf values: [Double], trials k: Int, probability: Double) -> Double {
        -quantile(ofMaximumOf: values.map { -$0 }, trials: k, probability: 1 - probability)
    }
}
