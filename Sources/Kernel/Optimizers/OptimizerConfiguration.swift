extension Optimizer {
    /// The optimizers that there are, by the names of PyTorch.
    public enum Kind: String, CaseIterable, Codable, Sendable {
        case sgd, adam, adamw

        /// The weight decay where nobody says one: PyTorch's.
        public var usualWeightDecay: Float { self == .adamw ? 0.01 : 0 }

        /// The learning rate where nobody says one: PyTorch's, which no task was tuned for. Nil for SGD, of which a rate has to
        /// be found for every task.
        public var usualRate: Double? { isAdaptive ? 0.001 : nil }

        /// Whether it has β1, β2 and ε.
        public var isAdaptive: Bool { self != .sgd }
    }

    /// Which optimizer, and what it is told beside the rate.
    ///
    /// Options of the kinds that it is not keep their values, have no effect, and make no difference when two are compared:
    /// so they can be set in any order.
    ///
    /// As JSON, one of SGD has `momentum`, `nesterov` and `weightDecay` and no `kind`, as before there were others; the others
    /// have `kind`, `beta1`, `beta2`, `epsilon` and `weightDecay`.
    public struct Configuration: Sendable {
        public var kind: Kind
        /// Of SGD: see ``SGD/Configuration/momentum``.
        public var momentum: Float = 0
        /// Of SGD: see ``SGD/Configuration/nesterov``.
        public var nesterov = false
        /// Of Adam and AdamW: see ``Adam/Configuration/beta1``.
        public var beta1 = 0.9
        /// Of Adam and AdamW: see ``Adam/Configuration/beta2``.
        public var beta2 = 0.999
        /// Of Adam and AdamW: see ``Adam/Configuration/epsilon``.
        public var epsilon = 1e-8
        /// Nil for what is usual of the kind.
        private var ownWeightDecay: Float?

        /// λ, of all: SGD and Adam add a penalty to the gradient, AdamW shrinks the weights by themselves.
        public var weightDecay: Float {
            get { ownWeightDecay ?? kind.usualWeightDecay }
            set { ownWeightDecay = newValue }
        }

        /// - Parameter kind: with its usual options.
        public init(_ kind: Kind) { self.kind = kind }

        /// SGD with its options.
        public init(_ sgd: SGD.Configuration) {
            kind = .sgd
            (momentum, nesterov) = (sgd.momentum, sgd.nesterov)
            // None at all is what is usual of SGD.
            if sgd.weightDecay != 0 { ownWeightDecay = sgd.weightDecay }
        }

        /// What ``SGD`` is told.
        public var sgd: SGD.Configuration {
            SGD.Configuration(momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
        }

        /// What ``Adam`` is told.
        public var adam: Adam.Configuration {
            Adam.Configuration(
                beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
                decouplesWeightDecay: kind == .adamw)
        }
    }
}

extension Optimizer.Configuration {
    public static func sgd(momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) -> Self {
        Self(SGD.Configuration(momentum: momentum, nesterov: nesterov, weightDecay: weightDecay))
    }

    public static func adam(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Float = 0
    ) -> Self { adaptive(.adam, beta1, beta2, epsilon, weightDecay) }

    public static func adamw(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Float = 0.01
    ) -> Self { adaptive(.adamw, beta1, beta2, epsilon, weightDecay) }

    private static func adaptive(
        _ kind: Optimizer.Kind, _ beta1: Double, _ beta2: Double, _ epsilon: Double, _ weightDecay: Float
    ) -> Self {
        var configuration = Self(kind)
        (configuration.beta1, configuration.beta2, configuration.epsilon) = (beta1, beta2, epsilon)
        configuration.weightDecay = weightDecay
        return configuration
    }

    /// Whether steps go by a velocity.
    public var hasMomentum: Bool { kind == .sgd && momentum != 0 }

    /// Vectors of the model's size that it keeps from step to step.
    public var stateVectorCount: Int {
        switch kind {
        case .sgd: hasMomentum ? 1 : 0
        case .adam, .adamw: 2
        }
    }

    /// What an update moves in memory beyond the one of SGD that is part of every training step, as passes over a vector that
    /// read two numbers and write one for each parameter. Adam reads p, g, m and v and writes p, m and v: seven numbers, where
    /// plain SGD has three. A velocity is taken to be part of the step.
    public var furtherVectorPasses: Double { kind.isAdaptive ? 4.0 / 3 : 0 }
}

extension Optimizer.Configuration: Hashable {
    private enum InEffect: Hashable {
        case sgd(SGD.Configuration)
        case adam(Adam.Configuration)
    }

    private var inEffect: InEffect { kind == .sgd ? .sgd(sgd) : .adam(adam) }

    public static func == (first: Self, second: Self) -> Bool { first.inEffect == second.inEffect }

    public func hash(into hasher: inout Hasher) { hasher.combine(inEffect) }
}

extension Optimizer.Configuration: Codable {
    private enum Key: String, CodingKey {
        case kind, beta1, beta2, epsilon, weightDecay
    }

    /// - Throws: `DecodingError` for an unknown kind, or one that lacks an option.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let name = try container.decodeIfPresent(String.self, forKey: .kind) ?? Optimizer.Kind.sgd.rawValue
        guard let kind = Optimizer.Kind(rawValue: name) else {
            let kinds = Optimizer.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "an optimizer '\(name)'; allowed are \(kinds)")
        }
        guard kind.isAdaptive else {
            self.init(try SGD.Configuration(from: decoder))
            return
        }
        self.init(kind)
        beta1 = try container.decode(Double.self, forKey: .beta1)
        beta2 = try container.decode(Double.self, forKey: .beta2)
        epsilon = try container.decode(Double.self, forKey: .epsilon)
        weightDecay = try container.decode(Float.self, forKey: .weightDecay)
    }

    public func encode(to encoder: any Encoder) throws {
        guard kind.isAdaptive else { return try sgd.encode(to: encoder) }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(beta1, forKey: .beta1)
        try container.encode(beta2, forKey: .beta2)
        try container.encode(epsilon, forKey: .epsilon)
        try container.encode(weightDecay, forKey: .weightDecay)
    }
}
