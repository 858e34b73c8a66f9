/// `[C, H, W]` as `[C*H*W]`, channels first as in PyTorch. The numbers do not move.
struct Flatten: Layer {
    let name = "flatten"
    let input: FeatureShape
    var output: FeatureShape { FeatureShape(features: input.count) }
    var operatesInPlace: Bool { true }

    func forward(_ pass: ForwardPass) {
        if UnsafePointer(pass.output) != pass.input {
            pass.output.update(from: pass.input, count: pass.batch * input.count)
        }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient, inputGradient != pass.outputGradient else { return }
        inputGradient.update(from: pass.outputGradient, count: pass.batch * input.count)
    }
}
