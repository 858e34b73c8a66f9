import Cluster
import Kernel

/// Which collective, with its root where it has one.
package enum CollectiveKind: Hashable, Sendable {
    case allReduce(Reduction)
    case broadcast(root: Int)
    case gather(root: Int)
    case scatter(root: Int)
    case allGather
    case reduceScatter(Reduction)
    case allToAll
    case barrier
    /// A barrier that sends nothing, for what is no part of the job.
    case meeting

    /// The same with another number for its root.
    func rooted(_ number: (Int) -> Int) -> Self {
        switch self {
        case .broadcast(let root): .broadcast(root: number(root))
        case .gather(let root): .gather(root: number(root))
        case .scatter(let root): .scatter(root: number(root))
        case .allReduce, .allGather, .reduceScatter, .allToAll, .barrier, .meeting: self
        }
    }

    /// Whether no rank can be done before all have come.
    var needsAllRanks: Bool {
        switch self {
        case .allReduce, .allGather, .reduceScatter, .allToAll, .barrier, .meeting: true
        case .broadcast, .gather, .scatter: false
        }
    }

    /// Bytes of all vectors together from which all-gather and reduce-scatter go around a ring: below, steps count more
    /// than bytes (MPICH's limit; Thakur, Rabenseifner and Gropp 2005, sections 4.1 and 4.2).
    private static let longBytes = 512 << 10

    /// - Parameters:
    ///   - elements: the length of a rank's vector.
    ///   - groups: the cluster's, for a hierarchical all-reduce.
    func messages(
        _ allReduce: AllReduceAlgorithm, groups: [Range<Int>]?, ranks: Int, elements: Int
    ) -> any CollectiveAlgorithm {
        switch self {
        case .allReduce: return allReduce.messages(ranks: ranks, groups: groups)
        case .broadcast(let root): return RootedCollective(base: BinomialBroadcast(), root: root)
        case .gather(let root): return RootedCollective(base: BinomialGather(), root: root)
        case .scatter(let root): return BinomialScatter(root: root)
        case .allGather:
            let isLong = ranks * elements * bytesPerElement >= Self.longBytes
            return isLong ? RingAllGather() : RecursiveDoublingAllGather()
        case .reduceScatter:
            let isLong = elements * bytesPerElement >= Self.longBytes
            return isLong ? RingReduceScatter() : RecursiveHalvingReduceScatter()
        case .allToAll: return PairwiseAllToAll()
        case .barrier: return DisseminationBarrier()
        case .meeting: return NoMessages()
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
        /// Whether the rank's part is over.
        var hasFinished = false
    }

    /// What is done with the sum of an all-reduce, range by range.
    typealias Update = @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void

    /// Writes a rank's part of an all-reduce.
    typealias Contribution = @Sendable (_ vector: ParameterVector) -> Void

    let kind: CollectiveKind
    let elements: Int
    let purpose: TrafficPurpose
    var players: [Player]
    var waiters: [Simulation.Waiter?]
    var leftCount = 0
    /// Whether ranks that enter wait for the others that come at the same time, since the messages may be played as a
    /// whole.
    var isAssembling = false
    /// The ranks that entered meanwhile, in that order.
    var assembled: [Int] = []
    /// What was worked out before all have entered, by whoever knew when they would.
    var plan: Plan?

    struct Plan {
        let entries: [RoundPlay.Entry]
        let ends: [(rank: Int, time: VirtualTime)]
    }

    /// The rank that has just entered is the one that was expected, at the time at which it was.
    func isAsPlanned(_ plan: Plan, _ rank: Int, at now: VirtualTime) -> Bool {
        let entry = plan.entries[enteredCount - 1]
        return entry.rank == rank && entry.time == now
    }
    /// What each rank brought: its own vector for an all-reduce, a copy for the others.
    private(set) var deposits: [ParameterVector?]
    /// In place of the vectors themselves; empty where ranks brought those.
    private var contributions: [Contribution] = []
    /// The numbers in the vectors that are added: `elements`, but for the last bucket of a vector that was sent in several.
    var summedElements: Int
    /// Which ranks have brought them, in the order in which they came.
    private var contributors: [Int] = []
    /// When the last rank came.
    private(set) var completedAt = VirtualTime.zero
    /// The ranks that take part; all arrays are by rank, also where these are fewer.
    let group: RankGroup
    private let ranks: Int
    let algorithm: any CollectiveAlgorithm
    private var enteredCount = 0
    /// Messages that are there and not yet waited for, by receiver * ranks + sender.
    private var waitingMessages: [Int: Int] = [:]
    /// Why it cannot be finished, once that is known.
    var failure: FabricError?

    /// - Parameter ranks: of the job.
    init(
        _ kind: CollectiveKind, _ algorithm: any CollectiveAlgorithm, group: RankGroup, ranks: Int, elements: Int,
        purpose: TrafficPurpose
    ) {
        self.group = group
        self.kind = kind
        self.elements = elements
        summedElements = elements
        self.purpose = purpose
        self.ranks = ranks
        self.algorithm = algorithm
        players = Array(repeating: Player(), count: ranks)
        waiters = Array(repeating: nil, count: ranks)
        deposits = Array(repeating: nil, count: ranks)
    }

    var isComplete: Bool { enteredCount == group.count }
    var isFirst: Bool { enteredCount == 1 }

    func enter(_ rank: Int, _ deposit: ParameterVector?, _ contribution: Contribution?, at now: VirtualTime) {
        deposits[rank] = deposit
        if let contribution {
            contributions.append(contribution)
            contributors.append(rank)
        }
        enteredCount += 1
        completedAt = max(completedAt, now)
    }

    /// The arithmetic, once, in the order of ranks, whatever messages are being played.
    ///
    /// - Parameter update: takes the sum; without one, it is copied to all ranks.
    func combine(_ pool: HostPool, _ contributed: ContributionSum, _ update: Update?) {
        switch kind {
        case .allReduce(let reduction):
            let scale = reduction.scale(ranks: group.count)
            if let update, !contributions.isEmpty {
                precondition(
                    contributions.count == group.count, "\(contributions.count) of \(group.count) ranks contribute")
                let inOrder = zip(contributors, contributions).sorted { $0.0 < $1.0 }.map(\.1)
                contributed.reduce(inOrder, count: summedElements, scale: scale, pool, update)
                contributions = []
            } else {
                allReduce(pool, scale, update)
            }
        case .reduceScatter(let reduction): reduceScatter(pool, reduction.scale(ranks: group.count))
        default: break
        }
    }

    private func allReduce(_ pool: HostPool, _ scale: Float, _ update: Update?) {
        let vectors = deposits.compactMap { $0 }
        // None where only the messages are played.
        guard vectors.count == group.count else { return }
        let elements = elements
        let slices = pool.slices(work: elements * vectors.count)
        pool.concurrentPerform(slices) {
            let slice = (0..<elements).part($0, of: slices)
            if let update {
                ParameterVector.reduce(vectors, in: slice, scale: scale, into: 0, update)
            } else {
                ParameterVector.allReduce(vectors, in: slice, scale: scale)
            }
        }
    }

    private func reduceScatter(_ pool: HostPool, _ scale: Float) {
        let vectors = deposits.compactMap { $0 }
        guard vectors.count == group.count else { return }
        let (elements, ranks) = (elements, group.count)
        let slices = min(ranks, pool.slices(work: elements * ranks))
        pool.concurrentPerform(slices) {
            for rank in (0..<ranks).part($0, of: slices) {
                ParameterVector.reduce(
                    vectors, in: (0..<elements).part(rank, of: ranks), scale: scale, into: rank
                ) { _, _ in }
            }
        }
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

    func nextStep(of rank: Int) -> CollectiveStep? {
        let step = algorithm.step(
            players[rank].step, rank: group.place(of: rank), of: group.count, elements: elements)
        return group.isWhole ? step : step?.renumbered(group.rank(at:))
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
        words.append(isAssembling ? Int64(assembled.count) : -1)
        if isAssembling { for rank in assembled { words.append(Int64(rank)) } }
        for end in plan?.ends ?? [] { words.append(end.time.nanoseconds - now.nanoseconds) }
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
        case .scatter: "scatter"
        case .allGather: "all-gather"
        case .reduceScatter: "reduce-scatter"
        case .allToAll: "all-to-all"
        case .barrier: "barrier"
        case .meeting: "meeting"
        }
    }

    /// The rank from which or to which it goes, where there is one.
    package var root: Int? {
        switch self {
        case .broadcast(let root), .gather(let root), .scatter(let root): root
        case .allReduce, .allGather, .reduceScatter, .allToAll, .barrier, .meeting: nil
        }
    }

    /// - Parameters:
    ///   - name: see ``name``.
    ///   - root: of those that have one.
    ///   - reduction: of those that have one.
    /// - Returns: nil if there is none of that name with these.
    package init?(name: String, root: Int?, reduction: Reduction?) {
        if let reduction {
            switch (name, root) {
            case ("all-reduce", nil): self = .allReduce(reduction)
            case ("reduce-scatter", nil): self = .reduceScatter(reduction)
            default: return nil
            }
            return
        }
        switch (name, root) {
        case ("broadcast", let root?): self = .broadcast(root: root)
        case ("gather", let root?): self = .gather(root: root)
        case ("scatter", let root?): self = .scatter(root: root)
        case ("all-gather", nil): self = .allGather
        case ("all-to-all", nil): self = .allToAll
        case ("barrier", nil): self = .barrier
        case ("meeting", nil): self = .meeting
        default: return nil
        }
    }

    /// What becomes of the numbers, where they are added.
    package var reduction: Reduction? {
        switch self {
        case .allReduce(let reduction), .reduceScatter(let reduction): reduction
        case .broadcast, .gather, .scatter, .allGather, .allToAll, .barrier, .meeting: nil
        }
    }

    package var isAllReduce: Bool { if case .allReduce = self { true } else { false } }
}
