import Cluster
import Fabrics
import Kernel
import Training

/// What a node does with what it hears: it judges models on its own samples, averages them, and decides whether to
/// accept the average.
extension Community.Rule {
    var weighing: PeerWeighing { .byRule }

    /// Whether the node evaluates the models that it hears in this round.
    private func looks(_ node: NodeRound) -> Bool {
        switch policy.follows[node.rank] {
        case .pens: policy.isMeeting(inRound: node.round)
        case .dac: true
        case .overlay, .all, .nobody: false
        }
    }

    /// The places of others' predictions among what was heard.
    private func predictions(_ node: NodeRound) -> [Int] {
        node.senders.indices.filter { $0 != node.ownPlace && shares(node.senders[$0]) == .predictions }
    }

    func furtherCombiningWork(_ node: NodeRound) -> [ComputeWork] {
        var work: [ComputeWork] = []
        if looks(node) { work.append(.forward(samples: samples[node.rank], passes: node.heard.count - 1)) }
        if !predictions(node).isEmpty {
            let count = publicSamples.count
            if shares(node.rank) != .predictions { work.append(.forward(samples: count)) }
            work.append(.epochs(1, samples: count, batch: min(count, policy.distillationBatch)))
        }
        if policy.accepts[node.rank] == .guarded {
            work.append(.forward(samples: heldOut[node.rank].count, passes: 2))
        }
        return work
    }

    func combine(_ node: NodeRound) {
        let losses = looks(node) ? look(node) : [:]
        var kept = node.senders.indices.filter { $0 != node.ownPlace }
        if policy.follows[node.rank] == .pens, looks(node) { kept = best(of: kept, losses, node) }
        if policy.follows[node.rank] == .dac { remember(losses, node) }
        let weights = weights(of: kept, node)
        let (x, y) = (common(node), node.scratch)
        mix(kept, weights, into: y, node)
        distil(y, weights, node)
        if policy.accepts[node.rank] == .guarded {
            let held = heldOut[node.rank]
            // The loss of a model that has diverged is NaN, so the model is not accepted.
            guard node.loss(of: y, on: held) <= node.loss(of: x, on: held) else { return }
        }
        x.copy(from: y)
        for place in kept { node.note(weight: Double(weights[place]), ofSender: node.senders[place]) }
    }

    // MARK: Looking

    /// The loss on the node's own samples of each model that was heard, by its place; infinite where it is NaN. A part
    /// of a model is judged by inserting it into the node's own model.
    private func look(_ node: NodeRound) -> [Int: Double] {
        var losses: [Int: Double] = [:]
        node.withScratch { candidate in
            for place in node.senders.indices where place != node.ownPlace {
                candidate.copy(from: common(node))
                var start = 0
                for part in ranges[shares(node.senders[place])] ?? [] {
                    candidate.set(part, to: 1, times: node.heard[place], from: start)
                    start += part.count
                }
                let loss = node.loss(of: candidate)
                losses[place] = loss.isNaN ? .infinity : loss
            }
        }
        return losses
    }

    /// The m places with the least losses; of equal losses the first nodes.
    private func best(of places: [Int], _ losses: [Int: Double], _ node: NodeRound) -> [Int] {
        func loss(_ place: Int) -> Double { losses[place] ?? .infinity }
        let best = places.sorted { (loss($0), $0) < (loss($1), $1) }.prefix(policy.selected).sorted()
        let selected = node[Self.timesSelected]
        for place in best { selected[node.senders[place]] += 1 }
        return best
    }

    /// The largest score 1 / loss: scores far above it cannot be told apart by softmax.
    private static var largestScore: Double { 1e6 }

    private func remember(_ losses: [Int: Double], _ node: NodeRound) {
        let (scores, met) = (node[Self.scores], node[Self.met])
        // s_ij ← 1 / loss of j's model on i's own samples
        for (place, loss) in losses {
            scores[node.senders[place]] = Float(min(1 / loss, Self.largestScore))
            met[node.senders[place]] = 1
        }
        let heard = losses.keys.sorted().map { (score: scores[node.senders[$0]], numbers: node.heard[$0]) }
        for other in 0..<policy.nodes where other != node.rank && met[other] == 0 {
            // s_ij ← s_kj, k being the most similar one heard that has a score of j
            var nearest: (score: Float, ofOther: Float)?
            for peer in heard {
                let score = peer.numbers[peer.numbers.count - policy.nodes + other]
                if score > 0, peer.score > nearest?.score ?? -1 { nearest = (peer.score, score) }
            }
            if let nearest { scores[other] = nearest.ofOther }
        }
    }

    // MARK: Averages

    /// The weight of each place: from the overlay, or n_j / Σ n over the nodes that are averaged.
    private func weights(of kept: [Int], _ node: NodeRound) -> [Float] {
        guard policy.follows[node.rank] != .overlay else { return node.weights }
        var weights = [Float](repeating: 0, count: node.senders.count)
        let places = kept + [node.ownPlace]
        let total = places.reduce(0) { $0 + samples[node.senders[$1]] }
        for place in places { weights[place] = Float(Double(samples[node.senders[place]]) / Double(total)) }
        return weights
    }

    /// The weights of some places and of the node's own, which takes over the weights of all others.
    private func weights(
        _ weights: [Float], among some: [Int], of kept: [Int], _ node: NodeRound
    ) -> [(place: Int, weight: Float)] {
        guard !some.isEmpty else { return [(node.ownPlace, 1)] }
        let own = kept.filter { !some.contains($0) }.reduce(weights[node.ownPlace]) { $0 + weights[$1] }
        return (some + [node.ownPlace]).sorted().map { ($0, $0 == node.ownPlace ? own : weights[$0]) }
    }

    /// y ← Σ_j W_ij x_j, part by part: the node's own model takes the weight of nodes that do not share a part.
    private func mix(_ kept: [Int], _ weights: [Float], into y: ParameterVector, _ node: NodeRound) {
        let places = (kept + [node.ownPlace]).sorted()
        guard places.contains(where: { shares(node.senders[$0]) != .model }) else {
            return y.becomeSum(of: places.map { node.heard[$0] }, times: places.map { weights[$0] })
        }
        let x = common(node)
        y.copy(from: x)
        // Every part is shared completely or not at all.
        let parts = shares(node.rank) == .proxy ? ranges[.proxy] : [.body, .head].flatMap { ranges[$0] ?? [] }
        for part in parts ?? [] {
            let starts = Dictionary(uniqueKeysWithValues: kept.map { ($0, start(of: part, shares(node.senders[$0]))) })
            let sharing = kept.filter { starts[$0] != .some(nil) }
            var isFirst = true
            for (place, weight) in self.weights(weights, among: sharing, of: kept, node) {
                let isOwn = place == node.ownPlace
                let start = isOwn ? part.lowerBound : (starts[place] ?? nil) ?? 0
                y.set(part, to: weight, times: isOwn ? x : node.heard[place], from: start, adding: !isFirst)
                isFirst = false
            }
        }
    }

    /// Where the numbers of a part begin in a message; nil where the sender does not share the part.
    private func start(of part: Range<Int>, _ shared: Community.Shares) -> Int? {
        var start = 0
        for range in ranges[shared] ?? [] {
            if part.clamped(to: range) == part { return start + part.lowerBound - range.lowerBound }
            start += range.count
        }
        return nil
    }

    // MARK: Predictions

    /// Draws y to z̃ = Σ_j W_ij z_j where predictions were heard: one epoch of steps on the public samples, in an order
    /// drawn for each round.
    private func distil(_ y: ParameterVector, _ weights: [Float], _ node: NodeRound) {
        let heard = predictions(node)
        guard let first = heard.first else { return }
        let kept = node.senders.indices.filter { $0 != node.ownPlace }
        var own = node.heard[node.ownPlace]
        if shares(node.rank) != .predictions {
            own = ParameterVector(count: node.heard[first].count)
            node.outputs(of: common(node), on: publicSamples, into: own)
        }
        let terms = self.weights(weights, among: heard, of: kept, node)
        let target = ParameterVector(count: own.count)
        target.becomeSum(
            of: terms.map { $0.place == node.ownPlace ? own : node.heard[$0.place] }, times: terms.map(\.weight))
        var rows = Array(0..<Int32(publicSamples.count))
        var stream = seeds.stream(.publicSamples, node.rank + 1, node.round)
        stream.shuffle(&rows)
        node.distil(
            y, on: rows.map { publicSamples[Int($0)] }, towards: target, rows: rows, by: policy.distillation,
            batch: policy.distillationBatch)
    }
}
