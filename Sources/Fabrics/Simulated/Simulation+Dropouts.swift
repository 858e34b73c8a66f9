import Cluster

/// Ranks that leave.
///
/// At its time a rank leaves before anything else that happens then. The operation that it is in throws
/// ``FabricError/left(at:)``, and so do all later ones. Its messages that have left its port arrive, and the others do
/// not; a flow is cut off, and no lost message is sent again. Messages to the rank go their way and are thrown away
/// where they arrive. Bytes were charged when they were handed to the port, and stay so.
///
/// After the time of failure detection the others know: who waits for a message that will not come, is in a collective
/// that the rank had not finished, or enters a later one, is told by ``FabricError/rankLeft(rank:at:)``.
///
/// When a rank leaves is known from the start. So what it does not live to see the end of is never begun on the host:
/// no body of a computation runs whose result nobody has.
extension Simulation {
    func scheduleDropouts() {
        for (rank, time) in dropouts.leaving { loop.schedule(.leaves(rank), at: time) }
    }

    /// Suspends until the rank leaves, and then throws.
    func waitToLeave(_ rank: Int) async throws {
        do {
            try await withUnsafeThrowingContinuation { dropouts.parked[rank] = Waiter($0) }
        } catch {
            clock.abandonStep(rank)
            observer?.ended(on: rank, at: now, ready: now)
            throw error
        }
    }

    /// Ends a wait of the rank in vain that began at `begin`: books the time, and gives up what was left of its step.
    func giveUp(_ rank: Int, since begin: VirtualTime) {
        clock.bookWaiting(rank, from: begin, to: now)
        clock.abandonStep(rank)
        observer?.ended(on: rank, at: now, ready: now)
    }

    // MARK: Events

    func leave(_ rank: Int) {
        guard !hasEnded[rank] else { return }
        dropouts.leave(rank, at: now)
        observer?.left(rank, at: now)
        for parcel in transport.leave(rank) { drop(parcel) }
        loop.schedule(.detected(rank), at: now.later(by: dropouts.detectionSpan))

        let error = FabricError.left(at: now)
        dropouts.parked.removeValue(forKey: rank)?.resume(throwing: error)
        dropouts.regrouping.removeValue(forKey: rank)?.waiter.resume(throwing: error)
        inboxes.stopWaiting(rank)?.resume(throwing: error)
        collectives.leave(rank, throwing: error)
    }

    /// Everybody learns that a rank has left.
    func detect(_ rank: Int) {
        dropouts.learn(rank)
        endVainWaits(for: rank)
        collectives.detect(rank, throwing: dropouts.error(rank))
        completeRegrouping()
    }

    /// A message will not arrive; its receiver does not wait for it any more, once it knows that the sender has left.
    func drop(_ parcel: Parcel) {
        transport.dropped(parcel)
        guard case .message = parcel.content else { return }
        inboxes.isNotUnderWay(parcel)
        endVainWaits(for: parcel.sender)
    }

    // MARK: Those who remain

    /// Waits until all ranks that remain have come here and know of all that left; from then on collectives are theirs.
    ///
    /// - Parameter step: any number; what all will agree on is the least.
    func regroup(_ rank: Int, at step: Int) async throws -> Int {
        try throwIfFailed()
        try dropouts.throwIfGone(rank)
        precondition(dropouts.mayHappen, "no rank leaves this job")
        let since = now
        defer { clock.book(.waiting, rank, from: since, to: now) }
        try await withUnsafeThrowingContinuation {
            dropouts.regrouping[rank] = (step, Waiter($0))
            completeRegrouping()
        }
        return dropouts.agreedStep
    }

    func completeRegrouping() {
        guard !dropouts.regrouping.isEmpty, dropouts.allAreKnown,
            dropouts.regrouping.count == rankCount - endedCount
        else { return }
        let arrived = dropouts.regrouping.sorted { $0.key < $1.key }
        dropouts.regrouping = [:]
        dropouts.settle()
        dropouts.agreedStep = arrived.map(\.value.step).min() ?? 0
        collectives.startAnew(with: RankGroup(arrived.map(\.key)))
        for (_, value) in arrived { value.waiter.resume() }
    }
}
