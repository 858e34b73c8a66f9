import Randomness
import Testing

@testable import Kernel

@Suite struct InitializationTests {
    private let network = Network(
        input: FeatureShape(features: 300), [.dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 200)])

    @Test func heHasZeroMeanAndVarianceOfTwoOverFanIn() {
        let weights = network.initialParameters(.he, seeds: SeedSequence(1)).values[0..<60_000].map(Double.init)
        let (mean, variance) = moments(weights)
        // The mean of n normal numbers has a deviation of sigma / sqrt(n), and their variance one of sigma^2 sqrt(2/n):
        // five deviations are allowed.
        let expected = 2.0 / 300
        #expect(abs(mean) < 5 * (expected / 60_000).squareRoot())
        #expect(abs(variance - expected) < 5 * expected * (2.0 / 60_000).squareRoot())
    }

    @Test func heHasNormalTails() {
        let weights = network.initialParameters(.he, seeds: SeedSequence(2)).values[0..<60_000].map(Double.init)
        let deviation = (2.0 / 300).squareRoot()
        // P(|z| > 2) = 0.0455; five deviations of a binomial count.
        let share = Double(weights.filter { abs($0) > 2 * deviation }.count) / 60_000
        #expect(abs(share - 0.0455) < 5 * (0.0455 * 0.9545 / 60_000).squareRoot())
    }

    @Test func glorotIsUniformWithinItsBound() {
        let weights = network.initialParameters(.glorot, seeds: SeedSequence(1)).values[0..<60_000].map(Double.init)
        let bound = (6.0 / 500).squareRoot()
        let (mean, variance) = moments(weights)
        // A roundoff of slack: the bound itself is rounded to float32.
        #expect(weights.allSatisfy { abs($0) <= bound * (1 + 2 * roundoff) })
        #expect((weights.max() ?? 0) > 0.99 * bound && (weights.min() ?? 0) < -0.99 * bound)
        // A uniform variate's variance is b^2/3, and the variance of its square is b^4 (1/5 - 1/9).
        #expect(abs(mean) < 5 * bound / (3 * 60_000).squareRoot())
        #expect(abs(variance - bound * bound / 3) < 5 * bound * bound * (4.0 / 45 / 60_000).squareRoot())
    }

    @Test func convolutionCountsItsWholeWindowAsFanIn() {
        let network = Network(
            input: FeatureShape(channels: 16, height: 8, width: 8),
            [.conv2D("conv", filters: 64, kernel: 5), .flatten, .dense("fc", outputs: 2)])
        let count = 64 * 16 * 25
        let he = network.initialParameters(.he, seeds: SeedSequence(1)).values[0..<count].map(Double.init)
        let expected = 2.0 / (16 * 25)
        #expect(abs(moments(he).variance - expected) < 5 * expected * (2.0 / Double(count)).squareRoot())
        let glorot = network.initialParameters(.glorot, seeds: SeedSequence(1)).values[0..<count].map(Double.init)
        let bound = (6.0 / Double((16 + 64) * 25)).squareRoot()
        let largest = glorot.reduce(0) { max($0, abs($1)) }
        #expect(largest <= bound * (1 + 2 * roundoff) && largest > 0.99 * bound)
    }

    @Test func pytorchIsUniformByTheInputsOfEveryLayer() {
        let parameters = network.initialParameters(.pytorch, seeds: SeedSequence(1)).values.map(Double.init)
        for slot in network.layout.slots {
            let (values, bound) = (
                Array(parameters[slot.range]), (1.0 / (slot.name.hasPrefix("fc1") ? 300 : 200)).squareRoot()
            )
            let largest = values.reduce(0) { max($0, abs($1)) }
            #expect(largest <= bound * (1 + 2 * roundoff) && largest > 0.95 * bound, "\(slot.name)")
            let (mean, count) = (moments(values).mean, Double(values.count))
            #expect(abs(mean) < 5 * bound / (3 * count).squareRoot(), "\(slot.name)")
        }
    }

    @Test(arguments: [Initialization.he, .glorot]) func biasesAreZeroAndWeightsAreNot(initialization: Initialization) {
        let parameters = network.initialParameters(initialization, seeds: SeedSequence(1)).values
        for slot in network.layout.slots {
            let zeros = parameters[slot.range].filter { $0 == 0 }.count
            #expect(zeros == (slot.name.hasSuffix("bias") ? slot.range.count : 0), "\(slot.name)")
        }
    }

    @Test(arguments: Initialization.allCases) func sameSeedGivesTheSameNumbersAndAnotherSeedOthers(
        initialization: Initialization
    ) {
        let first = network.initialParameters(initialization, seeds: SeedSequence(1)).values
        #expect(first == network.initialParameters(initialization, seeds: SeedSequence(1)).values)
        let other = network.initialParameters(initialization, seeds: SeedSequence(2)).values
        #expect(zip(first, other).filter { $0 == $1 && $0 != 0 }.count < 60)
    }

    @Test(arguments: Initialization.allCases) func layersOfTheSameShapeGetDifferentNumbers(
        initialization: Initialization
    ) {
        let twins = Network(input: FeatureShape(features: 20), [.dense("a", outputs: 20), .dense("b", outputs: 20)])
        let parameters = twins.initialParameters(initialization, seeds: SeedSequence(1)).values
        #expect(parameters[twins.layout.slots[0].range] != parameters[twins.layout.slots[2].range])
    }

    private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
    }
}
