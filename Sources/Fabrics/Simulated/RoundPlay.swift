import Cluster

/// All messages of a collective in rounds at once, without the events: what a simulation of each message would make of
/// the network, when every rank is done, and what it sent.
///
/// It is exact where nothing else is under way, whatever the links and the jitter and whenever ranks enter: a port out
/// carries the messages of its rank in the order of rounds, and so does a port in *if* messages ask for it in that
/// order, which is checked for every message; and no rank may send anything else while messages have still to ask for a
/// port, or else that could come between. Then each port sees the same requests at the same times as in the simulation,
/// and answers them alike.
///
/// One thing is not kept: where a rank sends to another in the very nanosecond in which others have come to a collective
/// that then cannot be played as a whole, theirs leave after it and not before, which decides who is first at a port that
/// both ask for at one time. No strategy does that.
struct RoundPlay {
    private(set) var network: NetworkModel
    /// When each rank is done: in the order in which the simulation would let them go on.
    private(set) var ends: [(rank: Int, time: VirtualTime)] = []
    /// Messages and bytes that each rank has sent and received, by place in the group.
    private(set) var traffic: [(sent: TrafficLedger.Amount, received: TrafficLedger.Amount)]

    /// A rank in a round: when its message asks for the receiver's port, is there, and so on.
    private struct Player {
        let rank: Int
        /// When the rank can post its next message.
        var ready: VirtualTime
        /// When the rank's last message has left the port.
        var departed: VirtualTime
        /// When the message that made it ready asked for its port.
        var asked: VirtualTime
        /// The rank's place in the order of the last round's posts, counted by the sender of the message that made the
        /// rank ready.
        var turn: Int
        /// Whether that message was there before the rank could wait for it.
        var isLate = false
    }

    /// When a rank enters.
    struct Entry {
        /// The rank's place in the group.
        let rank: Int
        let time: VirtualTime
        /// Nanoseconds for which the rank does nothing but compute after the collective; 0 where that is not known.
        var silentNanoseconds: Int64 = 0
    }

    /// - Parameters:
    ///   - entries: of all of the collective, in the order in which they enter.
    ///   - group: the ranks that the places stand for; nil for these very ones.
    ///   - network: with nothing under way from the first entry on.
    /// - Returns: nil where messages overtake each other, so that they must be played one by one.
    init?(
        _ algorithm: any CollectiveAlgorithm, elements: Int, _ entries: [Entry], of group: RankGroup? = nil,
        on network: NetworkModel
    ) {
        let ranks = entries.count
        let group = group ?? RankGroup(all: ranks)
        guard let rounds = algorithm.rounds(of: ranks), rounds > 0 else { return nil }
        self.network = network
        traffic = Array(repeating: ((0, 0), (0, 0)), count: ranks)
        // In the order in which they post.
        var players = entries.enumerated().map {
            Player(rank: $1.rank, ready: $1.time, departed: $1.time, asked: $1.time, turn: $0)
        }
        var place = Array(repeating: 0, count: ranks)
        var lastAsked = Array(repeating: VirtualTime.zero, count: ranks)
        var lastSender = Array(repeating: -1, count: ranks)
        var lastPost = VirtualTime.zero

        for round in 0..<rounds {
            for (index, player) in players.enumerated() { place[player.rank] = index }
            let posting = players
            for (turn, player) in posting.enumerated() {
                guard let send = algorithm.step(round, rank: player.rank, of: ranks, elements: elements)?.send else {
                    return nil
                }
                let bytes = send.bytes + Message.framingBytes
                lastPost = max(lastPost, player.ready)
                let transit = self.network.depart(
                    from: group.rank(at: player.rank), to: group.rank(at: send.to), bytes: bytes, at: player.ready)
                players[turn].departed = transit.departed
                // A receiver's port must be asked in the order of rounds. Messages of the same sender stay in order;
                // between two senders, a tie would be decided by what else happens.
                let last = lastAsked[send.to]
                guard transit.arriving > last || transit.arriving == last && lastSender[send.to] == player.rank else {
                    return nil
                }
                (lastAsked[send.to], lastSender[send.to]) = (transit.arriving, player.rank)
                let receiver = place[send.to]
                let there = self.network.arrive(transit)
                // A rank that enters late finds its first message there. If both are at one time, what comes first is
                // decided elsewhere.
                guard there != posting[receiver].ready else { return nil }
                players[receiver].isLate = there < posting[receiver].ready
                if there > posting[receiver].ready {
                    players[receiver].ready = there
                    players[receiver].asked = transit.arriving
                    players[receiver].turn = turn
                }
                count(bytes, from: player.rank, to: send.to)
            }
            guard Self.putInOrder(&players) else { return nil }
        }
        var silence = [Int64](repeating: 0, count: ranks)
        for entry in entries { silence[entry.rank] = entry.silentNanoseconds }
        finish(players, silence, lastEvent: max(lastPost, lastAsked.max() ?? lastPost))
        if ends.isEmpty { return nil }
    }

    /// Puts ranks in the order in which they post next; false if that is decided elsewhere.
    private static func putInOrder(_ players: inout [Player]) -> Bool {
        if !players.indices.dropFirst().allSatisfy({ comesFirst(players[$0 - 1], players[$0]) }) {
            players.sort(by: comesFirst)
        }
        // A rank that does not have to wait goes on by an event of another kind.
        return !zip(players, players.dropFirst()).contains { earlier, later in
            earlier.ready == later.ready && (earlier.isLate || later.isLate)
        }
    }

    /// Which of two ranks the simulation makes ready first: events at one time happen in the order in which they were
    /// scheduled, and each message is scheduled by the one before it.
    private static func comesFirst(_ a: Player, _ b: Player) -> Bool {
        if a.ready != b.ready { return a.ready < b.ready }
        return a.asked != b.asked ? a.asked < b.asked : a.turn < b.turn
    }

    private mutating func count(_ bytes: Int, from sender: Int, to receiver: Int) {
        traffic[sender].sent.messages += 1
        traffic[sender].sent.bytes += bytes
        traffic[receiver].received.messages += 1
        traffic[receiver].received.bytes += bytes
    }

    /// A rank is done when its last message has come and its own has left.
    ///
    /// - Parameters:
    ///   - silence: of each rank, in nanoseconds.
    ///   - lastEvent: when the last message was posted, or asked for its receiver's port.
    private mutating func finish(_ players: [Player], _ silence: [Int64], lastEvent: VirtualTime) {
        let order = players.enumerated().map { place, player in
            // Where a rank ends when its own message leaves, that event was scheduled when the received message came.
            let waitsForPort = player.departed > player.ready
            return (
                rank: player.rank, time: max(player.ready, player.departed),
                scheduled: waitsForPort ? player.ready : player.asked, waitsForPort: waitsForPort, place: place
            )
        }.sorted { ($0.time, $0.scheduled, $0.place) < ($1.time, $1.scheduled, $1.place) }
        // A rank that goes on can ask what all have sent, and what it sends can ask for any port: then everything must
        // have been sent, and have asked. What goes on later must have been scheduled before, or a tie could end otherwise.
        guard let first = order.first else { return }
        if first.time <= lastEvent || order.contains(where: { $0.scheduled >= first.time }) {
            let times = Set(order.map(\.time.nanoseconds))
            let next = order.map { $0.time.later(by: silence[$0.rank]).nanoseconds }
            guard next.allSatisfy({ $0 > lastEvent.nanoseconds && !times.contains($0) }) else { return }
        }
        // Two different events that were scheduled at one time happen in an order that depends on what came before.
        let isClear = zip(order, order.dropFirst()).allSatisfy {
            $0.time != $1.time || $0.scheduled != $1.scheduled || $0.waitsForPort == $1.waitsForPort
        }
        if isClear { ends = order.map { ($0.rank, $0.time) } }
    }
}
