import Cluster
import Foundation
import Kernel
import Locking
import Randomness

/// What the rank threads of one run of a ``ThreadFabric`` share.
///
/// `@unchecked Sendable`: a rank writes to its own element of `slots` only, and others read it only between the two
/// barriers of a collective; the rest is guarded by its own lock or never changes.
final class ThreadJob: @unchecked Sendable {
    /// What a rank shows the others during a collective.
    struct Slot {
        var vector: ParameterVector?
        var enteredSeconds = 0.0
    }

    let ranks: Int
    /// What the threads act out; nil where they are themselves the ranks.
    private let cluster: EmulatedCluster?
    let ledger: TrafficLedger
    let barrier: ThreadBarrier
    let clock: PausableClock
    let mailboxes: [Mailbox]
    /// Where each rank's time went, by rank.
    let accounts: [Guarded<TimeAccount>]
    private let startSeconds: Double
    private let slots: UnsafeMutablePointer<Slot>
    private let outcome = Guarded(Outcome())

    private struct Outcome {
        var lastEnd = 0.0
        /// When the last program is over by the model of an emulated cluster; zero on threads that emulate none.
        var lastDue = VirtualTime.zero
        var failure: (any Error)?
    }

    init(ranks: Int, emulation: ThreadFabric.Emulation?, from start: FabricSnapshot? = nil, slowdown: Double = 1) {
        self.ranks = ranks
        clock = PausableClock(slowdown: slowdown)
        let ledger = TrafficLedger(ranks: ranks, entries: start?.traffic ?? [])
        self.ledger = ledger
        cluster = emulation.map { [clock] in EmulatedCluster($0, from: start, clock: clock, ledger: ledger) }
        accounts = (0..<ranks).map { Guarded(start?.accounts[$0] ?? TimeAccount()) }
        startSeconds = start?.seconds ?? 0
        barrier = ThreadBarrier(parties: ranks)
        mailboxes = (0..<ranks).map { [clock] in Mailbox(of: $0, ranks: ranks, clock) }
        slots = .allocate(capacity: ranks)
        slots.initialize(repeating: Slot(), count: ranks)
    }

    deinit {
        slots.deinitialize(count: ranks)
        slots.deallocate()
    }

    func runRank(_ index: Int, _ program: @escaping RankProgram) {
        let emulated = cluster.map { EmulatedRank(index: index, job: self, cluster: $0) }
        let rank: any HarnessRank = emulated ?? ThreadRank(index: index, job: self)
        let executor = OwnThreadExecutor()
        do {
            // The clock starts when all threads are there.
            try barrier.wait()
            if index == 0 { clock.start(at: startSeconds) }
            try barrier.wait()
        } catch { return }
        Task(executorPreference: executor) {
            do {
                try await program(rank)
                self.end(index, nil, due: emulated?.due)
            } catch {
                self.end(index, error, due: emulated?.due)
            }
            executor.stop()
        }
        executor.runUntilStopped()
    }

    /// - Parameter due: when the rank's program is over by the model of an emulated cluster; nil on threads that
    ///   emulate none.
    private func end(_ rank: Int, _ error: (any Error)?, due: VirtualTime?) {
        let now = clock.seconds
        outcome.withLock { outcome in
            outcome.lastEnd = max(outcome.lastEnd, now)
            outcome.lastDue = max(outcome.lastDue, due ?? .zero)
            // The first error is the cause; "aborted" is what it makes the others throw.
            if let error, outcome.failure == nil { outcome.failure = error }
        }
        if error != nil { clock.abandon() }
        if error == nil { barrier.leave() } else { barrier.abort() }
        cluster?.rankEnded(rank, at: due ?? .zero, failed: error != nil)
        for mailbox in mailboxes { mailbox.senderEnded(rank, failed: error != nil) }
    }

    func report() throws -> FabricReport {
        try outcome.withLock { outcome in
            if let failure = outcome.failure { throw failure }
            return FabricReport(
                seconds: outcome.lastEnd, accounts: accounts.map { $0.withLock { $0 } }, ledger: ledger)
        }
    }

    /// When the job is over by the model of an emulated cluster, however late its threads were.
    var dueEnd: VirtualTime { outcome.withLock { $0.lastDue } }

    /// What the job has taken so far. To be called while the clock stands.
    func snapshot() -> FabricSnapshot {
        FabricSnapshot(
            seconds: clock.seconds, accounts: accounts.map { $0.withLock { $0 } }, traffic: ledger.entries)
    }

    // MARK: Shared slots

    func show(_ vector: ParameterVector?, of rank: Int, at seconds: Double) {
        slots[rank] = Slot(vector: vector, enteredSeconds: seconds)
    }

    /// A rank's vector; only between the barriers of a collective.
    func shownVector(of rank: Int) -> ParameterVector? { slots[rank].vector }

    /// What all ranks show, with the times at which they began to.
    func shownVectors() -> [ShownVector] {
        (0..<ranks).compactMap { rank in
            slots[rank].vector.map {
                ShownVector(
                    rank: rank, vector: $0,
                    time: VirtualTime(seconds: slots[rank].enteredSeconds))
            }
        }
    }

    func lastEnteredSeconds() -> Double { (0..<ranks).reduce(0) { max($0, slots[$1].enteredSeconds) } }

    // MARK: Messages

    /// Charges a message and puts it into the receiver's mailbox.
    func post(_ message: Message, from sender: Int, to receiver: Int) {
        ledger.charge(from: sender, to: receiver, bytes: message.bytes, message.purpose, message.direction)
        mailboxes[receiver].put(Mailbox.Parcel(message: message, sentSeconds: clock.seconds), from: sender)
    }
}
