/// Adds a learned vector to each position, `[T, D]`: the position embeddings of Radford et al. 2018, *Improving Language
/// Understanding by Generative Pre-Training*, section 4.1.
struct Positions: Layer {
    let name: String
    let input: FeatureShape
    private let positions: Int
    private let dimension: Int

    init(name: String, input: FeatureShape) throws(NetworkError) {
        self.name = name
        self.input = input
        (positions, dimension) = try input.sequence()
    }

    var output: FeatureShape { input }
    var operatesInPlace: Bool { true }
    var flopsPerSample: Double { Double(input.count) }
    var parameters: [ParameterSpecification] {
        [.weight(of: name, [positions, dimension], fanIn: 1, fanOut: dimension)]
    }

    func forward(_ pass: ForwardPass) {
        for sample in 0..<pass.batch {
            let first = sample * input.count
            add(pass.input + first, pass.parameters, into: pass.output + first, count: input.count)
        }
    }

    func backward(_ pass: BackwardPass) {
        pass.inputGradient?.update(from: pass.outputGradient, count: pass.batch * input.count)
        sumRows(
            of: pass.outputGradient, rows: pass.batch, columns: input.count, into: pass.gradient, addedTo: pass.start)
    }
}
