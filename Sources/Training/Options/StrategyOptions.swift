import Diagnostics

/// The options of a strategy: a struct whose initial values are the published defaults, with a table of what is known of each.
///
///     struct FedProxOptions: StrategyOptions {
///         var clients = ClientOptions()
///         var mu = 0.01
///
///         static let specs = ClientOptions.specs.map { OptionSpec($0, in: \Self.clients) } + [
///             OptionSpec("mu", \Self.mu, symbol: "μ", ...)
///         ]
///     }
///
/// A strategy reads `options.mu`. All else knows an option by its name: the command line, errors and help, the defaults of
/// a task, plans and results files, studies, and the columns of tables come from the table and from nowhere else.
public protocol StrategyOptions: Hashable, Sendable {
    /// The published defaults.
    init()
    /// A description of each stored property, in the order of lists.
    static var specs: [OptionSpec<Self>] { get }
    /// What is wrong with the options together, though each is allowed by itself; nil for nothing.
    var problem: String? { get }
}

extension StrategyOptions {
    public var problem: String? { nil }

    /// What is known of each option, in the order of lists.
    public static var infos: [OptionInfo] { specs.map(\.info) }

    /// Every option by its name.
    public var values: OptionValues {
        Dictionary(uniqueKeysWithValues: Self.specs.map { ($0.info.name, $0.value(in: self)) })
    }

    /// Whether an option of this name changes anything beside the others.
    package func uses(_ name: String) -> Bool {
        Self.specs.first { $0.info.name == name }.map { $0.isUsed(self) } ?? false
    }

    /// The published defaults, changed to these values.
    ///
    /// - Throws: ``OptionError`` beginning with the option's name, for an unknown one or a value that is not allowed.
    public init(_ values: OptionValues) throws(OptionError) {
        self.init()
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let spec = Self.specs.first(where: { $0.info.name == name }) else {
                throw OptionError(
                    sentence: UnknownName.message("option", found: name, allowed: Self.infos.map(\.name)))
            }
            do throws(OptionError) { try spec.set(value, in: &self) } catch { throw error.of(name) }
        }
        if let problem { throw OptionError(sentence: problem) }
    }
}

/// A strategy without options.
public struct NoOptions: StrategyOptions {
    /// There are none.
    public init() {}
    /// No descriptions, since there are no options.
    public static var specs: [OptionSpec<NoOptions>] { [] }
}
