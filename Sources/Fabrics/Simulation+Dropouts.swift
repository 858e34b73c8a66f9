import Cluster

/// Ranks that leave.
///
/// At its time a rank leaves before anything else that happens then. What it is in the midst of ends by
/// ``FabricError/left(at:)``, and so does all that it asks for afterwards. Of its messages those that had left its port
/// arrive, and those that had not do not; a flow is cut off, and nothing that was lost is sent again. Messages to it go
/// their way and are thrown away where they arrive. Bytes were charged when they were handed to the port, and stay so.
///
/// After the time of failure detection the others know: who waits for a message that will not come, is in a collective
/// that the rank had not finished, or enters a later one, is told by ``FabricError/rankLeft(rank:at:)``.
///
/// When a rank leaves is known from the start. So what it does not live to see the end of is never begun on the host:
/// no body of a computation runs whose result nobody has.
extension Simulation {
    func scheduleDropouts() {
        for (rank, time) in dropouts?.leaving ?? [] { schedule(.leaves(rank), at: time) }
    }

    /// Whether the rank leaves before something that ends at `time` is over.
    func isCutOff(_ rank: Int, before time: VirtualTime) -> Bool {
        dropouts.map { $0.leavesAt[rank] <= time } ?? false
    }

    /// Waits for the rank's leaving, by which this throws.
    func waitToLeave(_ rank: Int) async throws {
        do {
            try await withUnsafeThrowingContinuation { dropouts?.parked[rank] = Waiter($0) }
        } catch {
            abandonStep(rank)
            observer?.ended(on: rank, at: now, ready: now)
            throw error
        }
    }

    /// What the rank was waiting for since then will not be.
    func giveUp(_ rank: Int, since begin: VirtualTime) {
        // While it computed it did not wait.
        book(.waiting, rank, from: min(max(begin, ranks[rank].computingUntil), now), to: now)
        abandonStep(rank)
        observer?.ended(on: rank, at: now, ready: now)
    }

    /// The time that something takes which ends at `end`, or until the rank leaves.
    func span(until end: VirtualTime, _ rank: Int) -> VirtualTime {
        dropouts.map { min(end, $0.leavesAt[rank]) } ?? end
    }

    func throwIfGone(_ rank: Int) throws {
        if let dropouts, dropouts.hasLeft(rank) { throw FabricError.left(at: dropouts.leavesAt[rank]) }
    }

    /// What a rank is told that asks for a message of one that has left: nil as long as it does not know.
    func knownLeaving(of sender: Int) -> FabricError? {
        guard let dropouts, dropouts.known.contains(sender) else { return nil }
        return dropouts.error(sender)
    }

    func isKnownToHaveLeft(_ rank: Int) -> Bool { dropouts?.known.contains(rank) ?? false }

    /// Throws if the collective that a rank is about to enter cannot be finished, as far as the rank can know.
    func throwIfBroken(_ run: CollectiveRun?) throws {
        guard let dropouts else { return }
        if let failure = run?.failure { throw failure }
        let isMissing = { [group] rank in run.map { !$0.hasFinished(rank) } ?? group.contains(rank) }
        if let rank = dropouts.unsettled.first(where: isMissing) { throw dropouts.error(rank) }
    }

    // MARK: Events

    func leave(_ rank: Int) {
        guard let dropouts, !ranks[rank].hasEnded else { return }
        dropouts.leave(rank, at: now)
        observer?.left(rank, at: now)
        for parcel in routed?.leave(rank) ?? [] { drop(parcel) }
        schedule(.detected(rank), at: VirtualTime(nanoseconds: now.nanoseconds + dropouts.detectionSpan))

        let error = FabricError.left(at: now)
        dropouts.parked.removeValue(forKey: rank)?.resume(throwing: error)
        dropouts.regrouping.removeValue(forKey: rank)?.waiter.resume(throwing: error)
        stopWaiting(rank)?.resume(throwing: error)
        for run in collectives.values { run.takeWaiter(of: rank)?.resume(throwing: error) }
    }

    /// Everybody learns that a rank has left.
    func detect(_ rank: Int) {
        guard let dropouts else { return }
        dropouts.learn(rank)
        let error = dropouts.error(rank)
        for receiver in takeReceivers(of: rank) where ranks[receiver].underWay[rank] == nil {
            stopWaiting(receiver)?.resume(throwing: error)
        }
        for number in collectives.keys.sorted() {
            guard let run = collectives[number], run.group.contains(rank), !run.hasFinished(rank) else { continue }
            // Whoever was in it has been told by the first that left, and nobody has entered it since.
            guard run.failure == nil else { continue }
            run.failure = error
            for member in run.group.all { run.takeWaiter(of: member)?.resume(throwing: error) }
        }
        completeRegrouping()
    }

    /// A message will not arrive; its receiver does not wait for it any more, once it knows that the sender has left.
    func drop(_ parcel: Parcel) {
        messagesUnderWay -= 1
        observer?.dropped(parcel.number, at: now)
        guard case .message = parcel.content else { return }
        countArrival(parcel)
        guard ranks[parcel.receiver].underWay[parcel.sender] == nil, let error = knownLeaving(of: parcel.sender),
            ranks[parcel.receiver].waiting?.sender == parcel.sender
        else { return }
        stopWaiting(parcel.receiver)?.resume(throwing: error)
    }

    // MARK: Those who remain

    /// Waits until all ranks that remain have come here and know of all that left; from then on collectives are theirs.
    ///
    /// - Parameter step: any number; what all will agree on is the least.
    func regroup(_ rank: Int, at step: Int) async throws -> Int {
        try throwIfFailed()
        try throwIfGone(rank)
        guard let dropouts else { preconditionFailure("no rank leaves this job") }
        let since = now
        defer { book(.waiting, rank, from: since, to: now) }
        try await withUnsafeThrowingContinuation {
            dropouts.regrouping[rank] = (step, Waiter($0))
            completeRegrouping()
        }
        return dropouts.agreedStep
    }

    func completeRegrouping() {
        guard let dropouts, !dropouts.regrouping.isEmpty, dropouts.allAreKnown,
            dropouts.regrouping.count == ranks.count - endedCount
        else { return }
        let arrived = dropouts.regrouping.sorted { $0.key < $1.key }
        dropouts.regrouping = [:]
        dropouts.settle()
        dropouts.agreedStep = arrived.map(\.value.step).min() ?? 0
        startAnew(with: RankGroup(arrived.map(\.key)))
        for (_, value) in arrived { value.waiter.resume() }
    }
}
