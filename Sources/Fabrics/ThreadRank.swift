import Cluster
import Dispatch
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
    var contribution = KeptVector()
    /// Kept for its memory.
    private var shown: [ParameterVector] = []

    init(index: Int, job: ThreadJob) {
        self.index = index
        self.job = job
    }

    var count: Int { job.ranks }
    var now: VirtualTime { VirtualTime(nanoseconds: VirtualTime.span(seconds: job.clock.seconds)) }

    var totalBytesSent: Int { job.ledger.totalBytes }

    func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws {
        measure(body)
    }

    func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws {
        // The other cores are other ranks'.
        measure { for part in 0..<parts { body(part) } }
    }

    func compute(
        _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
    ) async throws -> DeferredVector {
        measure { DeferredVector(body()) }
    }

    private func measure<Result>(_ body: () -> Result) -> Result {
        let start = job.clock.seconds
        let result = body()
        account.computeSeconds += job.clock.seconds - start
        return result
    }

    func offTheClock(
        _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: @escaping @Sendable () -> Void
    ) async throws {
        switch pause {
        case .thisRank:
            job.clock.pause()
            DispatchQueue.concurrentPerform(iterations: chunks, execute: body)
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

    func send(_ message: Message, to receiver: Int) async throws {
        let start = job.clock.seconds
        job.post(message, from: index, to: receiver)
        account.communicationSeconds += job.clock.seconds - start
    }

    func receive(from sender: Int) async throws -> Message? {
        let start = job.clock.seconds
        guard let parcel = try job.mailboxes[index].take(from: sender) else { return nil }
        account.communicationSeconds += max(0, job.clock.seconds - max(start, parcel.sentSeconds))
        account.waitingSeconds += max(0, parcel.sentSeconds - start)
        return parcel.message
    }

    // MARK: Collectives

    func allReduce(_ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose) async throws {
        guard count > 1 else { return }
        try collective(vector) {
            // Each rank sums its slice of all vectors and writes it to all: reduce-scatter and all-gather in one pass.
            let slice = (0..<vector.count).part(index, of: count)
            ParameterVector.allReduce(shownVectors(), in: slice, scale: reduction.scale(ranks: count))
            chargeExchange(of: slice, purpose)
        }
    }

    func allReduce(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        guard count > 1 else { return update(vector, 0..<vector.count) }
        try collective(vector) {
            sumSlice(reduction, count: vector.count, purpose, update)
        }
    }

    /// Adds up this rank's slice of all vectors; only between the barriers of a collective.
    ///
    /// The sum of a slice goes where this core has its own part of it, and is used up here: no rank sees it but in what
    /// `update` changes.
    func sumSlice(
        _ reduction: Reduction, count elements: Int, _ purpose: TrafficPurpose,
        _ update: @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) {
        let slice = (0..<elements).part(index, of: count)
        ParameterVector.reduce(
            shownVectors(), in: slice, scale: reduction.scale(ranks: count), into: index, update)
        chargeExchange(of: slice, purpose)
    }

    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, purpose: TrafficPurpose,
        contribution body: @escaping @Sendable (_ vector: ParameterVector) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        let vector = contribution.take(count: count)
        measure { body(vector) }
        try await allReduce(vector, reduction, purpose: purpose, update: update)
    }

    func reduceScatter(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose
    ) async throws -> Range<Int> {
        let part = (0..<vector.count).part(index, of: count)
        guard count > 1 else { return part }
        try collective(vector) {
            ParameterVector.reduce(
                shownVectors(), in: part, scale: reduction.scale(ranks: count), into: index
            ) { _, _ in }
            chargeFromOthers(elements: part.count, purpose)
        }
        return part
    }

    func allGather(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> [ParameterVector] {
        var gathered: [ParameterVector] = []
        // One copy, which all ranks share.
        try collective(vector.copied()) {
            gathered = shownVectors()
            chargeFromOthers(elements: vector.count, purpose)
        }
        return gathered
    }

    func allToAll(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> ParameterVector {
        let part = (0..<vector.count).part(index, of: count)
        var result = ParameterVector(count: 0)
        try collective(vector) {
            result = .joined(shownVectors(), part: part)
            chargeFromOthers(elements: part.count, purpose)
        }
        return result
    }

    func scatter(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws -> Range<Int> {
        let part = (0..<vector.count).part(index, of: count)
        try collective(vector) {
            guard index != root, let source = job.shownVector(of: root) else { return }
            vector.copy(from: source, in: part)
            job.ledger.charge(from: root, to: index, bytes: part.count * bytesPerElement, purpose, .peer)
        }
        return part
    }

    /// What passed through shared memory from every other rank to this one.
    private func chargeFromOthers(elements: Int, _ purpose: TrafficPurpose) {
        for other in 0..<count where other != index {
            job.ledger.charge(from: other, to: index, bytes: elements * bytesPerElement, purpose, .peer)
        }
    }

    /// What passed through shared memory: the others' parts of this rank's slice came here, its sum, or what it
    /// changed, went to them.
    private func chargeExchange(of slice: Range<Int>, _ purpose: TrafficPurpose) {
        for other in 0..<count where other != index {
            let bytes = slice.count * bytesPerElement
            job.ledger.charge(from: other, to: index, bytes: bytes, purpose, .peer)
            job.ledger.charge(from: index, to: other, bytes: bytes, purpose, .peer)
        }
    }

    /// All ranks' vectors; only between the barriers of a collective.
    private func shownVectors() -> [ParameterVector] {
        shown.removeAll(keepingCapacity: true)
        for rank in 0..<count { if let vector = job.shownVector(of: rank) { shown.append(vector) } }
        return shown
    }

    func broadcast(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws {
        try collective(vector) {
            guard index != root, let source = job.shownVector(of: root) else { return }
            vector.copy(from: source)
            job.ledger.charge(from: root, to: index, bytes: vector.count * bytesPerElement, purpose, .peer)
        }
    }

    func gather(_ vector: ParameterVector, to root: Int, purpose: TrafficPurpose) async throws -> [ParameterVector]? {
        var gathered: [ParameterVector]?
        try collective(vector) {
            if index == root { gathered = shownVectors().map { $0.copied() } }
            if index != root {
                job.ledger.charge(from: index, to: root, bytes: vector.count * bytesPerElement, purpose, .peer)
            }
        }
        return gathered
    }

    func barrier() async throws {
        try collective(nil) {}
    }

    /// Shows the rank's vector to the others, and calls `exchange` between two barriers.
    private func collective(_ vector: ParameterVector?, _ exchange: () -> Void) throws {
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
