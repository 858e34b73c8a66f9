import Locking
public import Training

/// All strategies, in the order of tables. Adding one of this package is one line here; a program of another package adds
/// its own before it does anything else.
public enum StrategyRegistry {
    private static let own: [StrategyDescription] = [
        SynchronousSGD.single,
        SynchronousSGD.threads,
        SynchronousSGD.sync,
        FederatedAveraging.federated,
        LocalSGD.local,
        FedProx.proximal,
    ]
    private static let added = Guarded<[StrategyDescription]>([])

    public static var all: [StrategyDescription] { own + added.withLock { $0 } }

    public static func named(_ name: String) -> StrategyDescription? { all.first { $0.name == name } }

    /// Adds a strategy, behind all others.
    ///
    /// - Precondition: no other has its name, and an option whose name another has allows the same values.
    public static func add(_ strategy: StrategyDescription) {
        precondition(named(strategy.name) == nil, "two strategies '\(strategy.name)'")
        for info in strategy.options.infos {
            let other = optionInfos.first { $0.name == info.name } ?? info
            precondition(
                other.allowed.words == info.allowed.words,
                "\(strategy.name)'s \(info.name) is \(info.allowed.words), and that of others \(other.allowed.words)")
        }
        added.withLock { $0.append(strategy) }
    }

    /// What is known of each option of any strategy, in the order of the registry, each name once.
    package static var optionInfos: [OptionInfo] {
        all.flatMap { $0.options.infos }
            .reduce(into: []) { infos, info in
                if !infos.contains(where: { $0.name == info.name }) { infos.append(info) }
            }
    }
}
