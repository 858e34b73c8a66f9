public import Training

/// All strategies, in the order of tables. Adding one is one line here.
public enum StrategyRegistry {
    public static let all: [StrategyDescription] = [
        SynchronousSGD.single, SynchronousSGD.threads, SynchronousSGD.sync, FederatedAveraging.federated,
    ]

    public static func named(_ name: String) -> StrategyDescription? { all.first { $0.name == name } }
}
