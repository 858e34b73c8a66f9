import Datasets
import Kernel
import Randomness
import Training

/// What each node of a community shares, follows and accepts, and who belongs to the community when. All nodes know
/// this of each other.
struct CommunityPolicy: Sendable {
    let nodes: Int
    /// What each node shares.
    let shares: [Community.Shares]
    let follows: [Community.Follows]
    let accepts: [Community.Accepts]
    let membership: Membership
    /// n_s; nil for the paper's number.
    let drawn: Int?
    /// m
    let selected: Int
    /// R1
    let meetingRounds: Int
    /// τ
    let temperature: Double
    /// λ
    let lambda: Float
    /// The share of a node's own samples by which a guarded merge is judged.
    let validation: Double
    /// N_pub
    let publicCount: Int
    let distillation: DistillationLoss
    /// Samples of a step of distillation.
    let distillationBatch: Int
    /// Units of a proxy's hidden layers.
    let proxyUnits: Int
    /// α
    let mutualShare: Float
    /// Units of each hidden layer, by node; nil for all.
    let hiddenUnits: [Int?]

    /// n_s, as published or as given.
    func candidates(of follows: Community.Follows) -> Int { drawn ?? (follows == .dac ? 5 : 10) }

    /// Whether some node follows others by how good their models are on its own data.
    var choosesByNumbers: Bool { follows.contains(.pens) || follows.contains(.dac) }

    /// Members that share something, in ascending order of nodes.
    func sharers(inRound round: Int) -> [Int] {
        membership.members(ofRound: round).filter { shares[$0] != .nothing }
    }

    /// Whether there is anybody whom a node could ever hear.
    func canHear(_ node: Int) -> Bool {
        follows[node] != .nobody && shares.indices.contains { $0 != node && shares[$0] != .nothing }
    }

    /// What follows where nodes hear nobody: it is allowed, and their options do not say it.
    var notes: [String] {
        let lone = (0..<nodes).filter { !canHear($0) }
        guard !lone.isEmpty else { return [] }
        guard lone.count < nodes else {
            let reason =
                follows.allSatisfy { $0 == .nobody }
                ? "no node follows another"
                : shares.allSatisfy { $0 == .nothing }
                    ? "no node shares anything" : "nobody whom a node follows shares anything"
            return ["\(reason), so that every node trains alone and accepts nothing"]
        }
        let names = lone.map(String.init).joined(separator: ", ")
        return [
            lone.count == 1
                ? "node \(names) hears nobody and trains alone; others may hear it"
                : "nodes \(names) hear nobody and train alone; others may hear them"
        ]
    }

    /// What does not go together; nil for nothing.
    var problem: String? {
        if shares.contains(.predictions), choosesByNumbers {
            return """
                somebody shares predictions, and somebody follows by the loss that others have on its own data, which predictions on \
                a public set do not tell; allowed with predictions is following all, overlay or nobody
                """
        }
        if shares.contains(.proxy) {
            if let other = shares.first(where: { $0 != .proxy && $0 != .nothing }) {
                return """
                    some nodes share a proxy and some \(other.rawValue), which cannot be averaged; allowed beside a proxy is sharing \
                    nothing
                    """
            }
            if let node = shares.indices.first(where: { shares[$0] == .proxy && accepts[$0] == .ditto }) {
                return """
                    node \(node) shares a proxy and accepts by ditto, which are two second models; allowed with a proxy are guarded \
                    and average
                    """
            }
            if let node = shares.indices.first(where: { shares[$0] == .nothing && follows[$0] != .nobody }) {
                return """
                    node \(node) follows others and has no proxy that could take theirs in; allowed beside proxies is sharing nothing \
                    and following nobody
                    """
            }
        }
        let widths = Set(hiddenUnits)
        if widths.count > 1, let shared = shares.first(where: { [.model, .body, .head].contains($0) }) {
            return """
                nodes differ in hidden-units, and some share their \(shared.rawValue), which cannot be averaged among them; allowed \
                among nodes of different architectures is sharing predictions, proxy or nothing
                """
        }
        return nil
    }

    // MARK: PENS

    /// Whether a round is in phase 1, in which nodes that follow PENS meet all others: R1 rounds from the beginning,
    /// and again whenever a node joins, so that old and new members learn of each other.
    func isMeeting(inRound round: Int) -> Bool { round - membership.lastJoin(upTo: round) < meetingRounds }

    /// Whether phase 1 begins in this round.
    func beginsMeeting(inRound round: Int) -> Bool { round == membership.lastJoin(upTo: round) }

    /// Whether phase 1 is over in this round and phase 2 begins.
    func selects(inRound round: Int) -> Bool { round == membership.lastJoin(upTo: round) + meetingRounds }

    // MARK: Samples

    /// Samples on which predictions are made, in ascending order; nobody trains on them or uses their labels. Empty
    /// where nobody shares predictions.
    ///
    /// - Throws: ``DataError`` where the training set has too few samples.
    func publicSamples(of count: Int, seeds: SeedSequence, shuffles: Bool) throws(DataError) -> [Int32] {
        guard shares.contains(.predictions) else { return [] }
        guard publicCount < count else {
            throw DataError(
                """
                public \(publicCount): there are \(count) training samples; allowed are from 1 to \(count - 1), so that some are \
                left to train on
                """)
        }
        guard shuffles else { return (Int32(count - publicCount)..<Int32(count)).map { $0 } }
        var stream = seeds.stream(.publicSamples)
        return stream.sample(publicCount, below: count).map(Int32.init).sorted()
    }

    /// - Throws: ``DataError`` where the model cannot have the hidden layers that nodes or proxies should have.
    func check(_ objective: any Objective) throws(DataError) {
        guard let network = objective as? Network else {
            throw DataError("community: nodes share parts of a network, and the task trains \(objective.summary)")
        }
        if network.loss != .softmaxCrossEntropy, shares.contains(.predictions) {
            throw DataError(
                """
                shares is predictions, which are logits of classes, and the task's model minimises \(network.loss); allowed are \
                tasks with the loss \(Loss.softmaxCrossEntropy), or other shares
                """)
        }
        for units in hiddenUnits.compactMap(\.self) { try HiddenUnits.check(units, of: "hidden-units", network) }
        if shares.contains(.proxy) { try HiddenUnits.check(proxyUnits, of: "proxy-units", network) }
    }

    /// Splits the samples of a node that guards its model: a share to judge by, and the rest to train on. Other nodes
    /// train on all.
    ///
    /// - Throws: ``DataError`` where a node has too few samples.
    func heldOut(
        of objective: NodeObjective, node: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> (training: [Int32], validation: [Int32]) {
        guard accepts[node] == .guarded, canHear(node) else {
            guard !objective.shard.isEmpty else {
                throw DataError("node \(node) has no training samples left beside \(publicCount) public ones")
            }
            return (objective.shard, [])
        }
        let count = Int((validation * Double(objective.shard.count)).rounded())
        guard count > 0, count < objective.shard.count else {
            throw DataError(
                """
                validation \(validation) of the \(objective.shard.count) training samples of node \(node) is \(count) samples; a \
                node that guards its model needs 1 or more, and 1 or more to train on
                """)
        }
        var order = Array(objective.shard.indices)
        if shuffles {
            // Stream 0 belongs to the whole training set.
            var stream = seeds.stream(.validation, node + 1)
            stream.shuffle(&order)
        }
        let held = Set(order.suffix(count))
        let shard = objective.shard
        return (
            shard.indices.filter { !held.contains($0) }.map { shard[$0] }, held.sorted().map { shard[$0] }
        )
    }

    /// The objective of each node with the samples that it trains on and those that it judges by, without public
    /// samples.
    ///
    /// - Throws: ``DataError`` where the data do not allow the split.
    func parts(
        of run: TrainingRun, _ options: NodeOptions
    ) throws(DataError) -> [(objective: NodeObjective, parts: (training: [Int32], validation: [Int32]))] {
        let whole = try run.nodeObjectives(partition: options.partition, among: nodes)
        let common = Set(try publicSamples(of: run.data.training.count, seeds: run.seeds, shuffles: run.shuffles))
        var parts: [(objective: NodeObjective, parts: (training: [Int32], validation: [Int32]))] = []
        for (node, objective) in whole.enumerated() {
            let own = NodeObjective(
                kind: objective.kind, shard: objective.shard.filter { !common.contains($0) }, view: objective.view,
                classWeights: objective.classWeights, user: objective.user)
            parts.append((own, try heldOut(of: own, node: node, seeds: run.seeds, shuffles: run.shuffles)))
        }
        return parts
    }
}
