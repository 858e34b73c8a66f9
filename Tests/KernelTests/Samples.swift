import Randomness
import Testing

@testable import Kernel

/// A batch of random samples, and what must be true of every network's steps on it.
struct Samples {
    let inputs: [Float]
    let labels: [UInt8]
    /// `[B, targetCount]`
    let targets: [Float]

    init(of network: Network, _ count: Int, _ stream: inout RandomStream) {
        inputs = stream.floats(count * network.input.count)
        labels = stream.labels(count, classes: network.loss == .binaryCrossEntropy ? 2 : network.classCount)
        targets = stream.floats(count * network.targetCount)
    }

    init(inputs: [Float], labels: [UInt8], targets: [Float] = []) {
        (self.inputs, self.labels, self.targets) = (inputs, labels, targets)
    }

    func part(_ rows: Range<Int>) -> Samples {
        return Samples(inputs: self.rows(inputs, rows), labels: Array(labels[rows]), targets: self.rows(targets, rows))
    }

    private func rows(_ numbers: [Float], _ rows: Range<Int>) -> [Float] {
        let width = numbers.count / labels.count
        return Array(numbers[rows.lowerBound * width..<rows.upperBound * width])
    }

    func fill(_ workspace: Workspace) {
        workspace.batch.resize(to: labels.count)
        for (index, value) in inputs.enumerated() { workspace.batch.inputs[index] = value }
        for (index, label) in labels.enumerated() { workspace.batch.labels[index] = label }
        for (index, target) in targets.enumerated() { workspace.batch.targets[index] = target }
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

    /// A step at a rate that is a power of two is the step along the gradient, to the bit.
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
