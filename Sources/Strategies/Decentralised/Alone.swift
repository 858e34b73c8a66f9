import Kernel
public import Randomness
public import Training

/// Every node by itself: the solitary models of P. Vanhaesebrouck, A. Bellet and M. Tommasi 2017, *Decentralized Collaborative
/// Learning of Personalized Models over Networks* (AISTATS), section 2. Whether a node gains by taking part in anything is
/// asked against this, at as many samples.
///
///     each node i, at every step:   x_i ← x_i - γ * ∇F_i(x_i; ξ)
public struct Alone: PeerStrategy {
    static let alone = StrategyDescription(
        name: "alone",
        summary: "every node trains on its own data and sends nothing: what taking part is measured against",
        source: "Vanhaesebrouck et al. 2017, section 2", family: .decentralised, defaultCluster: "ethernet-1g",
        defaultWorkers: 16, defaultRate: .local,
        make: { (configuration, options: LoneNodeOptions) in
            Alone(configuration: configuration, nodeOptions: NodeOptions(options))
        })

    public let configuration: TrainingConfiguration
    public let nodeOptions: NodeOptions
    public var messageVectors: Int { 0 }

    public func schedule(_ seeds: SeedSequence) -> any PeerSchedule { NobodyElse() }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        Rule(state: state, schedule: schedule)
    }

    private struct Rule: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule

        func adapt(_ node: NodeRound) { node.trainLocally(node.model) }
        func combine(_ node: NodeRound) {}
    }
}
