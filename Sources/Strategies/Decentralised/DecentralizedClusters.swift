import Cluster
import Kernel
public import Randomness
public import Training

/// DFCA: J. Kirch, S. Becker, T. K. Rodrigues and S. Harmeling 2025, *DFCA: Decentralized Federated Clustering Algorithm*
/// (arXiv 2510.15300), with the values of the authors' code: IFCA without a server. Every node i keeps p models θ_i1,
/// ..., θ_ip and trains the one that fits its data best; it hears of the others from the nodes that train them. Each
/// round, each node i:
///
///     ĵ ← argmin_j F_i(θ_ij) on its own training samples
///     θ_iĵ ← τ steps of SGD from θ_iĵ on
///     meet random others, who are sent θ_iĵ and ĵ
///     for each k that was heard, by ascending k, whose model is of cluster c:
///         θ_ic ← α θ_ic + (1 - α) θ_kc,  with α = .5 where c = ĵ, and else .4          # a running average
///
/// Each node picks a random number of others, and both nodes of a pair send. All nodes draw from one seed, so that each
/// knows whose messages to wait for. The choice for a round is made at the end of the round before, on the same models.
///
/// A node sends its model after its steps. In the authors' code the pairs of a round meet one after the other, so that
/// a node passes on what it has just heard; that order would make every node wait for all nodes before it.
public struct DecentralizedClusters: PeerStrategy {
    /// Rate, optimizer, budget and limits.
    public let configuration: TrainingConfiguration
    /// Options of clustered strategies.
    public let options: Clustered.Options
    /// Nodes, their data and their local steps.
    public var nodeOptions: NodeOptions { options.nodes }
    private var models: Int { options.modelCount(configuration) }

    public var ownState: [StateDeclaration] {
        (0..<models).map { .vector(ClusterRounds.name(ofModel: $0), .eachWorker) }
            + [.numbers(Rule.choice, 1, startingAt: 0)]
    }

    /// A model and the number of its cluster.
    public func longestMessage(parameters: Int) -> Int { parameters + 1 }

    public func problem(seed: UInt64) -> String? { options.kindsProblem(configuration) }

    public func schedule(_ seeds: SeedSequence) -> any PeerSchedule {
        MeetingSchedule(nodes: nodeOptions.workers, mostPeers: options.mostPeers, seeds)
    }

    public func rule(for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule) -> any PeerRule {
        let initial = run.initialParameters
        state.begin(StateDeclaration.parametersName) { _ in initial.snapshot() }
        for model in 0..<models {
            let name = ClusterRounds.name(ofModel: model)
            switch options.initialModels {
            case .global:
                let common = run.initialParameters(ofModel: model)
                state.begin(name) { _ in common.snapshot() }
            case .local:
                state.begin(name) { run.initialParameters(ofModel: model, forNode: $0 ?? 0) }
            }
        }
        return Rule(
            state: state, schedule: schedule, models: models, ownShare: Float(options.ownShare),
            otherShare: Float(options.otherShare))
    }

    /// A node's model is θ_iĵ, the one that it has chosen.
    struct Rule: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule
        /// p
        let models: Int
        /// α
        let ownShare: Float
        let otherShare: Float
        /// ĵ
        static let choice = "chosen model"

        var weighing: PeerWeighing { .byRule }
        var outgoingCount: Int? { state.parameterCount + 1 }

        /// The work of copying what is sent; in the first round also of the first choice.
        func adaptingWork(_ node: NodeRound) -> ComputeWork {
            var work = node.round == 0 ? choosingWork(node) : .none
            work.vectorElements += state.parameterCount
            return work
        }

        func choosingWork(_ node: NodeRound) -> ComputeWork { .forward(samples: node.shard.count, passes: models) }

        func adapt(_ node: NodeRound) {
            if node.round == 0 { choose(node) }
            let model = node[ClusterRounds.name(ofModel: Int(node[Self.choice][0]))]
            // θ_iĵ ← τ steps of SGD
            node.trainLocally(model)
            // The numbers from before the steps are not needed any more.
            node.model.share(model)
            node.outgoing.replace(from: 0, by: model)
            node.outgoing.replace(from: model.count, by: node[Self.choice])
        }

        func combine(_ node: NodeRound) {
            for cluster in 0..<models { merge(cluster, node) }
            choose(node)
        }

        /// θ_ic ← α θ_ic + (1 - α) θ_kc for each k that was heard, in one pass: each later term scales down the earlier
        /// ones.
        private func merge(_ cluster: Int, _ node: NodeRound) {
            let isOwn = cluster == Int(node[Self.choice][0])
            let share = isOwn ? ownShare : otherShare
            let model = node[ClusterRounds.name(ofModel: cluster)]
            var (terms, weights, senders) = ([model.snapshot()], [Float(1)], [node.rank])
            for (sender, heard) in zip(node.senders, node.heard)
            where sender != node.rank && Int(heard[model.count]) == cluster {
                for place in weights.indices { weights[place] *= share }
                terms.append(heard)
                weights.append(1 - share)
                senders.append(sender)
            }
            guard terms.count > 1 else { return }
            model.becomeSum(of: terms, times: weights)
            // A node listens only to what goes into the model that it uses.
            guard isOwn else { return }
            for (sender, weight) in zip(senders, weights).dropFirst() {
                node.note(weight: Double(weight), ofSender: sender)
            }
        }

        /// ĵ ← argmin_j F_i(θ_ij)
        private func choose(_ node: NodeRound) {
            let models = (0..<models).map { node[ClusterRounds.name(ofModel: $0)] }
            let best = node.best(of: models)
            // The moments of Adam belong to the model that was trained, so they start anew. A velocity is kept, since
            // it fades soon.
            if best != Int(node[Self.choice][0]), case .adam(let adam) = node.optimizer { adam.startAnew() }
            node[Self.choice][0] = Float(best)
            node.model.share(models[best])
        }
    }
}

/// Who meets whom in each round, as the authors' code draws it: every node picks from 1 to `mostPeers` others. Node by
/// node, each meets the nodes that it has picked. A node that is met loses one of its own picks, the pick of the node
/// that it meets if there is one, so that a node has about as many meetings as picks. A node without picks left cannot
/// be met any more.
struct MeetingSchedule: PeerSchedule {
    private let drawn: DrawnExchanges

    /// - Parameter mostPeers: the most picks of a node; all others where there are fewer.
    init(nodes: Int, mostPeers: Int, _ seeds: SeedSequence) {
        let most = min(mostPeers, nodes - 1)
        drawn = DrawnExchanges { Self.draw($0, nodes: nodes, most: most, seeds) }
    }

    func exchange(of node: Int, round: Int) -> PeerExchange { drawn.exchange(of: node, round: round) }

    private static func draw(_ round: Int, nodes: Int, most: Int, _ seeds: SeedSequence) -> [PeerExchange] {
        var picks = (0..<nodes).map { node -> [Int] in
            guard most > 0 else { return [] }
            var stream = seeds.stream(.peerChoice, round, node)
            let count = 1 + stream.integer(below: most)
            return stream.shuffled(stream.sample(count, below: nodes - 1).map { $0 < node ? $0 : $0 + 1 })
        }
        var met = Array(repeating: Set<Int>(), count: nodes)
        var isMetNoMore = Array(repeating: false, count: nodes)
        for node in 0..<nodes {
            while let other = picks[node].popLast() {
                guard !isMetNoMore[other] else { continue }
                met[node].insert(other)
                met[other].insert(node)
                if let place = picks[other].firstIndex(of: node) {
                    picks[other].remove(at: place)
                } else if picks[other].popLast() == nil {
                    isMetNoMore[other] = true
                }
            }
        }
        return met.enumerated().map { node, others in
            let others = others.sorted()
            // Begins with the next node, so that not all nodes send to node 0 first. Weights depend on the nodes'
            // choices.
            let receivers = others.filter { $0 > node } + others.filter { $0 < node }
            return PeerExchange(
                receivers: receivers.map { MixingMatrix.Entry(node: $0, weight: 1) },
                row: (others + [node]).sorted().map { MixingMatrix.Entry(node: $0, weight: 1) })
        }
    }
}
