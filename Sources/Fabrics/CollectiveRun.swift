import Cluster
import Kernel

/// Which collective, with its root where it has one.
package enum CollectiveKind: Hashable, Sendable {
    case allReduce(Reduction)
    case broadcast(root: Int)
    case gather(root: Int)
    case barrier
    /// A barrier that sends nothing, for what is no part of the job.
    case meeting

    /// Whether no rank can be done before all have come.
    var needsAllRanks: Bool {
        switch self {
        case .allReduce, .barrier, .meeting: true
        case .broadcast, .gather: false
        }
    }

    func messages(_ allReduce: AllReduceAlgorithm) -> any CollectiveAlgorithm {
        switch self {
        case .allReduce: allReduce.messages
        case .broadcast(let root): RootedCollective(base: BinomialBroadcast(), root: root)
        case .gather(let root): RootedCollective(base: BinomialGather(), root: root)
        case .barrier: DisseminationBarrier()
        case .meeting: NoMessages()
        }
    }

    private struct NoMessages: CollectiveAlgorithm {
        func step(_ index: Int, rank: Int, of ranks: Int, elements: Int) -> CollectiveStep? { nil }
    }
}

/// One collective of a simulated job while it is being played.
///
/// Not thread-safe: belongs to the ``Simulation`` that made it.
final class CollectiveRun {
    /// Where a rank is in its steps.
    struct Player {
        var step = 0
        /// Whether the current step's message has been posted.
        var hasSent = false
        /// The sender that the current step waits for.
        var waitingFor: Int?
        /// When the last message posted leaves the port.
        var departed = VirtualTime.zero
    }

    /// What is done with the sum of an all-reduce, range by range.
    typealias Update = @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void

    let kind: CollectiveKind
    let elements: Int
    let purpose: TrafficPurpose
    var players: [Player]
    var waiters: [Simulation.Waiter?]
    var leftCount = 0
    /// What each rank brought: its own vector for an all-reduce, a copy for the others.
    private(set) var deposits: [ParameterVector?]
    /// When the last rank came.
    private(set) var completedAt = VirtualTime.zero
    private let ranks: Int
    private let algorithm: any CollectiveAlgorithm
    private var enteredCount = 0
    /// Messages that are there and not yet waited for, by receiver * ranks + sender.
    private var waitingMessages: [Int: Int] = [:]

    init(_ kind: CollectiveKind, _ allReduce: AllReduceAlgorithm, ranks: Int, elements: Int, purpose: TrafficPurpose) {
        self.kind = kind
        self.elements = elements
        self.purpose = purpose
        self.ranks = ranks
        algorithm = kind.messages(allReduce)
        players = Array(repeating: Player(), count: ranks)
        waiters = Array(repeating: nil, count: ranks)
        deposits = Array(repeating: nil, count: ranks)
    }

    var isComplete: Bool { enteredCount == ranks }

    func enter(_ rank: Int, _ deposit: ParameterVector?, at now: VirtualTime) {
        deposits[rank] = deposit
        enteredCount += 1
        completedAt = max(completedAt, now)
    }

    /// The arithmetic, once, in the order of ranks, whatever messages are being played.
    ///
    /// - Parameter update: takes the sum; without one, it is copied to all ranks.
    func combine(_ pool: HostPool, _ update: Update?) {
        guard case .allReduce(let reduction) = kind else { return }
        let vectors = deposits.compactMap { $0 }
        let (elements, scale) = (elements, reduction.scale(ranks: ranks))
        // Slices worth a thread's wake-up; their number cannot change the result, which is made number by number.
        let slices = max(1, min(pool.threads, elements * ranks / 65_536))
        pool.concurrentPerform(slices) {
            let slice = (0..<elements).part($0, of: slices)
            if let update {
                ParameterVector.reduce(vectors, in: slice, scale: scale, into: 0, update)
            } else {
                ParameterVector.allReduce(vectors, in: slice, scale: scale)
            }
        }
    }

    func abort() {
        for rank in waiters.indices {
            waiters[rank]?.resume(throwing: FabricError.aborted)
            waiters[rank] = nil
        }
    }

    func nextStep(of rank: Int) -> CollectiveStep? {
        algorithm.step(players[rank].step, rank: rank, of: ranks, elements: elements)
    }

    /// True the first time it is asked within a step.
    func mustSend(_ rank: Int) -> Bool {
        defer { players[rank].hasSent = true }
        return !players[rank].hasSent
    }

    func finishStep(of rank: Int) {
        players[rank].step += 1
        players[rank].hasSent = false
        players[rank].waitingFor = nil
    }

    func arrived(from sender: Int, at receiver: Int) {
        waitingMessages[receiver * ranks + sender, default: 0] += 1
    }

    /// Takes a message if it is there; otherwise notes that the rank waits for it.
    func consume(from sender: Int, at receiver: Int) -> Bool {
        let key = receiver * ranks + sender
        guard let count = waitingMessages[key] else {
            players[receiver].waitingFor = sender
            return false
        }
        waitingMessages[key] = count == 1 ? nil : count - 1
        return true
    }

    /// Appends all that decides how the collective goes on, relative to `now`; its kind is known from what ranks call.
    func appendState(to words: inout [Int64], at now: VirtualTime) {
        words.append(Int64(elements))
        words.append(Int64(enteredCount))
        words.append(Int64(leftCount))
        // Of importance for accounts only, but to them it is.
        words.append(completedAt.nanoseconds - now.nanoseconds)
        for (player, waiter) in zip(players, waiters) {
            words.append(Int64(player.step) << 2 | (player.hasSent ? 2 : 0) | (waiter == nil ? 0 : 1))
            words.append(Int64(player.waitingFor ?? -1))
            words.append(max(0, player.departed.nanoseconds - now.nanoseconds))
        }
        words.append(Int64(waitingMessages.count))
        for key in waitingMessages.keys.sorted() {
            words.append(Int64(key))
            words.append(Int64(waitingMessages[key] ?? 0))
        }
    }

    /// Whether the rank has entered and its current step waits for this sender.
    func isWaiting(_ rank: Int, for sender: Int) -> Bool {
        waiters[rank] != nil && players[rank].waitingFor == sender
    }
}

extension CollectiveKind {
    /// What traces and schedules call it.
    package var name: String {
        switch self {
        case .allReduce: "all-reduce"
        case .broadcast: "broadcast"
        case .gather: "gather"
        case .barrier: "barrier"
        case .meeting: "meeting"
        }
    }

    /// The rank from which or to which it goes, where there is one.
    package var root: Int? {
        switch self {
        case .broadcast(let root), .gather(let root): root
        case .allReduce, .barrier, .meeting: nil
        }
    }

    /// - Parameters:
    ///   - name: see ``name``.
    ///   - root: of those that have one.
    /// - Returns: nil if there is none of that name.
    package init?(name: String, root: Int?, mean: Bool) {
        switch (name, root) {
        case ("all-reduce", nil): self = .allReduce(mean ? .mean : .sum)
        case ("broadcast", let root?): self = .broadcast(root: root)
        case ("gather", let root?): self = .gather(root: root)
        case ("barrier", nil): self = .barrier
        case ("meeting", nil): self = .meeting
        default: return nil
        }
    }

    package var isMean: Bool { if case .allReduce(.mean) = self { true } else { false } }

    package var isAllReduce: Bool { if case .allReduce = self { true } else { false } }
}
