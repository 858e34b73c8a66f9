import Cluster
import Kernel

/// The collectives of a simulated job: who takes part, what they add up, and their messages, one by one or as a whole.
///
/// Not thread-safe: belongs to a ``Simulation``.
final class CollectivePlay {
    private let fabric: SimulatedFabric
    private let pool: HostPool
    private let loop: EventLoop
    private let clock: ComputeClock
    private let transport: Transport
    private let dropouts: DropoutState
    private let observer: (any SimulationObserver)?
    private let contributed: ContributionSum
    /// Collectives that not all ranks have left, by their number in the program.
    private var runs: [Int: CollectiveRun] = [:]
    /// Collectives that each rank has entered.
    private var entered: [Int]
    /// The ranks that collectives are of.
    private(set) var group: RankGroup

    init(
        _ fabric: SimulatedFabric, _ pool: HostPool, _ loop: EventLoop, _ clock: ComputeClock, _ transport: Transport,
        _ dropouts: DropoutState
    ) {
        (self.fabric, self.pool, self.loop) = (fabric, pool, loop)
        (self.clock, self.transport, self.dropouts) = (clock, transport, dropouts)
        observer = fabric.observer
        contributed = ContributionSum(threads: pool.threads)
        entered = Array(repeating: 0, count: fabric.nodes.count)
        group = RankGroup(all: fabric.nodes.count)
    }

    // MARK: A rank's part

    /// The number of the next collective that a rank enters.
    func nextNumber(of rank: Int) -> Int { entered[rank] }

    /// Enters the rank's next collective, which the first to come begins.
    ///
    /// - Parameter contribution: what the rank will add, in place of a deposit.
    func enter(
        _ kind: CollectiveKind, _ rank: Int, _ deposit: ParameterVector? = nil,
        _ contribution: AllReduceRequest.Contribution? = nil, elements: Int, purpose: TrafficPurpose
    ) -> CollectiveRun {
        observer?.began(.collective(kind, elements: elements, purpose), on: rank, at: loop.now)
        let number = entered[rank]
        entered[rank] += 1
        let run: CollectiveRun
        if let existing = runs[number] {
            precondition(
                existing.kind == kind && existing.elements == elements,
                "rank \(rank) called \(kind) of \(elements) where another called \(existing.kind) of \(existing.elements)"
            )
            run = existing
        } else {
            run = begin(kind, elements: elements, purpose)
            runs[number] = run
        }
        run.enter(at: loop.now)
        run.numbers.add(deposit, contribution, of: rank)
        return run
    }

    private func begin(_ kind: CollectiveKind, elements: Int, _ purpose: TrafficPurpose) -> CollectiveRun {
        let algorithm = kind.rooted { group.place(of: $0) }.messages(
            fabric.allReduceByLength[elements] ?? fabric.allReduce, groups: group.groups(fabric.groups),
            ranks: group.count, elements: elements)
        let run = CollectiveRun(
            kind, algorithm, group: group, ranks: entered.count, elements: elements, purpose: purpose)
        if let rounds = algorithm.rounds(of: group.count), transport.isIdle {
            run.isAssembling =
                rounds * group.count >= fabric.fewestMessagesPlayedInRounds && observer?.needsMessages != true
        }
        return run
    }

    /// The arithmetic of a collective to which all ranks have come.
    func combine(_ run: CollectiveRun, _ update: AllReduceRequest.Update?) {
        run.numbers.combine(run.kind, ranks: run.group.count, pool, contributed, update)
    }

    /// Plays the rank's part of a collective that it has entered, and lets it go on when that is over.
    func join(_ run: CollectiveRun, _ rank: Int, _ waiter: Simulation.Waiter) {
        run.waiters[rank] = waiter
        if let plan = run.plan {
            let now = loop.now
            precondition(run.isAsPlanned(plan, rank, at: now), "rank \(rank) enters at \(now), not as expected")
            if run.isComplete { resumeAll(run, plan.ends) }
        } else if run.isAssembling {
            run.assembled.append(rank)
            if run.assembled.count == 1 { loop.schedule(.assembled(run), at: loop.now) }
        } else if run.kind != .meeting {
            advance(run, rank)
        } else if run.isComplete {
            // Without messages, the last one to come is what the others wait for.
            for rank in group.all { advance(run, rank) }
        }
    }

    func leave(_ run: CollectiveRun, _ number: Int, _ rank: Int, entered: VirtualTime) {
        run.finish(rank)
        if run.leftCount == run.group.count { runs[number] = nil }
        // A rank may be done with a broadcast or a gather before all have come; then it waited for nobody.
        let begin = run.kind.needsAllRanks ? max(entered, run.completedAt) : entered
        clock.bookWaiting(rank, from: entered, to: begin)
        clock.bookCommunication(rank, from: begin)
        observer?.ended(on: rank, at: loop.now, ready: begin)
    }

    // MARK: Message by message

    /// A message has come to a rank.
    func deliver(_ run: CollectiveRun, from sender: Int, to receiver: Int) {
        if run.isWaiting(receiver, for: sender) {
            run.finishStep(of: receiver)
            advance(run, receiver)
        } else {
            run.arrived(from: sender, at: receiver)
        }
    }

    /// Plays a rank's steps until one has to wait; at the end, lets the rank go on.
    private func advance(_ run: CollectiveRun, _ rank: Int) {
        while let step = run.nextStep(of: rank) {
            if let send = step.send, run.mustSend(rank) {
                run.players[rank].departed = transport.post(
                    .collective(run), from: rank, to: send.to, bytes: send.bytes + Message.framingBytes, run.purpose,
                    send.direction)
            }
            if let sender = step.receiveFrom, !run.consume(from: sender, at: rank) { return }
            run.finishStep(of: rank)
        }
        let departed = run.players[rank].departed
        // Whoever leaves before its last message has left does so in the collective.
        if departed > loop.now, dropouts.isCutOff(rank, before: departed) { return }
        guard let waiter = run.takeWaiter(of: rank) else { return }
        if departed > loop.now { loop.resume(waiter, at: departed) } else { waiter.resume() }
    }

    // MARK: As a whole

    /// Plays a collective in rounds whose first ranks came at this time: as a whole if all did and nothing else is under
    /// way, else message by message.
    func playAssembled(_ run: CollectiveRun) {
        run.isAssembling = false
        guard run.isComplete, transport.isIdle,
            let ends = playAsAWhole(
                run, run.assembled.map { RoundPlay.Entry(rank: run.group.place(of: $0), time: loop.now) })
        else {
            for rank in run.assembled { advance(run, rank) }
            return
        }
        resumeAll(run, ends)
    }

    /// Plays a collective in rounds as a whole, where the first rank is about to take part and it is known when the others
    /// will, and that none will do anything else before.
    ///
    /// - Parameter entries: all ranks' in the order in which they will enter.
    func plan(_ run: CollectiveRun, _ entries: [RoundPlay.Entry]) {
        guard run.isAssembling, run.group.isWhole, !dropouts.mayHappen else { return }
        run.isAssembling = false
        guard let ends = playAsAWhole(run, entries) else { return }
        run.plan = CollectiveRun.Plan(entries: entries, ends: ends)
    }

    /// When the ranks are done; nil where messages must be played one by one.
    private func playAsAWhole(
        _ run: CollectiveRun, _ entries: [RoundPlay.Entry]
    ) -> [(rank: Int, time: VirtualTime)]? {
        guard let play = transport.play(run, entries), !isDisturbed(play) else { return nil }
        transport.adopt(play, of: run)
        return play.ends
    }

    /// Whether a rank leaves before messages that are played as a whole have arrived.
    private func isDisturbed(_ play: RoundPlay) -> Bool {
        guard let next = dropouts.nextDeparture(from: loop.now), let last = play.ends.last?.time else { return false }
        return next <= last
    }

    private func resumeAll(_ run: CollectiveRun, _ ends: [(rank: Int, time: VirtualTime)]) {
        for end in ends {
            guard let waiter = run.takeWaiter(of: run.group.rank(at: end.rank)) else { continue }
            loop.resume(waiter, at: end.time)
        }
    }

    // MARK: Ranks that leave

    /// Throws if the collective that a rank is about to enter cannot be finished, as far as the rank can know.
    func throwIfBroken(_ rank: Int) throws {
        guard dropouts.mayHappen else { return }
        let run = runs[entered[rank]]
        if let failure = run?.failure { throw failure }
        let isMissing = { [group] rank in run.map { !$0.hasFinished(rank) } ?? group.contains(rank) }
        if let rank = dropouts.unsettled.first(where: isMissing) { throw dropouts.error(rank) }
    }

    /// A rank leaves the collectives that it is in.
    func leave(_ rank: Int, throwing error: FabricError) {
        for run in runs.values { run.takeWaiter(of: rank)?.resume(throwing: error) }
    }

    /// All learn that a rank has left: whoever is in a collective that it had not finished is told.
    func detect(_ rank: Int, throwing error: FabricError) {
        for number in runs.keys.sorted() {
            guard let run = runs[number], run.group.contains(rank), !run.hasFinished(rank) else { continue }
            // Whoever was in it has been told by the first that left, and nobody has entered it since.
            guard run.failure == nil else { continue }
            run.failure = error
            for member in run.group.all { run.takeWaiter(of: member)?.resume(throwing: error) }
        }
    }

    /// Collectives are of these ranks from here on; those that were begun are given up.
    func startAnew(with group: RankGroup) {
        self.group = group
        runs = [:]
        let next = (group.all.map { entered[$0] }.max() ?? 0) + 1
        for rank in group.all { entered[rank] = next }
    }

    /// Lets every rank that is in a collective fail.
    func abort() { for run in runs.values { run.abort() } }

    // MARK: What repeats

    /// Appends what decides how the collectives go on that ranks are in; they are counted from rank 0's latest.
    func appendState(to words: inout [Int64]) {
        let active = runs.keys.sorted()
        words.append(Int64(active.count))
        for number in active {
            words.append(Int64(number - entered[0]))
            runs[number]?.appendState(to: &words, at: loop.now)
        }
    }

    /// Appends how many collectives a rank has entered.
    func appendState(of rank: Int, to words: inout [Int64]) { words.append(Int64(entered[rank] - entered[0])) }

    /// Appends which collective it is.
    func append(_ run: CollectiveRun, to words: inout [Int64]) {
        let number = runs.first { $0.value === run }?.key
        words.append(number.map { Int64($0 - entered[0]) } ?? .max)
    }
}
