import Cluster
import Collections
import Kernel

/// A discrete-event simulator whose processes are Swift tasks: a suspended task is a suspended rank.
///
/// It is the tasks' executor. Jobs that are ready run at the current virtual time; when none is left, the clock moves
/// to the earliest event, which makes others ready. Everything here happens on the one thread that called `run`, in an
/// order that depends on nothing but the program; only the bodies of computations run elsewhere, on the host pool.
///
/// `@unchecked Sendable`: all state belongs to the thread that runs the loop, and ranks run nowhere else.
final class Simulation: TaskExecutor, @unchecked Sendable {
    /// Something that happens at a point in virtual time; equal times in the order in which they were scheduled.
    enum Event {
        /// A computation ends: its body must be done, then its rank goes on.
        case computed(HostPool.Ticket, Waiter)
        /// A message asks for the receiver's port.
        case arriving(NetworkModel.Transit, Parcel)
        /// Something happens to a message of ``RoutedTraffic``.
        case routed(Int)
        /// A message is there.
        case delivered(Parcel)
        /// A rank that waited for its port goes on.
        case resume(Waiter)
        /// All ranks that come at this time have entered a collective in rounds.
        case assembled(CollectiveRun)
        /// A rank leaves, and the others learn it.
        case leaves(Int)
        case detected(Int)
    }

    /// A message under way, of a collective or from rank to rank.
    struct Parcel {
        /// Counts the messages of the job.
        let number: Int
        enum Content {
            case collective(CollectiveRun)
            case message(Message)
        }

        let sender: Int
        let receiver: Int
        let sentAt: VirtualTime
        let content: Content
    }

    struct Delivered {
        let message: Message
        let sentAt: VirtualTime
        let deliveredAt: VirtualTime
    }

    struct RankState {
        var hasEnded = false
        var inbox: [Int: Deque<Delivered>] = [:]
        /// Messages on their way to the rank, by sender; none is 0.
        var underWay: [Int: Int] = [:]
        /// The sender that the rank waits for.
        var waiting: (sender: Int, waiter: Waiter)?
        /// Ranks that wait for a message of this one.
        var receivers: Set<Int> = []
        /// Collectives that the rank has entered.
        var collectives = 0
        var account = TimeAccount()
        /// Until when the rank computes beside what else it does.
        var computingUntil = VirtualTime.zero
        /// Of the step that it computes beside: when which part of the gradient is there, and what the update takes.
        var readyTimes: [VirtualTime] = []
        var updateSpan = Int64(0)
    }

    private(set) var now = VirtualTime.zero
    private let fabric: SimulatedFabric
    private let pool: HostPool
    let ledger: TrafficLedger
    /// Told what happens; nil where nobody asks.
    let observer: (any SimulationObserver)?
    /// Of a replay that skips what repeats: where the clock would be without that.
    let journal: ReplayJournal?
    private(set) var network: NetworkModel
    /// In place of `network`, where that is not enough.
    let routed: RoutedTraffic?
    private var ready = Deque<UnownedJob>()
    /// What is to come, by its place in `events`, which stay where they are while the queue is sorted.
    private(set) var queue = EventQueue()
    private(set) var events: [Event?] = []
    private var freeEvents: [Int] = []
    private var scheduled = 0
    var messagesUnderWay = 0
    /// Messages so far.
    private(set) var posted = 0
    /// Of these, those in collectives that were played as a whole.
    private(set) var postedInRounds = 0
    private(set) var ranks: [RankState]
    private(set) var endedCount = 0
    private(set) var lastEnd = VirtualTime.zero
    private var failure: (any Error)?
    private let contributed: ContributionSum
    /// Nil where ranks keep their speed.
    let speeds: RankSpeeds?
    /// Collectives that not all ranks have left, by their number in the program.
    private(set) var collectives: [Int: CollectiveRun] = [:]
    /// The ranks that collectives are of.
    private(set) var group: RankGroup
    /// Nil where no rank leaves.
    let dropouts: DropoutState?

    /// - Parameter journal: of a replay, which counts traffic in total only.
    init(_ fabric: SimulatedFabric, pool: HostPool, journal: ReplayJournal? = nil) {
        self.fabric = fabric
        self.pool = pool
        self.journal = journal
        observer = fabric.observer
        contributed = ContributionSum(threads: pool.threads)
        speeds = fabric.slowdowns.map { RankSpeeds($0, ranks: fabric.nodes.count, seeds: fabric.seeds) }
        ledger = TrafficLedger(ranks: journal == nil ? fabric.nodes.count : 0)
        network = NetworkModel(
            nodes: fabric.nodes, jitter: fabric.jitter, seeds: fabric.seeds, hasLatency: fabric.hasLatency)
        routed =
            RoutedNetwork.isNeeded(fabric.interconnect, fabric.nodes)
            ? RoutedTraffic(
                RoutedNetwork(
                    nodes: fabric.nodes, jitter: fabric.jitter, interconnect: fabric.interconnect, seeds: fabric.seeds,
                    hasLatency: fabric.hasLatency),
                ledger) : nil
        ranks = Array(repeating: RankState(), count: fabric.nodes.count)
        group = RankGroup(all: fabric.nodes.count)
        dropouts = DropoutState(
            fabric.departures, detectionSeconds: fabric.detectionSeconds, ranks: fabric.nodes.count)
    }

    var rankCount: Int { ranks.count }

    // MARK: The loop

    func enqueue(_ job: consuming ExecutorJob) { ready.append(UnownedJob(job)) }

    func run(_ program: @escaping RankProgram) throws -> FabricReport {
        scheduleDropouts()
        for index in ranks.indices {
            let rank = SimulatedRank(index: index, simulation: self)
            Task(executorPreference: self) {
                do {
                    try await program(rank)
                    self.end(index, nil)
                } catch {
                    self.end(index, error)
                }
            }
        }
        while endedCount < ranks.count {
            while let job = ready.popFirst() { job.runSynchronously(on: asUnownedTaskExecutor()) }
            if !fireNext(), endedCount < ranks.count { fail(FabricError.deadlock(describeWaiting())) }
        }
        if let failure { throw failure }
        return FabricReport(
            seconds: lastEnd.seconds, accounts: ranks.map(\.account), ledger: ledger,
            departures: dropouts?.departures ?? [])
    }

    /// Moves the clock to the earliest event and lets it happen; false if there is none.
    func fireNext() -> Bool {
        if let routed, let end = routed.network.nextFlowEnd(before: nextEventTime, at: now) {
            moveClock(to: end)
            advance(routed.network.endFlow())
        } else if let entry = queue.popMin() {
            moveClock(to: VirtualTime(nanoseconds: entry.nanoseconds))
            freeEvents.append(entry.item)
            if let event = events[entry.item].take() { fire(event) }
        } else {
            return false
        }
        return true
    }

    /// Moves the clock; a job that it cannot hold fails.
    private func moveClock(to time: VirtualTime) {
        now = time
        if time.isBeyondClock { fail(FabricError.beyondClock) }
    }

    private var nextEventTime: VirtualTime? { queue.min.map { VirtualTime(nanoseconds: $0.nanoseconds) } }

    private func fire(_ event: Event) {
        switch event {
        case .computed(let ticket, let waiter):
            pool.finish(ticket)
            waiter.resume()
        case .arriving(let transit, let parcel):
            schedule(.delivered(parcel), at: network.arrive(transit))
        case .routed(let message):
            advance(message)
        case .delivered(let parcel):
            deliver(parcel)
        case .resume(let waiter):
            waiter.resume()
        case .assembled(let run):
            playAssembled(run)
        case .leaves(let rank):
            leave(rank)
        case .detected(let rank):
            detect(rank)
        }
    }

    func schedule(_ event: Event, at time: VirtualTime) {
        let place = freeEvents.popLast() ?? events.count
        if place == events.count { events.append(event) } else { events[place] = event }
        queue.insert(place, at: time.nanoseconds, sequence: scheduled)
        scheduled += 1
    }

    func end(_ rank: Int, _ error: (any Error)?) {
        ranks[rank].hasEnded = true
        endedCount += 1
        lastEnd = max(lastEnd, now)
        // The others learn of a rank that left when that is detected, and not by its program's end.
        if let dropouts, dropouts.hasLeft(rank) { return }
        if let error { fail(error) } else { releaseReceivers(of: rank) }
        completeRegrouping()
    }

    /// Keeps the first error and lets every rank that waits fail too, so that all tasks end.
    private func fail(_ error: any Error) {
        if failure == nil { failure = error }
        for index in ranks.indices {
            if let waiting = ranks[index].waiting {
                ranks[index].waiting = nil
                waiting.waiter.resume(throwing: FabricError.aborted)
            }
        }
        for collective in collectives.values { collective.abort() }
        for (_, value) in dropouts?.regrouping ?? [:] { value.waiter.resume(throwing: FabricError.aborted) }
        dropouts?.regrouping = [:]
    }

    /// Ranks that wait for one whose program has ended, and to whom nothing is on its way, learn it.
    private func releaseReceivers(of sender: Int) {
        // Sorted, since the order of a set differs from run to run.
        for index in ranks[sender].receivers.sorted() where ranks[index].underWay[sender] == nil {
            guard let waiting = ranks[index].waiting, waiting.sender == sender else { continue }
            ranks[index].waiting = nil
            waiting.waiter.resume()
        }
        ranks[sender].receivers = []
    }

    func describeWaiting() -> String {
        let stuck = ranks.indices.filter { !ranks[$0].hasEnded }
        let examples = stuck.prefix(4).map { index in
            ranks[index].waiting.map { "rank \(index) waits for rank \($0.sender)" }
                ?? "rank \(index) is in a collective"
        }
        return "\(stuck.count) of \(ranks.count) ranks wait for messages that nobody sends: "
            + examples.joined(separator: ", ")
    }

    func throwIfFailed() throws { if failure != nil { throw FabricError.aborted } }

    // MARK: What ranks ask for

    func compute(_ work: ComputeWork, rank: Int, _ body: @escaping @Sendable () -> Void) async throws {
        try throwIfFailed()
        try throwIfGone(rank)
        let end = charge(work, rank)
        if isCutOff(rank, before: end) { return try await waitToLeave(rank) }
        let ticket = HostPool.Ticket(body)
        pool.submit(ticket)
        // The end is known before the body starts, so bodies of many ranks run at once while the clock stands.
        try await withUnsafeThrowingContinuation { schedule(.computed(ticket, Waiter($0)), at: end) }
        observer?.ended(on: rank, at: now, ready: now)
    }

    func compute(
        _ work: ComputeWork, rank: Int, parts: Int, _ body: @escaping @Sendable (Int) -> Void
    ) async throws {
        try await compute(work, rank: rank) { [pool] in pool.concurrentPerform(parts, body) }
    }

    /// Lets the time of a computation pass that is not made, or not now.
    func spend(_ work: ComputeWork, rank: Int) async throws {
        try throwIfFailed()
        try throwIfGone(rank)
        let end = charge(work, rank)
        if isCutOff(rank, before: end) { return try await waitToLeave(rank) }
        try await withUnsafeThrowingContinuation { resume(Waiter($0), at: end) }
        observer?.ended(on: rank, at: now, ready: now)
    }

    /// Lets an operation of the rank that begins now last until a point in time.
    func spend(until time: VirtualTime, rank: Int) async throws {
        if isCutOff(rank, before: time), time > now { return try await waitToLeave(rank) }
        if time > now { try await withUnsafeThrowingContinuation { resume(Waiter($0), at: time) } }
        observer?.ended(on: rank, at: now, ready: now)
    }

    /// Begins a step whose gradient is sent while it is computed; what the rank does besides, it does beside that.
    ///
    /// - Parameters:
    ///   - elements: numbers in the gradient.
    ///   - shares: of the gradient's computation, ascending; for each there is a ``beginWaiting(forShare:rank:)``.
    func begin(overlapped work: ComputeWork, elements: Int, shares: [Double], rank: Int) {
        observer?.began(.step(work, elements: elements, shares: shares), on: rank, at: now)
        let step = OverlappedStep(work, elements: elements, on: fabric.nodes[rank], fabric.compute)
        if speeds == nil {
            ranks[rank].account.computeSeconds += step.seconds
            journal?.computed(rank, seconds: step.seconds)
        }
        var (time, done) = (now, Int64(0))
        func advance(to share: Double) -> VirtualTime {
            time = end(ofNanoseconds: step.span(share) - done, on: rank, from: time)
            done = step.span(share)
            return time
        }
        ranks[rank].readyTimes = shares.map(advance)
        ranks[rank].computingUntil = advance(to: 1)
        ranks[rank].updateSpan = step.updateSpan
        bookIfSpeedsChange(rank, until: ranks[rank].computingUntil)
        observer?.computes(on: rank, from: now, to: span(until: ranks[rank].computingUntil, rank))
        observer?.ended(on: rank, at: now, ready: now)
    }

    /// When a share of the rank's gradient is there, for which it waits now.
    func beginWaiting(forShare share: Int, rank: Int) -> VirtualTime {
        observer?.began(.ready(share: share), on: rank, at: now)
        return ranks[rank].readyTimes[share]
    }

    /// When the update is over that follows the gradient, and begins now.
    func beginUpdate(rank: Int) -> VirtualTime {
        observer?.began(.update, on: rank, at: now)
        let end = end(ofNanoseconds: ranks[rank].updateSpan, on: rank, from: now)
        if dropouts != nil { (ranks[rank].computingUntil, ranks[rank].updateSpan) = (end, 0) }
        bookIfSpeedsChange(rank, until: end)
        return end
    }

    /// Takes off the rank's account what it will not compute of the step that it computed beside other things.
    func abandonStep(_ rank: Int) {
        guard dropouts != nil else { return }
        // Where speeds change, the update is booked when it begins.
        let rest =
            max(0, ranks[rank].computingUntil.nanoseconds - now.nanoseconds)
            + (speeds == nil ? ranks[rank].updateSpan : 0)
        ranks[rank].account.computeSeconds -= VirtualTime(nanoseconds: rest).seconds
        ranks[rank].computingUntil = min(ranks[rank].computingUntil, now)
        ranks[rank].updateSpan = 0
    }

    /// Books a computation that begins now and lasts as long as the rank's speed makes it, not as its work says.
    private func bookIfSpeedsChange(_ rank: Int, until end: VirtualTime) {
        if speeds != nil { ranks[rank].account.computeSeconds += end.seconds - now.seconds }
    }

    /// When so much work is done.
    private func end(ofNanoseconds work: Int64, on rank: Int, from begin: VirtualTime) -> VirtualTime {
        speeds?.end(ofNanoseconds: work, on: rank, from: begin) ?? begin.later(by: work)
    }

    /// Books a computation that begins now; returns when it ends.
    func charge(_ work: ComputeWork, _ rank: Int) -> VirtualTime {
        observer?.began(.compute(work), on: rank, at: now)
        let seconds = fabric.compute.seconds(work, on: fabric.nodes[rank])
        let end = end(ofNanoseconds: VirtualTime.span(seconds: seconds), on: rank, from: now)
        bookIfSpeedsChange(rank, until: span(until: end, rank))
        if speeds == nil {
            let isWhole = !isCutOff(rank, before: end)
            ranks[rank].account.computeSeconds += isWhole ? seconds : span(until: end, rank).seconds - now.seconds
            journal?.computed(rank, seconds: seconds)
        }
        return end
    }

    /// What a computation takes, in nanoseconds, whenever it begins; 0 where that is not known.
    func knownSpan(of work: ComputeWork, on rank: Int) -> Int64 {
        speeds == nil ? VirtualTime.span(seconds: fabric.compute.seconds(work, on: fabric.nodes[rank])) : 0
    }

    func offTheClock(chunks: Int, _ body: @escaping @Sendable (Int) -> Void) {
        pool.concurrentPerform(chunks, body)
    }

    func resume(_ waiter: Waiter, at time: VirtualTime) { schedule(.resume(waiter), at: time) }

    /// Books time on a rank's account.
    func book(_ account: TimeAccount.Part, _ rank: Int, from begin: VirtualTime, to end: VirtualTime) {
        guard end > begin else { return }
        guard let journal else { return ranks[rank].account.add(account, from: begin, to: end) }
        let (begin, end) = (journal.clusterTime(begin), journal.clusterTime(end))
        ranks[rank].account.add(account, from: begin, to: end)
        journal.booked(account, rank, from: begin, to: end)
    }

    /// Of a replay that skips what repeats: the accounts with what was booked meanwhile.
    func bookAgain(_ change: (inout TimeAccount) -> Void, _ rank: Int) { change(&ranks[rank].account) }

    func send(_ message: Message, from sender: Int, to receiver: Int) async throws {
        try throwIfFailed()
        try throwIfGone(sender)
        let departed = beginSending(message, from: sender, to: receiver)
        if departed > now, isCutOff(sender, before: departed) { return try await waitToLeave(sender) }
        if departed > now { try await withUnsafeThrowingContinuation { resume(Waiter($0), at: departed) } }
        observer?.ended(on: sender, at: now, ready: now)
    }

    /// Returns when the message will have left the port; until then the sender has to wait.
    func beginSending(_ message: Message, from sender: Int, to receiver: Int) -> VirtualTime {
        observer?.began(.send(message, to: receiver), on: sender, at: now)
        ranks[receiver].underWay[sender, default: 0] += 1
        let departed = post(
            .message(message), from: sender, to: receiver, bytes: message.bytes, message.purpose, message.direction)
        book(.communication, sender, from: now, to: span(until: departed, sender))
        return departed
    }

    func receive(from sender: Int, by rank: Int) async throws -> Message? {
        try throwIfFailed()
        try throwIfGone(rank)
        let since = now
        if ranks[rank].inbox[sender] == nil, ranks[rank].underWay[sender] == nil,
            let error = knownLeaving(of: sender)
        {
            throw error
        }
        if mustWait(for: sender, rank) {
            do {
                try await withUnsafeThrowingContinuation { wait(for: sender, rank, Waiter($0)) }
            } catch {
                giveUp(rank, since: since)
                throw error
            }
        }
        return takeDelivered(from: sender, by: rank, since: since)
    }

    /// Begins to receive: whether the rank has to wait for the next message of `sender`.
    func mustWait(for sender: Int, _ rank: Int) -> Bool {
        observer?.began(.receive(from: sender), on: rank, at: now)
        if ranks[rank].inbox[sender] != nil { return false }
        // Of a rank that left it is not known yet that it has.
        if ranks[sender].hasEnded, ranks[rank].underWay[sender] == nil, dropouts?.hasLeft(sender) != true {
            return false
        }
        ranks[sender].receivers.insert(rank)
        return true
    }

    func wait(for sender: Int, _ rank: Int, _ waiter: Waiter) { ranks[rank].waiting = (sender, waiter) }

    /// Ends receiving: the message that is there; nil if none will come.
    func takeDelivered(from sender: Int, by rank: Int, since: VirtualTime) -> Message? {
        guard let delivered = ranks[rank].inbox[sender]?.popFirst() else {
            observer?.ended(on: rank, at: now, ready: now)
            return nil
        }
        if ranks[rank].inbox[sender]?.isEmpty == true { ranks[rank].inbox[sender] = nil }
        let begin = max(since, delivered.sentAt)
        book(.waiting, rank, from: since, to: begin)
        book(.communication, rank, from: begin, to: delivered.deliveredAt)
        observer?.ended(on: rank, at: now, ready: begin)
        return delivered.message
    }

    /// Takes part in the rank's next collective; returns when the rank's part is played.
    ///
    /// - Parameter summed: numbers in the vectors that are contributed, where the collective is the last bucket's of several.
    func take(
        part deposit: ParameterVector?, contribution: CollectiveRun.Contribution? = nil, of kind: CollectiveKind,
        rank: Int, elements: Int, summed: Int? = nil, purpose: TrafficPurpose,
        update: CollectiveRun.Update? = nil
    ) async throws -> CollectiveRun {
        try throwIfFailed()
        try throwIfGone(rank)
        let (entered, number) = (now, ranks[rank].collectives)
        try throwIfBroken(collectives[number])
        let run = enter(kind, rank, deposit, contribution, elements: elements, purpose: purpose)
        if let summed { run.summedElements = summed }
        if run.isComplete { run.combine(pool, contributed, update) }
        do {
            try await withUnsafeThrowingContinuation { join(run, rank, Waiter($0)) }
        } catch {
            giveUp(rank, since: entered)
            throw error
        }
        leave(run, number, rank, entered: entered)
        return run
    }

    /// Enters the rank's next collective, which the first to come begins.
    func enter(
        _ kind: CollectiveKind, _ rank: Int, _ deposit: ParameterVector? = nil,
        _ contribution: CollectiveRun.Contribution? = nil, elements: Int, purpose: TrafficPurpose
    ) -> CollectiveRun {
        observer?.began(.collective(kind, elements: elements, purpose), on: rank, at: now)
        let number = ranks[rank].collectives
        ranks[rank].collectives += 1
        let run: CollectiveRun
        if let existing = collectives[number] {
            precondition(
                existing.kind == kind && existing.elements == elements,
                "rank \(rank) called \(kind) of \(elements) where another called \(existing.kind) of \(existing.elements)"
            )
            run = existing
        } else {
            let algorithm = kind.rooted { group.place(of: $0) }.messages(
                fabric.allReduceByLength[elements] ?? fabric.allReduce, groups: group.groups(fabric.groups),
                ranks: group.count, elements: elements)
            run = CollectiveRun(
                kind, algorithm, group: group, ranks: ranks.count, elements: elements, purpose: purpose)
            if let rounds = algorithm.rounds(of: group.count), messagesUnderWay == 0 {
                run.isAssembling =
                    routed == nil && rounds * group.count >= fabric.fewestMessagesPlayedInRounds
                    && observer?.needsMessages != true
            }
            collectives[number] = run
        }
        run.enter(rank, deposit, contribution, at: now)
        return run
    }

    /// Plays the rank's part of a collective that it has entered, and lets it go on when that is over.
    func join(_ run: CollectiveRun, _ rank: Int, _ waiter: Waiter) {
        run.waiters[rank] = waiter
        if let plan = run.plan {
            precondition(run.isAsPlanned(plan, rank, at: now), "rank \(rank) enters at \(now), not as expected")
            if run.isComplete { letGo(run, plan.ends) }
        } else if run.isAssembling {
            run.assembled.append(rank)
            if run.assembled.count == 1 { schedule(.assembled(run), at: now) }
        } else if run.kind != .meeting {
            advance(run, rank)
        } else if run.isComplete {
            // Without messages, the last one to come is what the others wait for.
            for rank in group.all { advance(run, rank) }
        }
    }

    func leave(_ run: CollectiveRun, _ number: Int, _ rank: Int, entered: VirtualTime) {
        run.finish(rank)
        if run.leftCount == run.group.count { collectives[number] = nil }
        // Of a broadcast or gather a rank may be done before all have come; then it waited for nobody.
        let begin = run.kind.needsAllRanks ? max(entered, run.completedAt) : entered
        let computed = ranks[rank].computingUntil
        book(.waiting, rank, from: min(max(entered, computed), begin), to: begin)
        let exposed = min(max(begin, computed), now)
        book(.hiddenCommunication, rank, from: begin, to: exposed)
        book(.communication, rank, from: exposed, to: now)
        observer?.ended(on: rank, at: now, ready: begin)
    }

    /// Waits until all ranks are here, which costs the cluster nothing but that.
    func meet(rank: Int) async throws {
        _ = try await take(part: nil, of: .meeting, rank: rank, elements: 0, purpose: .control)
    }

    // MARK: Messages

    /// Hands a message to the sender's port and charges it; returns when it has left the port.
    private func post(
        _ content: Parcel.Content, from sender: Int, to receiver: Int, bytes: Int, _ purpose: TrafficPurpose,
        _ direction: TrafficDirection
    ) -> VirtualTime {
        messagesUnderWay += 1
        ledger.charge(from: sender, to: receiver, bytes: bytes, purpose, direction)
        let parcel = Parcel(number: posted, sender: sender, receiver: receiver, sentAt: now, content: content)
        posted += 1
        let leaving: VirtualTime
        if let routed {
            let (message, departed, next) = routed.post(parcel, bytes: bytes, direction, at: now)
            leaving = departed
            if !isCutOff(sender, before: departed) { schedule(.routed(message), at: next) }
        } else {
            let transit = network.depart(from: sender, to: receiver, bytes: bytes, at: now)
            leaving = transit.departed
            if !isCutOff(sender, before: leaving) { schedule(.arriving(transit, parcel), at: transit.arriving) }
        }
        if let observer {
            let message = SimulatedMessage(
                number: parcel.number, sender: sender, receiver: receiver, bytes: bytes, purpose: purpose)
            observer.posted(message, at: now, departs: leaving)
        }
        if isCutOff(sender, before: leaving) { drop(parcel) }
        return leaving
    }

    private func advance(_ message: Int) {
        guard let next = routed?.advance(message, at: now, deliver: { deliver($0) }, drop: { drop($0) }) else { return }
        schedule(.routed(message), at: next)
    }

    private func deliver(_ parcel: Parcel) {
        if let dropouts, dropouts.hasLeft(parcel.receiver) { return drop(parcel) }
        messagesUnderWay -= 1
        observer?.delivered(parcel.number, at: now)
        switch parcel.content {
        case .collective(let run):
            if run.isWaiting(parcel.receiver, for: parcel.sender) {
                run.finishStep(of: parcel.receiver)
                advance(run, parcel.receiver)
            } else {
                run.arrived(from: parcel.sender, at: parcel.receiver)
            }
        case .message(let message):
            let delivered = Delivered(message: message, sentAt: parcel.sentAt, deliveredAt: now)
            ranks[parcel.receiver].inbox[parcel.sender, default: []].append(delivered)
            countArrival(parcel)
            if let waiting = ranks[parcel.receiver].waiting, waiting.sender == parcel.sender {
                ranks[parcel.receiver].waiting = nil
                ranks[parcel.sender].receivers.remove(parcel.receiver)
                waiting.waiter.resume()
            }
        }
    }

    /// Plays a collective in rounds whose first ranks came at this time: as a whole if all did and nothing else is under
    /// way, else message by message.
    private func playAssembled(_ run: CollectiveRun) {
        run.isAssembling = false
        guard failure == nil else { return }
        guard run.isComplete, messagesUnderWay == 0,
            let ends = playAsAWhole(
                run, run.assembled.map { RoundPlay.Entry(rank: run.group.place(of: $0), time: now) })
        else {
            for rank in run.assembled { advance(run, rank) }
            return
        }
        letGo(run, ends)
    }

    /// Plays a collective in rounds as a whole, where the first rank is about to take part and it is known when the others
    /// will, and that none will do anything else before.
    ///
    /// - Parameter entries: all ranks' in the order in which they will enter.
    func plan(_ run: CollectiveRun, _ entries: [RoundPlay.Entry]) {
        guard run.isAssembling, run.group.isWhole, dropouts == nil else { return }
        run.isAssembling = false
        guard let ends = playAsAWhole(run, entries) else { return }
        run.plan = CollectiveRun.Plan(entries: entries, ends: ends)
    }

    /// When the ranks are done; nil where messages must be played one by one.
    private func playAsAWhole(
        _ run: CollectiveRun, _ entries: [RoundPlay.Entry]
    ) -> [(rank: Int, time: VirtualTime)]? {
        guard
            let play = RoundPlay(run.algorithm, elements: run.elements, entries, of: run.group, on: network),
            !isDisturbed(play)
        else { return nil }
        network = play.network
        for (place, traffic) in play.traffic.enumerated() {
            posted += traffic.sent.messages
            postedInRounds += traffic.sent.messages
            ledger.charge(
                run.group.rank(at: place), sent: traffic.sent, received: traffic.received, run.purpose, .peer)
        }
        return play.ends
    }

    private func letGo(_ run: CollectiveRun, _ ends: [(rank: Int, time: VirtualTime)]) {
        for end in ends {
            guard let waiter = run.takeWaiter(of: run.group.rank(at: end.rank)) else { continue }
            resume(waiter, at: end.time)
        }
    }

    /// Plays a rank's steps until one has to wait; at the end, lets the rank go on.
    private func advance(_ run: CollectiveRun, _ rank: Int) {
        while let step = run.nextStep(of: rank) {
            if let send = step.send, run.mustSend(rank) {
                run.players[rank].departed = post(
                    .collective(run), from: rank, to: send.to, bytes: send.bytes + Message.framingBytes, run.purpose,
                    send.direction)
            }
            if let sender = step.receiveFrom, !run.consume(from: sender, at: rank) { return }
            run.finishStep(of: rank)
        }
        let departed = run.players[rank].departed
        // Whoever leaves before its last message has left does so in the collective.
        if departed > now, isCutOff(rank, before: departed) { return }
        guard let waiter = run.takeWaiter(of: rank) else { return }
        if departed > now { resume(waiter, at: departed) } else { waiter.resume() }
    }

    // MARK: Ranks that leave

    /// A message that was on its way to its receiver is not any more.
    func countArrival(_ parcel: Parcel) {
        let underWay = ranks[parcel.receiver].underWay[parcel.sender] ?? 1
        ranks[parcel.receiver].underWay[parcel.sender] = underWay == 1 ? nil : underWay - 1
    }

    /// Takes out the rank's wait for a message.
    func stopWaiting(_ rank: Int) -> Waiter? {
        defer { ranks[rank].waiting = nil }
        return ranks[rank].waiting?.waiter
    }

    /// Takes out the ranks that wait for a message of `sender`, in ascending order.
    func takeReceivers(of sender: Int) -> [Int] {
        defer { ranks[sender].receivers = [] }
        return ranks[sender].receivers.filter { ranks[$0].waiting?.sender == sender }.sorted()
    }

    /// Collectives are of these ranks from here on; those that were begun are given up.
    func startAnew(with group: RankGroup) {
        self.group = group
        collectives = [:]
        let next = (group.all.map { ranks[$0].collectives }.max() ?? 0) + 1
        for rank in group.all { ranks[rank].collectives = next }
    }

    /// Whether a rank leaves before messages that are played as a whole have arrived.
    private func isDisturbed(_ play: RoundPlay) -> Bool {
        guard let next = dropouts?.nextDeparture(from: now), let last = play.ends.last?.time else { return false }
        return next <= last
    }
}
