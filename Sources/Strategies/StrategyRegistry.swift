import Locking
public import Training

/// All strategies, in the order of tables. Adding a strategy to this package takes one line here; a program of another
/// package adds its own before it does anything else.
public enum StrategyRegistry {
    private static let own: [StrategyDescription] = [
        SynchronousSGD.single,
        SynchronousSGD.threads,
        SynchronousSGD.sync,
        FederatedAveraging.federated,
        LocalSGD.local,
        FedProx.proximal,
        Alone.alone,
        DecentralizedSGD.dpsgd,
        PushSum.push,
        Choco.choco,
        EpidemicLearning.epidemic,
        Clustered.clustered,
        Gossip.gossip,
        Community.community,
    ]
    private static let added = Guarded<[StrategyDescription]>([])

    /// The strategies of this package, followed by those that were added.
    public static var all: [StrategyDescription] { own + added.withLock { $0 } }

    /// The strategy with this name; nil where there is none.
    public static func named(_ name: String) -> StrategyDescription? { all.first { $0.name == name } }

    /// Adds a strategy of another package, after all others. Must be called before any strategy is looked up.
    ///
    /// - Throws: ``OptionError`` if another strategy has its name, or if an option is listed twice, has a default
    ///   that is not allowed, or allows other values than another strategy's option of the same name.
    public static func add(_ strategy: StrategyDescription) throws(OptionError) {
        let name = strategy.name
        guard !name.isEmpty, !name.contains(where: { " ,():=".contains($0) }) else {
            throw OptionError(sentence: "a strategy is named '\(name)'; allowed is a name without spaces and , ( ) : =")
        }
        guard named(name) == nil else { throw OptionError(sentence: "there are two strategies '\(name)'") }
        let infos = strategy.optionInfos
        for (place, info) in infos.enumerated() where infos[..<place].contains(where: { $0.name == info.name }) {
            throw OptionError(sentence: "\(name) lists the option '\(info.name)' twice")
        }
        let values = strategy.options.init().values
        for info in infos {
            if let value = values[info.name], !info.allowed.accepts(value) {
                throw OptionError(
                    sentence: "\(name).\(info.name) is \(value) by default; allowed is \(info.allowed.words)")
            }
            let other = optionInfos.first { $0.name == info.name } ?? info
            guard other.allowed.words == info.allowed.words else {
                throw OptionError(
                    sentence:
                        "\(name).\(info.name) allows \(info.allowed.words), and the option of other strategies that "
                        + "has this name \(other.allowed.words)")
            }
        }
        added.withLock { $0.append(strategy) }
    }

    /// Every option of any strategy, in the order of the registry, each name once.
    package static var optionInfos: [OptionInfo] {
        let added = added.withLock { $0 }
        return added.isEmpty ? ownInfos : infos(of: own + added)
    }

    private static let ownInfos = infos(of: own)

    private static func infos(of strategies: [StrategyDescription]) -> [OptionInfo] {
        var names: Set<String> = []
        return strategies.flatMap(\.optionInfos).filter { names.insert($0.name).inserted }
    }
}
