import Testing

@testable import Kernel

@Suite struct ModelSizeTests {
    private let mlp = Network(
        input: FeatureShape(channels: 1, height: 28, width: 28),
        [.dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 200), .relu, .dense("fc3", outputs: 10)])
    private let cnn = Network(
        input: FeatureShape(channels: 1, height: 28, width: 28),
        [
            .conv2D("conv1", filters: 32, kernel: 5), .relu, .maxPool2D(2),
            .conv2D("conv2", filters: 64, kernel: 5), .relu, .maxPool2D(2),
            .flatten, .dense("fc1", outputs: 512), .relu, .dense("fc2", outputs: 10),
        ])

    @Test func modelsOfMcMahanEtAlHaveTheirPublishedSizes() {
        // "2NN" and "CNN", McMahan et al. 2017, section 3: 199,210 and 1,663,370 parameters.
        #expect(mlp.parameterCount == 199_210)
        #expect(cnn.parameterCount == 1_663_370)
    }

    @Test func linearAndSmallModelsHaveTheirSizes() {
        #expect(Network(input: FeatureShape(features: 784), [.dense("fc", outputs: 10)]).parameterCount == 7850)
        let small = Network(
            input: FeatureShape(features: 64), [.dense("fc1", outputs: 64), .relu, .dense("fc2", outputs: 10)])
        #expect(small.parameterCount == 4810)
    }

    @Test func layoutIsWeightsThenBiasInPyTorchShapes() {
        #expect(cnn.layout.slots.map(\.name).prefix(4) == ["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"])
        #expect(
            cnn.layout.slots.map(\.shape)
                == [[32, 1, 5, 5], [32], [64, 32, 5, 5], [64], [512, 3136], [512], [10, 512], [10]])
        var end = 0
        for slot in cnn.layout.slots {
            #expect(slot.range == end..<end + slot.shape.reduce(1, *), "\(slot.name)")
            end = slot.range.upperBound
        }
        #expect(end == cnn.parameterCount)
    }

    @Test func trainingFlopsAreThreeForwardPassesLessTheFirstInputGradient() {
        // Forward: 2 * (784 * 200 + 200 * 200 + 200 * 10) = 397,600 for the products and 2 * 200 for the ReLUs.
        // Training: 3 * 398,000 - 2 * 784 * 200 = 880,400.
        #expect(mlp.trainingFlopsPerSample == 880_400)
    }

    @Test func convolutionFlopsCountEveryOutputPosition() {
        let network = Network(
            input: FeatureShape(channels: 3, height: 8, width: 6),
            [.conv2D("conv", filters: 4, kernel: 3), .maxPool2D(2), .flatten, .dense("fc", outputs: 2)])
        // conv 2 * (3 * 9) * (8 * 6) * 4 = 10,368; pool 4 * 4 * 3 * 4 = 192; dense 2 * 48 * 2 = 192.
        #expect(network.trainingFlopsPerSample == 3 * (10_368 + 192 + 192) - 10_368)
    }
}
