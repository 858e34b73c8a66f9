/// What is known of an option beside its value: all that help, lists, errors, studies and reports say of it.
public struct OptionInfo: Sendable {
    /// The option's name without the `--` of the command line, such as `local-epochs`. A concept has the same name in
    /// all strategies.
    public let name: String
    /// The letter of the paper, such as `E`; empty where it has none.
    public let symbol: String
    /// What a number counts, such as `epochs`; empty for shares, factors and names.
    public let unit: String
    /// Which values it may have.
    public let allowed: Allowed
    /// Paper and section that the option is from, or the program whose default it is.
    public let source: String
    /// A sentence without the option's name.
    public let help: String
    /// What the option can change.
    public let effect: Effect
    /// What other options of the strategy have to be for it to change anything, such as `--compression top-k`; nil where it
    /// always does.
    package internal(set) var usedWith: String?

    package init(
        name: String, symbol: String = "", unit: String = "", allowed: Allowed, source: String, help: String,
        effect: Effect = .onTheModel
    ) {
        self.name = name
        self.symbol = symbol
        self.unit = unit
        self.allowed = allowed
        self.source = source
        self.help = help
        self.effect = effect
    }

    /// Where an option changes anything at all.
    public enum Effect: Hashable, Sendable {
        /// What is learned, wherever a strategy has the option. A learning rate that was tuned holds for this value
        /// only.
        case onTheModel
        /// How long a run takes and what it sends, and not what is learned.
        case onTheTime
        /// How long a run takes and what it sends, only where several ranks are on the machines of a cluster.
        case onTheNetwork
        /// How long a run takes and what it sends, only where another option, of this name, is switched on.
        case beside(String)
    }
}

/// One option of a strategy: what is known of it, and the property that holds it.
///
///     OptionSpec("mu", \Self.mu, symbol: "μ", .number(Allowed.Bounds(0...1000), .log),
///         source: "Li et al. 2020, algorithm 2", "Weight of ½‖w − w_t‖² in a client's loss.")
///
/// The property's initial value is the option's default.
public struct OptionSpec<Root: Sendable>: Sendable {
    /// What is known of it.
    public private(set) var info: OptionInfo
    /// Whether it changes anything beside the other options.
    package private(set) var isUsed: @Sendable (Root) -> Bool = { _ in true }
    let read: @Sendable (Root) -> OptionValue
    /// Sets the property.
    /// - Returns: false for a value that the property's type does not have.
    let write: @Sendable (inout Root, OptionValue) -> Bool

    /// An option that always has a value.
    ///
    /// - Parameter effect: what the option can change.
    public init<Value: OptionConvertible>(
        _ name: String, _ path: WritableKeyPath<Root, Value> & Sendable, symbol: String = "", unit: String = "",
        _ allowed: Allowed, source: String, effect: OptionInfo.Effect = .onTheModel, _ help: String
    ) {
        info = OptionInfo(
            name: name, symbol: symbol, unit: unit, allowed: allowed, source: source, help: help, effect: effect)
        read = { $0[keyPath: path].optionValue }
        write = { root, value in
            guard let value = Value(optionValue: value) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    /// An option whose value may be absent, for which a word stands.
    ///
    /// - Parameter word: the word for no value, such as `all`; the same as in `allowed`.
    public init<Value: OptionConvertible>(
        _ name: String, _ path: WritableKeyPath<Root, Value?> & Sendable, or word: String, symbol: String = "",
        unit: String = "", _ allowed: Allowed, source: String, effect: OptionInfo.Effect = .onTheModel, _ help: String
    ) {
        info = OptionInfo(
            name: name, symbol: symbol, unit: unit, allowed: allowed, source: source, help: help, effect: effect)
        read = { $0[keyPath: path]?.optionValue ?? .text(word) }
        write = { root, value in
            if value == .text(word) {
                root[keyPath: path] = nil
                return true
            }
            guard let value = Value(optionValue: value) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    /// An option of a group that several strategies share.
    public init<Group>(_ inner: OptionSpec<Group>, in path: WritableKeyPath<Root, Group> & Sendable) {
        info = inner.info
        isUsed = { inner.isUsed($0[keyPath: path]) }
        read = { inner.read($0[keyPath: path]) }
        write = { inner.write(&$0[keyPath: path], $1) }
    }

    /// The same option, which changes nothing unless other options are as it needs them.
    ///
    /// - Parameter words: what they have to be, such as `--compression top-k`: what follows "with" in a sentence.
    public func used(with words: String, where isUsed: @escaping @Sendable (Root) -> Bool) -> OptionSpec {
        var spec = self
        spec.info.usedWith = words
        spec.isUsed = isUsed
        return spec
    }

    /// Sets the property.
    /// - Throws: ``OptionError`` for a value that is not allowed, or that is not allowed once the property's type has
    ///   rounded it.
    package func set(_ value: OptionValue, in root: inout Root) throws(OptionError) {
        var changed = root
        guard info.allowed.accepts(value), write(&changed, value), info.allowed.accepts(read(changed)) else {
            throw OptionError(found: "\(value)", allowed: info.allowed.words)
        }
        root = changed
    }

    package func value(in root: Root) -> OptionValue { read(root) }
}
