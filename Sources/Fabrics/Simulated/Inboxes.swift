import Cluster
import Collections

/// Messages that have come to the ranks of a simulated job or are on their way, and the ranks that wait for them.
///
/// Not thread-safe: belongs to a ``Simulation``.
final class Inboxes {
    struct Delivered {
        let message: Message
        let sentAt: VirtualTime
        let deliveredAt: VirtualTime
    }

    private struct RankState {
        var inbox: [Int: Deque<Delivered>] = [:]
        /// Messages on their way to the rank, by sender; none is 0.
        var underWay: [Int: Int] = [:]
        /// The sender that the rank waits for.
        var waiting: (sender: Int, waiter: Simulation.Waiter)?
        /// Ranks that wait for a message of this one.
        var receivers: Set<Int> = []
    }

    private var ranks: [RankState]

    init(ranks: Int) { self.ranks = Array(repeating: RankState(), count: ranks) }

    // MARK: Messages

    /// A message is on its way.
    func expect(from sender: Int, at receiver: Int) { ranks[receiver].underWay[sender, default: 0] += 1 }

    /// A message is there; returns the receiver's wait if it was for this.
    func deliver(_ message: Message, of parcel: Parcel, at now: VirtualTime) -> Simulation.Waiter? {
        let (sender, receiver) = (parcel.sender, parcel.receiver)
        let delivered = Delivered(message: message, sentAt: parcel.sentAt, deliveredAt: now)
        ranks[receiver].inbox[sender, default: []].append(delivered)
        isNotUnderWay(parcel)
        guard ranks[receiver].waiting?.sender == sender else { return nil }
        ranks[sender].receivers.remove(receiver)
        return stopWaiting(receiver)
    }

    /// A message that was on its way to its receiver is not any more.
    func isNotUnderWay(_ parcel: Parcel) {
        let underWay = ranks[parcel.receiver].underWay[parcel.sender] ?? 1
        ranks[parcel.receiver].underWay[parcel.sender] = underWay == 1 ? nil : underWay - 1
    }

    func isUnderWay(from sender: Int, to receiver: Int) -> Bool { ranks[receiver].underWay[sender] != nil }

    func hasMessage(of sender: Int, for receiver: Int) -> Bool { ranks[receiver].inbox[sender] != nil }

    /// The next message of a sender that is there.
    func take(from sender: Int, by receiver: Int) -> Delivered? {
        let delivered = ranks[receiver].inbox[sender]?.popFirst()
        if ranks[receiver].inbox[sender]?.isEmpty == true { ranks[receiver].inbox[sender] = nil }
        return delivered
    }

    // MARK: Waits

    /// The sender that a rank waits for.
    func sender(awaitedBy rank: Int) -> Int? { ranks[rank].waiting?.sender }

    /// A rank is about to wait for a sender, or to be told that nothing will come.
    func willWait(_ rank: Int, for sender: Int) { ranks[sender].receivers.insert(rank) }

    func wait(_ rank: Int, for sender: Int, _ waiter: Simulation.Waiter) { ranks[rank].waiting = (sender, waiter) }

    /// Takes out the rank's wait.
    func stopWaiting(_ rank: Int) -> Simulation.Waiter? {
        defer { ranks[rank].waiting = nil }
        return ranks[rank].waiting?.waiter
    }

    /// Takes out the waits for messages of `sender` to whose ranks nothing of it is on its way; in ascending order of ranks,
    /// since the order of a set differs from run to run.
    func takeVainWaits(for sender: Int) -> [Simulation.Waiter] {
        defer { ranks[sender].receivers = [] }
        return ranks[sender].receivers.sorted().compactMap { rank in
            guard ranks[rank].waiting?.sender == sender, ranks[rank].underWay[sender] == nil else { return nil }
            return stopWaiting(rank)
        }
    }

    /// Takes out all waits.
    func takeAll() -> [Simulation.Waiter] { ranks.indices.compactMap { stopWaiting($0) } }

    // MARK: What repeats

    /// Appends what decides what a rank will receive.
    func appendState(of rank: Int, to words: inout [Int64], at now: VirtualTime) {
        let state = ranks[rank]
        words.append(Int64(state.waiting?.sender ?? -1))
        words.append(Int64(state.inbox.count))
        for sender in state.inbox.keys.sorted() {
            let messages = state.inbox[sender] ?? []
            words.append(Int64(sender))
            words.append(Int64(messages.count))
            for message in messages {
                words.append(message.sentAt.nanoseconds - now.nanoseconds)
                words.append(message.deliveredAt.nanoseconds - now.nanoseconds)
            }
        }
        words.append(Int64(state.underWay.count))
        for sender in state.underWay.keys.sorted() {
            words.append(Int64(sender))
            words.append(Int64(state.underWay[sender] ?? 0))
        }
    }
}
