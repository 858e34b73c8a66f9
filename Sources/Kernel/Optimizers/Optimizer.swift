/// What changes parameters by a gradient, with the state that it keeps from step to step: ``SGD``, or ``Adam`` in either of its
/// two forms.
public enum Optimizer: Sendable {
    /// Stochastic gradient descent.
    case sgd(SGD)
    /// Adam or AdamW.
    case adam(Adam)

    /// An optimizer with a state of its own, which begins at zero.
    public init(_ configuration: Configuration, parameterCount: Int) {
        switch configuration.kind {
        case .sgd: self = .sgd(SGD(configuration.sgd, parameterCount: parameterCount))
        case .adam, .adamw: self = .adam(Adam(configuration.adam, parameterCount: parameterCount))
        }
    }

    /// Whether a step is p - rate * g and no more, so that ``Network/descend(_:dividedBy:from:rate:into:)`` can make it.
    public var isPlain: Bool {
        switch self {
        case .sgd(let sgd): sgd.isPlain
        case .adam: false
        }
    }

    /// One update of `parameters` `[P]` by `gradient` `[P]`, or of the part of both in `range`. Calls for ranges that do not
    /// overlap may run at once; those that together are the whole vector are one step.
    public func step(
        _ parameters: ParameterVector, _ gradient: ParameterVector, rate: Float, in range: Range<Int>? = nil
    ) {
        switch self {
        case .sgd(let sgd): sgd.step(parameters, gradient, rate: rate, in: range)
        case .adam(let adam): adam.step(parameters, gradient, rate: rate, in: range)
        }
    }
}
