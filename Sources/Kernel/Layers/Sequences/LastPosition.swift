/// The numbers of a sequence's last position, as a row of features: `x[:, -1]` of PyTorch.
struct LastPosition: Layer {
    let name = "lastPosition"
    let input: FeatureShape
    private let dimension: Int

    init(input: FeatureShape) throws(NetworkError) {
        self.input = input
        dimension = try input.sequence().dimension
    }

    var output: FeatureShape { FeatureShape(features: dimension) }

    func forward(_ pass: ForwardPass) {
        let last = input.count - dimension
        for sample in 0..<pass.batch {
            (pass.output + sample * dimension).update(from: pass.input + sample * input.count + last, count: dimension)
        }
    }

    func backward(_ pass: BackwardPass) {
        guard let inputGradient = pass.inputGradient else { return }
        let last = input.count - dimension
        for sample in 0..<pass.batch {
            let target = inputGradient + sample * input.count
            target.update(repeating: 0, count: last)
            (target + last).update(from: pass.outputGradient + sample * dimension, count: dimension)
        }
    }
}
