import Cluster
import Foundation
import Kernel
import Randomness
import Locking

/// What the rank threads of one run of a ``ThreadFabric`` share.
///
/// `@unchecked Sendable`: a rank writes to its own element of `slots` only, and others read it only between the two
/// barriers of a collective; the rest is guarded by its own lock or never changes.
final class ThreadJob: @unchecked Sendable {
    /// What a rank shows the others during a collective.
    struct Slot {
        var vector: ParameterVector?
        var enteredSeconds = 0.0
        /// When it entered the all-reduce of each bucket of the vector, where it is sent in buckets.
        var bucketSeconds: [Double] = []
    }

    let ranks: Int
    let emulation: ThreadFabric.Emulation?
    let ledger: TrafficLedger
    let barrier: ThreadBarrier
    let clock = PausableClock()
    let mailboxes: [Mailbox]
    /// By rank.
    let accounts: [Guarded<TimeAccount>]
    private let startSeconds: Double
    private let network: Guarded<NetworkModel>?
    private let slots: UnsafeMutablePointer<Slot>
    private let outcome = Guarded(Outcome())

    private struct Outcome {
        var lastEnd = 0.0
        var failure: (any Error)?
    }

    init(ranks: Int, emulation: ThreadFabric.Emulation?, from start: FabricSnapshot? = nil) {
        self.ranks = ranks
        self.emulation = emulation
        ledger = TrafficLedger(ranks: ranks, entries: start?.traffic ?? [])
        accounts = (0..<ranks).map { Guarded(start?.accounts[$0] ?? TimeAccount()) }
        startSeconds = start?.seconds ?? 0
        barrier = ThreadBarrier(parties: ranks)
        mailboxes = (0..<ranks).map { _ in Mailbox() }
        network = emulation.map {
            Guarded(
                NetworkModel(
                    nodes: $0.nodes, jitter: $0.jitter, seeds: $0.seeds, sent: start?.messagesSent(ranks: ranks)))
        }
        slots = .allocate(capacity: ranks)
        slots.initialize(repeating: Slot(), count: ranks)
    }

    deinit {
        slots.deinitialize(count: ranks)
        slots.deallocate()
    }

    func runRank(_ index: Int, _ program: @escaping RankProgram) {
        let rank = ThreadRank(index: index, job: self)
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
                self.end(rank, nil)
            } catch {
                self.end(rank, error)
            }
            executor.stop()
        }
        executor.runUntilStopped()
    }

    private func end(_ rank: ThreadRank, _ error: (any Error)?) {
        let now = clock.seconds
        outcome.withLock { outcome in
            outcome.lastEnd = max(outcome.lastEnd, now)
            // The first error is the cause; "aborted" is what it makes the others throw.
            if let error, outcome.failure == nil { outcome.failure = error }
        }
        if error == nil { barrier.leave() } else { barrier.abort() }
        for mailbox in mailboxes { mailbox.senderEnded(rank.index, failed: error != nil) }
    }

    func report() throws -> FabricReport {
        try outcome.withLock { outcome in
            if let failure = outcome.failure { throw failure }
            return FabricReport(
                seconds: outcome.lastEnd, accounts: accounts.map { $0.withLock { $0 } }, ledger: ledger)
        }
    }

    /// To be called while the clock stands.
    func snapshot() -> FabricSnapshot {
        FabricSnapshot(
            seconds: clock.seconds, accounts: accounts.map { $0.withLock { $0 } }, traffic: ledger.entries)
    }

    // MARK: Shared slots

    func show(_ vector: ParameterVector?, of rank: Int, at seconds: Double) {
        slots[rank] = Slot(vector: vector, enteredSeconds: seconds)
    }

    func show(_ vector: ParameterVector, of rank: Int, at bucketSeconds: [Double]) {
        slots[rank] = Slot(vector: vector, bucketSeconds: bucketSeconds)
    }

    /// A rank's vector; only between the barriers of a collective.
    func shownVector(of rank: Int) -> ParameterVector? { slots[rank].vector }
    func lastEnteredSeconds() -> Double { (0..<ranks).reduce(0) { max($0, slots[$1].enteredSeconds) } }

    func lastEnteredSeconds(bucket: Int) -> Double {
        (0..<ranks).reduce(0) { max($0, slots[$1].bucketSeconds[bucket]) }
    }

    // MARK: Messages

    /// Charges a message, books it on the emulated network, and puts it into the receiver's mailbox.
    /// - Returns: the time at which it has left the sender's port.
    func post(
        _ content: Mailbox.Content, from sender: Int, to receiver: Int, bytes: Int, _ purpose: TrafficPurpose,
        _ direction: TrafficDirection
    ) -> Double {
        ledger.charge(from: sender, to: receiver, bytes: bytes, purpose, direction)
        let sent = clock.seconds
        var (departed, delivered) = (sent, sent)
        network?.withLock { network in
            let now = VirtualTime(nanoseconds: VirtualTime.span(seconds: clock.seconds))
            let transit = network.depart(from: sender, to: receiver, bytes: bytes, at: now)
            // Booked at once and not when it arrives, since nothing happens here at that time: between messages that
            // race for a port, the order of sending decides.
            (departed, delivered) = (transit.departed.seconds, network.arrive(transit).seconds)
        }
        mailboxes[receiver].put(
            Mailbox.Parcel(content: content, sentSeconds: sent, dueSeconds: delivered), from: sender)
        return departed
    }
}
