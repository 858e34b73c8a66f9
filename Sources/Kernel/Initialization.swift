public import Randomness

/// How weights are drawn. Biases start at zero, unless a case says otherwise.
public enum Initialization: String, CaseIterable, Codable, Sendable {
    /// Normal with variance 2 / fan-in: keeps the scale of activations through ReLU layers (He et al. 2015, eq. 10).
    case he
    /// Uniform in ± sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio 2010, eq. 16).
    case glorot
    /// Uniform in ± 1 / sqrt(fan-in), and so are the biases of the same layer: what PyTorch's layers begin with.
    case pytorch
}

extension Network {
    /// Parameters at the start of training; the stream of each tensor depends on the seed and its position alone.
    public func initialParameters(_ initialization: Initialization, seeds: SeedSequence) -> ParameterVector {
        let parameters = ParameterVector(count: parameterCount)
        var fanIn = 0
        for (index, slot) in layout.slots.enumerated() where slot.fanIn > 0 || initialization == .pytorch {
            if slot.constant != nil { continue }
            // A bias has no fan-in of its own, and lies behind the weights of its layer.
            if slot.fanIn > 0 { fanIn = slot.fanIn }
            var stream = seeds.stream(.initialization, index)
            switch initialization {
            case .he:
                let deviation = (2 / Double(slot.fanIn)).squareRoot()
                for position in slot.range { parameters[position] = Float(deviation * stream.normal()) }
            case .glorot:
                let bound = (6 / Double(slot.fanIn + slot.fanOut)).squareRoot()
                for position in slot.range { parameters[position] = Float(bound * (2 * stream.uniform() - 1)) }
            case .pytorch:
                let bound = 1 / Double(fanIn).squareRoot()
                for position in slot.range { parameters[position] = Float(bound * (2 * stream.uniform() - 1)) }
            }
        }
        for slot in layout.slots {
            guard let constant = slot.constant else { continue }
            for position in slot.range { parameters[position] = constant }
        }
        return parameters
    }
}
