import Cluster
import Kernel

/// One collective of a simulated job while its messages are being played.
///
/// Not thread-safe: belongs to the ``CollectivePlay`` that made it.
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
        /// Whether the rank's part is over.
        var hasFinished = false
    }

    /// When all ranks enter, and when they are done.
    struct Plan {
        let entries: [RoundPlay.Entry]
        let ends: [(rank: Int, time: VirtualTime)]
    }

    let kind: CollectiveKind
    let elements: Int
    let purpose: TrafficPurpose
    let algorithm: any CollectiveAlgorithm
    /// The ranks that take part; all arrays are by rank, also where these are fewer.
    let group: RankGroup
    var numbers: CollectiveNumbers
    @exclusivity(unchecked) var players: [Player]
    @exclusivity(unchecked) var waiters: [Simulation.Waiter?]
    var leftCount = 0
    /// Whether ranks that enter wait for the others that come at the same time, since the messages may be played as a
    /// whole.
    var isAssembling = false
    /// The ranks that entered meanwhile, in that order.
    var assembled: [Int] = []
    /// What was worked out before all have entered, by whoever knew when they would.
    var plan: Plan?
    /// When the last rank came.
    private(set) var completedAt = VirtualTime.zero
    /// Why it cannot be finished, once that is known.
    var failure: FabricError?
    private let ranks: Int
    private var enteredCount = 0
    /// Messages that are there and not yet waited for, by receiver * ranks + sender.
    @exclusivity(unchecked) private var waitingMessages: [Int: Int] = [:]

    /// - Parameter ranks: the number of ranks of the whole job, also where fewer take part.
    init(
        _ kind: CollectiveKind, _ algorithm: any CollectiveAlgorithm, group: RankGroup, ranks: Int, elements: Int,
        purpose: TrafficPurpose
    ) {
        self.group = group
        self.kind = kind
        self.elements = elements
        self.purpose = purpose
        self.ranks = ranks
        self.algorithm = algorithm
        numbers = CollectiveNumbers(ranks: ranks, elements: elements)
        players = Array(repeating: Player(), count: ranks)
        waiters = Array(repeating: nil, count: ranks)
    }

    var isComplete: Bool { enteredCount == group.count }
    var isFirst: Bool { enteredCount == 1 }

    func enter(at now: VirtualTime) {
        enteredCount += 1
        completedAt = max(completedAt, now)
    }

    /// The rank that has just entered is the one that was expected, at the time at which it was.
    func isAsPlanned(_ plan: Plan, _ rank: Int, at now: VirtualTime) -> Bool {
        let entry = plan.entries[enteredCount - 1]
        return entry.rank == rank && entry.time == now
    }

    func abort() {
        for rank in waiters.indices {
            waiters[rank]?.resume(throwing: FabricError.aborted)
            waiters[rank] = nil
        }
    }

    func takeWaiter(of rank: Int) -> Simulation.Waiter? {
        defer { waiters[rank] = nil }
        return waiters[rank]
    }

    func finish(_ rank: Int) {
        players[rank].hasFinished = true
        leftCount += 1
    }

    func hasFinished(_ rank: Int) -> Bool { players[rank].hasFinished }

    // MARK: Steps

    func nextStep(of rank: Int) -> CollectiveStep? {
        let step = algorithm.step(
            players[rank].step, rank: group.place(of: rank), of: group.count, elements: elements)
        return group.isWhole ? step : step?.renumbered(group.rank(at:))
    }

    /// Whether the current step's message is still to be posted: true only the first time it is asked within a step.
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

    /// Whether the rank has entered and its current step waits for this sender.
    func isWaiting(_ rank: Int, for sender: Int) -> Bool {
        waiters[rank] != nil && players[rank].waitingFor == sender
    }

    /// Appends all that decides how the collective goes on, relative to `now`; its kind is known from what ranks call.
    func appendState(to words: inout [Int64], at now: VirtualTime) {
        words.append(Int64(elements))
        words.append(Int64(enteredCount))
        words.append(Int64(leftCount))
        words.append(isAssembling ? Int64(assembled.count) : -1)
        if isAssembling { for rank in assembled { words.append(Int64(rank)) } }
        for end in plan?.ends ?? [] { words.append(end.time.nanoseconds - now.nanoseconds) }
        // Only the time accounts depend on it.
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
}
