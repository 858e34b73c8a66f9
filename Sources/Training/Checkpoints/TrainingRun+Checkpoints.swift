import Cluster
import Fabrics

/// How a run that was killed goes on, to the same bits as one that was not: ``RunCheckpoints/Resumption``.
///
/// Where time is replayed, steps up to the checkpoint leave the model alone and evaluations are those of the checkpoint; at
/// its place, where the same rank would write it, its numbers are taken over.
extension TrainingRun {
    /// The state at which programs start; nil where they start from their beginning, also in a run that is resumed.
    var start: RunState? { checkpoints?.programStart }

    /// Whether the update of this number, from 0, is part of the checkpoint and repeated only for its time and
    /// messages.
    func isReplayed(_ update: Int) -> Bool {
        guard let checkpoints, checkpoints.resumption == .replay else { return false }
        return update < checkpoints.repeatedUpdates
    }

    /// The evaluation after so many updates, if it is part of the checkpoint and not made again.
    func replayedEvaluation(_ round: Int) -> Evaluation? {
        guard let checkpoints, checkpoints.resumption == .replay, let start = checkpoints.start,
            round <= start.position.round
        else { return nil }
        return start.evaluations.first { $0.round == round }
    }

    /// Whether an earlier process told of the evaluation after so many updates.
    func wasTold(_ round: Int) -> Bool {
        guard let checkpoints, checkpoints.resumption == .recompute, let start = checkpoints.start else { return false }
        return round <= start.position.round
    }

    /// Takes the checkpoint's numbers over where the program starts at it; to be called before the first rank begins.
    func restoreStart(_ state: NamedState) throws(CheckpointError) {
        guard let start else { return }
        try restore(start, state)
    }

    /// Whether ``checkpoint(_:at:sharedSteps:isFirst:on:_:)`` has something to do after `round` updates: the same on all
    /// ranks.
    func isCheckpointDue(round: Int, samples: Int) -> Bool {
        guard let checkpoints else { return false }
        let isCompared = round > 0 && round == checkpoints.repeatedUpdates && samples < sampleBudget
        return isCompared || budget.isCheckpointDue(every: checkpoints.interval, updates: round, samples: samples)
    }

    /// Writes a checkpoint, or takes it over where the run comes to the one that it goes on from. Charged to nothing.
    ///
    /// - Parameters:
    ///   - sharedSteps: steps of all ranks together, whose losses are merged before; nil where each rank steps on its own.
    ///   - isFirst: whether this rank is the one that evaluates.
    ///   - pause: `.allRanks` of programs whose ranks share every step, and all make this call; `.thisRank` of a server.
    /// - Throws: what could not be written, or ``CheckpointError``.
    func checkpoint(
        _ state: NamedState, at position: RunPosition, sharedSteps: Int? = nil, isFirst: Bool, on rank: any Rank,
        _ pause: Pause
    ) async throws {
        guard let checkpoints else { return }
        guard checkpoints.resumption != .start else {
            guard position.round > checkpoints.start?.position.round ?? 0 else { return }
            if pause != .thisRank { try await gatherLosses(on: rank) }
            try await state.gather(on: rank, pause)
            return try await rank.checkpoint(pause) { [self] fabric in
                try checkpoints.write(runState(state, position, sharedSteps, rank, fabric))
            }
        }
        // After a dropout another rank may come to the same place again.
        guard isFirst, lastCheckpoint.withLock({ $0.rise(to: position.round) }) else { return }
        if let start = checkpoints.start, position.round == start.position.round {
            return try takeOver(start, state, position, rank, isComputed: checkpoints.resumption == .recompute)
        }
        // The intervals of the two processes may differ, so that this one comes to places that the other did not stop at.
        guard position.round > checkpoints.repeatedUpdates else { return }
        try checkpoints.write(runState(state, position, sharedSteps, rank, nil))
    }

    private func runState(
        _ state: NamedState, _ position: RunPosition, _ sharedSteps: Int?, _ rank: any Rank, _ fabric: FabricSnapshot?
    ) -> RunState {
        if let sharedSteps { mergeSharedSteps(upTo: sharedSteps) }
        return runState(state.current, position, [:], rank, fabric)
    }

    /// - Parameter nodeLosses: the losses, two numbers a step, that each rank with a model of its own has not brought
    ///   to an evaluation, by rank.
    func runState(
        _ values: StateValues, _ position: RunPosition, _ nodeLosses: [Int: [Double]], _ rank: any Rank,
        _ fabric: FabricSnapshot?
    ) -> RunState {
        let losses = losses.current
        return record.withLock { record in
            let models = mayStop ? record.nodes.compactMap { node in node.finalParameters.map { (node.rank, $0) } } : []
            return RunState(
                position: position, values: values, evaluatedParameters: mayStop ? record.finalParameters : nil,
                evaluations: record.evaluations, nodes: record.nodes, trainedSamples: losses.trainedSamples,
                stepLosses: losses.stepLosses, lossSum: losses.sum,
                lossSamples: losses.samples, clusterNanoseconds: rank.now.nanoseconds, bytesSent: rank.totalBytesSent,
                fabric: fabric, nodeLosses: nodeLosses, nodeModels: Dictionary(uniqueKeysWithValues: models),
                nodeNotes: noteBook.current, consensus: record.consensus)
        }
    }

    /// Takes the checkpoint's numbers over. What was played up to here has to agree with the checkpoint; otherwise it
    /// is of another job.
    private func takeOver(
        _ start: RunState, _ state: NamedState, _ position: RunPosition, _ rank: any Rank, isComputed: Bool
    ) throws(CheckpointError) {
        try check(start, state.current, position, rank, isComputed: isComputed)
        if !isComputed { try restore(start, state) }
    }

    /// - Parameter isComputed: whether the vectors were computed again, so that they have to equal the checkpoint's.
    func check(
        _ start: RunState, _ values: StateValues, _ position: RunPosition, _ rank: any Rank, isComputed: Bool
    ) throws(CheckpointError) {
        let (now, sent) = (rank.now, rank.totalBytesSent)
        guard position == start.position, values.counts == start.values.counts,
            now.nanoseconds == start.clusterNanoseconds, sent == start.bytesSent
        else {
            throw CheckpointError(
                """
                the checkpoint after \(start.position.round) updates was made at \
                \(VirtualTime(nanoseconds: start.clusterNanoseconds).seconds) s with \(start.position.samples) samples and \
                \(start.bytesSent) bytes; this program comes there at \(now.seconds) s with \(position.samples) samples and \
                \(sent) bytes
                """)
        }
        guard !isComputed || values.hasSameBits(as: start.values) else {
            throw CheckpointError(
                """
                the checkpoint after \(position.round) updates has another state than this program computes up to there
                """)
        }
    }

    private func restore(_ start: RunState, _ state: NamedState) throws(CheckpointError) {
        try state.take(start.values, ranks: rankCount)
        record.withLock { $0.finalParameters = start.evaluatedParameters ?? state.parameters }
    }
}

extension TrainingRun.Record {
    /// The record of a run that goes on: the checkpoint's evaluations, except where these are made again.
    init(from checkpoints: RunCheckpoints?) {
        self.init()
        guard let start = checkpoints?.programStart else { return }
        (evaluations, nodes, consensus) = (start.evaluations, start.nodes, start.consensus)
    }
}

extension Int {
    /// Becomes the other number where that is above it.
    /// - Returns: whether it was.
    fileprivate mutating func rise(to other: Int) -> Bool {
        guard other > self else { return false }
        self = other
        return true
    }
}
