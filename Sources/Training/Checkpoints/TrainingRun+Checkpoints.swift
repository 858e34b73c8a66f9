import Cluster
public import Fabrics
public import Kernel

/// How a run that was killed goes on, to the same bits as one that was not.
///
/// On a fabric that plays its time again the program starts from the beginning, and up to the checkpoint nothing is
/// computed: steps leave the model alone (``isReplayed(_:)``), evaluations are those of the checkpoint. At the checkpoint's
/// place, where the same rank would write it, its numbers are taken over. On a measured fabric the program starts there.
extension TrainingRun {
    /// Where programs start; nil for the beginning, and where they start there although the run is resumed.
    public var start: RunState? { checkpoints?.replaysTime == false ? checkpoints?.start : nil }

    /// Whether the update of this number, from 0, is part of the checkpoint and made again for its time and messages only.
    public func isReplayed(_ update: Int) -> Bool { update < replayedUpdates }

    private var replayedUpdates: Int {
        guard let checkpoints, checkpoints.replaysTime else { return 0 }
        return checkpoints.start?.position.round ?? 0
    }

    /// The evaluation after so many updates, if it is part of the checkpoint and made again.
    package func replayedEvaluation(_ round: Int) -> Evaluation? {
        guard let checkpoints, checkpoints.replaysTime, let start = checkpoints.start,
            round <= start.position.round
        else { return nil }
        return start.evaluations.first { $0.round == round }
    }

    /// Takes the checkpoint's numbers over where the program starts at it; to be called before the first rank begins.
    public func restoreStart(_ model: ParameterVector, velocity: ParameterVector? = nil) throws(CheckpointError) {
        guard let start else { return }
        try restore(start, model, velocity)
    }

    /// Whether ``checkpoint(_:velocity:at:isFirst:on:_:)`` has something to do after `round` updates: the same on all
    /// ranks.
    public func isCheckpointDue(round: Int, samples: Int) -> Bool {
        guard let checkpoints, samples < sampleBudget, round > 0 else { return false }
        return round % checkpoints.interval == 0 || round == replayedUpdates
    }

    /// Writes a checkpoint, or takes it over where the run comes to the one that it goes on from. Charged to nothing.
    ///
    /// - Parameters:
    ///   - isFirst: whether this rank is the one that evaluates.
    ///   - pause: `.allRanks` of programs whose ranks share every step, and all make this call; `.thisRank` of a server.
    /// - Throws: what could not be written, or ``CheckpointError``.
    public func checkpoint(
        _ model: ParameterVector, velocity: ParameterVector? = nil, at position: RunPosition, isFirst: Bool,
        on rank: any Rank, _ pause: Pause
    ) async throws {
        guard let checkpoints else { return }
        guard checkpoints.replaysTime else {
            guard position.round > checkpoints.start?.position.round ?? 0 else { return }
            if pause != .thisRank { try await gatherLosses(on: rank) }
            return try await rank.checkpoint(pause) { [self] fabric in
                try checkpoints.write(state(model, velocity, position, rank, fabric))
            }
        }
        // After a dropout another rank may come to the same place again.
        guard isFirst, record.withLock({ $0.reach(position.round) }) else { return }
        if let start = checkpoints.start, position.round == start.position.round {
            return try takeOver(start, model, velocity, position, rank)
        }
        // Of an interval that does not divide the one before.
        guard position.round > replayedUpdates else { return }
        try checkpoints.write(state(model, velocity, position, rank, nil))
    }

    private func state(
        _ model: ParameterVector, _ velocity: ParameterVector?, _ position: RunPosition, _ rank: any Rank,
        _ fabric: FabricSnapshot?
    ) -> RunState {
        if position.server == nil { mergeSharedSteps(upTo: position.round) }
        return record.withLock { record in
            RunState(
                position: position, parameters: model, velocity: velocity,
                evaluatedParameters: mayStop ? record.finalParameters : nil, evaluations: record.evaluations,
                stepLosses: record.stepLosses, lossSum: record.lossSum, lossSamples: record.lossSamples,
                clusterNanoseconds: rank.now.nanoseconds, bytesSent: rank.totalBytesSent, fabric: fabric)
        }
    }

    /// What was played up to here has to be what the checkpoint was made in, or it is of another job.
    private func takeOver(
        _ start: RunState, _ model: ParameterVector, _ velocity: ParameterVector?, _ position: RunPosition,
        _ rank: any Rank
    ) throws(CheckpointError) {
        let (now, sent) = (rank.now, rank.totalBytesSent)
        guard position == start.position, now.nanoseconds == start.clusterNanoseconds, sent == start.bytesSent else {
            throw CheckpointError(
                """
                the checkpoint after \(start.position.round) updates was made at \
                \(VirtualTime(nanoseconds: start.clusterNanoseconds).seconds) s with \(start.position.samples) samples and \
                \(start.bytesSent) bytes; this program comes there at \(now.seconds) s with \(position.samples) samples and \
                \(sent) bytes
                """)
        }
        try restore(start, model, velocity)
    }

    private func restore(
        _ start: RunState, _ model: ParameterVector, _ velocity: ParameterVector?
    ) throws(CheckpointError) {
        guard start.parameters.count == model.count, start.velocity?.count == velocity?.count else {
            throw CheckpointError(
                """
                the checkpoint has \(start.parameters.count) parameters and \(start.velocity?.count ?? 0) velocities; the run \
                has \(model.count) and \(velocity?.count ?? 0)
                """)
        }
        model.copy(from: start.parameters)
        if let velocity, let saved = start.velocity { velocity.copy(from: saved) }
        record.withLock { $0.finalParameters = start.evaluatedParameters ?? model }
    }
}

extension TrainingRun.Record {
    /// The record of a run that goes on: the checkpoint's, but for the evaluations where these are made again.
    package init(from checkpoints: RunCheckpoints?) {
        self.init()
        guard let start = checkpoints?.start else { return }
        if checkpoints?.replaysTime == false { evaluations = start.evaluations }
        stepLosses = start.stepLosses
        lossSum = start.lossSum
        lossSamples = start.lossSamples
        firstLoggedStep = start.position.round
        mergedSteps = start.position.round
    }

    /// Whether so many updates are more than ever before at a checkpoint.
    fileprivate mutating func reach(_ round: Int) -> Bool {
        guard round > lastCheckpoint else { return false }
        lastCheckpoint = round
        return true
    }
}
