import CAllocationCounter
import Randomness
import Testing

@testable import Kernel

/// A step allocates no heap memory, whatever the layers and the loss.
@Suite(.enabled(if: allocation_counter_is_available(), "counted on Linux, without a sanitizer"))
struct LayerAllocationTests {
    private static let body: [Network.Description] = [
        .conv2D("a", filters: 6, kernel: 3), .groupNorm("b", groups: 2), .gelu,
        .residual([.tanh, .residual([.conv2D("c", filters: 6, kernel: 3), .groupNorm("d", groups: 3)]), .sigmoid]),
        .relu,
        .avgPool2D(2), .flatten, .dense("e", outputs: 9), .tanh, .residual([.dense("f", outputs: 9)]),
    ]

    @Test(arguments: Loss.allCases) func aStepAllocatesNothing(loss: Loss) {
        let network = Network(
            input: FeatureShape(channels: 3, height: 6, width: 7), Self.body + [.dense("g", outputs: 1)], loss: loss)
        var stream = RandomStream(test: 1)
        let samples = Samples(of: network, 5, &stream)
        let parameters = network.initialParameters(.pytorch, seeds: SeedSequence(1))
        let gradient = ParameterVector(count: network.parameterCount)
        let workspace = network.workspace(capacity: 5)
        func allocations(_ steps: Int) -> Int {
            let before = allocation_counter_value()
            for _ in 0..<steps {
                samples.fill(workspace)
                _ = network.lossAndGradient(of: workspace, dividedBy: 5, at: parameters, into: gradient)
                _ = network.descend(workspace, dividedBy: 5, from: parameters, rate: 1e-3, into: parameters)
            }
            return allocation_counter_value() - before
        }
        func fillings(_ steps: Int) -> Int {
            let before = allocation_counter_value()
            for _ in 0..<steps { samples.fill(workspace) }
            return allocation_counter_value() - before
        }
        _ = allocations(1)
        #expect(allocations(20) - fillings(20) == 0)
    }
}
