import Datasets
import Kernel
import Randomness
import Training

/// What each node of a community wants, and who belongs to it when: what all nodes know of each other.
struct CommunityPolicy: Sendable {
    let nodes: Int
    /// By node.
    let shares: [Community.Shares]
    let follows: [Community.Follows]
    let accepts: [Community.Accepts]
    let membership: Membership
    /// n_s; nil for that of the paper.
    let drawn: Int?
    /// m
    let selected: Int
    /// R1
    let meetingRounds: Int
    /// τ
    let temperature: Double
    /// λ
    let lambda: Float
    /// Share of a node's own samples that a guarded merge is judged by.
    let validation: Double

    /// n_s, as published or as wanted.
    func candidates(of follows: Community.Follows) -> Int { drawn ?? (follows == .dac ? 5 : 10) }

    /// Whether some node goes by what others' models are on its own data.
    var choosesByNumbers: Bool { follows.contains(.pens) || follows.contains(.dac) }

    /// Members that share something, in ascending order.
    func sharers(inRound round: Int) -> [Int] {
        membership.members(ofRound: round).filter { shares[$0] != .nothing }
    }

    // MARK: PENS

    /// Whether it is phase 1, in which nodes that go by PENS meet all others: R1 rounds from the beginning, and anew whenever
    /// somebody has joined, so that old and new members learn of each other.
    func isMeeting(inRound round: Int) -> Bool { round - membership.lastJoin(upTo: round) < meetingRounds }

    /// Whether phase 1 begins.
    func beginsMeeting(inRound round: Int) -> Bool { round == membership.lastJoin(upTo: round) }

    /// Whether phase 1 is over and phase 2 begins.
    func selects(inRound round: Int) -> Bool { round == membership.lastJoin(upTo: round) + meetingRounds }

    // MARK: Samples

    /// The share of a node's samples that it is judged by, where it guards its model against others; what it trains on has the others.
    ///
    /// - Throws: ``DataError`` where a node has too few.
    func heldOut(
        of objective: NodeObjective, node: Int, seeds: SeedSequence, shuffles: Bool
    ) throws(DataError) -> (training: [Int32], validation: [Int32]) {
        guard accepts[node] == .guarded, follows[node] != .nobody else { return (objective.shard, []) }
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
            // Stream 0 is that of the whole training set.
            var stream = seeds.stream(.validation, node + 1)
            stream.shuffle(&order)
        }
        let held = Set(order.suffix(count))
        let shard = objective.shard
        return (
            shard.indices.filter { !held.contains($0) }.map { shard[$0] }, held.sorted().map { shard[$0] }
        )
    }
}
