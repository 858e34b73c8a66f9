import Foundation
import Randomness
import Testing

/// Moments of n samples: the mean has deviation sigma / sqrt(n), the variance sqrt((m4 - sigma^4) / n), with m4 the
/// fourth central moment. Five deviations each; the seeds are fixed, so a passing test stays passing.
@Suite struct DistributionTests {
    private let count = 40_000

    /// Ends of the generator's range, which a random test would wait for in vain.
    private struct Fixed: RandomNumberGenerator {
        let value: UInt64
        mutating func next() -> UInt64 { value }
    }

    @Test func uniformIsAboveZeroAndAtMostOne() {
        var (least, most) = (Fixed(value: 0), Fixed(value: .max))
        #expect(least.uniform() == 0x1p-53)
        #expect(most.uniform() == 1)
        #expect(least.normal().isFinite && most.normal().isFinite)
    }

    @Test func uniformHasMeanOneHalfAndVarianceOneTwelfth() {
        // m4 = 1/80
        check("uniform", mean: 0.5, variance: 1.0 / 12, fourth: 1.0 / 80) { $0.uniform() }
    }

    @Test func normalHasStandardMoments() {
        check("normal", mean: 0, variance: 1, fourth: 3) { $0.normal() }
    }

    @Test(arguments: [0.3, 0.9, 1, 2.5, 30]) func gammaHasMeanAndVarianceOfItsShape(shape: Double) {
        // Gamma(k, 1) has mean k, variance k, m4 = 3k^2 + 6k.
        check("gamma", mean: shape, variance: shape, fourth: 3 * shape * shape + 6 * shape) { $0.gamma(shape: shape) }
    }

    @Test(arguments: [0.001, 0.01, 0.1, 0.5, 1, 10, 100])
    func dirichletIsAPointOfTheSimplex(concentration: Double) {
        for seed in 0..<200 {
            var stream = SeedSequence(9).stream(.test, seed)
            let sample = stream.dirichlet(concentration: concentration, count: 1 + seed % 20)
            #expect(sample.count == 1 + seed % 20)
            #expect(sample.allSatisfy { $0 >= 0 && $0 <= 1 }, "seed \(seed)")
            // Twenty roundings of numbers below 1.
            #expect(abs(sample.reduce(0, +) - 1) < 1e-14, "seed \(seed)")
        }
    }

    @Test(arguments: [Double.leastNonzeroMagnitude, .leastNormalMagnitude, 1e-300, 1e300, .greatestFiniteMagnitude])
    func dirichletSurvivesExtremeConcentrations(concentration: Double) {
        var stream = SeedSequence(9).stream(.test)
        let sample = stream.dirichlet(concentration: concentration, count: 10)
        #expect(abs(sample.reduce(0, +) - 1) < 1e-14, "\(sample)")
    }

    @Test func dirichletHasTheVarianceOfItsConcentration() {
        // One of K components has mean 1/K and variance (K - 1) / (K^2 (K alpha + 1)); its m4 is at most its variance,
        // as the component is in 0...1.
        for concentration in [0.1, 1, 10] {
            let variance = 3 / (16 * (4 * concentration + 1))
            check("dirichlet \(concentration)", mean: 0.25, variance: variance, fourth: variance) {
                $0.dirichlet(concentration: concentration, count: 4)[0]
            }
        }
    }

    private func check(
        _ name: String, mean: Double, variance: Double, fourth: Double,
        sourceLocation: SourceLocation = #_sourceLocation, _ draw: (inout RandomStream) -> Double
    ) {
        var stream = SeedSequence(11).stream(.test)
        let samples = (0..<count).map { _ in draw(&stream) }
        let found = samples.reduce(0, +) / Double(count)
        let spread = samples.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(count)
        let slack = 5 / Double(count).squareRoot()
        #expect(abs(found - mean) < slack * variance.squareRoot(), "\(name)", sourceLocation: sourceLocation)
        #expect(
            abs(spread - variance) < slack * (fourth - variance * variance).squareRoot(), "\(name)",
            sourceLocation: sourceLocation)
    }
}
