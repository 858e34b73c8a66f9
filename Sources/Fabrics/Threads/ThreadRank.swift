import Cluster
import Host
import Kernel
import Locking

/// A rank on a thread of its own: its calls block that thread.
///
/// `@unchecked Sendable`: only the rank's own thread uses it.
final class ThreadRank: Rank, @unchecked Sendable {
    let index: Int
    let job: ThreadJob
    /// Only this rank changes it; others may read it for a checkpoint.
    var account: TimeAccount {
        get { job.accounts[index].withLock { $0 } }
        set { job.accounts[index].withLock { $0 = newValue } }
    }
    /// Where the rank computes what it contributes to an all-reduce; kept for its memory.
    private var contribution = KeptVector()
    /// The ranks' vectors during a collective; the array is kept for its memory.
    private var shown: [ParameterVector] = []

    init(index: Int, job: ThreadJob) {
        self.index = index
        self.job = job
    }

    var count: Int { job.ranks }
    var now: VirtualTime { VirtualTime(seconds: job.clock.seconds) }

    // MARK: Computing

    func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws { measure(body) }

    func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws {
        // The other cores are other ranks'.
        measure { for part in 0..<parts { body(part) } }
    }

    func compute(
        _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
    ) async throws -> DeferredVector {
        measure { DeferredVector(DeferredVector.frozen(body)) }
    }

    private func measure<Result>(_ body: () -> Result) -> Result {
        let start = job.clock.seconds
        let result = body()
        account.computeSeconds += job.clock.seconds - start
        return result
    }

    // MARK: Messages

    func send(_ message: Message, to receiver: Int) async throws {
        let start = job.clock.seconds
        job.post(message, from: index, to: receiver)
        account.communicationSeconds += job.clock.seconds - start
    }

    func post(_ message: Message, to receiver: Int) throws { job.post(message, from: index, to: receiver) }

    func receive(from senders: Senders, until deadline: VirtualTime?) async throws -> Reception {
        let start = job.clock.seconds
        switch try job.mailboxes[index].take(from: senders, until: deadline?.seconds) {
        case .parcel(let parcel, let sender):
            account.communicationSeconds += max(0, job.clock.seconds - max(start, parcel.sentSeconds))
            account.waitingSeconds += max(0, parcel.sentSeconds - start)
            return .message(parcel.message, from: sender)
        case .timedOut:
            account.waitingSeconds += job.clock.seconds - start
            return .timedOut
        case .ended: return .ended
        }
    }

    func sleep(until time: VirtualTime) async throws {
        let start = job.clock.seconds
        job.clock.wait(until: time.seconds)
        account.waitingSeconds += max(0, job.clock.seconds - start)
    }

    // MARK: Collectives

    func allReduce(_ request: AllReduceRequest) async throws {
        let vector: ParameterVector
        switch request.source {
        case .vector(let own): vector = own
        case .computed(_, let body):
            // Buckets make no difference here: the cores that would carry a bucket are the cores that compute, so there
            // is nothing to hide it behind.
            let own = contribution.take(count: request.count)
            measure { body(own, nil) }
            vector = own
        }
        guard count > 1 else {
            request.update?(vector, 0..<vector.count)
            return
        }
        try meet(showing: vector) {
            // Each rank sums its slice of all vectors and writes it to all: reduce-scatter and all-gather in one pass.
            let slice = (0..<vector.count).part(index, of: count)
            let scale = request.reduction.scale(ranks: count)
            if let update = request.update {
                // The sum goes where this core has its own part of the slice, and is used up here: no rank sees it but in
                // what `update` changes.
                ParameterVector.reduce(shownVectors(), in: slice, scale: scale, into: index, update)
            } else {
                ParameterVector.allReduce(shownVectors(), in: slice, scale: scale)
            }
            chargeExchange(of: slice, request.purpose)
        }
    }

    func collective(
        _ kind: CollectiveKind, _ vector: ParameterVector?, purpose: TrafficPurpose
    ) async throws -> CollectiveResult {
        guard let vector else {
            try meet(showing: nil) {}
            return CollectiveResult(part: 0..<0)
        }
        let part = (0..<vector.count).part(index, of: count)
        var result = CollectiveResult(part: part)
        // An all-gather shares one copy of each vector among all ranks; in the others, ranks read the vectors
        // themselves while all are here.
        try meet(showing: kind == .allGather ? vector.copied() : vector) {
            switch kind {
            case .barrier, .meeting: break
            case .allReduce(let reduction):
                ParameterVector.allReduce(shownVectors(), in: part, scale: reduction.scale(ranks: count))
                chargeExchange(of: part, purpose)
            case .reduceScatter(let reduction):
                ParameterVector.reduce(
                    shownVectors(), in: part, scale: reduction.scale(ranks: count), into: index
                ) { _, _ in }
                chargeFromOthers(elements: part.count, purpose)
            case .allGather:
                result = CollectiveResult(shownVectors(), part: part)
                chargeFromOthers(elements: vector.count, purpose)
            case .allToAll:
                result = CollectiveResult([.joined(shownVectors(), part: part)], part: part)
                chargeFromOthers(elements: part.count, purpose)
            case .broadcast(let root): copy(from: root, to: vector, in: 0..<vector.count, purpose)
            case .scatter(let root): copy(from: root, to: vector, in: part, purpose)
            case .gather(let root):
                if index == root {
                    result = CollectiveResult(shownVectors().map { $0.copied() }, part: part)
                } else {
                    charge(from: index, to: root, elements: vector.count, purpose)
                }
            }
        }
        return result
    }

    /// Takes a root's numbers over; only between the barriers of a collective.
    private func copy(
        from root: Int, to vector: ParameterVector, in range: Range<Int>, _ purpose: TrafficPurpose
    ) {
        guard index != root, let source = job.shownVector(of: root) else { return }
        vector.copy(from: source, in: range)
        charge(from: root, to: index, elements: range.count, purpose)
    }

    /// What passed through shared memory.
    private func charge(from sender: Int, to receiver: Int, elements: Int, _ purpose: TrafficPurpose) {
        job.ledger.charge(from: sender, to: receiver, bytes: elements * bytesPerElement, purpose, .peer)
    }

    /// What passed from every other rank to this one.
    private func chargeFromOthers(elements: Int, _ purpose: TrafficPurpose) {
        for other in 0..<count where other != index { charge(from: other, to: index, elements: elements, purpose) }
    }

    /// The others' parts of this rank's slice came here, its sum, or what it changed, went to them.
    private func chargeExchange(of slice: Range<Int>, _ purpose: TrafficPurpose) {
        for other in 0..<count where other != index {
            charge(from: other, to: index, elements: slice.count, purpose)
            charge(from: index, to: other, elements: slice.count, purpose)
        }
    }

    /// All ranks' vectors; only between the barriers of a collective.
    private func shownVectors() -> [ParameterVector] {
        shown.removeAll(keepingCapacity: true)
        for rank in 0..<count { if let vector = job.shownVector(of: rank) { shown.append(vector) } }
        return shown
    }

    /// Shows the rank's vector to the others, and calls `exchange` between two barriers.
    private func meet(showing vector: ParameterVector?, _ exchange: () -> Void) throws {
        let entered = job.clock.seconds
        job.show(vector, of: index, at: entered)
        try job.barrier.wait()
        let ready = job.lastEnteredSeconds()
        exchange()
        try job.barrier.wait()
        account.communicationSeconds += max(0, job.clock.seconds - max(entered, ready))
        account.waitingSeconds += max(0, ready - entered)
    }
}

extension ThreadRank: HarnessRank {
    var totalBytesSent: Int { job.ledger.totalBytes }

    func offTheClock(
        _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: @escaping @Sendable () -> Void
    ) async throws {
        switch pause {
        case .thisRank:
            job.clock.pause()
            ParallelLoop.run(chunks, body)
            finish()
            job.clock.resume()
        case .allRanks, .allRanksTogether:
            try job.barrier.wait()
            if index == 0 { job.clock.pause() }
            // Nobody begins before the clock stands.
            try job.barrier.wait()
            for chunk in stride(from: index, to: chunks, by: count) { body(chunk) }
            try job.barrier.wait()
            if index == 0 {
                finish()
                job.clock.resume()
            }
            try job.barrier.wait()
        }
    }

    func checkpoint(
        _ pause: Pause, _ write: @escaping @Sendable (_ fabric: FabricSnapshot?) throws -> Void
    ) async throws {
        let failure = Guarded<(any Error)?>(nil)
        try await offTheClock(pause, chunks: 0) { _ in
        } finish: { [job] in
            do { try write(job.snapshot()) } catch { failure.withLock { $0 = error } }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    func offTheClock(
        showing vector: ParameterVector, chunks: Int,
        _ body: @escaping @Sendable (_ chunk: Int, _ shown: [ShownVector]) -> Void,
        finish: @escaping @Sendable (_ shown: [ShownVector]) -> Void
    ) async throws {
        job.show(vector, of: index, at: job.clock.seconds)
        try job.barrier.wait()
        let shown = job.shownVectors()
        // Nobody shows anything else before all have seen it.
        try await offTheClock(.allRanks, chunks: chunks, { body($0, shown) }, finish: { finish(shown) })
    }
}
