/// Stochastic gradient descent with momentum (Polyak 1964), Nesterov's variant (Sutskever et al. 2013) and weight
/// decay, in the form of PyTorch's `torch.optim.SGD`:
///
///     g ← g + weightDecay * p
///     v ← momentum * v + g
///     p ← p - rate * (nesterov ? g + momentum * v : v)
public struct SGD: Sendable {
    /// The options of SGD beside the learning rate.
    public struct Configuration: Hashable, Codable, Sendable {
        /// The share of the velocity that is kept from one step to the next; 0 for none.
        public var momentum: Float
        /// Whether a step looks ahead along the velocity (Nesterov 1983).
        public var nesterov: Bool
        /// λ: the share of the parameters that is added to the gradient.
        public var weightDecay: Float

        /// Plain SGD where no options are given.
        public init(momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) {
            self.momentum = momentum
            self.nesterov = nesterov
            self.weightDecay = weightDecay
        }
    }

    /// The options that the optimizer was made with.
    public let configuration: Configuration
    /// v, `[P]`; nil without momentum, where no state is needed.
    package let velocity: ParameterVector?

    /// An optimizer with a velocity of its own, which begins at zero; without momentum it has none.
    public init(_ configuration: Configuration, parameterCount: Int) {
        self.init(
            configuration, velocity: configuration.momentum == 0 ? nil : ParameterVector(count: parameterCount))
    }

    /// - Parameter velocity: v, `[P]`, which belongs to somebody else and is changed; nil without momentum.
    public init(_ configuration: Configuration, velocity: ParameterVector?) {
        precondition(
            (velocity == nil) == (configuration.momentum == 0),
            "\(velocity == nil ? "no" : "a") velocity for a momentum of \(configuration.momentum)")
        self.configuration = configuration
        self.velocity = velocity
    }

    /// Whether a step is p - rate * g and no more, so that ``Network/descend(_:dividedBy:from:rate:into:)`` can make it.
    public var isPlain: Bool { configuration.momentum == 0 && configuration.weightDecay == 0 }

    /// One update of `parameters` `[P]` by `gradient` `[P]`, or of the part of both in `range`. Calls for ranges that do
    /// not overlap may run at once.
    public func step(
        _ parameters: ParameterVector, _ gradient: ParameterVector, rate: Float, in range: Range<Int>? = nil
    ) {
        precondition(
            parameters.count == gradient.count, "\(parameters.count) parameters, gradient of \(gradient.count)")
        let range = range ?? 0..<parameters.count
        precondition(
            range.lowerBound >= 0 && range.upperBound <= parameters.count,
            "range \(range) of \(parameters.count) numbers")
        let (p, g, decay) = (parameters.storage, gradient.numbers, configuration.weightDecay)
        guard let velocity else {
            if decay == 0 {
                for index in range { p[index] -= rate * g[index] }
            } else {
                for index in range { p[index] -= rate * (g[index] + decay * p[index]) }
            }
            return
        }
        precondition(velocity.count == parameters.count, "an optimizer for \(velocity.count) parameters")
        let (v, momentum) = (velocity.storage, configuration.momentum)
        if configuration.nesterov {
            for index in range {
                let slope = g[index] + decay * p[index]
                v[index] = momentum * v[index] + slope
                p[index] -= rate * (slope + momentum * v[index])
            }
        } else {
            for index in range {
                v[index] = momentum * v[index] + (g[index] + decay * p[index])
                p[index] -= rate * v[index]
            }
        }
    }
}
