import Cluster
import Host
import Kernel
import Locking

/// A rank of an emulated cluster, on a thread of its own: its calls block that thread until the clock shows when they are
/// over on the cluster.
///
/// `@unchecked Sendable`: only the rank's own thread uses it.
final class EmulatedRank: Rank, @unchecked Sendable {
    let index: Int
    let job: ThreadJob
    let cluster: EmulatedCluster
    /// When the rank's last call is over, by the model: what follows begins then, also where the thread is late.
    private(set) var due: VirtualTime
    /// Where the rank computes what it contributes to an all-reduce; kept for its memory.
    var contribution = KeptVector()
    /// Collectives so far.
    private var collectives = 0

    init(index: Int, job: ThreadJob, cluster: EmulatedCluster) {
        self.index = index
        self.job = job
        self.cluster = cluster
        due = cluster.start
    }

    var count: Int { job.ranks }
    var now: VirtualTime { VirtualTime(nanoseconds: VirtualTime.span(seconds: pausedSeconds ?? job.clock.seconds)) }
    /// What the clock showed when the rank came to what it does now off the clock.
    private var pausedSeconds: Double?
    var totalBytesSent: Int { job.ledger.totalBytes }
    /// Only this rank changes it; others may read it for a checkpoint.
    var account: TimeAccount {
        get { job.accounts[index].withLock { $0 } }
        set { job.accounts[index].withLock { $0 = newValue } }
    }

    /// What the rank does now is over at a time of the model.
    func wait(until time: VirtualTime) {
        due = max(due, time)
        job.clock.wait(until: due.seconds)
    }

    // MARK: Computing

    func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws { measure(work, body) }

    func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws {
        // The other cores are other ranks'.
        measure(work) { for part in 0..<parts { body(part) } }
    }

    func compute(
        _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
    ) async throws -> DeferredVector {
        measure(work) { DeferredVector(body()) }
    }

    private func measure<Result>(_ work: ComputeWork, _ body: () -> Result) -> Result {
        let result = body()
        let seconds = cluster.seconds(work, on: index)
        wait(until: due.advanced(byNanoseconds: VirtualTime.span(seconds: seconds)))
        account.computeSeconds += seconds
        return result
    }

    func offTheClock(
        _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: @escaping @Sendable () -> Void
    ) async throws {
        pausedSeconds = job.clock.seconds
        defer { pausedSeconds = nil }
        // Threads wait for each other, so that what is noted, such as the bytes so far, is of the same place in all programs.
        // On the cluster nobody does: no rank's model time changes, and who has lost time here makes up for it.
        if pause != .thisRank { try job.barrier.wait() }
        if pause == .thisRank || index == 0 {
            job.clock.pause()
            ParallelLoop.run(chunks, body)
            finish()
            job.clock.resume()
        }
        if pause != .thisRank { try job.barrier.wait() }
        if pause == .allRanksTogether { try meet() }
    }

    func checkpoint(
        _ pause: Pause, _ write: @escaping @Sendable (_ fabric: FabricSnapshot?) throws -> Void
    ) async throws {
        if pause != .thisRank { try meet() }
        if pause == .thisRank || index == 0 {
            job.clock.pause()
            defer { job.clock.resume() }
            try write(job.snapshot())
        }
        if pause != .thisRank { try meet() }
    }

    /// Waits for all ranks, which sends nothing.
    private func meet() throws { _ = try collective(.meeting, nil, elements: 0, .control) }

    // MARK: Messages

    func send(_ message: Message, to receiver: Int) async throws {
        let begin = due
        wait(
            until: cluster.post(
                .message(message), from: index, to: receiver, bytes: message.bytes, message.purpose, message.direction,
                at: begin))
        account.add(.communication, from: begin, to: due)
    }

    func receive(from sender: Int) async throws -> Message? {
        let begin = due
        switch try cluster.inboxes[index].take(from: sender) {
        case .ended(let time):
            wait(until: time)
            return nil
        case .parcel(let parcel, let delivered):
            wait(until: delivered)
            let sent = max(begin, parcel.sent)
            account.add(.waiting, from: begin, to: sent)
            account.add(.communication, from: sent, to: due)
            guard case .message(let message) = parcel.content else {
                preconditionFailure("rank \(index) receives from rank \(sender), which is in a collective")
            }
            return message
        }
    }

    // MARK: Collectives

    func allReduce(_ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose) async throws {
        guard count > 1 else { return }
        _ = try collective(.allReduce(reduction), vector, elements: vector.count, purpose)
    }

    func allReduce(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        guard count > 1 else { return update(vector, 0..<vector.count) }
        _ = try collective(.allReduce(reduction), vector, elements: vector.count, purpose, update: update)
    }

    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, purpose: TrafficPurpose,
        contribution body: @escaping @Sendable (_ vector: ParameterVector) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        let vector = contribution.take(count: count)
        measure(work) { body(vector) }
        try await allReduce(vector, reduction, purpose: purpose, update: update)
    }

    func reduceScatter(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose
    ) async throws -> Range<Int> {
        if count > 1 { _ = try collective(.reduceScatter(reduction), vector, elements: vector.count, purpose) }
        return ownPart(of: vector)
    }

    func allGather(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> [ParameterVector] {
        // One copy, which all ranks share.
        let run = try collective(.allGather, vector.copied(), elements: vector.count, purpose)
        return cluster.collectives.deposits(in: run)
    }

    func allToAll(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> ParameterVector {
        let run = try collective(.allToAll, vector.copied(), elements: vector.count, purpose)
        return .joined(cluster.collectives.deposits(in: run), part: ownPart(of: vector))
    }

    func scatter(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws -> Range<Int> {
        let part = ownPart(of: vector)
        let source = try rooted(.scatter(root: root), vector, from: root, purpose)
        if index != root, let source { vector.copy(from: source, in: part) }
        return part
    }

    func broadcast(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws {
        let source = try rooted(.broadcast(root: root), vector, from: root, purpose)
        if index != root, let source { vector.copy(from: source) }
    }

    func gather(_ vector: ParameterVector, to root: Int, purpose: TrafficPurpose) async throws -> [ParameterVector]? {
        let run = try collective(.gather(root: root), vector.copied(), elements: vector.count, purpose)
        return index == root ? cluster.collectives.deposits(in: run) : nil
    }

    func barrier() async throws { _ = try collective(.barrier, nil, elements: 0, .control) }

    private func ownPart(of vector: ParameterVector) -> Range<Int> { (0..<vector.count).part(index, of: count) }

    /// A collective from a root, whose vector it returns: a copy, since the root may be done and go on before the last rank
    /// has come.
    private func rooted(
        _ kind: CollectiveKind, _ vector: ParameterVector, from root: Int, _ purpose: TrafficPurpose
    ) throws -> ParameterVector? {
        let run = try collective(kind, index == root ? vector.copied() : nil, elements: vector.count, purpose)
        return cluster.collectives.deposit(of: root, in: run)
    }

    /// Takes part in the rank's next collective; returns when the rank's part is over.
    ///
    /// - Parameters:
    ///   - summed: numbers in the vectors that are added, where the messages are the last bucket's of several.
    ///   - computed: until when the rank computes beside it, by the model.
    func collective(
        _ kind: CollectiveKind, _ deposit: ParameterVector?, elements: Int, summed: Int? = nil,
        _ purpose: TrafficPurpose, computingUntil computed: VirtualTime = .zero, update: CollectiveRun.Update? = nil
    ) throws -> EmulatedCollectives.Run {
        let (entered, number) = (due, collectives)
        collectives += 1
        let (run, isLast) = try cluster.collectives.enter(
            number, kind, rank: index, deposit, elements: elements, at: due)
        if isLast {
            combine(kind, cluster.collectives.deposits(in: run), elements: summed ?? elements, update)
            cluster.collectives.combined(run)
        }
        try play(kind, elements: elements, purpose)
        if kind.needsAllRanks { try cluster.collectives.waitUntilCombined(run) }
        if kind == .meeting { wait(until: run.completed) }
        cluster.collectives.leave(run, number)
        book(
            from: entered, complete: kind.needsAllRanks ? max(entered, run.completed) : entered,
            computingUntil: computed)
        return run
    }

    /// Books a part in a collective that is over now: until all that it needs have come the rank waits, and then it
    /// communicates, as far as it does not compute beside that.
    private func book(from entered: VirtualTime, complete: VirtualTime, computingUntil computed: VirtualTime) {
        let exposed = min(max(complete, computed), max(complete, due))
        account.add(.waiting, from: min(max(entered, computed), complete), to: complete)
        account.add(.hiddenCommunication, from: complete, to: exposed)
        account.add(.communication, from: exposed, to: max(exposed, due))
    }

    private func play(_ kind: CollectiveKind, elements: Int, _ purpose: TrafficPurpose) throws {
        let model = cluster.model
        let algorithm = kind.messages(
            model.allReduceByLength[elements] ?? model.allReduce, groups: model.groups, ranks: count, elements: elements
        )
        var departed = due
        var next = 0
        while let step = algorithm.step(next, rank: index, of: count, elements: elements) {
            if let send = step.send {
                departed = cluster.post(
                    .collective, from: index, to: send.to, bytes: send.bytes + Message.framingBytes, purpose,
                    send.direction, at: due)
            }
            if let sender = step.receiveFrom {
                guard case .parcel(_, let delivered) = try cluster.inboxes[index].take(from: sender) else {
                    throw FabricError.deadlock(
                        "rank \(sender) has ended and rank \(index) waits for it in a collective")
                }
                wait(until: delivered)
            }
            next += 1
        }
        wait(until: departed)
    }

    /// The arithmetic, once, in the order of ranks, whatever messages are being played.
    private func combine(
        _ kind: CollectiveKind, _ vectors: [ParameterVector], elements: Int, _ update: CollectiveRun.Update?
    ) {
        // None where only the messages are played.
        guard let reduction = kind.reduction, vectors.count == count else { return }
        let (scale, ranks) = (reduction.scale(ranks: count), count)
        if case .reduceScatter = kind {
            ParallelLoop.run(ranks) { rank in
                let part = (0..<elements).part(rank, of: ranks)
                ParameterVector.reduce(vectors, in: part, scale: scale, into: rank) { _, _ in }
            }
            return
        }
        let slices = max(1, min(UsableCores.count, elements * ranks / Self.leastWork))
        ParallelLoop.run(slices) { slice in
            let range = (0..<elements).part(slice, of: slices)
            guard let update else { return ParameterVector.allReduce(vectors, in: range, scale: scale) }
            ParameterVector.reduce(vectors, in: range, scale: scale, into: 0, update)
        }
    }

    /// Numbers to add for which another thread is worth its while.
    private static let leastWork = 65_536
}
