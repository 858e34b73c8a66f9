/// A strategy as lists, plans and the command line know it.
public struct StrategyDescription: Sendable {
    /// Where a strategy runs if the user does not say.
    public enum Home: String, Codable, Sendable {
        /// Threads of the machine at hand, whose time is measured.
        case threads
        /// Machines that a cluster file describes, simulated or emulated.
        case simulated
    }

    /// Which of a task's two default learning rates a strategy begins with.
    public enum DefaultRate: String, Sendable {
        /// The rate for steps that all workers make together.
        case global
        /// The rate for steps that a worker makes by itself between averages.
        case local
    }

    /// The strategy's name as `--strategy` takes it: letters, digits and dashes.
    public let name: String
    /// What the strategy does, in a few words, for lists.
    public let summary: String
    /// Paper and section that the strategy is taken from.
    public let source: String
    /// The family of strategies that it belongs to.
    public let family: StrategyFamily
    /// The fabric that carries it where none is asked for.
    public let home: Home
    /// The preset on which the strategy is simulated where no cluster is named.
    public let defaultCluster: String
    /// Workers where the user names none; nil for all cores of this machine. Strategies without the option `workers`
    /// ignore it.
    public let defaultWorkers: Int?
    /// Which of a task's learning rates it begins with.
    public let defaultRate: DefaultRate
    /// Whether `--strategy all` includes the strategy: there is one for each way of the field.
    public let isWayOfTheField: Bool
    /// Whether it is the one device that all others are measured against.
    public let isSingleDevice: Bool
    /// For a strategy whose home is `threads`, the name of the one that does the same among processes; nil for all
    /// others.
    public let counterpart: String?
    /// Of one that makes the same steps as another on other machines: that one. A rate that was found for it is found for both.
    public let sameStepsAs: String?
    /// The type of its options.
    public let options: any StrategyOptions.Type
    /// What is known of each of its options, in the order of their table. Kept, since command lines ask for it again and again.
    public let optionInfos: [OptionInfo]
    private let optionNames: Set<String>
    private let use: @Sendable (String, OptionValues) -> Bool
    private let body: @Sendable (TrainingConfiguration, OptionValues) throws(OptionError) -> any Strategy

    /// - Parameter make: the strategy with the options of its type.
    public init<Options: StrategyOptions>(
        name: String, summary: String, source: String, family: StrategyFamily, home: Home = .simulated,
        defaultCluster: String, defaultWorkers: Int? = nil, defaultRate: DefaultRate = .global,
        isWayOfTheField: Bool = false, isSingleDevice: Bool = false, counterpart: String? = nil,
        sameStepsAs: String? = nil,
        make: @escaping @Sendable (TrainingConfiguration, Options) -> any Strategy
    ) {
        self.name = name
        self.summary = summary
        self.source = source
        self.family = family
        self.home = home
        self.defaultCluster = defaultCluster
        self.defaultWorkers = defaultWorkers
        self.defaultRate = defaultRate
        self.isWayOfTheField = isWayOfTheField
        self.isSingleDevice = isSingleDevice
        self.counterpart = counterpart
        self.sameStepsAs = sameStepsAs
        options = Options.self
        optionInfos = Options.infos
        optionNames = Set(optionInfos.map(\.name))
        use = { (name, values) in (try? Options(values))?.uses(name) ?? true }
        body = { (configuration, values) throws(OptionError) in make(configuration, try Options(values)) }
    }

    /// The strategy with these options, and the published defaults of all others.
    ///
    /// - Throws: ``OptionError`` for an unknown option or a value that is not allowed.
    public func make(_ configuration: TrainingConfiguration, _ values: OptionValues) throws(OptionError) -> any Strategy
    {
        try body(configuration, values)
    }

    /// Whether one of its options changes anything beside the others as they are.
    package func uses(_ option: String, among values: OptionValues) -> Bool { use(option, values) }

    /// Whether it has an option of this name.
    public func has(_ option: String) -> Bool { optionNames.contains(option) }
}

/// Strategies that are akin, which `--strategy FAMILY:*` chooses together. A package can have families of its own.
public struct StrategyFamily: RawRepresentable, Hashable, Sendable {
    /// The family's name as `--strategy FAMILY:*` takes it.
    public let rawValue: String
    /// - Parameter rawValue: letters, digits and dashes.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Every step is made by all workers together.
    public static let dataParallel = StrategyFamily(rawValue: "data-parallel")
    /// Workers make steps of their own between averages.
    public static let localSteps = StrategyFamily(rawValue: "local-steps")
    /// A server and clients with data of their own.
    public static let federated = StrategyFamily(rawValue: "federated")
    /// Neighbours, without a server.
    public static let decentralised = StrategyFamily(rawValue: "decentralised")
    /// Nobody waits for the slowest.
    public static let asynchronous = StrategyFamily(rawValue: "asynchronous")
}
