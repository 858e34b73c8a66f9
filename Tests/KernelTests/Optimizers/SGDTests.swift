import Testing

@testable import Kernel

/// Three steps from p = 1 with gradients 1/2, -1/4, 1 and rate 1/8, in fractions by hand (Python's `fractions`), after
/// the formula of torch.optim.SGD:
///
///     g = g + decay * p;  v = g if first else momentum * v + g;  p -= rate * (g + momentum * v if nesterov else v)
@Suite struct SGDTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let configuration: SGD.Configuration
        let expected: [Double]
    }

    static let cases = [
        Case(testDescription: "plain", configuration: .init(), expected: [0.9375, 0.96875, 0.84375]),
        Case(testDescription: "momentum", configuration: .init(momentum: 0.5), expected: [0.9375, 0.9375, 0.8125]),
        Case(
            testDescription: "nesterov", configuration: .init(momentum: 0.5, nesterov: true),
            expected: [0.90625, 0.9375, 0.75]),
        Case(
            testDescription: "weight decay", configuration: .init(weightDecay: 0.25),
            expected: [0.90625, 0.9091796875, 0.755767822265625]),
        Case(
            testDescription: "momentum and weight decay", configuration: .init(momentum: 0.5, weightDecay: 0.25),
            expected: [0.90625, 0.8623046875, 0.688385009765625]),
        Case(
            testDescription: "nesterov and weight decay",
            configuration: .init(momentum: 0.5, nesterov: true, weightDecay: 0.25),
            expected: [0.859375, 0.842529296875, 0.6049156188964844]),
    ]

    @Test(arguments: cases) func aStepInPartsIsAStep(example: Case) {
        let (whole, parts) = (ParameterVector([1, 2, 3, 4, 5]), ParameterVector([1, 2, 3, 4, 5]))
        let gradient = ParameterVector([0.5, -0.25, 1, 0.125, -2])
        let optimizers = (
            SGD(example.configuration, parameterCount: 5), SGD(example.configuration, parameterCount: 5)
        )
        for _ in 0..<3 {
            optimizers.0.step(whole, gradient, rate: 0.125)
            for range in [3..<5, 0..<3] { optimizers.1.step(parts, gradient, rate: 0.125, in: range) }
        }
        #expect(parts.values == whole.values)
    }

    @Test(arguments: cases) func onlyPlainDescentIsPlain(example: Case) {
        #expect(SGD(example.configuration, parameterCount: 1).isPlain == (example.testDescription == "plain"))
    }

    @Test(arguments: cases) func threeStepsEqualTheArithmeticOfPyTorch(example: Case) {
        let parameters = ParameterVector([1, 1])
        let optimizer = SGD(example.configuration, parameterCount: 2)
        for (step, gradient) in [Float(0.5), -0.25, 1].enumerated() {
            optimizer.step(parameters, ParameterVector([gradient, gradient]), rate: 0.125)
            // At most four roundings a step, of numbers up to 2.
            expectClose(
                parameters.values, [example.expected[step], example.expected[step]],
                tolerance: Double(step + 1) * 8 * roundoff, "step \(step + 1)")
        }
    }

    @Test func gradientIsLeftAsItWas() {
        for example in Self.cases {
            let gradient = ParameterVector([0.5, -2])
            SGD(example.configuration, parameterCount: 2).step(ParameterVector([3, 4]), gradient, rate: 0.1)
            #expect(gradient.values == [0.5, -2], "\(example.testDescription)")
        }
    }
}
