import Cluster
import Kernel
public import Randomness
public import Training

/// Stochastic gradient push, algorithm 1 of M. Assran, N. Loizou, N. Ballas and M. Rabbat 2019, *Stochastic Gradient Push for
/// Distributed Deep Learning* (ICML): D-PSGD for directed overlays, where the nodes' weights cannot be kept equal. A
/// weight w_i travels with every model and says how much of it is there. P are the shares that nodes give away, and w_i
/// = 1 and z_i = x_i at first. Each round, each node i:
///
///     x_i ← x_i - γ g_i                      # g_i: the gradient at z_i; for H > 1 what H steps from z_i on make of it
///     send x_i, w_i;  x_i ← Σ_j P_ij x_j;  w_i ← Σ_j P_ij w_j
///     z_i ← x_i / w_i
///
/// Shares are even: P_ji = 1 / (1 + the number of nodes that i sends to). Receivers multiply by them, since they know
/// them from the overlay; in the paper senders do, which gives the same numbers. A node keeps the share of a receiver
/// that it knows to have left.
public struct PushSum: PeerStrategy {
    static let push = StrategyDescription(
        name: "push-sum",
        summary: "D-PSGD on overlays with directions, one peer a round at first: weights travel with models",
        source: "Assran et al. 2019, algorithm 1", family: .decentralised, defaultCluster: "ethernet-1g",
        defaultWorkers: 16, defaultRate: .local, make: { PushSum(configuration: $0, options: $1) })

    /// Options of stochastic gradient push.
    public struct Options: StrategyOptions {
        /// Nodes, their data and their local steps.
        public var nodes = NodeOptions()
        /// Who sends to whom, as `--overlay` takes it.
        public var overlay = "one-peer"

        /// The published defaults.
        public init() {}

        public static let specs =
            NodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) }
            + [OverlayOptions.overlaySpec(\Self.overlay).used(by: \.nodes)]
    }

    /// Rate, optimizer, budget and limits.
    public let configuration: TrainingConfiguration
    /// The strategy's options.
    public let options: Options
    /// Nodes, their data and their local steps.
    public var nodeOptions: NodeOptions { options.nodes }
    public var ownState: [StateDeclaration] {
        [.vector(Rule.numerator, .eachWorker), .numbers(Rule.weight, 1, startingAt: 1)]
    }

    /// A model and its weight.
    public func longestMessage(parameters: Int) -> Int { parameters + 1 }

    public func schedule(_ seeds: SeedSequence) throws(OverlayError) -> any PeerSchedule {
        let network = try Overlay(options.overlay).network(of: nodeOptions.workers, seeds: seeds)
        return OverlaySchedule(network, try network.shares())
    }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        Rule(state: state, schedule: schedule)
    }

    /// A node's model is z; the state has its numerator x and its weight w.
    struct Rule: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule
        /// x and w
        static let numerator = "push-sum numerator"
        static let weight = "push-sum weight"

        var sharesAreGiven: Bool { true }
        var outgoingCount: Int? { state.parameterCount + 1 }
        var adaptingWork: ComputeWork { .vector(elements: 3 * state.parameterCount) }
        func combiningWork(terms: Int) -> ComputeWork { .vector(elements: state.parameterCount * (terms + 1)) }

        func adapt(_ node: NodeRound) {
            let x = node[Self.numerator]
            if node.round == 0 { x.copy(from: node.model) }
            node.withScratch { step in
                // x_i ← x_i - γ g_i
                step.copy(from: node.model)
                node.trainLocally(step)
                x.add(step, minus: node.model, scaledBy: 1)
            }
            node.outgoing.replace(from: 0, by: x)
            node.outgoing.replace(from: x.count, by: node[Self.weight])
        }

        func combine(_ node: NodeRound) {
            let (x, w) = (node[Self.numerator], node[Self.weight])
            // x_i ← Σ_j P_ij x_j;  w_i ← Σ_j P_ij w_j
            node.average(into: x)
            node.average(into: w, from: x.count)
            // z_i ← x_i / w_i
            node.model.copy(from: x)
            node.model.scale(by: 1 / w[0])
        }
    }
}
