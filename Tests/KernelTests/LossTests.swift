import Foundation
import Randomness
import Testing

@testable import Kernel

/// Losses of a network whose outputs are its inputs.
@Suite struct LossTests {
    /// - Parameter outputs: `[B, width]`, the samples.
    private func judged(
        _ loss: Loss, _ outputs: [Float], labels: [UInt8], targets: [Float] = []
    ) -> (losses: [Double], right: [Bool], sum: Double, correct: Int, gradient: [Float]) {
        let width = outputs.count / labels.count
        let network = Network(input: FeatureShape(features: width), [.dense("fc", outputs: width)], loss: loss)
        let parameters = ParameterVector(count: network.parameterCount)
        for index in 0..<width { parameters[index * (width + 1)] = 1 }
        let samples = Samples(inputs: outputs, labels: labels, targets: targets)
        let workspace = network.workspace(capacity: labels.count)
        var (losses, right): ([Double], [Bool]) = ([], [])
        samples.fill(workspace)
        network.judge(workspace, at: parameters) { sample, loss, isRight in
            #expect(sample == losses.count)
            losses.append(loss)
            right.append(isRight)
        }
        samples.fill(workspace)
        let (sum, correct) = network.lossAndCorrect(of: workspace, at: parameters)
        let (trained, gradient) = samples.lossAndGradient(network, parameters, dividedBy: 1)
        #expect(abs(trained - sum) <= 1e-6 * abs(sum) || trained.isNaN && sum.isNaN)
        // Biases' gradients are the outputs'.
        return (losses, right, sum, correct, Array(gradient.values.suffix(width)))
    }

    /// log(1 + e^-z) = 0.6931..., 0.3132..., and z itself where e^-z is lost beside it; no logit is too large.
    @Test func aLogitsLossIsThatOfItsSign() {
        let result = judged(
            .binaryCrossEntropy, [0, 1, -1, 100, -100, 3e38, -3e38], labels: [1, 1, 1, 0, 0, 1, 0])
        let expected = [log(2.0), log1p(exp(-1.0)), 1 + log1p(exp(-1.0)), 100, 0, 0, 0]
        for (own, value) in zip(result.losses, expected) { #expect(abs(own - value) <= 1e-7 * max(1, value)) }
        #expect(result.right == [false, true, false, false, true, true, true] && result.correct == 4)
    }

    /// The derivative is -(1 - sigmoid(z)) for label 1; at z = 20 that is 2.06e-9, which a rounded sigmoid would make 0.
    @Test(arguments: [Float(20), 3, 0, -3, -20]) func aLogitsDerivativeKeepsItsDigits(z: Float) {
        for label in [UInt8(0), 1] {
            let gradient = Double(judged(.binaryCrossEntropy, [z], labels: [label]).gradient[0])
            let exact = label == 1 ? -1 / (1 + exp(Double(z))) : 1 / (1 + exp(-Double(z)))
            #expect(abs(gradient - exact) <= 4e-7 * abs(exact))
        }
    }

    /// ((1 - 3)² + (2 - 2)²) / 2 = 2 and (0 + 16) / 2 = 8; derivatives are the distances.
    @Test func squaredErrorsAreMeansOverASamplesOutputs() {
        let result = judged(.squaredError, [1, 2, 5, 6], labels: [0, 0], targets: [3, 2, 5, 2])
        #expect(result.losses == [2, 8] && result.sum == 10)
        #expect(result.right == [false, false] && result.correct == 0)
        #expect(result.gradient == [-2, 4])
        let long = (0..<19).map(Float.init)
        #expect(judged(.squaredError, long, labels: [0], targets: long.map { $0 + 3 }).losses == [9])
    }

    @Test(arguments: Loss.allCases) func nanIsALossAndNeverRight(loss: Loss) {
        let result = judged(loss, [.nan], labels: [0], targets: loss == .squaredError ? [0] : [])
        #expect(result.losses[0].isNaN && result.right == [false] && result.gradient[0].isNaN)
    }

    @Test func aBatchHoldsTargetsOnlyWhereThereAreSome() {
        let layers: [Network.Description] = [.dense("fc", outputs: 3)]
        let (shape, samples) = (FeatureShape(features: 5), 7)
        let classifier = Network(input: shape, layers)
        let regression = Network(input: shape, layers, loss: .squaredError)
        #expect(classifier.targetCount == 0 && regression.targetCount == 3)
        #expect(classifier.workspace(capacity: samples).batch.targets.baseAddress == nil)
        #expect(regression.workspace(capacity: samples).batch.targets.count == 21)
        let difference = regression.workspaceBytes(samples: samples) - classifier.workspaceBytes(samples: samples)
        #expect(difference == 21 * 4)
        #expect(Network(input: shape, [.dense("fc", outputs: 1)], loss: .binaryCrossEntropy).targetCount == 0)
    }

}
