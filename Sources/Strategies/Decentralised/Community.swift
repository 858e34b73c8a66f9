import Datasets
import Fabrics
import Kernel
public import Randomness
public import Training

/// Nodes with objectives of their own that share what they know voluntarily: publish-and-follow, as people do on the
/// web, after OLKi (C. Cerisara and others, *An Open Lab of Knowledge*). Every node has a policy: what it shares, whom
/// it follows, and what it accepts of what it hears. Each round, each node i:
///
///     x_i ← H local steps from x_i
///     publish what i shares to those who follow it
///     hear those whom i follows:
///         all, or the neighbours in an overlay
///         pens   N. Onoszko, G. Karlsson, O. Mogren and E. Listo Zec 2021, *Decentralized Federated Learning of Deep Neural
///                Networks on Non-IID Data*, algorithm 1:
///                phase 1, R1 rounds:   hear n_s at random; keep the m whose models have the least loss on i's own samples
///                then                  follow {j : j was kept in more than R1 m / n rounds}
///                phase 2:              hear n_s of these at random
///         dac    E. Listo Zec, E. Ekblom, M. Willbo, O. Mogren and S. Girdzijauskas 2022, *Decentralized Adaptive Clustering of
///                Deep Nets Is Beneficial for Client Collaboration*, algorithm 1:
///                hear n_s, drawn without replacement with probabilities softmax(τ s_i)
///                s_ij ← 1 / loss of j's model on i's own samples, for those that were heard
///                s_ij ← s_kj for those that i never heard, k being the most similar one heard that has a score of j
///     y ← Σ_j W_ij x_j over those heard and i itself, W of the overlay, or by samples: n_j / Σ n
///     accept:
///         average   x_i ← y
///         guarded   x_i ← y if its loss on i's validation samples is not above that of x_i
///         ditto     T. Li, S. Hu, A. Beirami and V. Smith 2021, *Ditto: Fair and Robust Federated Learning Through
///                   Personalization* (ICML), algorithm 1, whose global model is i's own copy x_i here:
///                   x_i ← y, and beside it the node has a model v_i of its own, which is the one that is evaluated:
///                   v_i ← v_i - η (∇F_i(v_i) + λ (v_i - x_i)), H steps a round
///
/// Nodes that share only their body (all layers before the last) or only their head (the last layer) are averaged with
/// in that part, and in the other part their weight goes to i's own model (L. Collins et al. 2021, *Exploiting Shared
/// Representations*; P. P. Liang et al. 2020, *Think Locally, Act Globally*). Nodes of different architectures can
/// share two more things:
///
///     predictions   D. Li and J. Wang 2019, *FedMD: Heterogenous Federated Learning via Model Distillation*, algorithm 1, among
///                   neighbours: nodes publish their logits z_j of a public set without labels, and after averaging take an
///                   epoch of steps on it that draw y to z̃ = Σ_j W_ij z_j
///     proxy         S. Kalra, J. Wen, J. C. Cresswell, M. Volkovs and H. R. Tizhoosh 2023, *Decentralized Federated Learning
///                   through Proxy Model Sharing* (Nature Communications 14:2899), algorithm 1: beside its own model w_i every
///                   node trains a small one of common architecture, which takes the place of x_i above; in each local step
///                   both go along (1 - α) cross-entropy + α KL(the other || itself)
///
/// A community is voluntary: a node that has not joined yet, or has left, trains alone.
public struct Community: PeerStrategy {
    static let community = StrategyDescription(
        name: "community",
        summary: "nodes with objectives of their own follow whose models help them, and accept what does not harm them",
        source: "Onoszko et al. 2021, algorithm 1", family: .decentralised, defaultCluster: "ethernet-1g",
        defaultWorkers: 16, defaultRate: .local, isWayOfTheField: true,
        make: { Community(configuration: $0, options: $1) })

    /// What a node publishes.
    public enum Shares: String, CaseIterable, Sendable {
        case model, body, head, predictions, proxy, nothing
    }

    /// Whom a node follows: those whose models are good on its own data (PENS, DAC), its neighbours, all, or nobody.
    public enum Follows: String, CaseIterable, Sendable {
        case pens, dac, overlay, all, nobody
    }

    /// What a node does with the average of what it hears: takes it if its validation loss does not rise, takes it
    /// always, or pulls a model of its own to it.
    public enum Accepts: String, CaseIterable, Sendable {
        case guarded, average, ditto
    }

    /// Rate, optimizer, budget and limits.
    public let configuration: TrainingConfiguration
    /// The strategy's options.
    public let options: Options
    let policy: CommunityPolicy

    /// A community with these options.
    public init(configuration: TrainingConfiguration, options: Options) {
        (self.configuration, self.options) = (configuration, options)
        policy = options.policy
    }

    /// Nodes, their data and their local steps.
    public var nodeOptions: NodeOptions { options.nodes }
    public var messagesFollowNumbers: Bool { true }
    public var notes: [String] { policy.notes }

    public var ownState: [StateDeclaration] {
        let numbers = { StateDeclaration.numbers($0, options.nodes.workers, startingAt: 0) }
        var state: [StateDeclaration] = []
        if policy.accepts.contains(.ditto) || policy.shares.contains(.proxy) {
            state.append(.vector(Rule.shared, .eachWorker))
            state += StateDeclaration.state(of: configuration.optimizer, .eachWorker, named: Rule.nameOfShared)
        }
        if policy.follows.contains(.pens) { state += [numbers(Rule.timesSelected), numbers(Rule.followed)] }
        if policy.follows.contains(.dac) { state += [numbers(Rule.scores), numbers(Rule.met)] }
        return state
    }

    /// A vector for the model that a merge would give.
    public var scratchVectors: Int { 1 }

    /// Models are sent together with scores where some node follows by the scores of others. Predictions may be longer
    /// than a model: labels are bytes, so there are at most 256 for each sample.
    public func longestMessage(parameters: Int) -> Int {
        let model = policy.follows.contains(.dac) ? parameters + options.nodes.workers : parameters
        return policy.shares.contains(.predictions) ? max(model, 256 * options.publicCount) : model
    }

    public func trainingObjectives(for run: TrainingRun) throws(DataError) -> [NodeObjective] {
        try policy.check(run.network)
        return try policy.parts(of: run, nodeOptions).map { objective, parts in
            NodeObjective(
                kind: objective.kind, shard: parts.training, view: objective.view, classWeights: objective.classWeights,
                user: objective.user)
        }
    }

    public func schedule(_ seeds: SeedSequence) throws(OverlayError) -> any PeerSchedule {
        if policy.shares.contains(.predictions), configuration.optimizer.kind.isAdaptive {
            let optimizer = configuration.optimizer.kind.rawValue
            throw OverlayError(
                """
                nodes that share predictions are drawn to each other's by plain descent at the learning rate, and one of \
                \(optimizer) does not fit it; allowed with shares 'predictions' is --optimizer sgd
                """)
        }
        guard policy.follows.contains(.overlay) else { return CommunitySchedule(policy, nil, seeds) }
        let network = try Overlay(options.overlay.overlay).network(of: nodeOptions.workers, seeds: seeds)
        return CommunitySchedule(
            policy, OverlaySchedule(network, try network.weights(options.overlay.mixing)), seeds)
    }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        Rule(for: run, state, schedule, policy, nodeOptions)
    }
}
