import Fabrics
import Kernel
import Locking

/// Checkpoints of runs whose ranks have models of their own.
///
/// Ranks come to a round at times of their own, and some may be in the next one while others are still in this. So each brings
/// what it keeps when it comes there, and the last one to come writes the checkpoint. Ranks that have left or ended bring
/// nothing, and what they last kept is of no use to anybody.
final class NodeGathering: Sendable {
    private let run: TrainingRun
    private let state: NamedState
    /// The rank that keeps the server's state; nil where there is no server.
    private let server: Int?
    private let gathered: Guarded<Gathered>

    private struct Gathered {
        /// What ranks have brought, by the checkpoint's round.
        var open: [Int: [Int: Brought]] = [:]
        var positions: [Int: RunPosition] = [:]
        var ended: Set<Int>
    }

    private struct Brought {
        let vectors: [String: ParameterVector]
        let losses: [Double]
        let notes: NodeNotes?
    }

    private struct Complete {
        let position: RunPosition
        let ranks: [Int: Brought]
    }

    /// - Parameter absent: ranks that take no part in training.
    init(_ run: TrainingRun, _ state: NamedState, absent: Set<Int>, server: Int? = nil) {
        (self.run, self.state, self.server) = (run, state, server)
        gathered = Guarded(Gathered(ended: absent))
    }

    /// Brings what the rank keeps, or takes it over where the run comes to the checkpoint that it goes on from. Every rank that
    /// is at work makes this call. Charged to nothing.
    /// - Throws: what could not be written, or ``CheckpointError``.
    func checkpoint(at position: RunPosition, on rank: any Rank) async throws {
        guard let checkpoints = run.checkpoints else { return }
        guard checkpoints.resumption != .start else { return try await writeTogether(checkpoints, position, rank) }
        if checkpoints.resumption == .replay, let start = checkpoints.start, position.round == start.position.round {
            run.takeOwn(ofRank: rank.index, of: start, state, server: server)
        }
        let brought = Brought(
            vectors: rank.index == server ? state.ofServer() : state.own(ofRank: rank.index),
            losses: run.losses.unmerged(ofRank: rank.index), notes: run.noteBook.current[rank.index])
        gathered.withLock { gathered in
            gathered.open[position.round, default: [:]][rank.index] = brought
            gathered.positions[position.round] = position
        }
        try complete(rank)
    }

    /// The rank brings nothing more, and shows nothing.
    func end(_ index: Int, _ rank: any Rank) throws {
        // An evaluation that waited for this rank is over before a checkpoint that did so is written, which it is part of.
        rank.showsNothingMore()
        gathered.withLock { _ = $0.ended.insert(index) }
        try complete(rank)
    }

    /// Does what is to be done with checkpoints that no rank is missing in.
    private func complete(_ rank: any Rank) throws {
        let ranks = run.rankCount
        let complete = gathered.withLock { gathered in
            let rounds = gathered.open.keys.filter { round in
                let brought = gathered.open[round] ?? [:]
                return brought.count + gathered.ended.count { brought[$0] == nil } == ranks
            }
            return rounds.sorted().compactMap { round -> Complete? in
                guard let brought = gathered.open.removeValue(forKey: round),
                    let position = gathered.positions.removeValue(forKey: round)
                else { return nil }
                return Complete(position: position, ranks: brought)
            }
        }
        for complete in complete { try finish(complete, rank) }
    }

    private func finish(_ complete: Complete, _ rank: any Rank) throws {
        guard let checkpoints = run.checkpoints else { return }
        let values = StateValues(
            vectors: complete.ranks.values.reduce(into: [:]) { $0.merge($1.vectors) { own, _ in own } },
            counts: state.current.counts)
        if let start = checkpoints.start, complete.position.round == start.position.round {
            try run.check(
                start, values, complete.position, rank, isComputed: checkpoints.resumption == .recompute)
            return run.takeModels(of: start, except: complete.ranks.keys)
        }
        // The intervals of the two processes may differ, so that this one comes to places that the other did not stop at.
        guard complete.position.round > checkpoints.repeatedUpdates else { return }
        var saved = run.runState(values, complete.position, complete.ranks.mapValues(\.losses), rank, nil)
        // The notes as they were when the rank came here: it may be further by now.
        for (rank, brought) in complete.ranks { saved.nodeNotes[rank] = brought.notes }
        try checkpoints.write(saved)
    }

    /// Writes a checkpoint where all ranks make this call at the same time; one of them writes.
    private func writeTogether(_ checkpoints: RunCheckpoints, _ position: RunPosition, _ rank: any Rank) async throws {
        guard position.round > checkpoints.start?.position.round ?? 0 else { return }
        try await state.gather(on: rank, .allRanks)
        let told = rank.sharesMemory ? nil : try await rank.exchange(run.losses.unmerged(ofRank: rank.index))
        try await rank.checkpoint(.allRanks) { [self] fabric in
            let losses = (0..<run.rankCount).map { told?[$0] ?? run.losses.unmerged(ofRank: $0) }
            let byRank = Dictionary(uniqueKeysWithValues: losses.enumerated().map { ($0, $1) })
            try checkpoints.write(run.runState(state.current, position, byRank, rank, fabric))
        }
    }
}

extension TrainingRun {
    /// Takes a checkpoint's numbers over where programs start at it, and says whether it fits where they come to it; to be called
    /// before the first rank begins.
    func restoreNodes(_ state: NamedState, server: Int? = nil) throws(CheckpointError) {
        guard let saved = checkpoints?.start else { return }
        try state.check(saved.values, ranks: rankCount)
        guard start != nil else { return }
        for rank in 0..<rankCount { takeOwn(ofRank: rank, of: saved, state, server: server) }
    }

    /// Takes over the models of nodes that may have left since, and come to no evaluation again.
    ///
    /// - Parameter others: ranks that have not left.
    fileprivate func takeModels(of saved: RunState, except others: some Collection<Int>) {
        for (rank, notes) in saved.nodeNotes where !others.contains(rank) { noteBook.change(rank) { $0 = notes } }
        record.withLock { record in
            for index in record.nodes.indices {
                let model = saved.nodeModels[record.nodes[index].rank]
                record.nodes[index].finalParameters = model ?? record.nodes[index].finalParameters
            }
        }
    }

    /// Takes over what a rank had kept and told of itself, and the losses that it had not brought to an evaluation.
    fileprivate func takeOwn(ofRank rank: Int, of saved: RunState, _ state: NamedState, server: Int?) {
        if rank == server { state.takeServer(of: saved.values) } else { state.takeOwn(ofRank: rank, of: saved.values) }
        if let notes = saved.nodeNotes[rank] { noteBook.change(rank) { $0 = notes } }
        if let losses = saved.nodeLosses[rank] { self.losses.append(told: losses, ofRank: rank) }
    }
}
