import Foundation
import Randomness
import Testing

@testable import Training

/// How fast overlays bring nodes together: published and closed forms.
@Suite struct OverlaySpectrumTests {
    private func matrices(_ text: String, _ nodes: Int, seed: UInt64 = 1) throws -> [MixingMatrix] {
        try Overlay(text).network(of: nodes, seeds: SeedSequence(seed)).weights(.metropolis)
    }

    private func second(_ text: String, _ nodes: Int, seed: UInt64 = 1) throws -> Double {
        try #require(OverlaySpectrum(matrices(text, nodes, seed: seed))).secondEigenvalue
    }

    /// Values to four digits: ring and star by their closed forms, tori and exponential graphs as Ying et al. 2021 have
    /// them.
    @Test(arguments: [
        ("ring", 8, 0.8047), ("ring", 16, 0.9493), ("ring", 32, 0.9872), ("ring", 64, 0.9968), ("torus:2x4", 8, 0.5),
        ("torus:4x4", 16, 0.6), ("torus:4x8", 32, 0.8828), ("torus:8x8", 64, 0.8828), ("exponential", 8, 0.5),
        ("exponential", 16, 0.6), ("exponential", 32, 0.6667), ("exponential", 64, 0.7143), ("exponential", 12, 0.6),
        ("star", 8, 0.875), ("star", 16, 0.9375), ("star", 32, 0.9688), ("star", 64, 0.9844), ("full", 16, 0),
    ]) func secondEigenvaluesAreThoseOfTheTable(_ overlay: String, nodes: Int, expected: Double) throws {
        let found = try second(overlay, nodes)
        #expect(abs(found - expected) <= 5.0001e-5, "\(found)")
    }

    @Test func theyEqualTheirClosedForms() throws {
        for nodes in [3, 7, 16, 33] {
            #expect(abs(try second("ring", nodes) - (1 + 2 * cos(2 * .pi / Double(nodes))) / 3) < 1e-13)
            #expect(abs(try second("star", nodes) - (1 - 1 / Double(nodes))) < 1e-13)
            #expect(abs(try second("full", nodes)) < 1e-13)
            let hops = Int(log2(Double(nodes)).rounded(.up))
            if nodes % 2 == 0 { #expect(abs(try second("exponential", nodes) - (1 - 2 / Double(hops + 1))) < 1e-13) }
        }
        for (rows, columns) in [(3, 3), (3, 5), (4, 8)] {
            let expected = (3 + 2 * cos(2 * .pi / Double(columns))) / 5
            #expect(abs(try second("torus:\(rows)x\(columns)", rows * columns) - expected) < 1e-13)
        }
    }

    /// Means of 20 random graphs, .7313, .8288 and .8563, each found with other graphs than these.
    @Test(arguments: [(16, 0.7313), (32, 0.8288), (64, 0.8563)])
    func randomRegularGraphsAreAsFastAsOthersFound(nodes: Int, expected: Double) throws {
        let values = try (1...20 as ClosedRange<UInt64>).map { try second("regular:4", nodes, seed: $0) }
        let mean = values.reduce(0, +) / 20
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 19).squareRoot()
        // Both means vary, by deviation / sqrt(20) each: four times the standard error of their difference.
        #expect(abs(mean - expected) < 4 * deviation * (2.0 / 20).squareRoot(), "\(mean), deviation \(deviation)")
    }

    // MARK: Consensus

    private func distance(_ numbers: [Double]) -> Double {
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        return numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    }

    /// Started in the eigenvector u_2 of a ring, the distance from the mean is |λ_2|^t to twelve digits: 0.218565199836 after
    /// seven rounds of eight nodes.
    @Test func aRingContractsByItsSecondEigenvalue() throws {
        let matrix = try matrices("ring", 8)[0]
        var numbers = (0..<8).map { cos(2 * .pi * Double($0) / 8) }
        let start = distance(numbers)
        let eigenvalue = (1 + 2 * cos(2 * Double.pi / 8)) / 3
        for round in 1...30 {
            numbers = matrix.product(numbers)
            let ratio = distance(numbers) / start
            #expect(abs(ratio / pow(eigenvalue, Double(round)) - 1) < 1e-12)
            if round == 7 { #expect(abs(ratio - 0.218565199836) < 5e-13) }
        }
    }

    /// From any start, t rounds multiply the distance from the mean by |λ_2|^t or less, and the mean stays.
    @Test(arguments: OverlayTests.undirected) func noOverlayContractsMoreSlowly(_ text: String) throws {
        var stream = SeedSequence(5).stream(.test)
        let matrix = try matrices(text, 12)[0]
        let eigenvalue = try second(text, 12)
        var numbers = (0..<12).map { _ in stream.normal() }
        let (start, mean) = (distance(numbers), numbers.reduce(0, +))
        for round in 1...20 {
            numbers = matrix.product(numbers)
            #expect(distance(numbers) <= pow(eigenvalue, Double(round)) * start * (1 + 1e-9) + 1e-14)
            #expect(abs(numbers.reduce(0, +) - mean) < 1e-13)
        }
    }

    /// B. Ying et al. 2021, *Exponential Graph is Provably Efficient for Decentralized Deep Training*, lemma 1: log2 n rounds
    /// of one peer average exactly where n is a power of 2, and not else.
    @Test(arguments: [(1, true), (2, true), (8, true), (16, true), (64, true), (12, false), (7, false)])
    func onePeerARoundAveragesExactlyAPowerOfTwo(nodes: Int, isExact: Bool) throws {
        let period = try matrices("one-peer", nodes)
        #expect(period.count == max(1, Int(log2(Double(nodes)).rounded(.up))))
        // Multiples of 1/64 whose sums and halves are exact.
        var numbers = (0..<nodes).map { Double(($0 * 37) % 64) / 64 }
        let mean = numbers.reduce(0, +) / Double(nodes)
        for matrix in period { numbers = matrix.product(numbers) }
        #expect(numbers.allSatisfy { $0 == mean } == isExact, "\(numbers)")
        #expect((try #require(OverlaySpectrum(period)).secondEigenvalue == 0) == isExact)
        if nodes == 12 {
            // What of its own and others' numbers a node has after four rounds: 1/12 each, to within .0417.
            let unit = period.reduce([1.0] + Array(repeating: 0, count: 11)) { $1.product($0) }
            let error = unit.map { abs($0 - 1 / 12) }.max() ?? 0
            #expect(abs(error - 0.0417) < 5e-5, "\(error)")
        }
    }

    // MARK: Effective neighbours

    @Test func effectiveNeighboursAreAllOfAFullGraphAndOneAlone() throws {
        for decay in [0, 0.5, 0.9, 0.999] {
            let full = try #require(OverlaySpectrum(matrices("full", 10))?.effectiveNeighbours(decay))
            #expect(abs(full - 10) < 1e-9)
            let empty = MixingMatrix(.metropolis, on: OverlayGraph(nodes: 5, edges: []))
            let alone = try #require(OverlaySpectrum([empty])?.effectiveNeighbours(decay))
            #expect(abs(alone - 1) < 1e-12)
        }
        // Without memory it is 1 / (mean of Σ_j W_ij²): three thirds.
        #expect(abs(try #require(OverlaySpectrum(matrices("ring", 9))?.effectiveNeighbours(0)) - 3) < 1e-12)
    }

    /// Directed circulant weights have the Fourier modes for eigenvectors: λ_k = mean of exp(2πi k h / n) over hops h and 0.
    @Test func effectiveNeighboursOfDirectedWeightsEqualTheirFourierForm() throws {
        let (nodes, decay) = (12, 0.9)
        let found = try #require(OverlaySpectrum(matrices("exponential", nodes))?.effectiveNeighbours(decay))
        let trace = (0..<nodes).reduce(0.0) { sum, mode in
            let angles = [0, 1, 2, 4, 8].map { 2 * Double.pi * Double(mode * $0) / Double(nodes) }
            let (real, imaginary) = (angles.reduce(0) { $0 + cos($1) } / 5, angles.reduce(0) { $0 + sin($1) } / 5)
            let square = real * real + imaginary * imaginary
            return sum + square / (1 - decay * square)
        }
        #expect(abs(found - Double(nodes) / ((1 - decay) * trace)) < 1e-9)
    }

    @Test func largeOverlaysAreNotComputed() throws {
        #expect(OverlaySpectrum(try matrices("ring", OverlaySpectrum.mostNodes + 1)) == nil)
    }
}
