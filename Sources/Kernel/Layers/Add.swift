import Lanes

/// The end of a residual: what left its body plus what entered it, and if asked max(·, 0) of that. Works in place.
///
/// Its input gradient is its output gradient, which stays where it is; a second one goes around the body.
struct Add: Layer {
    let name = "add"
    let input: FeatureShape
    var hasReLU = false

    var output: FeatureShape { input }
    var operatesInPlace: Bool { true }
    var readsOutput: Bool { hasReLU }
    var flopsPerSample: Double { Double(input.count) }

    var fusedWithReLU: (any Layer)? {
        var fused = self
        fused.hasReLU = true
        return fused
    }

    func forward(_ pass: ForwardPass) {
        guard let around = pass.aroundBody else { preconditionFailure("a sum of one") }
        let isFused = hasReLU
        mapLanes(pass.input, around, into: pass.output, count: pass.batch * input.count) { body, entered in
            let sum = body + entered
            // A sum of NaN stays NaN.
            return isFused ? sum.kept(where: .!(sum .< Lanes())) : sum
        }
    }

    func backward(_ pass: BackwardPass) {
        let count = pass.batch * input.count
        if hasReLU { maskGradient(pass.outputGradient, where: pass.output, count: count) }
        pass.gradientAroundBody?.update(from: pass.outputGradient, count: count)
    }
}

/// The outputs once more, where the loss's gradient would be written over numbers that the last layer still needs.
struct Copy: Layer {
    let name = "copy"
    let input: FeatureShape
    var output: FeatureShape { input }

    func forward(_ pass: ForwardPass) { pass.output.update(from: pass.input, count: pass.batch * input.count) }

    func backward(_ pass: BackwardPass) {
        pass.inputGradient?.update(from: pass.outputGradient, count: pass.batch * input.count)
    }
}
