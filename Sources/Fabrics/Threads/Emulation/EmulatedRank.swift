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
    private var contribution = KeptVector()
    /// Collectives so far.
    private var collectives = 0

    init(index: Int, job: ThreadJob, cluster: EmulatedCluster) {
        self.index = index
        self.job = job
        self.cluster = cluster
        due = cluster.start
    }

    var count: Int { job.ranks }
    var now: VirtualTime { VirtualTime(seconds: pausedSeconds ?? job.clock.seconds) }
    /// What the clock showed when the rank came to what it does now off the clock.
    private var pausedSeconds: Double?
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
        measure(work) { DeferredVector(DeferredVector.frozen(body)) }
    }

    private func measure<Result>(_ work: ComputeWork, _ body: () -> Result) -> Result {
        let result = body()
        let seconds = cluster.seconds(work, on: index)
        wait(until: due.advanced(byNanoseconds: VirtualTime.span(seconds: seconds)))
        account.computeSeconds += seconds
        return result
    }

    // MARK: Messages

    func send(_ message: Message, to receiver: Int) async throws {
        let begin = due
        wait(
            until: cluster.post(
                .message(message), from: index, to: receiver, bytes: message.bytes, message.purpose, message.direction,
                at: begin))
        account.add(.communication, from: begin, to: due)
    }

    func post(_ message: Message, to receiver: Int) throws {
        _ = cluster.post(
            .message(message), from: index, to: receiver, bytes: message.bytes, message.purpose, message.direction,
            at: due)
    }

    func receive(from senders: Senders, until deadline: VirtualTime?) async throws -> Reception {
        let begin = due
        switch try cluster.inboxes[index].take(from: senders, until: deadline.map { max($0, begin) }) {
        case .ended(let time):
            wait(until: time)
            return .ended
        case .timedOut:
            wait(until: deadline ?? begin)
            account.add(.waiting, from: begin, to: due)
            return .timedOut
        case .parcel(let parcel, let delivered):
            wait(until: delivered)
            let sent = max(begin, parcel.sent)
            account.add(.waiting, from: begin, to: sent)
            account.add(.communication, from: sent, to: due)
            guard case .message(let message) = parcel.content else {
                preconditionFailure("rank \(index) receives from rank \(parcel.sender), which is in a collective")
            }
            return .message(message, from: parcel.sender)
        }
    }

    func sleep(until time: VirtualTime) async throws {
        let begin = due
        wait(until: time)
        account.add(.waiting, from: begin, to: due)
    }

    // MARK: Collectives

    func collective(
        _ kind: CollectiveKind, _ vector: ParameterVector?, purpose: TrafficPurpose
    ) async throws -> CollectiveResult {
        let elements = vector?.count ?? 0
        // A rank that is alone adds nothing.
        guard count > 1 || kind.reduction == nil else { return CollectiveResult(part: 0..<elements) }
        let run = try take(part: kind.deposit(vector, of: index), of: kind, elements: elements, purpose: purpose)
        let part = (0..<elements).part(index, of: count)
        return kind.result(vector, of: index, part: part, cluster.collectives.deposits(in: run))
    }

    func allReduce(_ request: AllReduceRequest) async throws {
        let vector: ParameterVector
        switch request.source {
        case .vector(let own): vector = own
        case .computed(let work, let body):
            let own = contribution.take(count: request.count)
            if count > 1, !request.buckets.isEmpty { return try overlap(work, body, own, request) }
            measure(work) { body(own, nil) }
            vector = own
        }
        guard count > 1 else {
            request.update?(vector, 0..<vector.count)
            return
        }
        _ = try take(
            part: vector, of: .allReduce(request.reduction), elements: vector.count, purpose: request.purpose,
            update: request.update)
    }

    /// Emulated time is mostly waiting, so one thread does for both: it computes first, and then waits in turn for the time
    /// at which a bucket is ready and for its messages.
    private func overlap(
        _ work: ComputeWork, _ body: AllReduceRequest.Contribution, _ vector: ParameterVector,
        _ request: AllReduceRequest
    ) throws {
        let (count, buckets) = (request.count, request.buckets)
        let step = OverlappedStep(work, elements: count, on: cluster.model.nodes[index], cluster.model.compute)
        let begin = due
        body(vector, nil)
        let computed = begin.advanced(byNanoseconds: step.span(1))
        for (position, bucket) in buckets.enumerated() {
            wait(until: begin.advanced(byNanoseconds: step.span(bucket.readyShare)))
            // The numbers are added when all ranks have come to the last bucket. Until then none of them changes the
            // model, and none needs the sum.
            let isLast = position == buckets.count - 1
            _ = try take(
                part: isLast ? vector : nil, of: .allReduce(request.reduction), elements: bucket.range.count,
                summed: isLast ? count : nil, purpose: request.purpose, computingUntil: computed,
                update: isLast ? request.update : nil)
        }
        wait(until: computed)
        wait(until: due.advanced(byNanoseconds: step.updateSpan))
        account.computeSeconds += step.seconds
    }

    /// Takes part in the rank's next collective; returns when the rank's part is over.
    ///
    /// - Parameters:
    ///   - summed: numbers in the vectors that are added, where the messages are the last bucket's of several.
    ///   - computed: until when the rank computes beside it, by the model.
    private func take(
        part deposit: ParameterVector?, of kind: CollectiveKind, elements: Int, summed: Int? = nil,
        purpose: TrafficPurpose, computingUntil computed: VirtualTime = .zero, update: AllReduceRequest.Update? = nil
    ) throws -> EmulatedCollectives.Run {
        let (entered, number) = (due, collectives)
        collectives += 1
        let (run, isLast) = try cluster.collectives.enter(
            number, kind, rank: index, deposit, elements: elements, at: due)
        if isLast {
            kind.combine(
                cluster.collectives.deposits(in: run).compactMap { $0 }, elements: summed ?? elements, ranks: count,
                update, on: HostCores())
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
                guard case .parcel(_, let delivered) = try cluster.inboxes[index].takeOfCollective(from: sender) else {
                    throw FabricError.deadlock(
                        "rank \(sender) has ended and rank \(index) waits for it in a collective")
                }
                wait(until: delivered)
            }
            next += 1
        }
        wait(until: departed)
    }

    /// Waits for all ranks, which sends nothing.
    private func meet() throws { _ = try take(part: nil, of: .meeting, elements: 0, purpose: .control) }
}

extension EmulatedRank: HarnessRank {
    var totalBytesSent: Int { job.ledger.totalBytes }

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

    func offTheClock(
        showing vector: ParameterVector, chunks: Int,
        _ body: @escaping @Sendable (_ chunk: Int, _ shown: [ShownVector]) -> Void,
        finish: @escaping @Sendable (_ shown: [ShownVector]) -> Void
    ) async throws {
        job.show(vector, of: index, at: due.seconds)
        try job.barrier.wait()
        let shown = job.shownVectors()
        // Nobody shows anything else before all have seen it.
        try await offTheClock(.allRanks, chunks: chunks, { body($0, shown) }, finish: { finish(shown) })
    }
}

/// The cores of this machine, of which the rank that adds may use all: the others wait.
private struct HostCores: ParallelHost {
    var threads: Int { UsableCores.count }

    func concurrentPerform(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) { ParallelLoop.run(count, body) }
}
