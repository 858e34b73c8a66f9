/// A layer of long short-term memory over a sequence: PyTorch's `nn.LSTM` of one layer with `batch_first`, from a state of
/// zeros; S. Hochreiter and J. Schmidhuber 1997, *Long Short-Term Memory*, with the forget gate of F. A. Gers et al. 2000. The
/// output is the hidden state of every position, `[T, H]`.
///
/// What comes from the inputs is one product over all positions, and so is the gradient of either weights; one product a
/// position takes the state on. Inside, positions are outermost, `[T, B, ...]`, so that a position's rows lie together.
struct LSTM: Layer {
    let name: String
    let input: FeatureShape
    private let positions: Int
    private let inputMap: LinearMap
    private let stateMap: LinearMap
    private let cell: LSTMCell

    init(name: String, input: FeatureShape, hidden: Int) throws(NetworkError) {
        let sequence = try input.sequence()
        try requireSizes(["gates": 4, "hidden numbers": hidden, "inputs": max(hidden, sequence.dimension)])
        try requireSizes(["positions": sequence.positions, "gates": 4, "hidden numbers": hidden])
        self.name = name
        self.input = input
        positions = sequence.positions
        inputMap = LinearMap(inputs: sequence.dimension, outputs: 4 * hidden)
        stateMap = LinearMap(inputs: hidden, outputs: 4 * hidden)
        cell = LSTMCell(hidden: hidden)
    }

    var output: FeatureShape { FeatureShape(positions: positions, dimension: cell.hidden) }
    /// Every tensor has the fan-in of the hidden state, as in PyTorch, whose initialisation is ± 1/√H for all.
    var parameters: [ParameterSpecification] {
        let (hidden, gates) = (cell.hidden, stateMap.outputs)
        func weight(_ suffix: String, _ inputs: Int) -> ParameterSpecification {
            ParameterSpecification(
                name: "\(name).weight_\(suffix)_l0", shape: [gates, inputs], fanIn: hidden, fanOut: hidden)
        }
        func bias(_ suffix: String) -> ParameterSpecification {
            ParameterSpecification(name: "\(name).bias_\(suffix)_l0", shape: [gates], fanIn: 0, fanOut: 0)
        }
        return [weight("ih", inputMap.inputs), weight("hh", hidden), bias("ih"), bias("hh")]
    }
    /// A matrix as large as each of the weights, and one bias.
    var scratchCount: Int { inputMap.weightCount + stateMap.weightCount + stateMap.outputs }
    /// Both matrix products, and some twenty operations for each number of the state, at every position.
    var flopsPerSample: Double {
        Double(positions) * (inputMap.flopsPerRow + stateMap.flopsPerRow + 20 * Double(cell.hidden))
    }
    var savedCountPerSample: Int { positions * (inputMap.inputs + 7 * cell.hidden) + 2 * cell.hidden }

    /// What is kept of all samples.
    private struct Kept {
        /// X `[T, B, D]`; backward, in the end, its derivative.
        let inputs: UnsafeMutablePointer<Float>
        /// `[T, B, 4, H]`; backward, the derivatives by what went into them.
        let gates: UnsafeMutablePointer<Float>
        /// c, tanh(c) and h, `[T, B, H]` each.
        let cells: UnsafeMutablePointer<Float>
        let activeCells: UnsafeMutablePointer<Float>
        let states: UnsafeMutablePointer<Float>
        /// Backward, the derivatives by h and c that come from the position behind, `[B, H]` each.
        let stateGradient: UnsafeMutablePointer<Float>
        let cellGradient: UnsafeMutablePointer<Float>
    }

    private func kept(_ memory: UnsafeMutablePointer<Float>, batch: Int) -> Kept {
        let (inputs, states) = (positions * batch * inputMap.inputs, positions * batch * cell.hidden)
        let cells = memory + inputs + 4 * states
        let gradients = cells + 3 * states
        return Kept(
            inputs: memory, gates: memory + inputs, cells: cells, activeCells: cells + states,
            states: cells + 2 * states, stateGradient: gradients, cellGradient: gradients + batch * cell.hidden)
    }

    /// Where the tensors begin in the layer's parameters, and in scratch what belongs to each of the weights.
    private var stateOffset: Int { inputMap.weightCount }
    private var biasOffset: Int { inputMap.weightCount + stateMap.weightCount }

    func forward(_ pass: ForwardPass) {
        let (batch, hidden) = (pass.batch, cell.hidden)
        let kept = kept(pass.savedFloats(layer: self), batch: batch)
        exchange(pass.input, outer: batch, inner: positions, count: inputMap.inputs, into: kept.inputs)
        let (biases, bias) = (pass.parameters + biasOffset, pass.scratch + biasOffset)
        add(biases, biases + stateMap.outputs, into: bias, count: stateMap.outputs)
        inputMap.forward(
            rows: positions * batch, kept.inputs,
            inputMap.prepared(pass.parameters, rows: positions * batch, in: pass.scratch), startingFrom: .bias(bias),
            into: kept.gates)
        let weights = stateMap.prepared(pass.parameters + stateOffset, rows: batch, in: pass.scratch + stateOffset)
        for position in 0..<positions {
            let (first, before) = (position * batch * hidden, (position - 1) * batch * hidden)
            if position > 0 {
                stateMap.forward(
                    rows: batch, kept.states + before, weights, startingFrom: .itself, into: kept.gates + 4 * first)
            }
            cell.forward(
                batch, gates: kept.gates + 4 * first, before: position > 0 ? kept.cells + before : nil,
                cells: kept.cells + first, activeCells: kept.activeCells + first, states: kept.states + first)
        }
        exchange(kept.states, outer: positions, inner: batch, count: hidden, into: pass.output)
    }

    func backward(_ pass: BackwardPass) {
        let (batch, hidden) = (pass.batch, cell.hidden)
        let kept = kept(pass.savedFloats(layer: self), batch: batch)
        kept.stateGradient.update(repeating: 0, count: 2 * batch * hidden)
        for position in (0..<positions).reversed() {
            let (first, before) = (position * batch * hidden, (position - 1) * batch * hidden)
            cell.backward(
                batch, outputGradient: pass.outputGradient + position * hidden, stride: positions * hidden,
                stateGradient: kept.stateGradient, cellGradient: kept.cellGradient, gates: kept.gates + 4 * first,
                before: position > 0 ? kept.cells + before : nil, activeCells: kept.activeCells + first)
            if position > 0 {
                stateMap.backwardInput(
                    rows: batch, kept.gates + 4 * first, weights: pass.parameters + stateOffset,
                    into: kept.stateGradient)
            }
        }
        backwardParameters(pass, kept)
    }

    private func backwardParameters(_ pass: BackwardPass, _ kept: Kept) {
        let rows = positions * pass.batch
        inputMap.weightGradient(rows: rows, kept.gates, kept.inputs, into: pass.scratch)
        // The states before the first position are zeros.
        stateMap.weightGradient(
            rows: rows - pass.batch, kept.gates + pass.batch * stateMap.outputs, kept.states,
            into: pass.scratch + stateOffset)
        sumRows(
            of: kept.gates, rows: rows, columns: stateMap.outputs, into: pass.scratch + biasOffset, addedTo: nil)
        if let inputGradient = pass.inputGradient {
            // The inputs are not needed any more, but the weights are, before their memory may become the gradient's.
            inputMap.backwardInput(rows: rows, kept.gates, weights: pass.parameters, into: kept.inputs)
            exchange(kept.inputs, outer: positions, inner: pass.batch, count: inputMap.inputs, into: inputGradient)
        }
        pass.store(pass.scratch, count: biasOffset + stateMap.outputs, at: 0)
        pass.store(pass.scratch + biasOffset, count: stateMap.outputs, at: biasOffset + stateMap.outputs)
    }

    /// target[i, o] = source[o, i], rows of `count` numbers: between `[B, T, ...]` and `[T, B, ...]`.
    private func exchange(
        _ source: UnsafePointer<Float>, outer: Int, inner: Int, count: Int, into target: UnsafeMutablePointer<Float>
    ) {
        for first in 0..<outer {
            for second in 0..<inner {
                (target + (second * outer + first) * count).update(
                    from: source + (first * inner + second) * count, count: count)
            }
        }
    }
}
