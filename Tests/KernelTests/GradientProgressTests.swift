import Randomness
import Testing

@testable import Kernel

/// What a backward pass tells of its progress.
@Suite struct GradientProgressTests {
    /// What is said to be there is what the finished gradient has there.
    @Test func numbersThatAreSaidToBeThereDoNotChangeAnyMore() throws {
        let network = Network(
            input: FeatureShape(channels: 1, height: 6, width: 6),
            [
                .conv2D("conv", filters: 3, kernel: 3), .relu, .maxPool2D(2), .flatten, .dense("fc1", outputs: 8),
                .relu,
                .dense("fc2", outputs: 4),
            ])
        var stream = RandomStream(test: 7)
        let parameters = network.initialParameters(.he, seeds: SeedSequence(3))
        let gradient = ParameterVector([Float](repeating: .nan, count: network.parameterCount))
        let workspace = NetworkWorkspace(for: network, capacity: 5)
        workspace.batch.resize(to: 5)
        for (index, value) in stream.floats(5 * network.input.count).enumerated() {
            workspace.batch.inputs[index] = value
        }
        for (index, label) in stream.labels(5, classes: 4).enumerated() { workspace.batch.labels[index] = label }
        var places: [Int] = []
        var seen: [[Float]] = []
        _ = network.lossAndGradient(of: workspace, dividedBy: 5, at: parameters, into: gradient) { readyFrom in
            places.append(readyFrom)
            seen.append(Array(gradient.values[readyFrom...]))
        }
        let starts = ["fc2.weight", "fc1.weight", "conv.weight"].compactMap { name in
            network.layout.slots.first { $0.name == name }?.range.lowerBound
        }
        #expect(places == starts && places.last == 0, "\(places)")
        for (place, numbers) in zip(places, seen) {
            #expect(numbers == Array(gradient.values[place...]), "from \(place)")
            #expect(!numbers.contains { !$0.isFinite })
        }
    }
}
