import Cluster
import DequeModule

/// The order in which messages have come to a rank of a simulated job, over all senders: by time, and messages of the
/// same time by their numbers.
struct Arrivals {
    private struct Arrival {
        let time: VirtualTime
        let number: Int
        let sender: Int
    }

    /// All arrivals in order. Some may have been taken since, by receives that asked for their sender alone.
    private var arrivals: Deque<Arrival>
    /// With so many arrivals, those that were taken are thrown out.
    private var most = 64

    init(_ inbox: [Int: Deque<Inboxes.Delivered>]) {
        let all = inbox.flatMap { sender, messages in
            messages.map { Arrival(time: $0.deliveredAt, number: $0.number, sender: sender) }
        }
        arrivals = Deque(all.sorted { ($0.time, $0.number) < ($1.time, $1.number) })
    }

    mutating func append(
        _ delivered: Inboxes.Delivered, from sender: Int, _ inbox: [Int: Deque<Inboxes.Delivered>]
    ) {
        if arrivals.count >= most {
            arrivals.removeAll { !Self.isThere($0, inbox) }
            most = max(64, 2 * arrivals.count)
        }
        let new = Arrival(time: delivered.deliveredAt, number: delivered.number, sender: sender)
        var place = arrivals.count
        while place > 0, arrivals[place - 1].time == new.time, arrivals[place - 1].number > new.number { place -= 1 }
        arrivals.insert(new, at: place)
    }

    /// The sender of the earliest message, among those of `senders`, that has not been taken; nil if there is none.
    mutating func first(of senders: Senders, _ inbox: [Int: Deque<Inboxes.Delivered>]) -> Int? {
        while let first = arrivals.first, !Self.isThere(first, inbox) { arrivals.removeFirst() }
        if case .any = senders { return arrivals.first?.sender }
        return arrivals.first { senders.contains($0.sender) && Self.isThere($0, inbox) }?.sender
    }

    /// Whether the message has not been taken. Messages of one sender come, and are taken, in the order of their
    /// numbers.
    private static func isThere(_ arrival: Arrival, _ inbox: [Int: Deque<Inboxes.Delivered>]) -> Bool {
        inbox[arrival.sender]?.first.map { $0.number <= arrival.number } ?? false
    }
}
