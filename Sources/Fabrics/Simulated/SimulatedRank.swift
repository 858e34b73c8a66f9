import Cluster
import Kernel

/// A rank of a ``Simulation``. Its program runs on the simulation's thread, one rank at a time.
///
/// `@unchecked Sendable`: only its program uses it, on that thread.
final class SimulatedRank: Rank, @unchecked Sendable {
    let index: Int
    private let simulation: Simulation
    /// Where a rank that is alone computes what it contributes; kept for its memory.
    private var contribution = KeptVector()

    init(index: Int, simulation: Simulation) {
        self.index = index
        self.simulation = simulation
    }

    var count: Int { simulation.rankCount }
    var now: VirtualTime { simulation.now }
    private var group: RankGroup { simulation.collectives.group }

    // MARK: Computing

    func compute(_ work: ComputeWork, _ body: @escaping @Sendable () -> Void) async throws {
        try await simulation.compute(work, rank: index, body)
    }

    func compute(_ work: ComputeWork, parts: Int, _ body: @escaping @Sendable (Int) -> Void) async throws {
        try await simulation.compute(work, rank: index, parts: parts, body)
    }

    func compute(
        _ work: ComputeWork, count: Int, deferring body: @escaping @Sendable () -> ParameterVector
    ) async throws -> DeferredVector {
        try await simulation.spend(work, rank: index)
        return DeferredVector(count: count, ahead: simulation.lookahead, body)
    }

    // MARK: Messages

    func send(_ message: Message, to receiver: Int) async throws {
        try await simulation.send(message, from: index, to: receiver)
    }

    func post(_ message: Message, to receiver: Int) throws {
        try simulation.throwIfFailed()
        try simulation.dropouts.throwIfGone(index)
        simulation.post(message, from: index, to: receiver)
    }

    func receive(from senders: Senders, until deadline: VirtualTime?) async throws -> Reception {
        try await simulation.receive(from: senders, by: index, until: deadline)
    }

    func sleep(until time: VirtualTime) async throws { try await simulation.sleep(index, until: time) }

    // MARK: Collectives

    func collective(
        _ kind: CollectiveKind, _ vector: ParameterVector?, purpose: TrafficPurpose
    ) async throws -> CollectiveResult {
        let elements = vector?.count ?? 0
        // A rank that is alone adds nothing.
        guard group.count > 1 || kind.reduction == nil else { return CollectiveResult(part: 0..<elements) }
        let run = try await simulation.take(
            part: kind.deposit(vector, of: index), of: kind, rank: index, elements: elements, purpose: purpose)
        let part = (0..<elements).part(group.place(of: index), of: group.count)
        return kind.result(vector, of: index, part: part, run.numbers.deposits)
    }

    /// The messages of a collective without its numbers.
    func play(_ kind: CollectiveKind, elements: Int) async throws {
        _ = try await simulation.take(part: nil, of: kind, rank: index, elements: elements, purpose: .gradient)
    }

    func allReduce(_ request: AllReduceRequest) async throws {
        guard group.count > 1 else { return try await reduceAlone(request) }
        switch request.source {
        case .vector(let vector):
            _ = try await simulation.take(
                part: vector, of: .allReduce(request.reduction), rank: index, elements: vector.count,
                purpose: request.purpose, update: request.update)
        case .computed(let work, let contribution) where request.buckets.isEmpty:
            try await simulation.spend(work, rank: index)
            _ = try await simulation.take(
                part: nil, contribution: contribution, of: .allReduce(request.reduction), rank: index,
                elements: request.count, purpose: request.purpose, update: request.update)
        case .computed(let work, let contribution): try await overlap(work, contribution, request)
        }
    }

    private func reduceAlone(_ request: AllReduceRequest) async throws {
        switch request.source {
        case .vector(let vector): request.update?(vector, 0..<vector.count)
        case .computed(let work, let contribution):
            let vector = self.contribution.take(count: request.count)
            try await compute(work) { contribution(vector, nil) }
            request.update?(vector, 0..<request.count)
        }
    }

    /// What the rank computes goes on whatever its messages do, and these go out one after another: so all that the
    /// rank's program has to wait for is, in turn, the time at which a bucket is ready and the end of its all-reduce.
    private func overlap(
        _ work: ComputeWork, _ contribution: @escaping AllReduceRequest.Contribution, _ request: AllReduceRequest
    ) async throws {
        let (clock, buckets) = (simulation.clock, request.buckets)
        try simulation.throwIfFailed()
        try simulation.dropouts.throwIfGone(index)
        clock.begin(overlapped: work, elements: request.count, shares: buckets.map(\.readyShare) + [1], rank: index)
        for (position, bucket) in buckets.enumerated() {
            let ready = clock.beginWaiting(forShare: position, rank: index)
            try await simulation.spend(until: ready, rank: index)
            // The numbers are added when all ranks have come to the last bucket. Until then none of them changes the
            // model, and none needs the sum.
            let isLast = position == buckets.count - 1
            _ = try await simulation.take(
                part: nil, contribution: isLast ? contribution : nil, of: .allReduce(request.reduction), rank: index,
                elements: bucket.range.count, summed: isLast ? request.count : nil, purpose: request.purpose,
                update: isLast ? request.update : nil)
        }
        let end = clock.beginWaiting(forShare: buckets.count, rank: index)
        try await simulation.spend(until: end, rank: index)
        try await simulation.spend(until: clock.beginUpdate(rank: index), rank: index)
    }
}

extension SimulatedRank: ElasticRank {
    var members: [Int] { group.all }

    func isKnownToHaveLeft(_ rank: Int) -> Bool { simulation.dropouts.known.contains(rank) }

    func regroup(at step: Int) async throws -> Int {
        let agreed = try await simulation.regroup(index, at: step)
        // The numbers travel with the messages of a barrier, whose framing has room for one.
        try await barrier()
        return agreed
    }
}

extension SimulatedRank: HarnessRank {
    var totalBytesSent: Int { simulation.transport.ledger.totalBytes }
    var waitsOffTheClock: Bool { false }

    func offTheClock(
        _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: @escaping @Sendable () -> Void
    ) async throws {
        try simulation.dropouts.throwIfGone(index)
        // Virtual time stands still while a rank's program runs: no need to stop the others.
        if pause == .thisRank || index == group.first {
            simulation.offTheClock(index, chunks: chunks, body, finish: finish)
        }
        if pause == .allRanksTogether { try await simulation.meet(rank: index) }
    }

    func showsNothingMore() { simulation.showsNothingMore(index) }

    func offTheClock(
        showing vector: ParameterVector, chunks: Int,
        _ body: @escaping @Sendable (_ chunk: Int, _ shown: [ShownVector]) -> Void,
        finish: @escaping @Sendable (_ shown: [ShownVector]) -> Void
    ) async throws {
        try simulation.dropouts.throwIfGone(index)
        simulation.show(vector, of: index) { [simulation] shown in
            simulation.pool.concurrentPerform(chunks) { body($0, shown) }
            finish(shown)
        }
    }
}
