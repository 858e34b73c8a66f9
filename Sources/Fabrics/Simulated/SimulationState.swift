import Cluster

extension Simulation {
    /// Appends all that decides what happens from now on, relative to now, except for what the ranks will ask for: two
    /// moments of a replay with equal words go on alike as long as the ranks do.
    ///
    /// - Returns: false where the future depends on more, such as speeds that change with time.
    func appendState(to words: inout [Int64]) -> Bool {
        guard clock.hasConstantSpeeds, transport.appendState(to: &words, parcel: { append($0, to: &$1) }) else {
            return false
        }
        collectives.appendState(to: &words)
        for rank in hasEnded.indices {
            words.append(hasEnded[rank] ? 1 : 0)
            collectives.appendState(of: rank, to: &words)
            clock.appendState(of: rank, to: &words)
            inboxes.appendState(of: rank, to: &words, at: now)
        }
        // Events of equal times come in the order in which they will happen.
        loop.forEachEvent { event, time in
            words.append(time.nanoseconds - now.nanoseconds)
            append(event, to: &words)
        }
        return true
    }

    private func append(_ event: SimulationEvent, to words: inout [Int64]) {
        switch event {
        case .computed, .leaves, .detected, .looks:
            preconditionFailure("a replay computes nothing, nobody leaves it, and it has no deadlines")
        case .resume(let waiter):
            words.append(0)
            words.append(Int64(waiter.rank))
        case .arriving(let place):
            words.append(1)
            transport.appendArriving(place, to: &words) { append($0, to: &$1) }
        case .delivered(let place):
            words.append(2)
            transport.appendDelivered(place, to: &words) { append($0, to: &$1) }
        case .routed(let message):
            words.append(3)
            transport.append(message, to: &words) { append($0, to: &$1) }
        case .assembled(let run):
            words.append(4)
            collectives.append(run, to: &words)
        }
    }

    private func append(_ parcel: Parcel, to words: inout [Int64]) {
        words.append(Int64(parcel.sender))
        words.append(Int64(parcel.receiver))
        words.append(parcel.sentAt.nanoseconds - now.nanoseconds)
        switch parcel.content {
        case .message: words.append(.min)
        case .collective(let run): collectives.append(run, to: &words)
        }
    }
}
