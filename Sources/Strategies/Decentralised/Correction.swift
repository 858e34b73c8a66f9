import Cluster
import Kernel
public import Training

/// How the bias of decentralised SGD is corrected: with a constant γ, nodes with different data converge to a point
/// beside the best model of all their data; with a correction they converge to that model.
public enum Correction: String, CaseIterable, OptionConvertible {
    case none
    /// K. Yuan, B. Ying, X. Zhao and A. H. Sayed 2019, *Exact Diffusion for Distributed Optimization and Learning*, part I,
    /// algorithm 1.
    case exactDiffusion = "exact-diffusion"
    /// A. Nedic, A. Olshevsky and W. Shi 2017, *Achieving Geometric Convergence for Distributed Optimization over Time-Varying
    /// Graphs*, algorithm 1 (DIGing).
    case gradientTracking = "gradient-tracking"

    var state: [StateDeclaration] {
        switch self {
        case .none: []
        case .exactDiffusion: [.vector(ExactDiffusion.previous, .eachWorker)]
        case .gradientTracking:
            [.vector(GradientTracking.tracked, .eachWorker), .vector(GradientTracking.previous, .eachWorker)]
        }
    }

    /// - Throws: ``OverlayError`` where the correction does not work with these weights, or with steps of this
    ///   optimizer.
    func check(
        _ network: OverlayNetwork, _ weights: [MixingMatrix], _ optimizer: Optimizer.Configuration
    ) throws(OverlayError) {
        // Nodes come to rest where their steps cancel. Steps of one rate along gradients cancel where the gradients do;
        // steps that each node scales by its own past gradients do not.
        if self == .exactDiffusion, optimizer.kind.isAdaptive {
            throw OverlayError(
                """
                correction 'exact-diffusion' brings nodes to rest where their steps cancel, and each node's \
                \(optimizer.kind.rawValue) scales steps by its own gradients, so that this is not where the gradients cancel; \
                allowed are --optimizer sgd, or correction 'gradient-tracking' or 'none'
                """)
        }
        guard self == .exactDiffusion, network.changes || !weights.allSatisfy(\.isSymmetric) else { return }
        throw OverlayError(
            """
            correction 'exact-diffusion' needs weights that are symmetric and the same in all rounds; allowed are overlays without \
            directions, or correction 'gradient-tracking'
            """)
    }
}

/// Each round, with ψ' from the round before (x_i in the first round):
///
///     ψ_i ← x_i - γ g_i
///     φ_i ← ψ_i + x_i - ψ'_i
///     x_i ← Σ_j (W_ij + I_ij) / 2 φ_j
struct ExactDiffusion: PeerRule {
    let state: NamedState
    let schedule: any PeerSchedule
    /// ψ'
    static let previous = "previous step"

    var adaptingWork: ComputeWork { .vector(elements: 3 * state.parameterCount) }

    func adapt(_ node: NodeRound) {
        let (x, previous) = (node.model, node[Self.previous])
        if node.round == 0 { previous.copy(from: x) }
        node.withScratch { step in
            // ψ_i ← x_i - γ g_i
            step.copy(from: x)
            node.trainLocally(step)
            // φ_i ← ψ_i + x_i - ψ'_i, which is sent
            x.add(step, minus: previous, scaledBy: 1)
            previous.copy(from: step)
        }
    }

    /// x_i ← Σ_j (W_ij + I_ij) / 2 φ_j
    func combine(_ node: NodeRound) {
        node.weighHalf()
        node.average(into: node.model)
    }
}

/// Each round, with g' from the round before (g' and q are 0 at first):
///
///     q_i ← q_i + g_i - g'_i                 # g_i: the gradient at x_i
///     x_i ← Σ_j W_ij x_j - γ q_i
///     q_i ← Σ_j W_ij q_j
///
/// Both x and q are sent, in one message. With Adam, the step is made from q, as in G. Carnevale, F. Farina, I.
/// Notarnicola and G. Notarstefano 2022, *GTAdam: Gradient Tracking with Adaptive Momentum for Distributed Online
/// Optimization* (IEEE Transactions on Control of Network Systems): all q converge to the mean gradient, and come to
/// rest where it is zero.
struct GradientTracking: PeerRule {
    let state: NamedState
    let schedule: any PeerSchedule
    /// q and g'
    static let tracked = "tracked gradient"
    static let previous = "previous gradient"

    var outgoingCount: Int? { 2 * state.parameterCount }
    var adaptingWork: ComputeWork { .vector(elements: 4 * state.parameterCount) }
    func combiningWork(terms: Int) -> ComputeWork { .vector(elements: state.parameterCount * (2 * terms + 1)) }

    func adapt(_ node: NodeRound) {
        let (q, previous) = (node[Self.tracked], node[Self.previous])
        node.withScratch { gradient in
            // q_i ← q_i + g_i - g'_i
            node.differentiate(at: node.model, into: gradient)
            q.add(gradient, minus: previous, scaledBy: 1)
            previous.copy(from: gradient)
        }
        node.outgoing.replace(from: 0, by: node.model)
        node.outgoing.replace(from: node.model.count, by: q)
    }

    func combine(_ node: NodeRound) {
        let q = node[Self.tracked]
        // x_i ← Σ_j W_ij x_j - γ q_i
        node.average(into: node.model)
        node.optimizer.step(node.model, q, rate: node.rate)
        // q_i ← Σ_j W_ij q_j
        node.average(into: q, from: node.model.count)
    }
}
