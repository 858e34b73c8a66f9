import Foundation
import Randomness
import Testing

@testable import Kernel

/// Networks to check, small enough for naive loops.
private struct Example: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let network: Network

    static let all = [
        Example(
            testDescription: "linear",
            network: Network(input: FeatureShape(features: 5), [.dense("fc", outputs: 3)])),
        Example(
            testDescription: "mlp",
            network: Network(
                input: FeatureShape(features: 6),
                [.dense("fc1", outputs: 7), .relu, .dense("fc2", outputs: 5), .relu, .dense("fc3", outputs: 4)])),
        Example(
            testDescription: "cnn",
            network: Network(
                input: FeatureShape(channels: 2, height: 6, width: 7),
                [
                    .conv2D("conv1", filters: 3, kernel: 3), .relu, .maxPool2D(2),
                    .conv2D("conv2", filters: 4, kernel: 2, padding: .valid), .relu, .flatten,
                    .dense("fc", outputs: 3),
                ])),
        Example(
            testDescription: "layers in place first and in a row",
            network: Network(
                input: FeatureShape(channels: 1, height: 7, width: 6),
                [
                    .relu, .flatten, .dense("fc0", outputs: 12), .relu, .dense("fc1", outputs: 5), .flatten, .relu,
                    .dense("fc2", outputs: 3),
                ])),
        Example(
            testDescription: "pool, ReLU and flatten in other orders",
            network: Network(
                input: FeatureShape(channels: 3, height: 8, width: 8),
                [
                    .maxPool2D(2), .relu, .conv2D("conv", filters: 8, kernel: 3), .maxPool2D(2), .relu,
                    .dense("fc", outputs: 3),
                ])),
        Example(
            testDescription: "every algorithm of convolution",
            network: Network(
                input: FeatureShape(channels: 1, height: 9, width: 8),
                [
                    .conv2D("conv1", filters: 16, kernel: 3), .maxPool2D(2), .relu,
                    .conv2D("conv2", filters: 8, kernel: 5), .relu,
                    .conv2D("conv3", filters: 3, kernel: 2), .maxPool2D(2), .relu, .flatten,
                    .dense("fc1", outputs: 8), .relu, .dense("fc2", outputs: 3),
                ])),
    ]
}

@Suite struct NetworkTests {
    /// The loss in Double by naive loops is differentiated, not the float32 loss: a step of 1e-6 there has an error of
    /// 1e-12 from truncation and 1e-9 from rounding, and is too small to carry a ReLU or a maximum over its kink.
    /// What is left is the rounding of float32, below (terms ~100) * roundoff * (values ~10) = 6e-5.
    @Test(arguments: Example.all)
    private func gradientMatchesCentralDifferences(example: Example) {
        let network = example.network
        for seed in 0..<3 {
            var stream = RandomStream(test: seed)
            let batch = stream.int(1...3)
            let parameters = ParameterVector(stream.floats(network.parameterCount))
            let input = stream.floats(batch * network.input.count)
            let labels = stream.labels(batch, classes: network.classCount)
            let (loss, gradient) = run(network, parameters, input, labels, divisor: batch)
            let context = "\(example.testDescription), seed \(seed), batch \(batch)"

            let exact = parameters.values.map(Double.init)
            let naive = naiveLoss(network, exact, input, labels)
            #expect(abs(loss - naive) < 1e-4 * max(1, naive), "\(context)")
            // In networks with many parameters only some are checked: each costs two passes in naive loops.
            let chosen = Array(stream.shuffled(exact.indices).prefix(100))
            let differences = chosen.map { index in
                let step = 1e-6
                var (above, below) = (exact, exact)
                above[index] += step
                below[index] -= step
                return (naiveLoss(network, above, input, labels) - naiveLoss(network, below, input, labels))
                    / (2 * step * Double(batch))
            }
            expectClose(chosen.map { gradient[$0] }, differences, tolerance: 1e-4, context)
        }
    }

    @Test(arguments: Example.all)
    private func gradientsOfPartsWithTheWholeBatchAsDivisorAddUp(example: Example) {
        let network = example.network
        var stream = RandomStream(test: 7)
        let parameters = network.initialParameters(.he, seeds: SeedSequence(7))
        let features = network.input.count
        let (input, labels) = (stream.floats(8 * features), stream.labels(8, classes: network.classCount))
        let whole = run(network, parameters, input, labels, divisor: 8)
        for parts in [2, 3, 8] {
            let sum = ParameterVector(count: network.parameterCount)
            var loss = 0.0
            for part in 0..<parts {
                let rows = (0..<8).part(part, of: parts)
                let pixels = Array(input[rows.lowerBound * features..<rows.upperBound * features])
                let half = run(network, parameters, pixels, Array(labels[rows]), divisor: 8)
                sum.add(half.gradient)
                loss += half.loss
            }
            // The parts add the same numbers in another order: up to ~100 roundings of numbers below 1.
            expectClose(
                sum.values, whole.gradient.values.map(Double.init), tolerance: 1e-5,
                "\(example.testDescription), \(parts) parts")
            #expect(abs(loss - whole.loss) < 1e-5, "\(example.testDescription), \(parts) parts")
        }
    }

    /// The batch's gradient is summed first and added to the parameters once, so that a step is the gradient's to the bit.
    /// A rate that is a power of two scales every number of the backward pass without rounding it, and parameters that are
    /// large beside their gradients would show each addition of a part.
    @Test(arguments: Example.all, [Float(1), 16384])
    private func descendIsAStepAlongTheGradient(example: Example, size: Float) {
        let network = example.network
        // On both sides of the size from which OpenBLAS multiplies, and of that from which sums are made in parts.
        for batch in [1, 3, SmallProducts.fewRows + 1, SmallProducts.longestSum + 70] {
            var stream = RandomStream(test: batch)
            let parameters = network.initialParameters(.he, seeds: SeedSequence(4))
            for slot in network.layout.slots where slot.fanIn == 0 {
                for index in slot.range { parameters[index] = size }
            }
            let (input, labels) = (
                stream.floats(batch * network.input.count), stream.labels(batch, classes: network.classCount)
            )
            let (loss, gradient) = run(network, parameters, input, labels, divisor: batch)
            let expected = zip(parameters.values, gradient.values).map { $0 - 0.5 * $1 }
            let context = "\(example.testDescription), batch \(batch)"

            let workspace = NetworkWorkspace(for: network, capacity: batch)
            let elsewhere = ParameterVector([Float](repeating: .nan, count: parameters.count))
            fill(workspace, input, labels)
            let before = parameters.values
            #expect(
                network.descend(workspace, dividedBy: batch, from: parameters, rate: 0.5, into: elsewhere) == loss,
                "\(context)")
            #expect(parameters.values == before, "\(context)")
            #expect(elsewhere.values == expected, "\(context)")

            fill(workspace, input, labels)
            let snapshot = parameters.snapshot()
            _ = network.descend(workspace, dividedBy: batch, from: parameters, rate: 0.5, into: parameters)
            #expect(parameters.values == elsewhere.values, "\(context): in place")
            #expect(snapshot.values == before, "\(context): a snapshot")
        }
    }

    @Test func stagesLeaveOutWhatMovesNothingAndMergeReLUs() {
        func names(_ network: Network) -> [String] { network.stages.map { String(describing: type(of: $0.layer)) } }
        #expect(names(Example.all[1].network) == ["Dense", "Dense", "Dense"])
        #expect(
            names(Example.all[4].network)
                == ["Interleave", "MaxPool2D", "Conv2D", "MaxPool2D", "Flatten", "Dense"])
        #expect(
            names(Example.all[5].network)
                == ["Conv2D", "MaxPool2D", "Conv2D", "ReLU", "Conv2D", "MaxPool2D", "Flatten", "Dense", "Dense"])
    }

    @Test func gradientOverwritesWhatWasThere() {
        let network = Example.all[2].network
        let parameters = network.initialParameters(.he, seeds: SeedSequence(1))
        var stream = RandomStream(test: 1)
        let input = stream.floats(2 * network.input.count)
        let clean = run(network, parameters, input, [0, 2], divisor: 2)
        // A multiplication by zero, where an assignment is meant, keeps a NaN.
        let stale = ParameterVector(count: network.parameterCount)
        stale.fill(with: .nan)
        #expect(
            run(network, parameters, input, [0, 2], divisor: 2, into: stale).gradient.values == clean.gradient.values)
    }

    @Test func smallerBatchInALargeUsedWorkspaceGivesTheSameNumbers() {
        let network = Example.all[2].network
        let parameters = network.initialParameters(.he, seeds: SeedSequence(1))
        var stream = RandomStream(test: 2)
        let input = stream.floats(network.input.count)
        let fresh = run(network, parameters, input, [1], divisor: 1)
        let pool = WorkspacePool(for: network)
        let gradient = ParameterVector(count: network.parameterCount)
        for count in [4, 1] {
            pool.withWorkspace(capacity: 4) { workspace in
                fill(workspace, (0..<count).flatMap { _ in input }, [UInt8](repeating: 1, count: count))
                _ = network.lossAndGradient(of: workspace, dividedBy: 1, at: parameters, into: gradient)
            }
        }
        #expect(gradient.values == fresh.gradient.values)
    }

    @Test func lossAndCorrectCountsTheLargestLogits() {
        // An identity: the logits are the inputs.
        let network = Network(input: FeatureShape(features: 3), [.dense("fc", outputs: 3)])
        let parameters = ParameterVector([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
        let workspace = NetworkWorkspace(for: network, capacity: 3)
        fill(workspace, [5, 1, 2, 1, 5, 2, 1, 2, 5], [0, 2, 2])
        let (loss, correct) = network.lossAndCorrect(of: workspace, at: parameters)
        #expect(correct == 2)
        // log(e^5 + e^2 + e) - 5 twice, and once with - 2; float32 rounds numbers near 5 thrice.
        let total = log(exp(5.0) + exp(2) + exp(1))
        #expect(abs(loss - (3 * total - 12)) < 1e-5)
    }

    @Test func nanInAParameterReachesLossAndGradient() {
        for example in Example.all {
            let network = example.network
            let parameters = network.initialParameters(.he, seeds: SeedSequence(3))
            parameters[0] = .nan
            let input = [Float](repeating: 0.5, count: network.input.count)
            let (loss, gradient) = run(network, parameters, input, [0], divisor: 1)
            #expect(loss.isNaN && !gradient.isFinite, "\(example.testDescription)")
        }
    }

    @Test func summaryNamesLayersAndShapes() {
        #expect(
            Example.all[2].network.summary
                == "2x6x7 -> conv1 3x6x7, relu 3x6x7, maxpool 3x3x3, conv2 4x2x2, relu 4x2x2, flatten 16, fc 3")
    }

    private func fill(_ workspace: Workspace, _ input: [Float], _ labels: [UInt8]) {
        workspace.batch.resize(to: labels.count)
        for (index, value) in input.enumerated() { workspace.batch.inputs[index] = value }
        for (index, label) in labels.enumerated() { workspace.batch.labels[index] = label }
    }

    private func run(
        _ network: Network, _ parameters: ParameterVector, _ input: [Float], _ labels: [UInt8], divisor: Int,
        into gradient: ParameterVector? = nil
    ) -> (loss: Double, gradient: ParameterVector) {
        let gradient = gradient ?? ParameterVector(count: network.parameterCount)
        let workspace = NetworkWorkspace(for: network, capacity: labels.count)
        fill(workspace, input, labels)
        let loss = network.lossAndGradient(of: workspace, dividedBy: divisor, at: parameters, into: gradient)
        return (loss, gradient)
    }

    private func naiveLoss(_ network: Network, _ parameters: [Double], _ input: [Float], _ labels: [UInt8]) -> Double {
        var (values, rest) = (input.map(Double.init), parameters[...])
        for layer in network.layers {
            let count = layer.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }
            let own = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            switch layer {
            case let dense as Dense:
                values = Naive.dense(own, values, inputs: dense.inputs, outputs: dense.outputs).map(\.value)
            case let pool as MaxPool2D:
                values = Naive.maxPool(values, batch: labels.count, input: pool.input, window: pool.window).map(\.value)
            case is ReLU: values = values.map { max($0, 0) }
            case let conv as Conv2D: values = naiveConvolution(conv, own, values, batch: labels.count)
            default: break
            }
        }
        return Naive.losses(values, labels, classes: network.classCount).reduce(0, +)
    }

    private func naiveConvolution(_ layer: Conv2D, _ own: [Double], _ input: [Double], batch: Int) -> [Double] {
        let (filters, positions) = (layer.output.channels, layer.output.height * layer.output.width)
        var output = (0..<batch * filters * positions).map { own[own.count - filters + $0 / positions % filters] }
        Naive.forEachProduct(
            batch: batch, input: layer.input, filters: filters, kernel: layer.kernel, stride: layer.geometry.stride,
            padding: layer.output.height == layer.input.height ? .same : .valid
        ) { output[$0] += own[$1] * input[$2] }
        return output
    }
}
