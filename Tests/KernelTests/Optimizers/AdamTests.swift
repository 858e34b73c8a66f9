import Foundation
import Randomness
import Testing

@testable import Kernel

/// Adam and AdamW against PyTorch's, whose values `Benchmarks/golden/optimizers.py` writes.
@Suite struct AdamTests {
    struct Golden: Decodable {
        struct Case: Decodable {
            let name: String
            let optimizer: String
            let beta1: Double
            let beta2: Double
            let epsilon: Double
            let weightDecay: Float
            /// The parameters after each step that is recorded, by the step's number.
            let parameters: [String: [Double]]

            var configuration: Optimizer.Configuration {
                optimizer == "AdamW"
                    ? .adamw(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
                    : .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
            }
        }

        let rate: Float
        let initial: [Float]
        /// The inputs of each step, by step.
        let inputs: [[Float]]
        let labels: [[UInt8]]
        let cases: [Case]
    }

    private func golden() throws -> Golden {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/optimizers.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    private static let network = Network(
        input: FeatureShape(features: 4), [.dense("fc1", outputs: 5), .relu, .dense("fc2", outputs: 3)])

    @Test func tenStepsOfANetworkEqualPyTorchs() throws {
        let golden = try golden()
        #expect(golden.cases.count == 6)
        for example in golden.cases {
            let parameters = ParameterVector(golden.initial)
            let gradient = ParameterVector(count: parameters.count)
            let optimizer = Optimizer(example.configuration, parameterCount: parameters.count)
            for (step, (inputs, labels)) in zip(golden.inputs, golden.labels).enumerated() {
                WorkspacePool(for: Self.network).withWorkspace(capacity: labels.count) { workspace in
                    workspace.batch.resize(to: labels.count)
                    for (index, value) in inputs.enumerated() { workspace.batch.inputs[index] = value }
                    for (index, label) in labels.enumerated() { workspace.batch.labels[index] = label }
                    _ = Self.network.lossAndGradient(
                        of: workspace, dividedBy: labels.count, at: parameters, into: gradient)
                }
                optimizer.step(parameters, gradient, rate: golden.rate)
                guard let expected = example.parameters["\(step + 1)"] else { continue }
                // A step is at most a few rates long whatever the gradient, and as exact as the gradient, whose sums of a
                // dozen products have an error of some 30 roundoffs of what is summed up.
                let tolerance = Double(step + 1) * 4 * Double(golden.rate) * 256 * roundoff
                expectClose(parameters.values, expected, tolerance: tolerance, "\(example.name), step \(step + 1)")
            }
        }
    }

    private static let firstSteps: [(Optimizer.Configuration, Double)] = [
        (.adam(), 1.875), (Optimizer.Configuration(.adam), 1.875), (.adam(epsilon: 0.5), 1.9375),
        // g is 1/2 + 1/4 * 2.
        (.adam(epsilon: 1, weightDecay: 0.25), 1.9375),
        // p is 2 - 1/8 * 1/4 * 2 before that.
        (.adamw(epsilon: 0.5, weightDecay: 0.25), 1.875),
        // As PyTorch's where nobody says one: 2 - 1/8 * 1/100 * 2.
        (.adamw(epsilon: 0.5), 1.935), (Optimizer.Configuration(.adamw), 1.8725),
    ]

    /// The first step from p = 2 with g = 1/2, by hand: both corrections undo what the moments keep, so that it is
    /// rate * g / (|g| + ε).
    @Test(arguments: firstSteps)
    func theFirstStepIsOfTheRatesLength(configuration: Optimizer.Configuration, expected: Double) {
        let parameters = ParameterVector([2])
        let optimizer = Optimizer(configuration, parameterCount: 1)
        optimizer.step(parameters, ParameterVector([0.5]), rate: 0.125)
        expectClose(parameters.values, [expected], tolerance: 16 * roundoff, "\(configuration)")
    }

    private static let configurations: [Optimizer.Configuration] = [
        .adam(), .adam(beta1: 0.5, beta2: 0.75, epsilon: 0.125, weightDecay: 0.25), .adamw(weightDecay: 0.5),
    ]

    @Test(arguments: configurations) func aStepInPartsIsAStepToTheBit(configuration: Optimizer.Configuration) {
        for seed in 0..<20 {
            var stream = RandomStream(test: seed)
            let count = stream.int(1...70)
            let start = stream.floats(count)
            let (whole, parts) = (ParameterVector(start), ParameterVector(start))
            let optimizers = (
                Optimizer(configuration, parameterCount: count), Optimizer(configuration, parameterCount: count)
            )
            for _ in 0..<5 {
                let gradient = ParameterVector(stream.floats(count))
                optimizers.0.step(whole, gradient, rate: 0.125)
                var ranges = [0..<0]
                while let last = ranges.last, last.upperBound < count {
                    ranges.append(last.upperBound..<min(count, last.upperBound + stream.int(1...20)))
                }
                for range in stream.shuffled(ranges) {
                    optimizers.1.step(parts, gradient, rate: 0.125, in: range)
                }
            }
            #expect(parts.values.map(\.bitPattern) == whole.values.map(\.bitPattern), "seed \(seed)")
        }
    }

    /// Threads that each step a part of the vector, as ranks that share memory do.
    @Test func partsMayBeSteppedAtOnce() {
        let (count, threads) = (40_000, 4)
        var stream = RandomStream(test: 1)
        let start = stream.floats(count)
        let (whole, parts) = (ParameterVector(start), ParameterVector(start))
        let optimizers = (Optimizer(.adam(), parameterCount: count), Optimizer(.adam(), parameterCount: count))
        for _ in 0..<20 {
            let gradient = ParameterVector(stream.floats(count))
            optimizers.0.step(whole, gradient, rate: 0.01)
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                let part = (0..<count).part(thread, of: threads)
                for begin in stride(from: part.lowerBound, to: part.upperBound, by: 999) {
                    optimizers.1.step(parts, gradient, rate: 0.01, in: begin..<min(begin + 999, part.upperBound))
                }
            }
        }
        #expect(parts.values.map(\.bitPattern) == whole.values.map(\.bitPattern))
    }

    @Test func whatItKeepsIsAllThatItGoesOnFrom() {
        var stream = RandomStream(test: 2)
        let gradients = (0..<6).map { _ in ParameterVector(stream.floats(9)) }
        let (parameters, first) = (ParameterVector(count: 9), Adam(.init(), parameterCount: 9))
        for gradient in gradients { first.step(parameters, gradient, rate: 0.5) }
        #expect(first.stepCount.values == [6])
        let resumed = ParameterVector(count: 9)
        var adam = Adam(.init(), parameterCount: 9)
        for (step, gradient) in gradients.enumerated() {
            if step == 3 {
                adam = Adam(
                    .init(), firstMoment: adam.firstMoment.copied(), secondMoment: adam.secondMoment.copied(),
                    stepCount: adam.stepCount.copied())
            }
            adam.step(resumed, gradient, rate: 0.5)
        }
        #expect(resumed.values == parameters.values)
        adam.startAnew()
        #expect(adam.stepCount.values == [0] && adam.firstMoment.values == adam.secondMoment.values)
    }

    /// A parameter whose gradient was always zero, such as a pixel's that is always dark, stays where it is.
    @Test func whereTheGradientIsZeroNothingMoves() {
        let parameters = ParameterVector([1, 1])
        let optimizer = Optimizer(.adam(), parameterCount: 2)
        for _ in 0..<3 { optimizer.step(parameters, ParameterVector([0, 1]), rate: 0.1) }
        #expect(parameters[0] == 1 && parameters[1] < 1)
    }

    /// Single precision counts to 2^24; no correction is left by then.
    @Test func moreStepsThanCanBeCountedAreCounted() {
        let adam = Adam(
            .init(), firstMoment: ParameterVector([1]), secondMoment: ParameterVector([1]),
            stepCount: ParameterVector([0x1p24]))
        let parameters = ParameterVector([0])
        for _ in 0..<2 { adam.step(parameters, ParameterVector([1]), rate: 0.5) }
        #expect(adam.stepCount.values == [0x1p24] && parameters.values == [-1])
    }
}
