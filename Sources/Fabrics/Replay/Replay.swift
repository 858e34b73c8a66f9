import Cluster
import Kernel

/// What a schedule takes on a cluster.
package struct ReplayReport: Sendable {
    package struct Evaluation: Hashable, Sendable {
        package let seconds: Double
        package let bytesSent: Int
    }

    /// Seconds of cluster time at the end of the last rank.
    package let seconds: Double
    package let accounts: [TimeAccount]
    package let bytes: Int
    package let messages: Int
    /// When the model was evaluated, and how many bytes all ranks had sent by then.
    package let evaluations: [Evaluation]
    /// How many of the `messages` were played; the others are in repetitions that were skipped.
    package let playedMessages: Int
    /// How many of the `playedMessages` are of collectives that were played as a whole (``RoundPlay``).
    package let messagesInRounds: Int
}

extension SimulatedFabric {
    /// Plays a schedule on this cluster: the times, bytes and messages that running its program here would give, to the last
    /// digit, since the same simulation plays it, with ranks that follow the schedule in place of tasks.
    ///
    /// - Throws: ``FabricError`` where the schedule's ranks wait for each other for ever, are not as many as the nodes, or take
    ///   longer than the clock can tell.
    package func replay(_ schedule: Schedule) throws(FabricError) -> ReplayReport {
        guard let report = try replay(schedule, most: .max) else {
            preconditionFailure("more messages than can be counted")
        }
        return report
    }

    /// When, and after how many bytes of all ranks, the first `count` evaluations of a schedule are: those of
    /// ``replay(_:)``, which this does not play to its end and of which it keeps no accounts.
    ///
    /// - Returns: fewer where the schedule has fewer.
    /// - Throws: ``FabricError`` as ``replay(_:)``, for what happens until then.
    package func evaluations(of schedule: Schedule, first count: Int) throws(FabricError) -> [ReplayReport.Evaluation] {
        guard schedule.ranks == nodes.count else {
            throw .deadlock("a schedule of \(schedule.ranks) ranks on \(nodes.count) nodes")
        }
        return try Replay(self, schedule, keepsAccounts: false).evaluations(first: count)
    }

    /// - Parameter most: messages that are played at most.
    /// - Returns: nil if there are more.
    package func replay(_ schedule: Schedule, most: Int) throws(FabricError) -> ReplayReport? {
        guard schedule.ranks == nodes.count else {
            throw .deadlock("a schedule of \(schedule.ranks) ranks on \(nodes.count) nodes")
        }
        return try Replay(self, schedule).run(most: most)
    }
}

/// Drives a ``Simulation`` by a schedule, and skips what repeats.
///
/// When rank 0 has left a collective, the state of the simulation is compared with that of all such moments before. If it
/// is the same, relative to the clock, and all ranks' programs go on as they did from there, then what happened since
/// happens again, and so on for as long as the programs repeat: the clock, the bytes and the accounts are moved on at
/// once. Nothing is assumed of the cluster or of the schedule but that equal states have equal futures, so this is exact,
/// and where the future depends on more (``NetworkModel/appendState(to:at:)``) every message is played.
final class Replay {
    /// Where a rank is in its current operation.
    private enum Phase {
        /// The rank has not begun the operation.
        case next
        case busy
        /// The rank computes until this time; `number` counts the computations of the replay.
        case computing(until: VirtualTime, number: Int)
        case receiving(from: Int, since: VirtualTime)
        case inCollective(CollectiveRun, number: Int, entered: VirtualTime)
    }

    private struct RankState {
        let program: Int
        /// Index of the current operation in the program.
        var position = 0
        var phase = Phase.next
    }

    /// A moment after a collective of rank 0.
    private struct Moment {
        let positions: [Int]
        /// Cluster time.
        let time: VirtualTime
        let journal: ReplayJournal.Position
        let evaluations: Int
        let bytes: Int
        let messages: Int
    }

    private let schedule: Schedule
    private let simulation: Simulation
    private let queue = ReplayQueue()
    private let journal: ReplayJournal
    private var ranks: [RankState]
    private var evaluations: [(time: VirtualTime, bytesSent: Int)] = []
    /// For each operation of the schedule, the message that it sends; nil for operations that send none.
    private let messages: [Message?]
    private var moments: [[Int64]: [Moment]] = [:]
    private var mayRepeat = true
    private var (skipsBeyondClock, skipsBeyondCounts) = (false, false)
    /// Readers of a report count bytes exactly up to this number.
    private static let mostBytes = 1 << 50
    private var computations = 0
    /// How many moments of the same state are kept for comparison, the latest ones.
    private static let mostMoments = 64
    /// The most bookings, and words of states, that are kept; then earlier moments are forgotten, so that memory stays
    /// bounded.
    private static let (mostBookings, mostWords) = (4_000_000, 8_000_000)

    /// - Parameter keepsAccounts: whether the report has to say how ranks spent their time.
    init(_ fabric: SimulatedFabric, _ schedule: Schedule, keepsAccounts: Bool = true) {
        self.schedule = schedule
        journal = ReplayJournal(keepsAccounts: keepsAccounts)
        var fabric = fabric
        fabric.observer = nil
        fabric.fewestMessagesPlayedInRounds = 0
        simulation = Simulation(fabric, pool: fabric.pool, journal: journal)
        ranks = schedule.programOfRank.map { RankState(program: $0) }
        messages = schedule.operations.map { operation in
            switch operation {
            case .send(_, let bytes, let purpose, let direction), .post(_, let bytes, let purpose, let direction):
                Message(bytes: bytes, purpose: purpose, direction: direction)
            default: nil
            }
        }
    }

    /// - Parameter most: messages that are played at most.
    /// - Returns: nil if there are more.
    func run(most: Int) throws(FabricError) -> ReplayReport? {
        // Tasks, too, begin in the order of ranks.
        for rank in ranks.indices { goOn(rank) }
        while simulation.endedCount < ranks.count {
            while let rank = queue.popFirst() { goOn(rank) }
            if effort > most { return nil }
            if simulation.endedCount < ranks.count, !simulation.fireNext() {
                throw .deadlock(simulation.describeWaiting())
            }
            // Checked before any rank goes on: a simulation that has failed does not resume them in order.
            try checkCounts()
        }
        try checkCounts()
        return ReplayReport(
            seconds: journal.clusterTime(simulation.lastEnd).seconds, accounts: simulation.clock.accounts,
            bytes: simulation.transport.ledger.totalBytes, messages: simulation.transport.ledger.totalMessages,
            evaluations: evaluations.map { .init(seconds: $0.time.seconds, bytesSent: $0.bytesSent) },
            playedMessages: simulation.transport.posted, messagesInRounds: simulation.transport.postedInRounds)
    }

    /// Plays until so many evaluations are over, or to the end.
    func evaluations(first count: Int) throws(FabricError) -> [ReplayReport.Evaluation] {
        for rank in ranks.indices { goOn(rank) }
        while simulation.endedCount < ranks.count, evaluations.count < count {
            while let rank = queue.popFirst() { goOn(rank) }
            if simulation.endedCount < ranks.count, !simulation.fireNext() {
                throw .deadlock(simulation.describeWaiting())
            }
            try checkCounts()
        }
        return evaluations.prefix(count).map { .init(seconds: $0.time.seconds, bytesSent: $0.bytesSent) }
    }

    /// Throws where the job is too long or sends too much, with the repetitions that were skipped.
    private func checkCounts() throws(FabricError) {
        if skipsBeyondClock || simulation.now.isBeyondClock || journal.clusterTime(simulation.now).isBeyondClock {
            throw .beyondClock
        }
        if skipsBeyondCounts { throw .tooMuchTraffic(mostBytes: Self.mostBytes) }
    }

    /// Messages that were played; one that was played as a whole counts an eighth, since it takes about that time.
    private var effort: Int { simulation.transport.posted - simulation.transport.postedInRounds * 7 / 8 }

    /// Makes a rank's operations until one has to wait.
    private func goOn(_ rank: Int) {
        while true {
            finish(rank)
            let program = schedule.programs[ranks[rank].program]
            guard ranks[rank].position < program.count else { return simulation.end(rank, nil) }
            let index = Int(program[ranks[rank].position])
            if !begin(schedule.operations[index], index, rank) { return }
        }
    }

    /// Begins an operation; false if the rank has to wait.
    private func begin(_ operation: Operation, _ index: Int, _ rank: Int) -> Bool {
        ranks[rank].phase = .busy
        switch operation {
        case .evaluation:
            evaluate()
            return true
        case .show:
            // What is open is no part of the states that are compared.
            mayRepeat = false
            simulation.show(Self.nothing, of: rank) { [unowned self] _ in evaluate() }
            return true
        case .compute(let work):
            let end = simulation.clock.charge(work, rank)
            computes(rank, until: end)
            return false
        case .step(let work, let elements, let shares):
            simulation.clock.begin(overlapped: work, elements: elements, shares: shares, rank: rank)
            return true
        case .ready(let share):
            return goesOn(rank, until: simulation.clock.beginWaiting(forShare: share, rank: rank))
        case .update:
            return goesOn(rank, until: simulation.clock.beginUpdate(rank: rank))
        case .send(let receiver, _, _, _):
            guard let message = messages[index] else { return true }
            let departed = simulation.beginSending(message, from: rank, to: receiver)
            guard departed > simulation.now else { return true }
            simulation.loop.resume(Simulation.Waiter(rank: rank, of: queue), at: departed)
            return false
        case .post(let receiver, _, _, _):
            if let message = messages[index] { simulation.post(message, from: rank, to: receiver) }
            return true
        case .receive(let sender):
            ranks[rank].phase = .receiving(from: sender, since: simulation.now)
            guard simulation.mustWait(for: .rank(sender), rank) else { return true }
            simulation.inboxes.wait(rank, for: .rank(sender), Simulation.Waiter(rank: rank, of: queue))
            return false
        case .receiveFirst, .sleep: preconditionFailure("a schedule in which rank \(rank) waits for what time brings")
        case .collective(let kind, let elements, let purpose):
            let (entered, collectives) = (simulation.now, simulation.collectives)
            let number = collectives.nextNumber(of: rank)
            let run = collectives.enter(kind, rank, elements: elements, purpose: purpose)
            if run.isAssembling, run.isFirst, let entries = entries(after: rank) { collectives.plan(run, entries) }
            ranks[rank].phase = .inCollective(run, number: number, entered: entered)
            return queue.run(rank) { collectives.join(run, rank, $0) }
        }
    }

    private static let nothing = ParameterVector(count: 0)

    private func evaluate() {
        evaluations.append((journal.clusterTime(simulation.now), simulation.transport.ledger.totalBytes))
    }

    /// Lets the rank wait until a point in time; true if there is nothing to wait for.
    private func goesOn(_ rank: Int, until time: VirtualTime) -> Bool {
        guard time > simulation.now else { return true }
        computes(rank, until: time)
        return false
    }

    /// Lets the rank go on then, having done nothing that others see.
    private func computes(_ rank: Int, until time: VirtualTime) {
        ranks[rank].phase = .computing(until: time, number: computations)
        computations += 1
        simulation.loop.resume(Simulation.Waiter(rank: rank, of: queue), at: time)
    }

    /// Ends the rank's operation, if it is in one.
    private func finish(_ rank: Int) {
        let phase = ranks[rank].phase
        if case .next = phase { return }
        ranks[rank].phase = .next
        ranks[rank].position += 1
        switch phase {
        case .next, .busy, .computing: break
        case .receiving(let sender, let since):
            _ = simulation.takeDelivered(from: .rank(sender), by: rank, since: since)
        case .inCollective(let run, let number, let entered):
            simulation.collectives.leave(run, number, rank, entered: entered)
            if rank == 0, mayRepeat { skipRepetitions() }
        }
    }

    /// When all ranks enter the collective that `first` enters now. Nil unless each of the others is in its last
    /// computation before that collective.
    private func entries(after first: Int) -> [RoundPlay.Entry]? {
        let entered = simulation.collectives.nextNumber(of: first)
        var others: [(rank: Int, time: VirtualTime, number: Int)] = []
        others.reserveCapacity(ranks.count)
        for rank in ranks.indices where rank != first {
            let program = schedule.programs[ranks[rank].program]
            let next = ranks[rank].position + 1
            guard case .computing(let end, let number) = ranks[rank].phase, next < program.count,
                simulation.collectives.nextNumber(of: rank) == entered - 1,
                case .collective = schedule.operations[Int(program[next])]
            else { return nil }
            others.append((rank, end, number))
        }
        // Events of one time happen in the order in which they were scheduled.
        others.sort { ($0.time, $0.number) < ($1.time, $1.number) }
        return [entry(of: first, at: simulation.now, ranks[first].position)]
            + others.map { entry(of: $0.rank, at: $0.time, ranks[$0.rank].position + 1) }
    }

    /// - Parameter position: the index of the collective in the rank's program.
    private func entry(of rank: Int, at time: VirtualTime, _ position: Int) -> RoundPlay.Entry {
        let program = schedule.programs[ranks[rank].program]
        guard position + 1 < program.count,
            case .compute(let work) = schedule.operations[Int(program[position + 1])]
        else { return RoundPlay.Entry(rank: rank, time: time) }
        return RoundPlay.Entry(
            rank: rank, time: time, silentNanoseconds: simulation.clock.knownSpan(of: work, on: rank))
    }

    // MARK: Repetition

    private func skipRepetitions() {
        var state: [Int64] = []
        state.reserveCapacity(64 * ranks.count)
        guard appendState(to: &state) else {
            mayRepeat = false
            return
        }
        if journal.bookings.count > Self.mostBookings || moments.count * state.count > Self.mostWords {
            moments.removeAll()
            journal.forget()
        }
        let known = moments[state] ?? []
        if let (moment, times) = longestRepetition(since: known) { skip(times, since: moment) }
        let now = Moment(
            positions: ranks.map(\.position), time: journal.clusterTime(simulation.now), journal: journal.position,
            evaluations: evaluations.count, bytes: simulation.transport.ledger.totalBytes,
            messages: simulation.transport.ledger.totalMessages)
        moments[state] = known.suffix(Self.mostMoments - 1) + [now]
    }

    /// Appends all that decides what happens from now on, except for the programs' further operations. Returns false
    /// where the future depends on more.
    private func appendState(to words: inout [Int64]) -> Bool {
        guard simulation.appendState(to: &words) else { return false }
        let now = simulation.now.nanoseconds
        for rank in ranks {
            switch rank.phase {
            case .next: words.append(0)
            case .busy, .computing: words.append(1)
            case .receiving(_, let since): words.append(2 + 4 * (now - since.nanoseconds))
            case .inCollective(_, _, let entered): words.append(3 + 4 * (now - entered.nanoseconds))
            }
        }
        for rank in queue.ready { words.append(Int64(rank)) }
        return true
    }

    /// The earlier moment whose continuation matches rank 0's next operations the longest, and how many whole periods
    /// match on every rank; nil where none matches.
    private func longestRepetition(since moments: [Moment]) -> (Moment, times: Int)? {
        var best: (moment: Moment, times: Int, skipped: Int)?
        for moment in moments {
            let times = repetitions(of: 0, since: moment, most: .max)
            let skipped = times * (ranks[0].position - moment.positions[0])
            if skipped > best?.skipped ?? 0 { best = (moment, times, skipped) }
        }
        guard let moment = best?.moment, var times = best?.times else { return nil }
        for rank in ranks.indices.dropFirst() where times > 0 {
            times = min(times, repetitions(of: rank, since: moment, most: times))
        }
        return times > 0 ? (moment, times) : nil
    }

    /// How many whole periods of what the rank has done since `moment` follow again in its program from here on. The
    /// operation behind the last period must match, too, since the rank may be in it already.
    private func repetitions(of rank: Int, since moment: Moment, most: Int) -> Int {
        let (position, program) = (ranks[rank].position, schedule.programs[ranks[rank].program])
        let period = position - moment.positions[rank]
        // A rank that has done nothing in the period, or whose program has ended, will do nothing in the next ones.
        guard period > 0 else { return most }
        let end = min(program.count, position + min(most, program.count) * period + 1)
        var next = position
        program.withUnsafeBufferPointer { program in
            while next < end, program[next] == program[next - period] { next += 1 }
        }
        return max(0, (next - position - 1) / period)
    }

    private func skip(_ times: Int, since moment: Moment) {
        let now = journal.clusterTime(simulation.now)
        let period = now.nanoseconds - moment.time.nanoseconds
        let (span, isOver) = period.multipliedReportingOverflow(by: Int64(times))
        guard !isOver, !now.later(by: span).isBeyondClock else {
            skipsBeyondClock = true
            return
        }
        let bytes = simulation.transport.ledger.totalBytes - moment.bytes
        let messages = simulation.transport.ledger.totalMessages - moment.messages
        guard bytes <= Self.mostBytes / times - simulation.transport.ledger.totalBytes / times else {
            skipsBeyondCounts = true
            return
        }
        let repeated = evaluations[moment.evaluations...]
        for time in 1...times {
            for evaluation in repeated {
                let shifted = VirtualTime(nanoseconds: evaluation.time.nanoseconds + Int64(time) * period)
                evaluations.append((shifted, evaluation.bytesSent + time * bytes))
            }
        }
        journal.skip(times, since: moment.journal, period: period) { simulation.clock.bookAgain($1, $0) }
        simulation.transport.ledger.chargeTotals(bytes: times * bytes, messages: times * messages)
        for rank in ranks.indices { ranks[rank].position += times * (ranks[rank].position - moment.positions[rank]) }
    }
}
