/// The same fully connected layer at every position: PyTorch's `nn.Linear` on `[B, T, D]`.
struct Positionwise: Layer {
    let name: String
    let input: FeatureShape
    private let map: LinearMap
    private let positions: Int

    init(name: String, input: FeatureShape, outputs: Int) throws(NetworkError) {
        let sequence = try input.sequence()
        try requireSizes(["outputs": outputs, "inputs": sequence.dimension])
        try requireSizes(["positions": sequence.positions, "outputs": outputs])
        self.name = name
        self.input = input
        positions = sequence.positions
        map = LinearMap(inputs: sequence.dimension, outputs: outputs)
    }

    var output: FeatureShape {
        input.height * input.width == 1
            ? FeatureShape(features: map.outputs) : FeatureShape(positions: positions, dimension: map.outputs)
    }
    var scratchCount: Int { map.weightCount }
    var flopsPerSample: Double { Double(positions) * map.flopsPerRow }
    var parameters: [ParameterSpecification] {
        [
            .weight(of: name, [map.outputs, map.inputs], fanIn: map.inputs, fanOut: map.outputs),
            .bias(of: name, map.outputs),
        ]
    }

    func forward(_ pass: ForwardPass) {
        let rows = pass.batch * positions
        map.forward(
            rows: rows, pass.input, map.prepared(pass.parameters, rows: rows, in: pass.scratch),
            startingFrom: .bias(pass.parameters + map.weightCount), into: pass.output)
    }

    func backward(_ pass: BackwardPass) {
        let rows = pass.batch * positions
        // Before the weights change, which may be the gradient's memory.
        if let inputGradient = pass.inputGradient {
            map.backwardInput(rows: rows, pass.outputGradient, weights: pass.parameters, into: inputGradient)
        }
        map.backwardParameters(pass, at: 0, rows: rows, pass.outputGradient, pass.input, scratch: pass.scratch)
    }
}
