import Foundation
import Randomness
import Testing

@testable import Kernel

/// What models learn from others' logits, against naive loops and central differences.
@Suite struct DistillationTests {
    /// (1/C) Σ |z - t|, KL(softmax(t) || softmax(z)) and cross-entropy of one sample, in 64 bits.
    private static func losses(_ logits: [Double], _ target: [Double], _ label: Int) -> (
        mae: Double, kl: Double, crossEntropy: Double
    ) {
        func softmax(_ row: [Double]) -> [Double] {
            let total = row.reduce(0) { $0 + exp($1) }
            return row.map { exp($0) / total }
        }
        let (own, other) = (softmax(logits), softmax(target))
        return (
            zip(logits, target).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(logits.count),
            zip(other, own).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }, -log(own[label])
        )
    }

    @Test(arguments: DistillationLoss.allCases) func lossAndGradientEqualCentralDifferences(_ kind: DistillationLoss) {
        for seed in 0..<20 {
            var stream = RandomStream(test: seed)
            let (batch, classes) = (stream.int(1...5), stream.int(2...12))
            let (share, scale) = (Float(stream.int(0...4)) / 4, Float(stream.int(1...8)) / 8)
            let logits = stream.floats(batch * classes).map { 4 * $0 }
            let targets = stream.floats(batch * classes).map { 4 * $0 }
            let labels = stream.labels(batch, classes: classes)
            func loss(_ numbers: [Double]) -> Double {
                (0..<batch).reduce(0) { sum, sample in
                    let row = sample * classes..<(sample + 1) * classes
                    let parts = Self.losses(
                        Array(numbers[row]), targets[row].map(Double.init), Int(labels[sample]))
                    let distance = kind == .meanAbsoluteError ? parts.mae : parts.kl
                    return sum + Double(share) * distance + Double(1 - share) * parts.crossEntropy
                }
            }
            var gradient = logits
            let found = targets.withUnsafeBufferPointer { targets in
                kind.lossAndGradient(
                    &gradient, towards: { targets.baseAddress.unsafelyUnwrapped + $0 * classes }, labels: labels,
                    share: share, batch: batch, classes: classes, scale: scale)
            }
            let exact = logits.map(Double.init)
            let context = "\(kind), seed \(seed)"
            #expect(abs(found - loss(exact)) < 1e-4, "\(context)")
            let differences = exact.indices.map { index in
                var (above, below) = (exact, exact)
                above[index] += 1e-6
                below[index] -= 1e-6
                return Double(scale) * (loss(above) - loss(below)) / 2e-6
            }
            expectClose(gradient, differences, tolerance: 1e-5, context)
        }
    }

    private static let network = Network(
        input: FeatureShape(features: 6),
        [.dense("fc1", outputs: 7), .relu, .dense("fc2", outputs: 5), .relu, .dense("fc3", outputs: 4)])

    private func fill(_ workspace: Workspace, _ input: [Float], _ labels: [UInt8]) {
        workspace.batch.resize(to: labels.count)
        for (index, value) in input.enumerated() { workspace.batch.inputs[index] = value }
        for (index, label) in labels.enumerated() { workspace.batch.labels[index] = label }
    }

    /// A model's own logits as its target: the gradient of KL is 0 in every number, and so is the gradient of the
    /// absolute error.
    @Test(arguments: DistillationLoss.allCases) func amongEqualModelsThereIsNothingToLearn(_ kind: DistillationLoss) {
        let network = Self.network
        var stream = RandomStream(test: 3)
        let parameters = ParameterVector(stream.floats(network.parameterCount))
        let (input, labels) = (stream.floats(5 * 6), stream.labels(5, classes: 4))
        let workspace = NetworkWorkspace(for: network, capacity: 5)
        fill(workspace, input, labels)
        // Rows 1 to 5 of six.
        let (targets, gradient) = (ParameterVector(count: 6 * 4), ParameterVector(count: network.parameterCount))
        network.outputs(of: workspace, at: parameters, into: targets, from: 1)
        fill(workspace, input, labels)
        let loss = network.lossAndGradient(
            of: workspace, towards: targets, rows: [1, 2, 3, 4, 5], by: kind, dividedBy: 5, at: parameters,
            into: gradient)
        #expect(loss == 0 && gradient.values.allSatisfy { $0 == 0 })
        // In other rows there is.
        fill(workspace, input, labels)
        #expect(
            network.lossAndGradient(
                of: workspace, towards: targets, rows: [2, 1, 3, 4, 5], by: kind, dividedBy: 5, at: parameters,
                into: gradient) > 0)
        #expect(gradient.values.contains { $0 != 0 })
    }

    /// With a share of 0 the loss is the cross-entropy with the labels.
    @Test func withoutAShareItIsTheLossOfTheLabels() {
        let network = Self.network
        var stream = RandomStream(test: 4)
        let parameters = ParameterVector(stream.floats(network.parameterCount))
        let (input, labels) = (stream.floats(3 * 6), stream.labels(3, classes: 4))
        let (targets, plain, drawn) = (
            ParameterVector(stream.floats(12)), ParameterVector(count: network.parameterCount),
            ParameterVector(count: network.parameterCount)
        )
        let workspace = NetworkWorkspace(for: network, capacity: 3)
        fill(workspace, input, labels)
        let expected = network.lossAndGradient(of: workspace, dividedBy: 3, at: parameters, into: plain)
        fill(workspace, input, labels)
        let loss = network.lossAndGradient(
            of: workspace, towards: targets, rows: [0, 1, 2], by: .kullbackLeibler, share: 0, dividedBy: 3,
            at: parameters, into: drawn)
        #expect(abs(loss - expected) < 1e-5)
        expectClose(drawn.values, plain.values.map(Double.init), tolerance: 1e-6, "gradient")
    }

    /// A model with fewer hidden units trains like the network that has so few.
    @Test func aNarrowModelIsThatOfANarrowNetwork() {
        let (wide, narrow) = (
            Self.network,
            Network(
                input: FeatureShape(features: 6),
                [.dense("fc1", outputs: 3), .relu, .dense("fc2", outputs: 3), .relu, .dense("fc3", outputs: 4)])
        )
        #expect(wide.hiddenUnits == [7, 5] && narrow.hiddenUnits == [3, 3])
        #expect(Network(input: FeatureShape(features: 6), [.dense("fc", outputs: 4)]).hiddenUnits.isEmpty)
        var stream = RandomStream(test: 5)
        let parameters = ParameterVector(stream.floats(wide.parameterCount))
        wide.narrow(parameters, toHiddenUnits: 3)
        // The numbers of the wide model that are the narrow one's, in its order.
        let ones = ParameterVector([Float](repeating: 1, count: wide.parameterCount))
        wide.narrow(ones, toHiddenUnits: 3)
        let places = (0..<wide.parameterCount).filter { ones[$0] == 1 }
        #expect(places.count == narrow.parameterCount)
        let small = ParameterVector(places.map { parameters[$0] })
        let (large, little) = (NetworkWorkspace(for: wide, capacity: 4), NetworkWorkspace(for: narrow, capacity: 4))
        for _ in 0..<20 {
            let (input, labels) = (stream.floats(4 * 6), stream.labels(4, classes: 4))
            fill(large, input, labels)
            fill(little, input, labels)
            let loss = wide.descend(large, dividedBy: 4, from: parameters, rate: 0.1, into: parameters)
            let other = narrow.descend(little, dividedBy: 4, from: small, rate: 0.1, into: small)
            #expect(abs(loss - other) < 1e-4)
        }
        expectClose(places.map { parameters[$0] }, small.values.map(Double.init), tolerance: 1e-4, "after 20 steps")
        #expect((0..<wide.parameterCount).allSatisfy { ones[$0] == 1 || parameters[$0] == 0 })
    }
}
