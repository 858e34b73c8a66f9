import Fabrics
import Kernel
import Locking
import Randomness
import Training

/// Who publishes to whom in each round of a community: every node to its followers.
///
/// Most of this follows from options and seed. A node that follows others by what only it knows announces its choice;
/// each node keeps the lists of its followers, and draws from them as they do.
struct CommunitySchedule: PeerSchedule {
    let policy: CommunityPolicy
    /// Neighbours of nodes that follow an overlay; nil where none does.
    let overlay: (any PeerSchedule)?
    let seeds: SeedSequence
    let lists = FollowLists()
    /// By round, whom each node hears, as far as options and seed determine it, for the rounds that were asked for
    /// last. Nodes are at most a few rounds apart; what was dropped is computed again.
    private let known = Guarded<[Int: [[Int]?]]>([:])
    private static let mostKnown = 8

    init(_ policy: CommunityPolicy, _ overlay: (any PeerSchedule)?, _ seeds: SeedSequence) {
        (self.policy, self.overlay, self.seeds) = (policy, overlay, seeds)
    }

    func exchange(of node: Int, round: Int) -> PeerExchange {
        guard policy.membership.contains(node, round: round) else { return PeerExchange(receivers: [], row: []) }
        let common = commonlyKnown(ofRound: round)
        /// - Parameter other: this node, or a node whose list this node knows if it is in it.
        func heard(by other: Int) -> [Int] {
            common[other] ?? chosen(from: lists.list(of: other, knownTo: node), by: other, round: round)
        }
        // Begins with the next node, so that not all nodes send to node 0 first.
        let others = Array(node + 1..<policy.nodes) + Array(0..<node)
        return PeerExchange(
            receivers: others.filter { heard(by: $0).containsSorted(node) }.map {
                MixingMatrix.Entry(node: $0, weight: 1)
            },
            row: row(of: node, hearing: heard(by: node), round: round))
    }

    /// Weights of an overlay are kept, and the weights of nodes that are not heard go to the node itself. All other
    /// weights are determined by samples when models are heard.
    private func row(of node: Int, hearing heard: [Int], round: Int) -> [MixingMatrix.Entry] {
        guard !heard.isEmpty else { return [] }
        guard policy.follows[node] == .overlay, let overlay else {
            return (heard + [node]).sorted().map { MixingMatrix.Entry(node: $0, weight: 1) }
        }
        let whole = overlay.exchange(of: node, round: round).row
        let missing = whole.reduce(0) { $1.node == node || heard.containsSorted($1.node) ? $0 : $0 + $1.weight }
        return whole.compactMap { entry in
            if entry.node == node { return MixingMatrix.Entry(node: node, weight: entry.weight + missing) }
            return heard.containsSorted(entry.node) ? entry : nil
        }
    }

    private func commonlyKnown(ofRound round: Int) -> [[Int]?] {
        known.withLock { known in
            if let heard = known[round] { return heard }
            let sharers = policy.sharers(inRound: round)
            let heard = (0..<policy.nodes).map { commonlyKnown(of: $0, round: round, sharers) }
            if known.count >= Self.mostKnown { known.keys.min().map { known[$0] = nil } }
            known[round] = heard
            return heard
        }
    }

    /// The nodes that a node hears, in ascending order; nil where it follows a list of its own.
    private func commonlyKnown(of node: Int, round: Int, _ sharers: [Int]) -> [Int]? {
        guard policy.membership.contains(node, round: round) else { return [] }
        let others = sharers.filter { $0 != node }
        switch policy.follows[node] {
        case .nobody: return []
        case .all: return others
        case .overlay:
            let neighbours = Set(overlay?.exchange(of: node, round: round).row.map(\.node) ?? [])
            return others.filter(neighbours.contains)
        case .pens: return policy.isMeeting(inRound: round) ? drawn(from: others, by: node, round: round) : nil
        case .dac: return nil
        }
    }

    /// The nodes that a node hears which follows a list.
    private func chosen(from list: [Int], by node: Int, round: Int) -> [Int] {
        let present = list.filter { policy.membership.contains($0, round: round) }
        return policy.follows[node] == .pens ? drawn(from: present, by: node, round: round) : present
    }

    /// n_s of these nodes at random, in ascending order; all where there are fewer.
    private func drawn(from others: [Int], by node: Int, round: Int) -> [Int] {
        let count = policy.candidates(of: .pens)
        guard count < others.count else { return others }
        var stream = seeds.stream(.peerChoice, round, node)
        return stream.sample(count, below: others.count).map { others[$0] }.sorted()
    }
}

extension [Int] {
    /// Whether a number is in this ascending array.
    fileprivate func containsSorted(_ number: Int) -> Bool {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == number
    }
}

/// Whom nodes follow by their own choice: every node's own list, and the lists that its followers announced.
final class FollowLists: Sendable {
    private struct Contents {
        /// By node, the list in the checkpoint from which the run continues; nil until it is asked for.
        var start: [[Int]]?
        /// Lists by the node that knows them, and by the node whose list it is.
        var known: [Int: [Int: [Int]]] = [:]
    }

    private let contents = Guarded(Contents())

    /// Sets the lists at the start of the program, by node; they are empty where nodes announce them in every round.
    /// Must be called before any list changes; only the first call has an effect.
    func begin(_ lists: () -> [[Int]]) {
        contents.withLock { contents in
            if contents.start == nil { contents.start = lists() }
        }
    }

    /// - Parameters:
    ///   - list: in ascending order.
    ///   - node: the node whose list it is.
    ///   - listener: the node itself, or one that heard the list.
    func note(_ list: [Int], of node: Int, knownTo listener: Int) {
        contents.withLock { contents in
            // A list is stored only for nodes that are in it; others do not need it.
            contents.known[listener, default: [:]][node] = node == listener || list.contains(listener) ? list : []
        }
    }

    /// The list of a node as far as the listener knows it; empty where the listener knows none or is not in it.
    func list(of node: Int, knownTo listener: Int) -> [Int] {
        contents.withLock { contents in
            if let list = contents.known[listener]?[node] { return list }
            guard let start = contents.start, node < start.count else { return [] }
            return start[node]
        }
    }
}

/// Nodes as bits, the first one in the lowest bit of the first byte: the content of an announcement.
enum NodeBits {
    static let coding = "nodes"

    static func encode(_ chosen: [Int], of nodes: Int) -> EncodedVector {
        var bytes = [UInt8](repeating: 0, count: (nodes + 7) / 8)
        for node in chosen { bytes[node / 8] |= 1 << (node % 8) }
        return EncodedVector(coding: coding, elements: nodes, bytes: bytes)
    }

    static func decode(_ encoded: EncodedVector) -> [Int] {
        precondition(encoded.coding == coding, "nodes in '\(encoded.coding)'")
        return (0..<encoded.elements).filter { encoded.bytes[$0 / 8] >> ($0 % 8) & 1 == 1 }
    }
}
