import Cluster
import Kernel

/// A discrete-event simulator whose processes are Swift tasks: a suspended task is a suspended rank.
///
/// Jobs that are ready run at the current virtual time; when none is left, the clock moves to the earliest event, which
/// makes others ready. Everything here happens on the one thread that called `run`, in an order that depends on nothing
/// but the program; only the bodies of computations run elsewhere, on the host pool.
///
/// Its parts keep what they are about: the ``EventLoop`` the clock, the ``ComputeClock`` what ranks compute and where their
/// time goes, the ``Transport`` the network, the ``Inboxes`` messages from rank to rank, the ``CollectivePlay`` collectives.
///
/// `@unchecked Sendable`: all state belongs to the thread that runs the loop, and ranks run nowhere else.
final class Simulation: @unchecked Sendable {
    let loop = EventLoop()
    let clock: ComputeClock
    let transport: Transport
    let inboxes: Inboxes
    let collectives: CollectivePlay
    let dropouts: DropoutState
    /// Told what happens; nil where nothing is observed.
    let observer: (any SimulationObserver)?
    /// Computes ahead what ranks have deferred.
    let lookahead: Lookahead
    let pool: HostPool
    private let shown: ShownVectors
    private(set) var hasEnded: [Bool]
    private(set) var endedCount = 0
    private(set) var lastEnd = VirtualTime.zero
    private var failure: (any Error)?

    /// - Parameter journal: the journal of a replay, which counts traffic in total only; nil for a simulation of
    ///   tasks.
    init(_ fabric: SimulatedFabric, pool: HostPool, journal: ReplayJournal? = nil) {
        let ranks = fabric.nodes.count
        self.pool = pool
        lookahead = Lookahead(pool)
        observer = fabric.observer
        dropouts = DropoutState(fabric.departures, detectionSeconds: fabric.detectionSeconds, ranks: ranks)
        clock = ComputeClock(fabric, loop, dropouts, journal: journal)
        transport = Transport(fabric, loop, dropouts, countsByRank: journal == nil)
        inboxes = Inboxes(ranks: ranks)
        collectives = CollectivePlay(fabric, pool, loop, clock, transport, dropouts)
        shown = ShownVectors(ranks: ranks)
        hasEnded = Array(repeating: false, count: ranks)
    }

    var rankCount: Int { hasEnded.count }
    var now: VirtualTime { loop.now }

    // MARK: The run

    func run(_ program: @escaping RankProgram) throws -> FabricReport {
        defer { lookahead.stop() }
        scheduleDropouts()
        for index in 0..<rankCount {
            let rank = SimulatedRank(index: index, simulation: self)
            Task(executorPreference: loop) {
                do {
                    try await program(rank)
                    self.end(index, nil)
                } catch {
                    self.end(index, error)
                }
            }
        }
        while endedCount < rankCount {
            loop.runReadyJobs()
            if !fireNext(), endedCount < rankCount { fail(FabricError.deadlock(describeWaiting())) }
        }
        if let failure { throw failure }
        return FabricReport(
            seconds: lastEnd.seconds, accounts: clock.accounts, ledger: transport.ledger,
            departures: dropouts.departures)
    }

    /// Moves the clock to the earliest event and lets it happen; false if there is none.
    func fireNext() -> Bool {
        if let message = transport.endFlowBeforeNextEvent() {
            failBeyondClock()
            advance(message)
        } else if let event = loop.next() {
            failBeyondClock()
            fire(event)
        } else {
            return false
        }
        return true
    }

    /// A job that the clock cannot hold fails.
    private func failBeyondClock() { if now.isBeyondClock { fail(FabricError.beyondClock) } }

    private func fire(_ event: SimulationEvent) {
        switch event {
        case .computed(let ticket, let waiter):
            pool.finish(ticket)
            waiter.resume()
        case .arriving(let place): transport.arrive(place)
        case .routed(let message): advance(message)
        case .delivered(let place): deliver(transport.takeDelivered(place))
        case .resume(let waiter): waiter.resume()
        case .looks(let rank): look(rank)
        case .assembled(let run): if failure == nil { collectives.playAssembled(run) } else { run.isAssembling = false }
        case .leaves(let rank): leave(rank)
        case .detected(let rank): detect(rank)
        }
    }

    func end(_ rank: Int, _ error: (any Error)?) {
        hasEnded[rank] = true
        endedCount += 1
        lastEnd = max(lastEnd, now)
        if error == nil || dropouts.hasLeft(rank) { shown.rankEnded(rank) }
        // The others learn of a rank that left when that is detected, and not by its program's end.
        if dropouts.hasLeft(rank) { return }
        if let error {
            fail(error)
        } else {
            endVainWaits(for: rank)
        }
        completeRegrouping()
    }

    /// Keeps the first error and lets every rank that waits fail too, so that all tasks end.
    private func fail(_ error: any Error) {
        if failure == nil { failure = error }
        for waiter in inboxes.takeAll() { waiter.resume(throwing: FabricError.aborted) }
        collectives.abort()
        for (_, value) in dropouts.regrouping { value.waiter.resume(throwing: FabricError.aborted) }
        dropouts.regrouping = [:]
    }

    func describeWaiting() -> String {
        let stuck = hasEnded.indices.filter { !hasEnded[$0] }
        let examples = stuck.prefix(4).map { index in
            inboxes.senders(awaitedBy: index).map { "rank \(index) waits for \($0.description)" }
                ?? "rank \(index) is in a collective"
        }
        return "\(stuck.count) of \(rankCount) ranks wait for messages that nobody sends: "
            + examples.joined(separator: ", ")
    }

    func throwIfFailed() throws { if failure != nil { throw FabricError.aborted } }

    // MARK: Computing

    func compute(_ work: ComputeWork, rank: Int, _ body: @escaping @Sendable () -> Void) async throws {
        try throwIfFailed()
        try dropouts.throwIfGone(rank)
        let end = clock.charge(work, rank)
        if dropouts.isCutOff(rank, before: end) { return try await waitToLeave(rank) }
        let ticket = HostPool.Ticket(body)
        pool.submit(ticket)
        // The end is known before the body starts, so bodies of many ranks run at once while the clock stands.
        try await withUnsafeThrowingContinuation { loop.schedule(.computed(ticket, Waiter($0)), at: end) }
        observer?.ended(on: rank, at: now, ready: now)
    }

    func compute(
        _ work: ComputeWork, rank: Int, parts: Int, _ body: @escaping @Sendable (Int) -> Void
    ) async throws {
        try await compute(work, rank: rank) { [pool] in pool.concurrentPerform(parts, body) }
    }

    /// Lets the time of a computation pass. Its body is not run here: there is none, or it runs later.
    func spend(_ work: ComputeWork, rank: Int) async throws {
        try throwIfFailed()
        try dropouts.throwIfGone(rank)
        let end = clock.charge(work, rank)
        if dropouts.isCutOff(rank, before: end) { return try await waitToLeave(rank) }
        try await withUnsafeThrowingContinuation { loop.resume(Waiter($0), at: end) }
        observer?.ended(on: rank, at: now, ready: now)
    }

    /// Lets an operation of the rank that begins now last until a point in time.
    func spend(until time: VirtualTime, rank: Int) async throws {
        if dropouts.isCutOff(rank, before: time), time > now { return try await waitToLeave(rank) }
        if time > now { try await withUnsafeThrowingContinuation { loop.resume(Waiter($0), at: time) } }
        observer?.ended(on: rank, at: now, ready: now)
    }

    // MARK: Off the clock

    func offTheClock(_ rank: Int, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: () -> Void) {
        pool.concurrentPerform(chunks, body)
        finish()
        observer?.began(.evaluation, on: rank, at: now)
        observer?.ended(on: rank, at: now, ready: now)
    }

    /// Shows the rank's vector; `body` is called when all ranks have shown theirs.
    func show(_ vector: ParameterVector, of rank: Int, _ body: @escaping ([ShownVector]) -> Void) {
        observer?.began(.show, on: rank, at: now)
        observer?.ended(on: rank, at: now, ready: now)
        shown.add(ShownVector(rank: rank, vector: vector.snapshot(), time: now), body)
    }

    func showsNothingMore(_ rank: Int) { shown.rankEnded(rank) }

    // MARK: Messages

    func send(_ message: Message, from sender: Int, to receiver: Int) async throws {
        try throwIfFailed()
        try dropouts.throwIfGone(sender)
        let departed = beginSending(message, from: sender, to: receiver)
        if departed > now, dropouts.isCutOff(sender, before: departed) { return try await waitToLeave(sender) }
        if departed > now { try await withUnsafeThrowingContinuation { loop.resume(Waiter($0), at: departed) } }
        observer?.ended(on: sender, at: now, ready: now)
    }

    /// Returns when the message will have left the port; until then the sender has to wait.
    func beginSending(_ message: Message, from sender: Int, to receiver: Int) -> VirtualTime {
        observer?.began(.send(message, to: receiver), on: sender, at: now)
        let departed = hand(message, from: sender, to: receiver)
        clock.book(.communication, sender, from: now, to: dropouts.lived(until: departed, sender))
        return departed
    }

    /// Hands a message to its sender's port, while the sender goes on.
    func post(_ message: Message, from sender: Int, to receiver: Int) {
        observer?.began(.post(message, to: receiver), on: sender, at: now)
        _ = hand(message, from: sender, to: receiver)
        observer?.ended(on: sender, at: now, ready: now)
    }

    private func hand(_ message: Message, from sender: Int, to receiver: Int) -> VirtualTime {
        let departed = transport.post(
            .message(message), from: sender, to: receiver, bytes: message.bytes, message.purpose, message.direction)
        if !dropouts.isCutOff(sender, before: departed) { inboxes.expect(from: sender, at: receiver) }
        return departed
    }

    func receive(from senders: Senders, by rank: Int, until deadline: VirtualTime?) async throws -> Reception {
        try throwIfFailed()
        try dropouts.throwIfGone(rank)
        let since = now
        if inboxes.firstArrival(of: senders, at: rank) == nil, let error = knownLeaving(of: senders, to: rank) {
            throw error
        }
        // What comes when the clock has ended comes never.
        let deadline = deadline.flatMap { $0.isBeyondClock ? nil : $0 }
        if mustWait(for: senders, rank, until: deadline) {
            do {
                try await withUnsafeThrowingContinuation {
                    inboxes.wait(rank, for: senders, until: deadline, Waiter($0))
                }
            } catch {
                giveUp(rank, since: since)
                throw error
            }
        }
        if let (message, sender) = takeDelivered(from: senders, by: rank, since: since) {
            return .message(message, from: sender)
        }
        if let error = knownLeaving(of: senders, to: rank) {
            giveUp(rank, since: since)
            throw error
        }
        let isTimedOut = mayCome(from: senders, to: rank)
        if isTimedOut { clock.book(.waiting, rank, from: since, to: now) }
        observer?.ended(on: rank, at: now, ready: now)
        return isTimedOut ? .timedOut : .ended
    }

    /// Begins to receive: whether the rank has to wait.
    func mustWait(for senders: Senders, _ rank: Int, until deadline: VirtualTime? = nil) -> Bool {
        observer?.began(.receive(from: senders, hasDeadline: deadline != nil), on: rank, at: now)
        if let arrival = inboxes.firstArrival(of: senders, at: rank) {
            if case .rank = senders { return false }
            if arrival < now { return false }
            // Another message may come at the same time that was sent before this one.
            scheduleLook(rank, at: now)
        } else if !mayCome(from: senders, to: rank) {
            return false
        } else if let deadline {
            scheduleLook(rank, at: max(deadline, now))
        }
        inboxes.willWait(rank, for: senders)
        return true
    }

    /// Whether a message that is not there may still come.
    func mayCome(from senders: Senders, to rank: Int) -> Bool {
        if inboxes.isUnderWay(from: senders, to: rank) { return true }
        switch senders {
        case .rank(let sender): return mayStillSend(sender)
        case .ranks(let senders): return senders.contains { $0 != rank && mayStillSend($0) }
        case .any:
            // Only where next to all have ended each has to be looked at.
            return endedCount < rankCount - 1 || hasEnded.indices.contains { $0 != rank && mayStillSend($0) }
        }
    }

    /// Whether a rank may send something more, as far as others know: one that has left is waited for until that is known.
    private func mayStillSend(_ sender: Int) -> Bool {
        if dropouts.hasLeft(sender) { return dropouts.knownLeaving(of: sender) == nil }
        return !hasEnded[sender]
    }

    /// What a rank is told that asks for a message where nothing can come any more, since a sender has left.
    private func knownLeaving(of senders: Senders, to rank: Int) -> FabricError? {
        guard dropouts.mayHappen, !mayCome(from: senders, to: rank) else { return nil }
        if case .rank(let sender) = senders { return dropouts.knownLeaving(of: sender) }
        return dropouts.known.filter(senders.contains).min().flatMap { dropouts.knownLeaving(of: $0) }
    }

    /// Lets those go on who wait for messages that nobody will send, since a rank has ended or is known to have left.
    func endVainWaits(for sender: Int) {
        for waiter in inboxes.takeVainWaits(for: sender, mayCome: { mayCome(from: $0, to: $1) }) { waiter.resume() }
    }

    /// Ends receiving: the message that is there; nil if none is.
    func takeDelivered(
        from senders: Senders, by rank: Int, since: VirtualTime
    ) -> (message: Message, sender: Int)? {
        guard let (sender, delivered) = inboxes.take(from: senders, by: rank) else { return nil }
        let begin = max(since, delivered.sentAt)
        clock.book(.waiting, rank, from: since, to: begin)
        clock.book(.communication, rank, from: begin, to: delivered.deliveredAt)
        observer?.ended(on: rank, at: now, ready: begin)
        return (delivered.message, sender)
    }

    private func scheduleLook(_ rank: Int, at time: VirtualTime) {
        if inboxes.mustSchedule(rank, toLookAt: time) { loop.schedule(.looks(rank), at: time, isLate: true) }
    }

    private func look(_ rank: Int) {
        let found = inboxes.look(rank, at: now)
        found.over?.resume()
        if let next = found.next { scheduleLook(rank, at: next) }
    }

    func sleep(_ rank: Int, until time: VirtualTime) async throws {
        try throwIfFailed()
        try dropouts.throwIfGone(rank)
        observer?.began(.sleep, on: rank, at: now)
        let since = now
        defer { clock.book(.waiting, rank, from: since, to: now) }
        try await spend(until: time, rank: rank)
    }

    private func advance(_ message: Int) {
        transport.advance(message, deliver: { deliver($0) }, drop: { drop($0) })
    }

    private func deliver(_ parcel: Parcel) {
        if dropouts.hasLeft(parcel.receiver) { return drop(parcel) }
        transport.delivered(parcel)
        switch parcel.content {
        case .collective(let run): collectives.deliver(run, from: parcel.sender, to: parcel.receiver)
        case .message(let message):
            switch inboxes.deliver(message, of: parcel, at: now) {
            case .goesOn(let waiter): waiter.resume()
            case .looksWhenAllHaveCome: scheduleLook(parcel.receiver, at: now)
            case nil: break
            }
        }
    }

    // MARK: Collectives

    /// Takes part in the rank's next collective; returns when the rank's part is played.
    ///
    /// - Parameters:
    ///   - contribution: what the rank adds, in place of a deposit.
    ///   - summed: numbers in the vectors that are contributed, where the collective is the last bucket's of several.
    func take(
        part deposit: ParameterVector?, contribution: AllReduceRequest.Contribution? = nil, of kind: CollectiveKind,
        rank: Int, elements: Int, summed: Int? = nil, purpose: TrafficPurpose,
        update: AllReduceRequest.Update? = nil
    ) async throws -> CollectiveRun {
        try throwIfFailed()
        try dropouts.throwIfGone(rank)
        let (entered, number) = (now, collectives.nextNumber(of: rank))
        try collectives.throwIfBroken(rank)
        let run = collectives.enter(kind, rank, deposit, contribution, elements: elements, purpose: purpose)
        if let summed { run.numbers.summedElements = summed }
        if run.isComplete { collectives.combine(run, update) }
        do {
            try await withUnsafeThrowingContinuation { collectives.join(run, rank, Waiter($0)) }
        } catch {
            giveUp(rank, since: entered)
            throw error
        }
        collectives.leave(run, number, rank, entered: entered)
        return run
    }

    /// Waits until all ranks are here. The ranks' waiting is all that this costs.
    func meet(rank: Int) async throws {
        _ = try await take(part: nil, of: .meeting, rank: rank, elements: 0, purpose: .control)
    }
}
