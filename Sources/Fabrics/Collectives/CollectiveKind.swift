import Cluster
import Kernel

/// The kind of a collective, with its root where it has one.
public enum CollectiveKind: Hashable, Sendable {
    /// The sum or mean of all ranks' vectors, on all ranks.
    case allReduce(Reduction)
    /// The root's vector, on all ranks.
    case broadcast(root: Int)
    /// All ranks' vectors, on the root.
    case gather(root: Int)
    /// A part of the root's vector on each rank.
    case scatter(root: Int)
    /// All ranks' vectors, on all ranks.
    case allGather
    /// A part of the sum or mean of all ranks' vectors on each rank.
    case reduceScatter(Reduction)
    /// A part of every rank's vector on each rank.
    case allToAll
    /// Nothing: every rank waits for all others.
    case barrier
    /// A barrier that sends nothing, for what is not part of the job.
    case meeting

    /// This kind of collective with its root's number replaced.
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
}

// MARK: Messages

extension CollectiveKind {
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

// MARK: Numbers

extension CollectiveKind {
    /// What a rank shows the others: its vector itself where sums replace that; else the numbers as they are now, since the
    /// others may still read them when this rank is done and goes on.
    func deposit(_ vector: ParameterVector?, of rank: Int) -> ParameterVector? {
        switch self {
        case .allReduce, .reduceScatter: vector
        case .allGather, .allToAll, .gather: vector?.snapshot()
        case .broadcast(let root), .scatter(let root): rank == root ? vector?.snapshot() : nil
        case .barrier, .meeting: nil
        }
    }

    /// What a rank has in the end of what all have shown.
    ///
    /// - Parameters:
    ///   - vector: the rank's, into which a root's numbers go.
    ///   - part: the rank's of a vector that is spread over all.
    ///   - deposits: by rank.
    func result(
        _ vector: ParameterVector?, of rank: Int, part: Range<Int>, _ deposits: [ParameterVector?]
    ) -> CollectiveResult {
        switch self {
        case .allReduce, .reduceScatter, .barrier, .meeting: break
        case .allGather: return CollectiveResult(deposits.compactMap { $0 }, part: part)
        case .allToAll: return CollectiveResult([.joined(deposits.compactMap { $0 }, part: part)], part: part)
        case .gather(let root):
            if rank == root { return CollectiveResult(deposits.compactMap { $0 }, part: part) }
        case .broadcast(let root):
            if rank != root, let source = deposits[root] { vector?.copy(from: source) }
        case .scatter(let root):
            if rank != root, let source = deposits[root] { vector?.copy(from: source, in: part) }
        }
        return CollectiveResult(part: part)
    }

    /// Adds the ranks' vectors where the collective does that: once, in the order of ranks, whatever messages are played.
    ///
    /// - Parameters:
    ///   - vectors: of all `ranks`; fewer where only the messages are played.
    ///   - update: takes the sum of an all-reduce; without one, it is copied to all ranks.
    ///   - host: the cores that add; ranges of numbers are added side by side, which changes no bit.
    func combine(
        _ vectors: [ParameterVector], elements: Int, ranks: Int, _ update: AllReduceRequest.Update?,
        on host: some ParallelHost
    ) {
        guard let reduction, vectors.count == ranks else { return }
        let scale = reduction.scale(ranks: ranks)
        let slices = host.slices(work: elements * ranks)
        if case .reduceScatter = self {
            let slices = min(ranks, slices)
            return host.concurrentPerform(slices) {
                for rank in (0..<ranks).part($0, of: slices) {
                    let part = (0..<elements).part(rank, of: ranks)
                    ParameterVector.reduce(vectors, in: part, scale: scale, into: rank) { _, _ in }
                }
            }
        }
        host.concurrentPerform(slices) {
            let slice = (0..<elements).part($0, of: slices)
            guard let update else { return ParameterVector.allReduce(vectors, in: slice, scale: scale) }
            ParameterVector.reduce(vectors, in: slice, scale: scale, into: 0, update)
        }
    }
}

/// Host cores that add vectors, each a slice of them.
protocol ParallelHost {
    /// Calls `body` for every index in 0..<count and returns when all calls are done.
    func concurrentPerform(_ count: Int, _ body: @escaping @Sendable (Int) -> Void)
    /// Threads that it has.
    var threads: Int { get }
}

extension ParallelHost {
    /// Into how many slices to cut the addition of `work` numbers: each is worth a thread's wake-up. Sums are made number
    /// by number, so that it cannot change a result.
    func slices(work: Int) -> Int { max(1, min(threads, work / 65_536)) }
}

// MARK: Names

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
