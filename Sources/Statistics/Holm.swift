/// Several tests at once (S. Holm 1979, *A Simple Sequentially Rejective Multiple Test Procedure*).
package enum Holm {
    /// The p-value of each test, adjusted so that calling every test significant whose adjusted value is at most a
    /// level makes an error in any of them with at most that probability, however many hypotheses are true and however
    /// they depend on each other.
    ///
    /// - Parameter pValues: in any order.
    /// - Returns: in the order of `pValues`.
    package static func adjusted(_ pValues: [Double]) -> [Double] {
        var adjusted = pValues
        var least = 0.0
        let ascending = pValues.indices.sorted { pValues[$0] < pValues[$1] }
        for (rank, index) in ascending.enumerated() {
            least = max(least, min(1, Double(pValues.count - rank) * pValues[index]))
            adjusted[index] = least
        }
        return adjusted
    }
}
