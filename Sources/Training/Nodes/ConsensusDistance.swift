package import Kernel

/// How far apart the models of nodes are: the consensus distance of L. Kong et al. 2021, *Consensus Control for
/// Decentralized Deep Learning*, ICML, section 3.
package enum ConsensusDistance {
    /// The square root of the mean over models of |x_i - x̄|²; 0 where all are the same.
    ///
    /// - Parameters:
    ///   - models: x_i, `[P]` each; one or more.
    ///   - average: x̄, `[P]`.
    /// - Complexity: O(n P).
    package static func of(_ models: [ParameterVector], around average: ParameterVector) -> Double {
        precondition(!models.isEmpty, "the consensus distance of no models")
        let center = average.values
        let squares = models.reduce(0.0) { sum, model in
            zip(model.values, center).reduce(sum) { sum, pair in
                let difference = Double(pair.0) - Double(pair.1)
                return sum + difference * difference
            }
        }
        return (squares / Double(models.count)).squareRoot()
    }
}
