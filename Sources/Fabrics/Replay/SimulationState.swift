import Cluster

extension Simulation {
    /// Appends all that decides what happens from now on, relative to now, but for what the ranks will ask for: two
    /// moments of a replay with equal words go on alike as long as the ranks do.
    ///
    /// - Returns: false where the future depends on more.
    func appendState(to words: inout [Int64]) -> Bool {
        // How fast a rank is depends on the time itself.
        guard speeds == nil else { return false }
        // Collectives are counted from rank 0's latest.
        let newest = ranks[0].collectives
        if let routed {
            guard routed.appendState(to: &words, at: now, parcel: { append($0, newest, to: &$1) }) else { return false }
        } else {
            guard network.appendState(to: &words, at: now) else { return false }
        }
        let active = collectives.keys.sorted()
        words.append(Int64(active.count))
        for number in active {
            words.append(Int64(number - newest))
            collectives[number]?.appendState(to: &words, at: now)
        }
        for rank in ranks { append(rank, newest, to: &words) }
        // Those of equal times in their order.
        for entry in queue.inOrder {
            guard let event = events[entry.item] else { continue }
            words.append(entry.nanoseconds - now.nanoseconds)
            append(event, newest, to: &words)
        }
        return true
    }

    private func append(_ rank: RankState, _ newest: Int, to words: inout [Int64]) {
        words.append(rank.hasEnded ? 1 : 0)
        words.append(Int64(rank.collectives - newest))
        words.append(Int64(rank.waiting?.sender ?? -1))
        // Of a step that the rank computes beside its messages: when it ends or ended, since the collective that the rank is
        // in may have begun before that, and what of it is still to come.
        words.append(rank.computingUntil == .zero ? .min : rank.computingUntil.nanoseconds - now.nanoseconds)
        words.append(Int64(rank.readyTimes.count))
        for time in rank.readyTimes { words.append(max(0, time.nanoseconds - now.nanoseconds)) }
        words.append(rank.updateSpan)
        words.append(Int64(rank.inbox.count))
        for sender in rank.inbox.keys.sorted() {
            let messages = rank.inbox[sender] ?? []
            words.append(Int64(sender))
            words.append(Int64(messages.count))
            for message in messages {
                words.append(message.sentAt.nanoseconds - now.nanoseconds)
                words.append(message.deliveredAt.nanoseconds - now.nanoseconds)
            }
        }
        words.append(Int64(rank.underWay.count))
        for sender in rank.underWay.keys.sorted() {
            words.append(Int64(sender))
            words.append(Int64(rank.underWay[sender] ?? 0))
        }
    }

    private func append(_ event: Event, _ newest: Int, to words: inout [Int64]) {
        switch event {
        case .computed, .leaves, .detected:
            preconditionFailure("a replay computes nothing, and nobody leaves it")
        case .resume(let waiter):
            words.append(0)
            words.append(Int64(waiter.rank))
        case .arriving(let transit, let parcel):
            words.append(1)
            transit.appendState(to: &words, at: now)
            append(parcel, newest, to: &words)
        case .delivered(let parcel):
            words.append(2)
            append(parcel, newest, to: &words)
        case .routed(let message):
            words.append(3)
            routed?.append(message, to: &words) { append($0, newest, to: &$1) }
        case .assembled(let run):
            words.append(4)
            append(run, newest, to: &words)
        }
    }

    private func append(_ parcel: Parcel, _ newest: Int, to words: inout [Int64]) {
        words.append(Int64(parcel.sender))
        words.append(Int64(parcel.receiver))
        words.append(parcel.sentAt.nanoseconds - now.nanoseconds)
        switch parcel.content {
        case .message: words.append(.min)
        case .collective(let run): append(run, newest, to: &words)
        }
    }

    private func append(_ run: CollectiveRun, _ newest: Int, to words: inout [Int64]) {
        let number = collectives.first { $0.value === run }?.key
        words.append(number.map { Int64($0 - newest) } ?? .max)
    }
}
