/// max(x, 0), in place. A NaN stays a NaN, so that divergence is seen.
///
/// Where the layer before can, it does this in its own pass (``Layer/fusedWithReLU``).
struct ReLU: Layer {
    let name = "relu"
    let input: FeatureShape
    var output: FeatureShape { input }
    var operatesInPlace: Bool { true }
    var readsOutput: Bool { true }
    var flopsPerSample: Double { Double(input.count) }

    func forward(_ pass: ForwardPass) {
        let (source, target) = (pass.input, pass.output)
        for index in 0..<pass.batch * input.count { target[index] = source[index] < 0 ? 0 : source[index] }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient else { return }
        let (activation, gradient) = (pass.input, pass.outputGradient)
        for index in 0..<pass.batch * input.count {
            inputGradient[index] = activation[index] > 0 ? gradient[index] : 0
        }
    }
}
