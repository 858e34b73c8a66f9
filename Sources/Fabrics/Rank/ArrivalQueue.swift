import DequeModule

/// Messages that have come to a rank of a measured fabric, in order for each sender and, over all senders, in the order in
/// which they came.
struct ArrivalQueue<Parcel> {
    private var parcels: [Int: Deque<(number: Int, parcel: Parcel)>] = [:]
    private var arrived = 0

    mutating func append(_ parcel: Parcel, from sender: Int) {
        parcels[sender, default: []].append((arrived, parcel))
        arrived += 1
    }

    /// Takes out the first that is there of one of the senders.
    ///
    /// - Complexity: O(1) for one sender, else O(n) for n senders.
    mutating func popFirst(of senders: Senders) -> (sender: Int, parcel: Parcel)? {
        let first: Int?
        if case .rank(let sender) = senders {
            first = sender
        } else {
            first =
                parcels.filter { senders.contains($0.key) && !$0.value.isEmpty }
                .min { ($0.value.first?.number ?? 0) < ($1.value.first?.number ?? 0) }?.key
        }
        guard let first, let (_, parcel) = parcels[first]?.popFirst() else { return nil }
        return (first, parcel)
    }
}

extension Senders {
    /// Whether none of them, without the receiver, can send any more.
    ///
    /// - Parameters:
    ///   - ended: ranks whose programs have ended.
    ///   - ranks: of the job.
    func haveAllEnded(_ ended: Set<Int>, ranks: Int, receiver: Int) -> Bool {
        switch self {
        case .rank(let sender): ended.contains(sender)
        case .ranks(let senders): senders.allSatisfy { $0 == receiver || ended.contains($0) }
        case .any: ended.count - (ended.contains(receiver) ? 1 : 0) == ranks - 1
        }
    }
}
