import Cluster
import DequeModule

/// Messages that have come to the ranks of a simulated job or are on their way, and the ranks that wait for them.
///
/// Not thread-safe: belongs to a ``Simulation``.
final class Inboxes {
    struct Delivered {
        let message: Message
        /// The message's number: messages of the job are counted.
        let number: Int
        let sentAt: VirtualTime
        let deliveredAt: VirtualTime
    }

    private struct Wait {
        let senders: Senders
        let deadline: VirtualTime?
        let waiter: Simulation.Waiter
    }

    private struct RankState {
        var inbox: [Int: Deque<Delivered>] = [:]
        /// Messages on their way to the rank, by sender; none is 0.
        var underWay: [Int: Int] = [:]
        var waiting: Wait?
        /// Ranks that wait for a message of this one alone.
        var receivers: Set<Int> = []
        /// The order of messages over all senders; nil until the rank asks for a message of several senders.
        var arrivals: Arrivals?
        /// When the rank looks for what has come; nil where no event is scheduled for it.
        var looksAt: VirtualTime?
    }

    /// What a rank that waited for a message does when one has come.
    enum Wakening {
        case goesOn(Simulation.Waiter)
        /// Looks later: other messages may come at the same time, and one of them may have been sent before this one.
        case looksWhenAllHaveCome
    }

    private var ranks: [RankState]
    /// Ranks that wait for a message of several senders.
    private var waitingForSeveral: Set<Int> = []

    init(ranks: Int) { self.ranks = Array(repeating: RankState(), count: ranks) }

    // MARK: Messages

    /// A message is on its way.
    func expect(from sender: Int, at receiver: Int) { ranks[receiver].underWay[sender, default: 0] += 1 }

    /// A message is there; returns what becomes of the receiver's wait, if it was for this.
    func deliver(_ message: Message, of parcel: Parcel, at now: VirtualTime) -> Wakening? {
        let (sender, receiver) = (parcel.sender, parcel.receiver)
        let delivered = Delivered(
            message: message, number: parcel.number, sentAt: parcel.sentAt, deliveredAt: now)
        ranks[receiver].inbox[sender, default: []].append(delivered)
        if ranks[receiver].arrivals != nil { noteArrival(delivered, from: sender, receiver) }
        isNotUnderWay(parcel)
        guard let senders = ranks[receiver].waiting?.senders, senders.contains(sender) else { return nil }
        guard case .rank = senders else { return .looksWhenAllHaveCome }
        return stopWaiting(receiver).map { .goesOn($0) }
    }

    /// A message that was on its way to its receiver is not any more.
    func isNotUnderWay(_ parcel: Parcel) {
        let underWay = ranks[parcel.receiver].underWay[parcel.sender] ?? 1
        ranks[parcel.receiver].underWay[parcel.sender] = underWay == 1 ? nil : underWay - 1
    }

    func isUnderWay(from senders: Senders, to receiver: Int) -> Bool {
        switch senders {
        case .rank(let sender): ranks[receiver].underWay[sender] != nil
        case .any: !ranks[receiver].underWay.isEmpty
        case .ranks(let senders): ranks[receiver].underWay.keys.contains(where: senders.contains)
        }
    }

    /// When the first message came that is there of one of the senders; nil if none is.
    func firstArrival(of senders: Senders, at receiver: Int) -> VirtualTime? {
        first(of: senders, at: receiver).flatMap { ranks[receiver].inbox[$0]?.first?.deliveredAt }
    }

    func hasMessage(of sender: Int, for receiver: Int) -> Bool { ranks[receiver].inbox[sender] != nil }

    /// Takes out the first message that is there of one of the senders.
    func take(from senders: Senders, by receiver: Int) -> (sender: Int, delivered: Delivered)? {
        guard let sender = first(of: senders, at: receiver),
            let delivered = ranks[receiver].inbox[sender]?.popFirst()
        else { return nil }
        if ranks[receiver].inbox[sender]?.isEmpty == true { ranks[receiver].inbox[sender] = nil }
        return (sender, delivered)
    }

    /// The sender of the first message that is there; nil if none is.
    private func first(of senders: Senders, at receiver: Int) -> Int? {
        if case .rank(let sender) = senders { return ranks[receiver].inbox[sender] == nil ? nil : sender }
        var arrivals = ranks[receiver].arrivals ?? Arrivals(ranks[receiver].inbox)
        ranks[receiver].arrivals = nil
        defer { ranks[receiver].arrivals = arrivals }
        return arrivals.first(of: senders, ranks[receiver].inbox)
    }

    private func noteArrival(_ delivered: Delivered, from sender: Int, _ receiver: Int) {
        var arrivals = ranks[receiver].arrivals
        ranks[receiver].arrivals = nil
        arrivals?.append(delivered, from: sender, ranks[receiver].inbox)
        ranks[receiver].arrivals = arrivals
    }

    // MARK: Waits

    /// The senders that a rank waits for.
    func senders(awaitedBy rank: Int) -> Senders? { ranks[rank].waiting?.senders }

    /// A rank is about to wait, or to be told that nothing will come.
    func willWait(_ rank: Int, for senders: Senders) {
        if case .rank(let sender) = senders {
            ranks[sender].receivers.insert(rank)
        } else {
            waitingForSeveral.insert(rank)
        }
    }

    func wait(_ rank: Int, for senders: Senders, until deadline: VirtualTime? = nil, _ waiter: Simulation.Waiter) {
        ranks[rank].waiting = Wait(senders: senders, deadline: deadline, waiter: waiter)
    }

    /// Takes out the rank's wait.
    func stopWaiting(_ rank: Int) -> Simulation.Waiter? {
        guard let wait = ranks[rank].waiting else { return nil }
        ranks[rank].waiting = nil
        if case .rank(let sender) = wait.senders {
            ranks[sender].receivers.remove(rank)
        } else {
            waitingForSeveral.remove(rank)
        }
        return wait.waiter
    }

    /// Takes out the waits in which no message can come any more: of those who wait for `sender` alone, and of those who wait
    /// for several; in ascending order of ranks, since the order of a set differs from run to run.
    func takeVainWaits(
        for sender: Int, mayCome: (_ senders: Senders, _ receiver: Int) -> Bool
    ) -> [Simulation.Waiter] {
        let candidates = ranks[sender].receivers.union(waitingForSeveral)
        return candidates.filter { rank in ranks[rank].waiting.map { !mayCome($0.senders, rank) } ?? false }
            .sorted().compactMap(stopWaiting)
    }

    /// Takes out all waits.
    func takeAll() -> [Simulation.Waiter] { ranks.indices.compactMap(stopWaiting) }

    // MARK: Looking

    /// Whether an event has to be scheduled for the rank to look at a time: not where it looks before.
    func mustSchedule(_ rank: Int, toLookAt time: VirtualTime) -> Bool {
        if let looksAt = ranks[rank].looksAt, looksAt <= time { return false }
        ranks[rank].looksAt = time
        return true
    }

    /// What a rank finds that looks: its wait, which is over, or when it is to look again.
    func look(_ rank: Int, at now: VirtualTime) -> (over: Simulation.Waiter?, next: VirtualTime?) {
        if ranks[rank].looksAt == now { ranks[rank].looksAt = nil }
        guard let wait = ranks[rank].waiting else { return (nil, nil) }
        if let deadline = wait.deadline, deadline <= now { return (stopWaiting(rank), nil) }
        if first(of: wait.senders, at: rank) != nil { return (stopWaiting(rank), nil) }
        return (nil, wait.deadline)
    }

    // MARK: What repeats

    /// Appends what decides what a rank will receive.
    func appendState(of rank: Int, to words: inout [Int64], at now: VirtualTime) {
        let state = ranks[rank]
        guard state.arrivals == nil, case .rank(let awaited) = state.waiting?.senders ?? .rank(-1) else {
            preconditionFailure("a schedule in which a rank receives from several")
        }
        words.append(Int64(awaited))
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
