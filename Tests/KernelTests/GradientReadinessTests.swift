import Testing

@testable import Kernel

/// When of a forward and backward pass each gradient is there.
@Suite struct GradientReadinessTests {
    /// Operations of a sample forward: 784 x 200, 200 x 200 and 200 x 10 multiply-adds are 313,600, 80,000 and 4,000,
    /// and two ReLUs 200 each: 398,000. Backward twice that, except in the first layer, which has no input gradient:
    /// 8,000 for the last layer, 400, 160,000, 400 and 313,600. Together 880,400.
    @Test func theBackwardPassGoesFromTheLastLayerToTheFirst() {
        let network = Network(
            input: FeatureShape(features: 784),
            [
                .dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 200), .relu, .dense("fc3", outputs: 10),
            ])
        #expect(network.trainingFlopsPerSample == 880_400)
        let (third, second) = (406_000 / 880_400.0, 566_400 / 880_400.0)
        #expect(network.gradientReadiness == [1, 1, second, second, third, third])
        #expect(network.layout.slots.map(\.name).last == "fc3.bias")
    }

    /// Layers without parameters take their time and have no share of their own; what comes before the first layer with
    /// parameters has no backward pass.
    @Test func layersWithoutParametersOnlyTakeTime() {
        let network = Network(
            input: FeatureShape(channels: 1, height: 4, width: 4),
            [.conv2D("conv", filters: 2, kernel: 3), .maxPool2D(2), .relu, .flatten, .dense("fc", outputs: 3)])
        let forward = network.layers.map(\.flopsPerSample)
        let (convolution, pool, relu, dense) = (forward[0], forward[1], forward[2], forward[4])
        #expect(convolution > 0 && pool > 0 && relu > 0 && dense == 2 * 8 * 3)
        let all = convolution + pool + relu + dense
        let atDense = (all + 2 * dense) / (3 * all - convolution)
        #expect(network.gradientReadiness == [1, 1, atDense, atDense])
    }

    @Test func aSingleLayerIsReadyAtTheEnd() {
        let network = Network(input: FeatureShape(features: 5), [.dense("fc", outputs: 2)])
        #expect(network.gradientReadiness == [1, 1])
    }
}
