import Foundation
import Randomness
import Testing

@testable import Kernel

/// Networks of residuals and activations against naive loops in Double.
private struct Example: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reference: ReferenceNetwork

    init(_ description: String, _ input: FeatureShape, _ layers: [ReferenceLayer]) {
        (testDescription, reference) = (description, ReferenceNetwork(input: input, layers: layers))
    }

    private static let features = FeatureShape(features: 6)
    private static let image = FeatureShape(channels: 3, height: 5, width: 4)

    static let all = [
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

@Suite struct ResidualTests {
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
                Naive.losses(
                    reference.outputs(parameters, samples.inputs), samples.labels, classes: network.classCount
                ).reduce(0, +)
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
        // The body's operations, and one addition for each number: 12 + (18 + 3) + 12 + 2, and 4 at the end. Backward twice
        // that, but for the first layer's input.
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
}

/// A batch of random samples, and what must be true of every network's steps on it.
struct Samples {
    let inputs: [Float]
    let labels: [UInt8]

    init(of network: Network, _ count: Int, _ stream: inout RandomStream) {
        (inputs, labels) = (
            stream.floats(count * network.input.count), stream.labels(count, classes: network.classCount)
        )
    }

    private init(inputs: [Float], labels: [UInt8]) { (self.inputs, self.labels) = (inputs, labels) }

    func part(_ rows: Range<Int>) -> Samples {
        let features = inputs.count / labels.count
        return Samples(
            inputs: Array(inputs[rows.lowerBound * features..<rows.upperBound * features]), labels: Array(labels[rows]))
    }

    func fill(_ workspace: Workspace) {
        workspace.batch.resize(to: labels.count)
        for (index, value) in inputs.enumerated() { workspace.batch.inputs[index] = value }
        for (index, label) in labels.enumerated() { workspace.batch.labels[index] = label }
    }

    /// - Parameter divisor: nil for the number of samples.
    func lossAndGradient(
        _ network: Network, _ parameters: ParameterVector, dividedBy divisor: Int? = nil, in workspace: Workspace? = nil
    ) -> (loss: Double, gradient: ParameterVector) {
        let workspace = workspace ?? network.workspace(capacity: labels.count)
        fill(workspace)
        // A multiplication by zero, where an assignment is meant, keeps a NaN.
        let gradient = ParameterVector([Float](repeating: .nan, count: network.parameterCount))
        let loss = network.lossAndGradient(
            of: workspace, dividedBy: divisor ?? labels.count, at: parameters, into: gradient)
        return (loss, gradient)
    }

    /// A step at a rate that is a power of two is that along the gradient, to the bit.
    func checkDescent(_ network: Network, _ parameters: ParameterVector, _ context: String) {
        let (loss, gradient) = lossAndGradient(network, parameters)
        let expected = zip(parameters.values, gradient.values).map { $0 - 0.5 * $1 }
        let workspace = network.workspace(capacity: labels.count)
        let result = ParameterVector([Float](repeating: .nan, count: parameters.count))
        for target in [result, parameters.snapshot()] {
            let start = target === result ? parameters : target
            fill(workspace)
            let own = network.descend(workspace, dividedBy: labels.count, from: start, rate: 0.5, into: target)
            #expect(own == loss, "\(context), batch \(labels.count)")
            #expect(target.values == expected, "\(context), batch \(labels.count)")
        }
    }

    /// The gradients of parts with the whole batch as divisor add up; they add the same numbers in another order.
    func checkParts(_ network: Network, _ parameters: ParameterVector, _ context: String) {
        let whole = lossAndGradient(network, parameters)
        for parts in [2, 3] where parts <= labels.count {
            let sum = ParameterVector(count: network.parameterCount)
            var loss = 0.0
            for index in 0..<parts {
                let part = part((0..<labels.count).part(index, of: parts))
                    .lossAndGradient(network, parameters, dividedBy: labels.count)
                sum.add(part.gradient)
                loss += part.loss
            }
            expectClose(
                sum.values, whole.gradient.values.map(Double.init), tolerance: 1e-5, "\(context), \(parts) parts")
            #expect(abs(loss - whole.loss) <= 1e-5 * max(1, abs(whole.loss)), "\(context), \(parts) parts")
        }
    }
}
