import Foundation
import Testing

@testable import Kernel

/// Layers and losses against what PyTorch makes of the same numbers: `Benchmarks/golden/layers.py` wrote them.
@Suite struct PyTorchTests {
    private struct Golden: Decodable {
        struct Tensor: Decodable {
            let shape: [Int]
            let values: [Float]
            /// The gradient of the mean of the losses by this tensor.
            let gradient: [Double]
        }
        struct Case: Decodable {
            let batch: Int
            let inputs: [Float]
            let labels: [UInt8]
            let targets: [Float]
            let outputs: [Double]
            let losses: [Double]
            let parameters: [Tensor]
        }
        let torch: String
        let cases: [String: Case]

        static func read() throws -> Golden {
            let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/layers.json")
            return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
        }
    }

    private static let networks: [String: Network] = [
        "activations": Network(
            input: FeatureShape(features: 5),
            [
                .dense("a", outputs: 9), .tanh, .dense("b", outputs: 6), .sigmoid, .dense("c", outputs: 7), .gelu,
                .dense("d", outputs: 3),
            ]),
        "averagePoolAndGroupNorm": Network(
            input: FeatureShape(channels: 3, height: 7, width: 6),
            [
                .conv2D("a", filters: 6, kernel: 3), .groupNorm("b", groups: 3), .gelu, .avgPool2D(2), .flatten,
                .dense("c", outputs: 3),
            ]),
        "residualOfConvolutions": Network(
            input: FeatureShape(channels: 1, height: 6, width: 6),
            [
                .conv2D("a", filters: 8, kernel: 3),
                .residual([
                    .conv2D("b", filters: 8, kernel: 3), .groupNorm("c", groups: 2), .relu,
                    .conv2D("d", filters: 8, kernel: 1),
                ]), .relu, .avgPool2D(3), .flatten, .dense("e", outputs: 4),
            ]),
        "residualsInResiduals": Network(
            input: FeatureShape(features: 4),
            [
                .dense("a", outputs: 6),
                .residual([.tanh, .residual([.dense("b", outputs: 6), .gelu]), .dense("c", outputs: 6)]), .relu,
                .dense("d", outputs: 3),
            ]),
        "groupNormOfFeatures": Network(
            input: FeatureShape(features: 4),
            [.dense("a", outputs: 12), .groupNorm("b", groups: 4), .sigmoid, .dense("c", outputs: 2)]),
        "binaryCrossEntropy": Network(
            input: FeatureShape(features: 5), [.dense("a", outputs: 4), .tanh, .dense("b", outputs: 1)],
            loss: .binaryCrossEntropy),
        "squaredError": Network(
            input: FeatureShape(features: 5), [.dense("a", outputs: 7), .gelu, .dense("b", outputs: 11)],
            loss: .squaredError),
        "oneNumber": Network(
            input: FeatureShape(features: 3), [.dense("a", outputs: 6), .sigmoid, .dense("b", outputs: 1)],
            loss: .squaredError),
    ]

    @Test func everyCaseHasItsNetwork() throws {
        #expect(Set(try Golden.read().cases.keys) == Set(Self.networks.keys))
    }

    /// The kernel's float32 against float64: sums of fewer than 300 products of numbers around 1.
    @Test(arguments: networks.keys.sorted()) func outputsLossesAndGradientsAreThose(name: String) throws {
        let golden = try #require(try Golden.read().cases[name])
        let network = try #require(Self.networks[name])
        #expect(network.layout.slots.map(\.shape) == golden.parameters.map(\.shape))
        let parameters = ParameterVector(golden.parameters.flatMap(\.values))
        let samples = Samples(inputs: golden.inputs, labels: golden.labels, targets: golden.targets)
        let workspace = network.workspace(capacity: golden.batch)

        samples.fill(workspace)
        let outputs = ParameterVector(count: golden.outputs.count)
        network.outputs(of: workspace, at: parameters, into: outputs, from: 0)
        expectClose(outputs.values, golden.outputs, tolerance: 2e-6, name)

        samples.fill(workspace)
        var losses: [Float] = []
        network.judge(workspace, at: parameters) { _, loss, _ in losses.append(Float(loss)) }
        expectClose(losses, golden.losses, tolerance: 2e-6, "\(name): losses")

        let (loss, gradient) = samples.lossAndGradient(network, parameters)
        #expect(abs(loss - golden.losses.reduce(0, +)) < 1e-5 * max(1, abs(loss)))
        expectClose(gradient.values, golden.parameters.flatMap(\.gradient), tolerance: 2e-6, "\(name): gradient")
        samples.checkDescent(network, parameters, name)
        samples.checkParts(network, parameters, name)
    }
}
