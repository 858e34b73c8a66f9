import Cluster
import Dispatch
import Kernel

/// A rank on a thread of its own: its calls block that thread.
///
/// `@unchecked Sendable`: only the rank's own thread uses it, and `account` is read after the program has ended.
final class ThreadRank: Rank, @unchecked Sendable {
    let index: Int
    private let job: ThreadJob
    private(set) var account = TimeAccount()

    init(index: Int, job: ThreadJob) {
        self.index = index
        self.job = job
    }

    var count: Int { job.ranks }
    var now: VirtualTime { VirtualTime(nanoseconds: VirtualTime.span(seconds: job.clock.seconds)) }

    var totalBytesSent: Int { job.ledger.totalBytes }

    func compute<Result: Sendable>(
        _ work: ComputeWork, _ body: @escaping @Sendable () -> Result
    ) async throws -> Result {
        let start = job.clock.seconds
        let result = body()
        if let emulation = job.emulation {
            job.clock.wait(until: start + emulation.compute.seconds(work) / emulation.nodes[index].speed)
        }
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
        case .allRanks:
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

    func send(_ message: Message, to receiver: Int) async throws {
        let start = job.clock.seconds
        let departed = job.post(
            .message(message), from: index, to: receiver, bytes: message.bytes, message.purpose, message.direction)
        if job.emulation != nil { job.clock.wait(until: departed) }
        account.communicationSeconds += job.clock.seconds - start
    }

    func receive(from sender: Int) async throws -> Message? {
        let start = job.clock.seconds
        guard let parcel = try job.mailboxes[index].take(from: sender) else { return nil }
        job.clock.wait(until: parcel.dueSeconds)
        account.communicationSeconds += max(0, job.clock.seconds - max(start, parcel.sentSeconds))
        guard case .message(let message) = parcel.content else {
            preconditionFailure("rank \(index) receives from rank \(sender), which is in a collective")
        }
        return message
    }

    // MARK: Collectives

    func allReduce(_ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose) async throws {
        guard count > 1 else { return }
        try collective(.allReduce(reduction), vector, elements: vector.count, purpose) {
            // Each rank sums its slice of all vectors and writes it to all: reduce-scatter and all-gather in one pass.
            let slice = (0..<vector.count).part(index, of: count)
            ParameterVector.allReduce(job.shownVectors(), in: slice, scale: reduction.scale(ranks: count))
            guard job.emulation == nil else { return }
            // What passed through shared memory: the others' parts of this slice came here, its sum went to them.
            for other in 0..<count where other != index {
                let bytes = slice.count * bytesPerElement
                job.ledger.charge(from: other, to: index, bytes: bytes, purpose, .peer)
                job.ledger.charge(from: index, to: other, bytes: bytes, purpose, .peer)
            }
        }
    }

    func broadcast(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws {
        try collective(.broadcast(root: root), vector, elements: vector.count, purpose) {
            guard index != root, let source = job.shownVector(of: root) else { return }
            vector.copy(from: source)
            if job.emulation == nil {
                job.ledger.charge(from: root, to: index, bytes: vector.count * bytesPerElement, purpose, .peer)
            }
        }
    }

    func gather(_ vector: ParameterVector, to root: Int, purpose: TrafficPurpose) async throws -> [ParameterVector]? {
        var gathered: [ParameterVector]?
        try collective(.gather(root: root), vector, elements: vector.count, purpose) {
            if index == root { gathered = job.shownVectors().map { $0.copied() } }
            if index != root, job.emulation == nil {
                job.ledger.charge(from: index, to: root, bytes: vector.count * bytesPerElement, purpose, .peer)
            }
        }
        return gathered
    }

    func barrier() async throws {
        try collective(.barrier, nil, elements: 0, .control) {}
    }

    /// Plays the collective's messages where a network is emulated, then calls `exchange` between two barriers.
    private func collective(
        _ kind: CollectiveKind, _ vector: ParameterVector?, elements: Int, _ purpose: TrafficPurpose,
        _ exchange: () -> Void
    ) throws {
        let entered = job.clock.seconds
        job.show(vector, of: index, at: entered)
        if let emulation = job.emulation {
            try play(kind.messages(emulation.allReduce), elements: elements, purpose)
        }
        try job.barrier.wait()
        let ready = job.lastEnteredSeconds()
        exchange()
        try job.barrier.wait()
        account.communicationSeconds += max(0, job.clock.seconds - max(entered, ready))
    }

    private func play(_ algorithm: any CollectiveAlgorithm, elements: Int, _ purpose: TrafficPurpose) throws {
        var departed = 0.0
        var next = 0
        while let step = algorithm.step(next, rank: index, of: count, elements: elements) {
            if let send = step.send {
                departed = job.post(
                    .collective, from: index, to: send.to, bytes: send.bytes + Message.framingBytes, purpose,
                    send.direction)
            }
            if let sender = step.receiveFrom {
                guard let parcel = try job.mailboxes[index].take(from: sender) else {
                    throw FabricError.deadlock(
                        "rank \(sender) has ended and rank \(index) waits for it in a collective")
                }
                job.clock.wait(until: parcel.dueSeconds)
            }
            next += 1
        }
        job.clock.wait(until: departed)
    }
}
