import Foundation
import Randomness
import Testing

@testable import Kernel

/// Networks of all kinds of layers and losses against naive loops in Double.
private struct Example: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reference: ReferenceNetwork

    init(
        _ description: String, _ input: FeatureShape, _ layers: [ReferenceLayer], _ loss: Loss = .softmaxCrossEntropy
    ) {
        (testDescription, reference) = (description, ReferenceNetwork(input: input, layers: layers, loss: loss))
    }

    private static let features = FeatureShape(features: 6)
    private static let image = FeatureShape(channels: 3, height: 5, width: 4)

    static let all = residuals + norms + losses

    private static let norms = [
        Example(
            "average pools that drop a border", FeatureShape(channels: 3, height: 7, width: 6),
            [.conv2D("a", filters: 11, kernel: 3), .avgPool2D(2), .relu, .avgPool2D(3), .flatten, .dense("b", 3)]),
        Example("a pool of samples", image, [.avgPool2D(1), .avgPool2D(2), .dense("a", 3)]),
        Example(
            "group norms of few channels", image,
            [
                .groupNorm("a", groups: 1), .conv2D("b", filters: 6, kernel: 3), .groupNorm("c", groups: 3), .gelu,
                .groupNorm("d", groups: 6), .relu, .flatten, .dense("e", 3),
            ]),
        Example(
            "group norms of many channels", FeatureShape(channels: 1, height: 3, width: 3),
            [
                .conv2D("a", filters: 20, kernel: 2), .groupNorm("b", groups: 5), .tanh,
                .conv2D("c", filters: 16, kernel: 1),
                .groupNorm("d", groups: 2), .avgPool2D(2), .dense("e", 3),
            ]),
        Example(
            "group norms of features", features,
            [
                .dense("a", 24), .groupNorm("b", groups: 4), .relu, .dense("c", 9), .groupNorm("d", groups: 1),
                .dense("e", 3),
            ]),
        Example(
            "a residual with norms", image,
            [
                .conv2D("a", filters: 8, kernel: 3),
                .residual([
                    .conv2D("b", filters: 8, kernel: 3), .groupNorm("c", groups: 4), .relu,
                    .conv2D("d", filters: 8, kernel: 3),
                    .groupNorm("e", groups: 4),
                ]), .relu, .avgPool2D(4), .dense("f", 3),
            ]),
    ]

    private static let losses = [
        Example("a logit", features, [.dense("a", 7), .tanh, .dense("b", 1)], .binaryCrossEntropy),
        Example(
            "a logit that cannot be negative", features, [.dense("a", 7), .gelu, .dense("b", 1), .relu],
            .binaryCrossEntropy),
        Example("a number", features, [.dense("a", 5), .gelu, .dense("b", 1)], .squaredError),
        Example("many numbers", features, [.dense("a", 8), .sigmoid, .dense("b", 19)], .squaredError),
        Example("numbers between -1 and 1", features, [.dense("a", 8), .tanh, .dense("b", 9), .tanh], .squaredError),
        Example("an image", image, [.residual([.conv2D("a", filters: 3, kernel: 3)])], .squaredError),
    ]

    private static let residuals = [
        Example("tanh and sigmoid", features, [.dense("a", 9), .tanh, .dense("b", 5), .sigmoid, .dense("c", 3)]),
        Example("gelu", features, [.dense("a", 7), .gelu, .dense("b", 3)]),
        Example(
            "activations of activations", features,
            [.tanh, .dense("a", 9), .relu, .tanh, .gelu, .sigmoid, .tanh, .relu, .dense("b", 3)]),
        Example("an activation at the end", features, [.dense("a", 9), .tanh]),
        Example("a ReLU at the end", features, [.dense("a", 9), .gelu, .dense("b", 4), .relu]),
        Example("a residual at the beginning", features, [.residual([.dense("a", 6)]), .relu, .dense("b", 3)]),
        Example("a residual at the end", features, [.dense("a", 4), .residual([.tanh, .dense("b", 4)])]),
        Example(
            "a residual of a ReLU alone, and one of nothing that moves", features,
            [.dense("a", 5), .residual([.relu]), .residual([.flatten]), .dense("b", 3)]),
        Example(
            "a residual whose body begins and ends in place", features,
            [
                .dense("a", 8), .relu, .residual([.relu, .dense("b", 8), .gelu]),
                .residual([.tanh, .dense("c", 8), .tanh]),
                .sigmoid, .dense("d", 3),
            ]),
        Example(
            "residuals in residuals", features,
            [
                .dense("a", 5),
                .residual([
                    .residual([.dense("b", 5), .tanh, .residual([.dense("c", 5)])]), .gelu, .dense("d", 5), .relu,
                ]),
                .residual([.residual([.residual([.sigmoid])]), .dense("e", 5)]), .relu, .dense("f", 3),
            ]),
        Example(
            "a residual of convolutions on a grey image's channels", FeatureShape(channels: 1, height: 4, width: 5),
            [
                .conv2D("a", filters: 8, kernel: 3),
                .residual([.conv2D("b", filters: 8, kernel: 3), .relu, .conv2D("c", filters: 8, kernel: 3)]), .relu,
                .maxPool2D(2), .flatten, .dense("d", 3),
            ]),
        Example(
            "a residual of the image as it comes", image,
            [
                .residual([.tanh, .residual([.gelu]), .conv2D("a", filters: 3, kernel: 3)]), .maxPool2D(2),
                .dense("b", 3),
            ]),
        Example(
            "an image that nobody orders", image,
            [.residual([.tanh]), .sigmoid, .flatten, .residual([.dense("a", 60)]), .dense("b", 3)]),
        Example(
            "residuals behind and before a change of order", image,
            [
                .conv2D("a", filters: 4, kernel: 3), .residual([.gelu, .conv2D("b", filters: 4, kernel: 1)]), .flatten,
                .dense("c", 7), .residual([.dense("d", 7), .relu]), .dense("e", 3),
            ]),
    ]
}

@Suite struct LayersTogetherTests {
    /// Central differences of the loss in Double, as in ``NetworkTests``, at every batch size that has another tail.
    @Test(arguments: Example.all)
    private func gradientMatchesCentralDifferences(example: Example) {
        let (reference, network) = (example.reference, example.reference.network)
        for batch in [1, 2, 3, 5, 8] {
            var stream = RandomStream(test: batch)
            let parameters = ParameterVector(stream.floats(network.parameterCount))
            let samples = Samples(of: network, batch, &stream)
            let (loss, gradient) = samples.lossAndGradient(network, parameters)
            let context = "\(example.testDescription), batch \(batch)"
            func naive(_ parameters: [Double]) -> Double {
                reference.losses(parameters, samples).reduce(0, +)
            }
            let exact = parameters.values.map(Double.init)
            #expect(abs(loss - naive(exact)) < 1e-5 * max(1, loss), "\(context)")
            let chosen = Array(stream.shuffled(exact.indices).prefix(60))
            let differences = chosen.map { index in
                var (above, below) = (exact, exact)
                above[index] += 1e-6
                below[index] -= 1e-6
                return (naive(above) - naive(below)) / (2e-6 * Double(batch))
            }
            expectClose(chosen.map { gradient[$0] }, differences, tolerance: 2e-5, context)
        }
    }

    @Test(arguments: Example.all)
    private func stepsAndPartsAreThoseOfTheGradient(example: Example) {
        let network = example.reference.network
        for batch in [1, 7, SmallProducts.fewRows + 1] {
            var stream = RandomStream(test: batch)
            let parameters = network.initialParameters(.pytorch, seeds: SeedSequence(5))
            let samples = Samples(of: network, batch, &stream)
            samples.checkDescent(network, parameters, example.testDescription)
            samples.checkParts(network, parameters, example.testDescription)
        }
    }

    @Test(arguments: Example.all) private func aWorkspaceIsAsLargeAsSaid(example: Example) {
        let network = example.reference.network
        for samples in [1, 10] {
            let workspace = NetworkWorkspace(for: network, capacity: samples)
            #expect(network.workspaceBytes(samples: samples) == workspace.allocatedBytes)
        }
    }

    /// A sample: 6 inputs, a layer of 5 that the inner residual reads again and its sum, which cannot be written over what the
    /// ReLU of the outer one reads; two gradients of the widest, one around each body, and a label.
    @Test func everyResidualInsideAnotherKeepsOneMoreGradient() {
        func network(_ layers: [Network.Description]) -> Network { Network(input: FeatureShape(features: 6), layers) }
        let flat = network([
            .dense("a", outputs: 5), .residual([.dense("b", outputs: 5)]), .residual([.dense("c", outputs: 5)]),
        ])
        let nested = network([
            .dense("a", outputs: 5), .residual([.dense("b", outputs: 5), .residual([.dense("c", outputs: 5)])]),
        ])
        #expect(flat.widestResiduals == [5] && nested.widestResiduals == [5, 5])
        // Three layers; a sum goes over what the body made. The last sum is copied, so that the loss has its own.
        #expect(flat.workspaceBytes(samples: 1) == 4 * (6 + 3 * 5 + 5 + 2 * 6 + 5) + 1)
        #expect(nested.workspaceBytes(samples: 1) == 4 * (6 + 3 * 5 + 5 + 2 * 6 + 10) + 1)
    }

    @Test func parametersStandInTheOrderOfTheLayers() {
        let network = Network(
            input: FeatureShape(features: 2),
            [
                .residual([.dense("a", outputs: 3), .residual([.dense("b", outputs: 3)]), .dense("c", outputs: 2)]),
                .dense("d", outputs: 1),
            ])
        #expect(
            network.layout.slots.map(\.name)
                == ["a", "b", "c", "d"].flatMap { ["\($0).weight", "\($0).bias"] })
        #expect(network.summary == "2 -> residual (a 3, residual (b 3) 3, c 2) 2, d 1")
        // The body's operations, and one addition for each number: 12 + (18 + 3) + 12 + 2, and 4 at the end. Backward
        // twice that, except for the first layer's input.
        #expect(network.trainingFlopsPerSample == 3 * 51 - 12)
        #expect(network.gradientReadiness.first == 1)
    }

    @Test func theSameNumbersComeOutOfAUsedWorkspace() {
        for example in Example.all {
            let network = example.reference.network
            let parameters = network.initialParameters(.pytorch, seeds: SeedSequence(1))
            var stream = RandomStream(test: 3)
            let (large, small) = (Samples(of: network, 9, &stream), Samples(of: network, 2, &stream))
            let fresh = small.lossAndGradient(network, parameters)
            let workspace = NetworkWorkspace(for: network, capacity: 9)
            _ = large.lossAndGradient(network, parameters, in: workspace)
            let again = small.lossAndGradient(network, parameters, in: workspace)
            #expect(again.loss == fresh.loss && again.gradient.values == fresh.gradient.values)
        }
    }

    @Test(arguments: Initialization.allCases) func normsBeginAsNothingButNorms(initialization: Initialization) {
        let network = Network(
            input: FeatureShape(features: 4),
            [.dense("a", outputs: 6), .groupNorm("b", groups: 2), .dense("c", outputs: 2)])
        let parameters = network.initialParameters(initialization, seeds: SeedSequence(1))
        let values = network.layout.slots.map { slot in slot.range.map { parameters[$0] } }
        #expect(network.layout.slots.map(\.name)[2..<4] == ["b.weight", "b.bias"])
        #expect(values[2] == [Float](repeating: 1, count: 6) && values[3] == [Float](repeating: 0, count: 6))
        #expect(values[0].allSatisfy { $0 != 0 } && values[4].allSatisfy { $0 != 0 })
        // Biases of PyTorch's layers are drawn by the inputs of their own layer.
        if initialization == .pytorch {
            #expect(values[5].allSatisfy { $0 != 0 && abs($0) <= 1 / Float(6).squareRoot() })
        }
    }

    /// A unit can be left out only where nothing but the next dense layer reads it.
    @Test func hiddenUnitsGoNowhereElse() {
        func units(_ layers: [Network.Description]) -> [Int] {
            Network(input: FeatureShape(features: 5), layers).hiddenUnits
        }
        #expect(
            units([.dense("a", outputs: 7), .relu, .residual([.dense("b", outputs: 7)]), .dense("c", outputs: 2)]) == []
        )
        #expect(
            units([
                .residual([.dense("a", outputs: 7), .relu, .dense("b", outputs: 5)]), .relu, .dense("c", outputs: 2),
            ]) == [7])
        #expect(units([.dense("a", outputs: 7), .tanh, .dense("b", outputs: 2)]) == [])
    }
}
