import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Randomness
import Training

extension Community {
    /// What the nodes of a ``Community`` do in a round.
    struct Rule: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule
        let policy: CommunityPolicy
        private let lists: FollowLists
        private let seeds: SeedSequence
        private let stepsPerRound: Int
        private let momentum: SGD.Configuration
        /// By node: what it is judged by, and how many samples it trains on, which are its weight.
        private let heldOut: [[Int32]]
        private let samples: [Int]
        /// The last layer, and all before it.
        private let head: Range<Int>
        private let body: Range<Int>

        /// Ditto's x, and its velocity.
        static let shared = "shared model"
        static let sharedVelocity = "shared velocity"
        /// Of PENS, by peer: in how many rounds of phase 1 it was among the m best, and 1 where it is followed.
        static let timesSelected = "times selected"
        static let followed = "followed nodes"
        /// Of DAC, by peer: s_i, and 1 where it has been heard.
        static let scores = "scores of nodes"
        static let met = "nodes met"

        init(
            for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule, _ policy: CommunityPolicy,
            _ options: NodeOptions
        ) {
            (self.state, self.schedule, self.policy) = (state, schedule, policy)
            lists = (schedule as? CommunitySchedule)?.lists ?? FollowLists()
            (seeds, stepsPerRound, momentum) = (run.seeds, options.syncEvery, run.configuration.optimizer)
            // What does not fit the data was found when the nodes' training samples were asked for.
            let objectives = (try? run.nodeObjectives(partition: options.partition, among: policy.nodes)) ?? []
            let parts = objectives.enumerated().map {
                try? policy.heldOut(of: $1, node: $0, seeds: run.seeds, shuffles: run.shuffles)
            }
            heldOut = parts.map { $0?.validation ?? [] }
            samples = parts.map { $0?.training.count ?? 0 }
            let slots = run.network.layout.slots
            let last = slots[slots.count - 1].name.split(separator: ".").first
            let start = slots.first { $0.name.split(separator: ".").first == last }?.range.lowerBound ?? 0
            (body, head) = (0..<start, start..<run.network.parameterCount)
        }

        private func isMember(_ node: NodeRound) -> Bool { policy.membership.contains(node.rank, round: node.round) }

        private func isDitto(_ node: NodeRound) -> Bool { policy.accepts[node.rank] == .ditto }

        /// What is shared and averaged: ditto's x_i, or the node's only model.
        private func common(_ node: NodeRound) -> ParameterVector { isDitto(node) ? node[Self.shared] : node.model }

        // MARK: Local steps, and what is published

        func adapt(_ node: NodeRound) {
            beginLists()
            if policy.follows[node.rank] == .pens, policy.beginsMeeting(inRound: node.round) {
                node[Self.timesSelected].fill(with: 0)
            }
            guard isMember(node) else { return node.trainLocally(node.model) }
            if isDitto(node) { adaptBoth(node) } else { node.trainLocally(node.model) }
            publish(node)
        }

        /// v_i ← v_i - η (∇F_i(v_i) + λ (v_i - x_i)), and x_i ← H local steps from x_i
        private func adaptBoth(_ node: NodeRound) {
            let (v, x) = (node.model, node[Self.shared])
            if node.round == policy.membership.joins[node.rank] ?? 0 { x.copy(from: v) }
            // Without a pull the step is that of a node alone, to the last bit.
            if policy.lambda == 0 {
                node.trainLocally(v)
            } else {
                node.trainLocally(v, pulledTo: x, by: policy.lambda)
            }
            node.trainBeside(x, by: SGD(momentum, velocity: momentum.momentum == 0 ? nil : node[Self.sharedVelocity]))
        }

        /// The steps of the second model, and the pull of the first.
        func furtherAdaptingWork(_ node: NodeRound) -> [ComputeWork] {
            guard isDitto(node), isMember(node) else { return [] }
            var work = node.work
            if policy.lambda != 0 { work.vectorElements = stepsPerRound * state.parameterCount }
            return [work]
        }

        /// The numbers of a model that a node shares.
        private func range(_ shares: Shares) -> Range<Int> {
            switch shares {
            case .model: body.lowerBound..<head.upperBound
            case .body: body
            case .head: head
            case .nothing: 0..<0
            }
        }

        /// What a node shares, and behind it its scores where somebody goes by them.
        private func publish(_ node: NodeRound) {
            let (model, part) = (common(node), range(policy.shares[node.rank]))
            let sendsScores = policy.follows.contains(.dac)
            guard part.count < model.count || sendsScores else {
                node.outgoing = model
                return
            }
            let count = part.count + (sendsScores ? policy.nodes : 0)
            if node.outgoing.count != count || node.outgoing === node.model {
                node.outgoing = ParameterVector(count: count)
            }
            node.outgoing.replace(from: 0, by: model, in: part)
            if sendsScores { node.outgoing.replace(from: part.count, by: node[Self.scores]) }
        }

        // MARK: Whom nodes follow

        func announcements(ofRound round: Int) -> PeerAnnouncements? {
            let changes = policy.membership.changes(inRound: round)
            guard policy.choosesByNumbers || !changes.isEmpty else { return nil }
            let members = policy.membership.members(ofRound: round)
            let choosing = members.filter {
                policy.follows[$0] == .dac || policy.follows[$0] == .pens && policy.selects(inRound: round)
            }
            let speakers = changes.union(choosing).sorted()
            return speakers.isEmpty ? nil : PeerAnnouncements(speakers: speakers, listeners: members)
        }

        func announcement(of node: NodeRound) -> EncodedVector {
            beginLists()
            let list = isMember(node) ? choice(of: node) : []
            lists.note(list, of: node.rank, knownTo: node.rank)
            return NodeBits.encode(list, of: policy.nodes)
        }

        func hear(_ announcement: EncodedVector, of other: Int, at node: NodeRound) {
            lists.note(NodeBits.decode(announcement), of: other, knownTo: node.rank)
        }

        private func beginLists() {
            guard policy.follows.contains(.pens) else { return lists.begin { [] } }
            lists.begin {
                (0..<policy.nodes).map { node in
                    let followed = state.vector(Self.followed, ofRank: node)
                    return (0..<policy.nodes).filter { followed[$0] == 1 }
                }
            }
        }

        /// Whom a node follows from now on.
        private func choice(of node: NodeRound) -> [Int] {
            let others = policy.sharers(inRound: node.round).filter { $0 != node.rank }
            switch policy.follows[node.rank] {
            case .nobody: return []
            case .all, .overlay: return others
            case .pens:
                guard policy.selects(inRound: node.round) else { return [] }
                let (selected, followed) = (node[Self.timesSelected], node[Self.followed])
                // {j : j was kept in more than R1 m / n rounds}
                let expected = Double(policy.meetingRounds * policy.selected) / Double(others.count + 1)
                let list = others.filter { Double(selected[$0]) > expected }
                for other in 0..<policy.nodes { followed[other] = list.contains(other) ? 1 : 0 }
                return list
            case .dac: return draw(others, by: node[Self.scores], node)
            }
        }

        /// n_s without replacement, with probabilities softmax(τ s); all alike as long as nobody has a score.
        private func draw(_ others: [Int], by scores: ParameterVector, _ node: NodeRound) -> [Int] {
            let largest = others.map { scores[$0] }.max() ?? 0
            var rest = others.map { ($0, exp(policy.temperature * Double(scores[$0] - largest))) }
            var stream = seeds.stream(.peerChoice, node.round, node.rank)
            var drawn: [Int] = []
            while drawn.count < policy.candidates(of: .dac), !rest.isEmpty {
                var place = 0
                var left = stream.uniform() * rest.reduce(0) { $0 + $1.1 }
                while place < rest.count - 1, left >= rest[place].1 {
                    left -= rest[place].1
                    place += 1
                }
                drawn.append(rest.remove(at: place).0)
            }
            return drawn.sorted()
        }

        // MARK: What is heard

        var takesGivenWeights: Bool { false }

        /// Whether the node looks at the models that it hears in this round.
        private func looks(_ node: NodeRound) -> Bool {
            switch policy.follows[node.rank] {
            case .pens: policy.isMeeting(inRound: node.round)
            case .dac: true
            case .overlay, .all, .nobody: false
            }
        }

        func furtherCombiningWork(_ node: NodeRound) -> [ComputeWork] {
            var work: [ComputeWork] = []
            if looks(node) {
                work.append(.forward(samples: samples[node.rank], passes: node.heard.count - 1))
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
            let x = common(node)
            if policy.accepts[node.rank] == .guarded {
                mix(kept, weights, into: node.scratch, node)
                let held = heldOut[node.rank]
                // A model that has diverged has no loss that is a number, and is not accepted.
                guard node.loss(of: node.scratch, on: held) <= node.loss(of: x, on: held) else { return }
                x.copy(from: node.scratch)
            } else {
                mix(kept, weights, into: node.scratch, node)
                x.copy(from: node.scratch)
            }
            for place in kept { node.note(weight: Double(weights[place]), ofSender: node.senders[place]) }
        }

        /// The loss of each model that was heard on the node's own samples, by its place; infinite where it is no number. Of a
        /// part of a model it is that of the node's own model with this part.
        private func look(_ node: NodeRound) -> [Int: Double] {
            var losses: [Int: Double] = [:]
            node.withScratch { candidate in
                for place in node.senders.indices where place != node.ownPlace {
                    candidate.copy(from: common(node))
                    let part = range(policy.shares[node.senders[place]])
                    candidate.set(part, to: 1, times: node.heard[place], from: 0)
                    let loss = node.loss(of: candidate)
                    losses[place] = loss.isNaN ? .infinity : loss
                }
            }
            return losses
        }

        /// The m with the least losses; of equal ones the first nodes.
        private func best(of places: [Int], _ losses: [Int: Double], _ node: NodeRound) -> [Int] {
            func loss(_ place: Int) -> Double { losses[place] ?? .infinity }
            let best = places.sorted { (loss($0), $0) < (loss($1), $1) }.prefix(policy.selected).sorted()
            let selected = node[Self.timesSelected]
            for place in best { selected[node.senders[place]] += 1 }
            return best
        }

        /// The largest 1 / loss: far above it softmax tells nobody apart.
        private static let largestScore = 1e6

        private func remember(_ losses: [Int: Double], _ node: NodeRound) {
            let (scores, met) = (node[Self.scores], node[Self.met])
            // s_ij ← 1 / loss of j's model on i's own samples
            for (place, loss) in losses {
                scores[node.senders[place]] = Float(min(1 / loss, Self.largestScore))
                met[node.senders[place]] = 1
            }
            let heard = losses.keys.sorted().map { place in
                (score: scores[node.senders[place]], numbers: node.heard[place])
            }
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

        /// The weight of each place: that of the overlay, or n_j / Σ n over those who are averaged.
        private func weights(of kept: [Int], _ node: NodeRound) -> [Float] {
            guard policy.follows[node.rank] != .overlay else { return node.weights }
            var weights = [Float](repeating: 0, count: node.senders.count)
            let places = kept + [node.ownPlace]
            let total = places.reduce(0) { $0 + samples[node.senders[$1]] }
            for place in places { weights[place] = Float(Double(samples[node.senders[place]]) / Double(total)) }
            return weights
        }

        /// y ← Σ_j W_ij x_j, part by part: the weight of those who do not share it is the node's own.
        private func mix(_ kept: [Int], _ weights: [Float], into target: ParameterVector, _ node: NodeRound) {
            let x = common(node)
            let places = (kept + [node.ownPlace]).sorted()
            let areWhole = places.allSatisfy { policy.shares[node.senders[$0]] == .model }
            if areWhole {
                return target.becomeSum(of: places.map { node.heard[$0] }, times: places.map { weights[$0] })
            }
            for part in [body, head] {
                let sharing = kept.filter { range(policy.shares[node.senders[$0]]).contains(part) }
                let others = kept.filter { !sharing.contains($0) }
                let own = others.reduce(weights[node.ownPlace]) { $0 + weights[$1] }
                var isFirst = true
                for place in (sharing + [node.ownPlace]).sorted() {
                    let isOwn = place == node.ownPlace
                    let start =
                        isOwn ? part.lowerBound : part.lowerBound - range(policy.shares[node.senders[place]]).lowerBound
                    target.set(
                        part, to: isOwn && sharing.isEmpty ? 1 : isOwn ? own : weights[place],
                        times: isOwn ? x : node.heard[place], from: start, adding: !isFirst)
                    isFirst = false
                }
            }
        }
    }
}

extension ParameterVector {
    /// self[range] = factor * other[start...], or added to it.
    fileprivate func set(
        _ range: Range<Int>, to factor: Float, times other: ParameterVector, from start: Int, adding: Bool = false
    ) {
        precondition(
            range.upperBound <= count && start >= 0 && start + range.count <= other.count,
            "\(range.count) numbers from \(start) on of \(other.count), for \(range) of \(count)")
        let (target, source) = (storage + range.lowerBound, other.numbers + start)
        if adding {
            for index in 0..<range.count { target[index] += factor * source[index] }
        } else {
            for index in 0..<range.count { target[index] = factor * source[index] }
        }
    }

    /// self[offset...] = other[range]
    fileprivate func replace(from offset: Int, by other: ParameterVector, in range: Range<Int>) {
        set(offset..<offset + range.count, to: 1, times: other, from: range.lowerBound)
    }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool { other.clamped(to: self) == other }
}
