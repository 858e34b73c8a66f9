import Cluster
import Kernel
public import Randomness
public import Training

/// Decentralised parallel SGD, algorithm 1 of X. Lian, C. Zhang, H. Zhang, C.-J. Hsieh, W. Zhang and J. Liu 2017, *Can
/// Decentralized Algorithms Outperform Centralized Algorithms?* (NeurIPS), on any overlay and with H local steps. With
/// the weights W, each round, each node i:
///
///     adapt-then-combine:   x_i ← Σ_j W_ij (x_j - γ g_j)            # g_i: the gradient at x_i; for H > 1 what H steps make of x_i
///     with-combine:         x_i ← Σ_j W_ij x_j - γ g_i              # Lian's order
///
/// In Lian's order nodes send their models before they compute gradients, so that messages and gradients overlap. But
/// nodes then differ by their own gradients at the end of every round, even if all talk to all: in that case only
/// adapt-then-combine is synchronous SGD. ``Correction`` removes the bias that nodes with different data have in either
/// order.
public struct DecentralizedSGD: PeerStrategy {
    static let dpsgd = StrategyDescription(
        name: "dpsgd", summary: "neighbours average their models after every step or some, without a server",
        source: "Lian et al. 2017, algorithm 1", family: .decentralised, defaultCluster: "ethernet-1g",
        defaultWorkers: 16, defaultRate: .local, make: { DecentralizedSGD(configuration: $0, options: $1) })

    /// Whether nodes average before or after their gradients are applied.
    public enum Order: String, CaseIterable, OptionConvertible {
        case adaptThenCombine = "adapt-then-combine"
        case withCombine = "with-combine"
    }

    /// Options of decentralised SGD.
    public struct Options: StrategyOptions {
        /// Nodes, their data and their local steps.
        public var nodes = NodeOptions()
        /// Who talks to whom, with which weights.
        public var overlay = OverlayOptions()
        /// The order of averages and gradients.
        public var order = Order.adaptThenCombine
        /// How the bias of nodes with different data is corrected.
        public var correction = Correction.none

        /// The published defaults.
        public init() {}

        public var problem: String? {
            if correction != .none, order == .withCombine {
                return """
                    correction '\(correction.rawValue)' has an order of its own; allowed with it is order \
                    '\(Order.adaptThenCombine.rawValue)'
                    """
            }
            guard correction != .gradientTracking || nodes.syncEvery == 1 else {
                return """
                    sync-every is \(nodes.syncEvery), but correction 'gradient-tracking' follows the gradients of single steps; \
                    allowed with it is 1
                    """
            }
            return nil
        }

        public static let specs =
            NodeOptions.specs.map { OptionSpec($0, in: \Self.nodes) }
            + OverlayOptions.specs.map { OptionSpec($0, in: \Self.overlay).used(by: \.nodes) } + [
                OptionSpec(
                    "order", \Self.order, .oneOf(Order.allCases.map(\.rawValue)),
                    source: "Lian et al. 2017, algorithm 1; Chen and Sayed 2012",
                    """
                    adapt-then-combine averages what nodes have trained; with-combine averages while they differentiate, which \
                    hides messages behind the gradient, but leaves nodes apart by their last gradients.
                    """),
                OptionSpec(
                    "correction", \Self.correction, .oneOf(Correction.allCases.map(\.rawValue)),
                    source: "Yuan et al. 2019; Nedic et al. 2017",
                    """
                    What is done about the bias of nodes whose data differ: exact-diffusion costs a vector, gradient-tracking \
                    twice the bytes, too.
                    """),
            ]
    }

    /// Rate, optimizer, budget and limits.
    public let configuration: TrainingConfiguration
    /// The strategy's options.
    public let options: Options
    /// Nodes, their data and their local steps.
    public var nodeOptions: NodeOptions { options.nodes }
    public var ownState: [StateDeclaration] { options.correction.state }
    public var scratchVectors: Int { options.order == .withCombine ? 1 : 0 }

    /// Gradient tracking sends two vectors in one message.
    public func longestMessage(parameters: Int) -> Int {
        options.correction == .gradientTracking ? 2 * parameters : parameters
    }

    public func schedule(_ seeds: SeedSequence) throws(OverlayError) -> any PeerSchedule {
        let network = try Overlay(options.overlay.overlay).network(of: nodeOptions.workers, seeds: seeds)
        let weights = try network.weights(options.overlay.mixing)
        try options.correction.check(network, weights, configuration.optimizer)
        return OverlaySchedule(network, weights)
    }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        switch (options.correction, options.order) {
        case (.exactDiffusion, _): ExactDiffusion(state: state, schedule: schedule)
        case (.gradientTracking, _): GradientTracking(state: state, schedule: schedule)
        case (.none, .adaptThenCombine): AdaptThenCombine(state: state, schedule: schedule)
        case (.none, .withCombine): WithCombine(state: state, schedule: schedule)
        }
    }

    private struct AdaptThenCombine: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule

        /// x_i - γ g_i, which is sent
        func adapt(_ node: NodeRound) { node.trainLocally(node.model) }
        /// x_i ← Σ_j W_ij (x_j - γ g_j)
        func combine(_ node: NodeRound) { node.average(into: node.model) }
    }

    private struct WithCombine: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule
        var sendsFirst: Bool { true }
        var adaptingWork: ComputeWork { .vector(elements: state.parameterCount) }
        /// The average, and a pass that adds the effect of the gradient.
        func combiningWork(terms: Int) -> ComputeWork { .vector(elements: state.parameterCount * (terms + 1)) }

        /// x_i - γ g_i, while x_i is being sent.
        func adapt(_ node: NodeRound) {
            node.scratch.copy(from: node.model)
            node.trainLocally(node.scratch)
        }

        /// x_i ← Σ_j W_ij x_j - γ g_i
        func combine(_ node: NodeRound) {
            node.average(into: node.model)
            node.model.add(node.scratch, minus: node.sent, scaledBy: 1)
        }
    }
}
