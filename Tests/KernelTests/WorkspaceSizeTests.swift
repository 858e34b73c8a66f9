import Testing

@testable import Kernel

@Suite struct WorkspaceSizeTests {
    private static let perceptron = Network(
        input: FeatureShape(features: 784),
        [.dense("fc1", outputs: 200), .relu, .dense("fc2", outputs: 200), .relu, .dense("fc3", outputs: 10)])
    private static let convolutional = Network(
        input: FeatureShape(channels: 1, height: 28, width: 28),
        [
            .conv2D("conv1", filters: 32, kernel: 5), .relu, .maxPool2D(2), .conv2D("conv2", filters: 64, kernel: 5),
            .relu,
            .maxPool2D(2), .flatten, .dense("fc1", outputs: 512), .relu, .dense("fc2", outputs: 10),
        ])

    @Test(arguments: [1, 10, 64]) func itIsWhatAWorkspaceAllocates(_ samples: Int) {
        for network in [Self.perceptron, Self.convolutional] {
            let workspace = NetworkWorkspace(for: network, capacity: samples)
            #expect(network.workspaceBytes(samples: samples) == workspace.allocatedBytes)
        }
    }

    @Test func aPerceptronsIsThatOfItsLayers() {
        let scratch = Self.perceptron.stages.map(\.layer.scratchCount).max() ?? 0
        // A sample: its inputs, the outputs of three layers, two gradients of the widest, and a label.
        let sample = (784 + 200 + 200 + 10 + 2 * 784) * 4 + 1
        #expect(Self.perceptron.workspaceBytes(samples: 10) == 10 * sample + scratch * 4)
    }
}
