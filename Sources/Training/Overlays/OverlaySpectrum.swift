import Foundation
import Kernel

/// How fast weights bring nodes together, without anything being trained.
public struct OverlaySpectrum: Sendable {
    /// ρ = max(|λ_2|, |λ_n|) of W: what the distance of nodes' numbers from their mean is multiplied by in a round, at worst and
    /// after many rounds. Where W changes, the geometric mean of a round over a period's.
    public let secondEigenvalue: Double
    /// λ_2|, |λ_3|, ... where there is one W and it is symmetric; else nil.
    private let others: [Double]?
    private let matrices: [MixingMatrix]

    /// 1 - ρ
    public var gap: Double { 1 - secondEigenvalue }

    /// The most nodes: eigenvalues take time as the cube of their number, which is seconds here.
    public static let mostNodes = 2_048
    /// The most nodes for ``effectiveNeighbours(_:)`` where there is no closed form.
    private static let mostCovariances = 256

    /// - Parameter matrices: the weights of each round of a period.
    /// - Returns: nil for more nodes than ``mostNodes``.
    public init?(_ matrices: [MixingMatrix]) {
        guard let first = matrices.first, first.nodes <= Self.mostNodes else { return nil }
        self.matrices = matrices
        if matrices.count == 1, first.isSymmetric {
            guard let values = Eigenvalues.ofSymmetric(first.dense) else { return nil }
            // The largest eigenvalue is 1: the mean of all nodes does not change.
            others = values.dropLast().map(abs)
            secondEigenvalue = Self.atLeastRounding(others?.max() ?? 0)
        } else {
            let product = matrices.dropFirst().reduce(first.dense) { $1.product($0, width: first.nodes) }
            guard let values = Eigenvalues.magnitudes(of: product) else { return nil }
            others = nil
            let second = Self.atLeastRounding(values.count > 1 ? values[1] : 0)
            secondEigenvalue = pow(second, 1 / Double(matrices.count))
        }
    }

    /// An eigenvalue, or 0 where it is no more than rounding.
    private static func atLeastRounding(_ value: Double) -> Double { value < 1e-14 ? 0 : value }

    /// n_W(γ), the effective number of neighbours, which tells more of a learning rate than ρ does: by how much averaging
    /// takes the variance down of x ← W (√γ x + noise) (T. Vogels, H. Hendrikx and M. Jaggi 2022, *Beyond Spectral Gap: The
    /// Role of the Topology in Decentralized Learning*, definition A). From 1 for nodes alone to n where all talk to all.
    ///
    /// - Parameter decay: γ, from 0 to below 1.
    /// - Returns: nil where weights do not keep the mean, or where it would take long.
    public func effectiveNeighbours(_ decay: Double) -> Double? {
        precondition((0..<1).contains(decay), "a decay of \(decay)")
        let nodes = matrices[0].nodes
        if let others {
            // The covariance has eigenvalues λ² / (1 - γ λ²).
            let trace = (others + [1]).reduce(0) { $0 + $1 * $1 / (1 - decay * $1 * $1) }
            return 1 / ((1 - decay) * trace / Double(nodes))
        }
        guard nodes <= Self.mostCovariances, matrices.allSatisfy(\.isDoublyStochastic) else { return nil }
        return 1 / ((1 - decay) * meanVariance(decay, nodes))
    }

    /// C ← W (γ C + I) Wᵀ round by round until a period changes nothing: the mean of C_ii.
    private func meanVariance(_ decay: Double, _ nodes: Int) -> Double {
        var covariance = [Double](repeating: 0, count: nodes * nodes)
        var mean = 0.0
        while true {
            var sum = 0.0
            for matrix in matrices {
                for index in covariance.indices { covariance[index] *= decay }
                for node in 0..<nodes { covariance[node * nodes + node] += 1 }
                // W A Wᵀ is W (W A)ᵀ, since A is symmetric.
                let half = matrix.product(covariance, width: nodes)
                covariance = matrix.product(Self.transposed(half, nodes), width: nodes)
                for node in 0..<nodes { sum += covariance[node * nodes + node] }
            }
            let next = sum / Double(nodes * matrices.count)
            if abs(next - mean) <= 1e-13 * next { return next }
            mean = next
        }
    }

    private static func transposed(_ matrix: [Double], _ rows: Int) -> [Double] {
        var result = matrix
        for row in 0..<rows { for column in 0..<rows { result[column * rows + row] = matrix[row * rows + column] } }
        return result
    }
}
