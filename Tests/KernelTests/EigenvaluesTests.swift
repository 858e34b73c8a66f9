import Foundation
import Randomness
import Testing

@testable import Kernel

@Suite struct EigenvaluesTests {
    @Test func thoseOfASmallSymmetricMatrixAreRoots() throws {
        // λ² - 4 λ + 3
        let values = try #require(Eigenvalues.ofSymmetric([2, 1, 1, 2]))
        #expect(abs(values[0] - 1) < 1e-15 && abs(values[1] - 3) < 1e-15)
        #expect(Eigenvalues.ofSymmetric([]) == [] && Eigenvalues.ofSymmetric([-5]) == [-5])
    }

    /// The Laplacian of a path of n nodes has eigenvalues 2 - 2 cos(k π / n), k = 0...n-1.
    @Test(arguments: [2, 7, 40]) func thoseOfAPathAreCosines(nodes: Int) throws {
        var matrix = [Double](repeating: 0, count: nodes * nodes)
        for node in 0..<nodes - 1 {
            for (row, column, value) in [
                (node, node + 1, -1.0), (node + 1, node, -1), (node, node, 1), (node + 1, node + 1, 1),
            ] { matrix[row * nodes + column] += value }
        }
        let expected = (0..<nodes).map { 2 - 2 * cos(Double($0) * .pi / Double(nodes)) }
        let found = try #require(Eigenvalues.ofSymmetric(matrix))
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 1e-13) }
        let magnitudes = try #require(Eigenvalues.magnitudes(of: matrix))
        for (found, expected) in zip(magnitudes, expected.reversed()) { #expect(abs(found - expected) < 1e-13) }
    }

    /// A rotation by any angle, three times as long, has 3 e^(±i φ).
    @Test func complexOnesCountByTheirMagnitude() throws {
        let (c, s) = (3 * cos(0.7), 3 * sin(0.7))
        let values = try #require(Eigenvalues.magnitudes(of: [c, -s, 0, s, c, 0, 0, 0, -0.5]))
        #expect(zip(values, [3, 3, 0.5]).allSatisfy { abs($0 - $1) < 1e-14 }, "\(values)")
    }

    @Test func aMatrixWithoutNumbersHasNone() {
        #expect(Eigenvalues.ofSymmetric([1, .nan, .nan, 1]) == nil)
        #expect(Eigenvalues.magnitudes(of: [1, .infinity, 0, 1]) == nil)
    }
}
