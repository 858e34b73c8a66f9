import Cluster
import Kernel

/// A rank of a ``Simulation``. Its program runs on the simulation's thread, one rank at a time.
///
/// `@unchecked Sendable`: only its program uses it, on that thread.
final class SimulatedRank: Rank, @unchecked Sendable {
    let index: Int
    let simulation: Simulation
    /// Where a rank that is alone computes what it contributes; kept for its memory.
    private var contribution: ParameterVector?

    init(index: Int, simulation: Simulation) {
        self.index = index
        self.simulation = simulation
    }

    var count: Int { simulation.rankCount }
    var now: VirtualTime { simulation.now }
    var totalBytesSent: Int { simulation.ledger.totalBytes }

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
        return DeferredVector(count: count, body)
    }

    var members: [Int] { simulation.group.all }

    func isKnownToHaveLeft(_ rank: Int) -> Bool { simulation.isKnownToHaveLeft(rank) }

    func regroup(at step: Int) async throws -> Int {
        let agreed = try await simulation.regroup(index, at: step)
        // The numbers travel with the messages of a barrier, whose framing has room for one.
        try await barrier()
        return agreed
    }

    func offTheClock(
        _ pause: Pause, chunks: Int, _ body: @escaping @Sendable (Int) -> Void, finish: @escaping @Sendable () -> Void
    ) async throws {
        try simulation.throwIfGone(index)
        // Virtual time stands still while a rank's program runs: no need to stop the others.
        if pause == .thisRank || index == simulation.group.first {
            simulation.offTheClock(chunks: chunks, body)
            finish()
            simulation.observer?.began(.evaluation, on: index, at: now)
            simulation.observer?.ended(on: index, at: now, ready: now)
        }
        if pause == .allRanksTogether { try await simulation.meet(rank: index) }
    }

    func send(_ message: Message, to receiver: Int) async throws {
        try await simulation.send(message, from: index, to: receiver)
    }

    func receive(from sender: Int) async throws -> Message? {
        try await simulation.receive(from: sender, by: index)
    }

    func allReduce(_ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose) async throws {
        guard groupCount > 1 else { return }
        _ = try await simulation.take(
            part: vector, of: .allReduce(reduction), rank: index, elements: vector.count, purpose: purpose)
    }

    func allReduce(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        guard groupCount > 1 else { return update(vector, 0..<vector.count) }
        _ = try await simulation.take(
            part: vector, of: .allReduce(reduction), rank: index, elements: vector.count, purpose: purpose,
            update: update)
    }

    func allReduce(
        _ reduction: Reduction, count: Int, computing work: ComputeWork, purpose: TrafficPurpose,
        contribution: @escaping @Sendable (_ vector: ParameterVector) -> Void,
        update: @escaping @Sendable (_ sum: ParameterVector, _ range: Range<Int>) -> Void
    ) async throws {
        guard groupCount > 1 else {
            let vector = reused(count)
            try await compute(work) { contribution(vector) }
            return update(vector, 0..<count)
        }
        try await simulation.spend(work, rank: index)
        _ = try await simulation.take(
            part: nil, contribution: contribution, of: .allReduce(reduction), rank: index, elements: count,
            purpose: purpose, update: update)
    }

    /// The messages of a collective without its numbers.
    func play(_ kind: CollectiveKind, elements: Int) async throws {
        _ = try await simulation.take(part: nil, of: kind, rank: index, elements: elements, purpose: .gradient)
    }

    /// Ranks in collectives.
    private var groupCount: Int { simulation.group.count }

    /// What a rank of the collective gets of a vector that is spread over all.
    private func ownPart(of vector: ParameterVector) -> Range<Int> {
        (0..<vector.count).part(simulation.group.place(of: index), of: groupCount)
    }

    private func reused(_ count: Int) -> ParameterVector {
        if let contribution, contribution.count == count { return contribution }
        let vector = ParameterVector(count: count)
        contribution = vector
        return vector
    }

    func reduceScatter(
        _ vector: ParameterVector, _ reduction: Reduction, purpose: TrafficPurpose
    ) async throws -> Range<Int> {
        if groupCount > 1 {
            _ = try await simulation.take(
                part: vector, of: .reduceScatter(reduction), rank: index, elements: vector.count, purpose: purpose)
        }
        return ownPart(of: vector)
    }

    func allGather(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> [ParameterVector] {
        try await simulation.take(
            part: vector.copied(), of: .allGather, rank: index, elements: vector.count, purpose: purpose
        ).deposits.compactMap { $0 }
    }

    func allToAll(_ vector: ParameterVector, purpose: TrafficPurpose) async throws -> ParameterVector {
        let run = try await simulation.take(
            part: vector.copied(), of: .allToAll, rank: index, elements: vector.count, purpose: purpose)
        return .joined(run.deposits.compactMap { $0 }, part: ownPart(of: vector))
    }

    func scatter(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws -> Range<Int> {
        let part = ownPart(of: vector)
        // A copy, since the root may be done and go on before the last rank has come.
        let run = try await simulation.take(
            part: index == root ? vector.copied() : nil, of: .scatter(root: root), rank: index,
            elements: vector.count, purpose: purpose)
        if index != root, let source = run.deposits[root] { vector.copy(from: source, in: part) }
        return part
    }

    func broadcast(_ vector: ParameterVector, from root: Int, purpose: TrafficPurpose) async throws {
        // A copy, since the root may be done and go on before the last rank has come.
        let run = try await simulation.take(
            part: index == root ? vector.copied() : nil, of: .broadcast(root: root), rank: index,
            elements: vector.count, purpose: purpose)
        if index != root, let source = run.deposits[root] { vector.copy(from: source) }
    }

    func gather(_ vector: ParameterVector, to root: Int, purpose: TrafficPurpose) async throws -> [ParameterVector]? {
        let run = try await simulation.take(
            part: vector.copied(), of: .gather(root: root), rank: index, elements: vector.count, purpose: purpose)
        return index == root ? run.deposits.compactMap { $0 } : nil
    }

    func barrier() async throws {
        _ = try await simulation.take(part: nil, of: .barrier, rank: index, elements: 0, purpose: .control)
    }
}
