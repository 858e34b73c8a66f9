import Cluster
import Datasets
import Fabrics
import Foundation
import Kernel
import Randomness
import Training

extension Community {
    /// What the nodes of a ``Community`` do in a round: local steps, publishing, and choosing whom to follow. A file of
    /// its own has what they do with what they hear.
    struct Rule: PeerRule {
        let state: NamedState
        let schedule: any PeerSchedule
        let policy: CommunityPolicy
        private let lists: FollowLists
        let seeds: SeedSequence
        private let stepsPerRound: Int
        private let optimizer: Optimizer.Configuration
        /// By node: the samples that it judges by, and the number of samples that it trains on, which is its weight.
        let heldOut: [[Int32]]
        let samples: [Int]
        /// The samples that predictions are made on.
        let publicSamples: [Int32]
        private let classes: Int
        /// The ranges of a model's numbers that nodes share, cut into pieces that are shared completely or not at all.
        let ranges: [Shares: [Range<Int>]]
        /// The initial parameters of a proxy; nil where nobody shares one.
        private let firstProxy: ParameterVector?

        /// The name of a second model: Ditto's x, or a proxy.
        static let shared = "shared model"
        /// The name of what the second model's optimizer keeps, such as "shared velocity".
        static func nameOfShared(_ name: String) -> String { "shared \(name)" }
        /// What PENS keeps of each peer: in how many rounds of phase 1 it was among the m best, and 1 where it is
        /// followed.
        static let timesSelected = "times selected"
        static let followed = "followed nodes"
        /// What DAC keeps of each peer: s_i, and 1 where it has been heard.
        static let scores = "scores of nodes"
        static let met = "nodes met"

        init(
            for run: TrainingRun, _ state: NamedState, _ schedule: any PeerSchedule, _ policy: CommunityPolicy,
            _ options: NodeOptions
        ) {
            (self.state, self.schedule, self.policy) = (state, schedule, policy)
            lists = (schedule as? CommunitySchedule)?.lists ?? FollowLists()
            (seeds, stepsPerRound, optimizer) = (run.seeds, options.syncEvery, run.configuration.optimizer)
            // Errors of the data were found earlier, when the nodes' training samples were asked for.
            let parts = (try? policy.parts(of: run, options)) ?? []
            (heldOut, samples) = (parts.map(\.parts.validation), parts.map(\.parts.training.count))
            let network = run.classifier
            publicSamples =
                (try? policy.publicSamples(
                    of: run.data.training.count, seeds: run.seeds, shuffles: run.shuffles)) ?? []
            classes = network.classCount
            let all = 0..<network.parameterCount
            let head = Self.lastLayer(of: network)
            var ranges: [Shares: [Range<Int>]] = [
                .model: [all], .body: [0..<head.lowerBound], .head: [head], .predictions: [], .nothing: [], .proxy: [],
            ]
            if policy.shares.contains(.proxy) {
                let ones = ParameterVector(Array(repeating: 1, count: all.count))
                network.narrow(ones, toHiddenUnits: policy.proxyUnits)
                ranges[.proxy] = Self.runs(of: 1, in: ones.values)
                let proxy = run.initialParameters.copied()
                network.narrow(proxy, toHiddenUnits: policy.proxyUnits)
                firstProxy = proxy
            } else {
                firstProxy = nil
            }
            self.ranges = ranges
            HiddenUnits.narrow(policy.hiddenUnits, state, network)
        }

        private static func lastLayer(of network: Network) -> Range<Int> {
            let slots = network.layout.slots
            func layer(_ slot: ParameterLayout.Slot) -> Substring? { slot.name.split(separator: ".").first }
            let start = slots.first { layer($0) == layer(slots[slots.count - 1]) }?.range.lowerBound ?? 0
            return start..<network.parameterCount
        }

        /// The ranges in which a number is repeated.
        private static func runs(of number: Float, in numbers: [Float]) -> [Range<Int>] {
            var runs: [Range<Int>] = []
            for (index, found) in numbers.enumerated() where found == number {
                if let last = runs.last, last.upperBound == index {
                    runs[runs.count - 1] = last.lowerBound..<index + 1
                } else {
                    runs.append(index..<index + 1)
                }
            }
            return runs
        }

        func isMember(_ node: NodeRound) -> Bool { policy.membership.contains(node.rank, round: node.round) }

        func shares(_ node: Int) -> Shares { policy.shares[node] }

        /// Whether the node has a second model besides the one that is evaluated.
        private func hasTwo(_ node: NodeRound) -> Bool {
            policy.accepts[node.rank] == .ditto || shares(node.rank) == .proxy
        }

        /// x_i, the model that is shared and averaged: Ditto's copy, the proxy, or the node's only model.
        func common(_ node: NodeRound) -> ParameterVector { hasTwo(node) ? node[Self.shared] : node.model }

        // MARK: Local steps

        func adapt(_ node: NodeRound) {
            beginLists()
            if policy.follows[node.rank] == .pens, policy.beginsMeeting(inRound: node.round) {
                node[Self.timesSelected].fill(with: 0)
            }
            guard isMember(node) else { return node.trainLocally(node.model) }
            if hasTwo(node) { adaptBoth(node) } else { node.trainLocally(node.model) }
            publish(node)
        }

        private func adaptBoth(_ node: NodeRound) {
            let (own, x) = (node.model, node[Self.shared])
            let isFirst = node.round == policy.membership.joins[node.rank] ?? 0
            let second = state.optimizer(optimizer, ofRank: node.rank, named: Self.nameOfShared)
            if shares(node.rank) == .proxy {
                if isFirst, let firstProxy { x.copy(from: firstProxy) }
                guard policy.mutualShare == 0 else {
                    return node.trainMutually(own, with: x, by: second, share: policy.mutualShare)
                }
                node.trainLocally(own)
            } else {
                if isFirst { x.copy(from: own) }
                // v_i ← v_i - η (∇F_i(v_i) + λ (v_i - x_i)); without a pull the steps are exactly those of a node
                // alone.
                if policy.lambda == 0 {
                    node.trainLocally(own)
                } else {
                    node.trainLocally(own, pulledTo: x, by: policy.lambda)
                }
            }
            node.trainBeside(x, by: second)
        }

        /// The work of the second model's steps and of its link to the first one, and of predictions.
        func furtherAdaptingWork(_ node: NodeRound) -> [ComputeWork] {
            guard isMember(node) else { return [] }
            var works: [ComputeWork] = []
            if hasTwo(node) {
                var work = node.work
                if policy.accepts[node.rank] == .ditto, policy.lambda != 0 {
                    work.vectorElements += stepsPerRound * state.parameterCount
                }
                if shares(node.rank) == .proxy, policy.mutualShare != 0 {
                    // Both models predict before either learns from the other.
                    work.forwardPasses = 2 * stepsPerRound
                    work.samplesPerForwardPass = max(work.samplesPerStep, work.samplesPerShortStep)
                }
                works.append(work)
            }
            if shares(node.rank) == .predictions { works.append(.forward(samples: publicSamples.count)) }
            return works
        }

        // MARK: Publishing

        func purpose(of node: Int) -> TrafficPurpose {
            switch shares(node) {
            case .predictions, .proxy: .knowledge
            case .model, .body, .head, .nothing: .model
            }
        }

        /// Publishes what the node shares, followed by its scores if some node follows by scores.
        private func publish(_ node: NodeRound) {
            let (x, shared) = (common(node), shares(node.rank))
            let parts = ranges[shared] ?? []
            let sendsScores = policy.follows.contains(.dac)
            guard shared != .model || sendsScores else {
                node.outgoing = x
                return
            }
            let own = shared == .predictions ? publicSamples.count * classes : parts.reduce(0) { $0 + $1.count }
            let count = own + (sendsScores ? policy.nodes : 0)
            if node.outgoing.count != count || node.outgoing === node.model {
                node.outgoing = ParameterVector(count: count)
            }
            if shared == .predictions { node.outputs(of: x, on: publicSamples, into: node.outgoing) }
            var place = 0
            for part in parts {
                node.outgoing.set(place..<place + part.count, to: 1, times: x, from: part.lowerBound)
                place += part.count
            }
            if sendsScores { node.outgoing.replace(from: own, by: node[Self.scores]) }
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

        /// The nodes that a node follows from now on.
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

        /// Draws n_s nodes without replacement, with probabilities softmax(τ s); uniformly as long as there are no
        /// scores.
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
    }
}

extension ParameterVector {
    /// self[range] = factor * other[start...], or added to it.
    func set(
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
}
