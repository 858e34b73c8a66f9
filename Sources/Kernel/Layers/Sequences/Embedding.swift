/// A vector for each token: PyTorch's `nn.Embedding`, with the table `[V, D]`. Samples are rows of T token numbers, kept as
/// floats; the output is a sequence `[T, D]`.
struct Embedding: Layer {
    let name: String
    let input: FeatureShape
    let vocabulary: Int
    let dimension: Int

    init(name: String, input: FeatureShape, vocabulary: Int, dimension: Int) throws(NetworkError) {
        try requireSizes(["vocabulary": vocabulary, "dimensions": dimension])
        try requireSizes(["positions": input.count, "dimensions": dimension])
        try require(
            vocabulary <= Self.mostTokens,
            "a vocabulary of \(vocabulary); allowed are up to \(Self.mostTokens), whose numbers are floats without rounding"
        )
        self.name = name
        self.input = input
        self.vocabulary = vocabulary
        self.dimension = dimension
    }

    /// Whole numbers up to here are floats without rounding.
    private static let mostTokens = 1 << 24

    var output: FeatureShape { FeatureShape(positions: input.count, dimension: dimension) }
    /// The table's gradient.
    var scratchCount: Int { vocabulary * dimension }
    /// A token is one input of 1 among zeros: one term a sum.
    var parameters: [ParameterSpecification] {
        [.weight(of: name, [vocabulary, dimension], fanIn: 1, fanOut: dimension)]
    }

    @inline(__always)
    private func row(_ token: Float) -> Int {
        // A NaN is in no range.
        precondition(token >= 0 && token < Float(vocabulary), "\(name): token \(token) of \(vocabulary)")
        return Int(token) &* dimension
    }

    func forward(_ pass: ForwardPass) {
        for place in 0..<pass.batch * input.count {
            (pass.output + place * dimension).update(from: pass.parameters + row(pass.input[place]), count: dimension)
        }
    }

    func backward(_ pass: BackwardPass) {
        let count = vocabulary * dimension
        pass.scratch.update(repeating: 0, count: count)
        for place in 0..<pass.batch * input.count {
            let sum = pass.scratch + row(pass.input[place])
            add(sum, pass.outputGradient + place * dimension, into: sum, count: dimension)
        }
        if let start = pass.start {
            add(start, pass.scratch, into: pass.gradient, count: count)
        } else {
            pass.gradient.update(from: pass.scratch, count: count)
        }
        // A token has no neighbours that it could move to.
        pass.inputGradient?.update(repeating: 0, count: pass.batch * input.count)
    }
}
