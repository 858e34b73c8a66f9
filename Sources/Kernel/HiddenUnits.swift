extension Network {
    /// A hidden layer: a dense one whose outputs go through a ReLU into another dense layer, and nowhere else.
    private struct Hidden {
        let units: Int
        let inputs: Int
        /// Where the layer's weights `[units, inputs]` begin, with its biases behind them; `nextOffset` is where the
        /// next layer's weights `[outputs, units]` begin.
        let offset: Int
        let nextOffset: Int
        let outputs: Int
    }

    private var hidden: [Hidden] {
        zip(stages, stages.dropFirst()).compactMap { stage, next in
            guard let layer = stage.layer as? Dense, layer.hasReLU, let following = next.layer as? Dense,
                next.beginning.isEmpty
            else { return nil }
            return Hidden(
                units: layer.outputs, inputs: layer.inputs, offset: stage.offset, nextOffset: next.offset,
                outputs: following.outputs)
        }
    }

    /// Units of each hidden dense layer, from the input on; empty where there is none.
    package var hiddenUnits: [Int] { hidden.map(\.units) }

    /// Makes a model that of a network with fewer hidden units: the weights and biases of all units behind the first `units` of
    /// each hidden layer become 0. They stay 0 whatever it is trained on, since a ReLU of 0 gives no output, and weights of 0
    /// lead no gradient back: what is left trains, to rounding, as if nothing else were there.
    ///
    /// - Parameters:
    ///   - parameters: `[P]`
    ///   - units: 1 or more.
    package func narrow(_ parameters: ParameterVector, toHiddenUnits units: Int) {
        precondition(parameters.count == parameterCount, "\(parameters.count) parameters, not \(parameterCount)")
        let target = parameters.storage
        for layer in hidden {
            for unit in min(units, layer.units)..<layer.units {
                (target + layer.offset + unit * layer.inputs).update(repeating: 0, count: layer.inputs)
                target[layer.offset + layer.units * layer.inputs + unit] = 0
                for output in 0..<layer.outputs { target[layer.nextOffset + output * layer.units + unit] = 0 }
            }
        }
    }
}
