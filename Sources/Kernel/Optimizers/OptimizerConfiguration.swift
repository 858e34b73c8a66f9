extension Optimizer {
    /// The optimizers that there are, by the names of PyTorch.
    public enum Kind: String, CaseIterable, Codable, Sendable {
        case sgd, adam, adamw

        /// The weight decay where none is given: PyTorch's.
        public var usualWeightDecay: Float { self == .adamw ? 0.01 : 0 }

        /// The learning rate where none is given: PyTorch's, which no task was tuned for. Nil for SGD, whose rate has
        /// to be found for every task.
        public var usualRate: Double? { isAdaptive ? 0.001 : nil }

        /// Whether the optimizer has the options β1, β2 and ε.
        public var isAdaptive: Bool { self != .sgd }
    }

    /// Which optimizer, and its options beside the learning rate.
    ///
    /// Options of other kinds than this one keep their values, have no effect, and make no difference when two
    /// configurations are compared: so they can be set in any order.
    ///
    /// As JSON, a configuration of SGD has `momentum`, `nesterov` and `weightDecay` and no `kind`, as in files from
    /// before there were other kinds. All others have `kind`, `beta1`, `beta2`, `epsilon` and `weightDecay`.
    public struct Configuration: Sendable {
        /// Which optimizer it is.
        public var kind: Kind
        /// An option of SGD: see ``SGD/Configuration/momentum``.
        public var momentum: Float = 0
        /// An option of SGD: see ``SGD/Configuration/nesterov``.
        public var nesterov = false
        /// An option of Adam and AdamW: see ``Adam/Configuration/beta1``.
        public var beta1 = 0.9
        /// An option of Adam and AdamW: see ``Adam/Configuration/beta2``.
        public var beta2 = 0.999
        /// An option of Adam and AdamW: see ``Adam/Configuration/epsilon``.
        public var epsilon = 1e-8
        /// The weight decay that was set; nil for the kind's usual one.
        private var ownWeightDecay: Float?

        /// λ, an option of all kinds: SGD and Adam add a penalty to the gradient, AdamW shrinks the weights by
        /// themselves.
        public var weightDecay: Float {
            get { ownWeightDecay ?? kind.usualWeightDecay }
            set { ownWeightDecay = newValue }
        }

        /// - Parameter kind: the optimizer, which has its usual options.
        public init(_ kind: Kind) { self.kind = kind }

        /// SGD with its options.
        public init(_ sgd: SGD.Configuration) {
            kind = .sgd
            (momentum, nesterov) = (sgd.momentum, sgd.nesterov)
            // A weight decay of 0 is SGD's usual one.
            if sgd.weightDecay != 0 { ownWeightDecay = sgd.weightDecay }
        }

        /// The options as ``SGD`` takes them.
        public var sgd: SGD.Configuration {
            SGD.Configuration(momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
        }

        /// The options as ``Adam`` takes them.
        public var adam: Adam.Configuration {
            Adam.Configuration(
                beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
                decouplesWeightDecay: kind == .adamw)
        }
    }
}

extension Optimizer.Configuration {
    /// SGD with these options; see ``SGD/Configuration``.
    public static func sgd(momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) -> Self {
        Self(SGD.Configuration(momentum: momentum, nesterov: nesterov, weightDecay: weightDecay))
    }

    /// Adam with these options; see ``Adam/Configuration``. Weight decay is a penalty.
    public static func adam(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Float = 0
    ) -> Self { adaptive(.adam, beta1, beta2, epsilon, weightDecay) }

    /// AdamW with these options; see ``Adam/Configuration``. Weight decay shrinks the weights by themselves.
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

    /// Vectors of the model's size that the optimizer keeps from step to step.
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
