import Datasets
import Kernel
public import Randomness
public import Training

/// Every node trains by itself: the solitary models of P. Vanhaesebrouck, A. Bellet and M. Tommasi 2017, *Decentralized
/// Collaborative Learning of Personalized Models over Networks* (AISTATS), section 2. Comparing a node with itself
/// alone, at the same number of samples, shows whether it gains by taking part in anything.
///
///     each node i, at every step:   x_i ← x_i - γ * ∇F_i(x_i; ξ)
public struct Alone: PeerStrategy {
    static let alone = StrategyDescription(
        name: "alone",
        summary: "every node trains on its own data and sends nothing: what taking part is measured against",
        source: "Vanhaesebrouck et al. 2017, section 2", family: .decentralised, defaultCluster: "ethernet-1g",
        defaultWorkers: 16, defaultRate: .local,
        make: { (configuration, options: Options) in
            Alone(
                configuration: configuration, nodeOptions: NodeOptions(options.nodes),
                hiddenUnits: HiddenUnits.values(options.hiddenUnits, nodes: options.nodes.workers))
        })

    public struct Options: StrategyOptions {
        public var nodes = LoneNodeOptions()
        /// A node is compared with itself alone, which is a model of the same architecture.
        public var hiddenUnits = "all"

        public init() {}

        public static let specs =
            LoneNodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) } + [
                HiddenUnits.spec(
                    \Self.hiddenUnits,
                    "Units of each hidden layer of a node's model: those that the nodes have that are compared with these."
                )
            ]

        public var problem: String? {
            guard let node = HiddenUnits.largestNode(hiddenUnits), node >= nodes.workers else { return nil }
            return """
                hidden-units names node \(node); allowed are nodes from 0 to \(nodes.workers - 1), since workers is \
                \(nodes.workers)
                """
        }
    }

    public let configuration: TrainingConfiguration
    /// How many nodes there are, what data they have and how they train.
    public let nodeOptions: NodeOptions
    /// By node: units of each hidden layer; nil for all.
    var hiddenUnits: [Int?] = []
    public var messageVectors: Int { 0 }

    public func trainingObjectives(for run: TrainingRun) throws(DataError) -> [NodeObjective] {
        for units in Set(hiddenUnits).compactMap(\.self).sorted() {
            guard let network = run.network as? Network else {
                throw DataError(
                    "hidden-units is \(units), and the task trains \(run.network.summary); allowed are networks, or 'all'"
                )
            }
            try HiddenUnits.check(units, of: "hidden-units", network)
        }
        return try run.nodeObjectives(partition: nodeOptions.partition, among: nodeOptions.workers)
    }

    public func schedule(_ seeds: SeedSequence) -> any PeerSchedule { NobodyElse() }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        if let network = run.network as? Network { HiddenUnits.narrow(hiddenUnits, state, network) }
        return Rule(state: state, schedule: schedule)
    }

    private struct Rule: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule

        func adapt(_ node: NodeRound) { node.trainLocally(node.model) }
        func combine(_ node: NodeRound) {}
    }
}
