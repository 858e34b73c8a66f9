/// Stochastic gradient descent with momentum (Polyak 1964), Nesterov's variant (Sutskever et al. 2013) and weight
/// decay, in the form of PyTorch's `torch.optim.SGD`:
///
///     g ← g + weightDecay * p
///     v ← momentum * v + g
///     p ← p - rate * (nesterov ? g + momentum * v : v)
public struct SGD: Sendable {
    public struct Configuration: Hashable, Codable, Sendable {
        public var momentum: Float
        public var nesterov: Bool
        public var weightDecay: Float

        public init(momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) {
            self.momentum = momentum
            self.nesterov = nesterov
            self.weightDecay = weightDecay
        }
    }

    public let configuration: Configuration
    /// v, `[P]`; nil without momentum, which needs no state.
    private let velocity: ParameterVector?

    public init(_ configuration: Configuration, parameterCount: Int) {
        self.configuration = configuration
        velocity = configuration.momentum == 0 ? nil : ParameterVector(count: parameterCount)
    }

    /// One update of `parameters` `[P]` by `gradient` `[P]`.
    public func step(_ parameters: ParameterVector, _ gradient: ParameterVector, rate: Float) {
        precondition(
            parameters.count == gradient.count, "\(parameters.count) parameters, gradient of \(gradient.count)")
        let (p, g, decay) = (parameters.storage, gradient.storage, configuration.weightDecay)
        guard let velocity else {
            for index in 0..<parameters.count { p[index] -= rate * (g[index] + decay * p[index]) }
            return
        }
        precondition(velocity.count == parameters.count, "an optimizer for \(velocity.count) parameters")
        let (v, momentum) = (velocity.storage, configuration.momentum)
        if configuration.nesterov {
            for index in 0..<parameters.count {
                let slope = g[index] + decay * p[index]
                v[index] = momentum * v[index] + slope
                p[index] -= rate * (slope + momentum * v[index])
            }
        } else {
            for index in 0..<parameters.count {
                v[index] = momentum * v[index] + (g[index] + decay * p[index])
                p[index] -= rate * v[index]
            }
        }
    }
}
