/// Every position looks at itself and those before: PyTorch's `nn.MultiheadAttention` with `batch_first`, queries, keys and
/// values of the same sequence, a causal mask and no dropout; A. Vaswani et al. 2017, *Attention Is All You Need*, section 3.2.
///
/// One product makes queries, keys and values of all positions of all samples, one the output; ``AttentionHead`` is what lies
/// between.
struct CausalSelfAttention: Layer {
    let name: String
    let input: FeatureShape
    private let positions: Int
    private let dimension: Int
    let heads: Int
    private let inMap: LinearMap
    private let outMap: LinearMap
    private let head: AttentionHead

    init(name: String, input: FeatureShape, heads: Int) throws(NetworkError) {
        (positions, dimension) = try input.sequence()
        try require(
            heads > 0 && dimension % heads == 0,
            "\(heads) heads cannot share \(dimension) dimensions; allowed are divisors of \(dimension)")
        try requireSizes(["rows": 3 * dimension, "columns": dimension])
        try requireSizes(["heads": heads, "queries": positions, "keys": positions])
        self.name = name
        self.input = input
        self.heads = heads
        inMap = LinearMap(inputs: dimension, outputs: 3 * dimension)
        outMap = LinearMap(inputs: dimension, outputs: dimension)
        head = AttentionHead(positions: positions, dimension: dimension / heads, stride: dimension)
    }

    var output: FeatureShape { input }
    var parameters: [ParameterSpecification] {
        [
            ParameterSpecification(
                name: name + ".in_proj_weight", shape: [3 * dimension, dimension], fanIn: dimension,
                fanOut: 3 * dimension),
            ParameterSpecification(name: name + ".in_proj_bias", shape: [3 * dimension], fanIn: 0, fanOut: 0),
            .weight(of: name + ".out_proj", [dimension, dimension], fanIn: dimension, fanOut: dimension),
            .bias(of: name + ".out_proj", dimension),
        ]
    }
    var scratchCount: Int { max(inMap.weightCount, head.scratchCount) }
    /// The two maps, and scores and sums of each position over itself and those before.
    var flopsPerSample: Double {
        let pairs = Double(positions * (positions + 1) / 2)
        return Double(positions) * (inMap.flopsPerRow + outMap.flopsPerRow) + 4 * pairs * Double(dimension)
    }
    var savedCountPerSample: Int { (3 + 1 + 1) * positions * dimension + heads * positions * positions }

    /// Where the second map's parameters begin, behind the weights and biases of the first.
    private var outOffset: Int { inMap.weightCount + inMap.outputs }

    /// What is kept of all samples.
    private struct Kept {
        /// Queries, keys and values `[B, T, 3, D]`; backward, their derivatives.
        let projected: UnsafeMutablePointer<Float>
        /// What the heads make `[B, T, D]`, side by side.
        let joined: UnsafeMutablePointer<Float>
        /// The loss's derivative by `joined`, in the backward pass.
        let joinedGradient: UnsafeMutablePointer<Float>
        /// Weights of the average `[B, heads, T, T]`, 0 for positions that come later.
        let weights: UnsafeMutablePointer<Float>
    }

    private func kept(_ memory: UnsafeMutablePointer<Float>, batch: Int) -> Kept {
        let sequences = batch * positions * dimension
        return Kept(
            projected: memory, joined: memory + 3 * sequences, joinedGradient: memory + 4 * sequences,
            weights: memory + 5 * sequences)
    }

    func forward(_ pass: ForwardPass) {
        let (rows, kept) = (pass.batch * positions, kept(pass.savedFloats(layer: self), batch: pass.batch))
        inMap.forward(
            rows: rows, pass.input, inMap.prepared(pass.parameters, rows: rows, in: pass.scratch),
            startingFrom: .bias(pass.parameters + inMap.weightCount), into: kept.projected)
        forEachHead(pass.batch) { projected, joined, weights in
            head.forward(
                kept.projected + projected, weights: kept.weights + weights, into: kept.joined + joined,
                scratch: pass.scratch)
        }
        let out = pass.parameters + outOffset
        outMap.forward(
            rows: rows, kept.joined, outMap.prepared(out, rows: rows, in: pass.scratch),
            startingFrom: .bias(out + outMap.weightCount), into: pass.output)
    }

    func backward(_ pass: BackwardPass) {
        let (rows, kept) = (pass.batch * positions, kept(pass.savedFloats(layer: self), batch: pass.batch))
        // The derivative by what a map read comes before its weights' change, which may be the gradient's memory.
        outMap.backwardInput(
            rows: rows, pass.outputGradient, weights: pass.parameters + outOffset, into: kept.joinedGradient)
        outMap.backwardParameters(
            pass, at: outOffset, rows: rows, pass.outputGradient, kept.joined, scratch: pass.scratch)
        forEachHead(pass.batch) { projected, joined, weights in
            head.backward(
                kept.projected + projected, weights: kept.weights + weights, kept.joinedGradient + joined,
                scratch: pass.scratch)
        }
        if let inputGradient = pass.inputGradient {
            inMap.backwardInput(rows: rows, kept.projected, weights: pass.parameters, into: inputGradient)
        }
        inMap.backwardParameters(pass, at: 0, rows: rows, kept.projected, pass.input, scratch: pass.scratch)
    }

    /// Calls `body` with where each head of each sample finds its queries, its result and its weights.
    @inline(__always)
    private func forEachHead(_ batch: Int, _ body: (_ projected: Int, _ joined: Int, _ weights: Int) -> Void) {
        for sample in 0..<batch {
            for index in 0..<heads {
                let column = index * head.dimension
                body(
                    sample * positions * 3 * dimension + column, sample * positions * dimension + column,
                    (sample * heads + index) * positions * positions)
            }
        }
    }
}
