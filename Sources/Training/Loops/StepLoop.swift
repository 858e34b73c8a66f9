import Cluster
import Datasets
public import Fabrics
import Kernel
import Locking

/// Training in lockstep, with a collective every so many steps:
///
///     until the sample budget is used up:
///         on every rank, for each of the next H global batches:   contribution ← localStep(the rank's part of it)
///         all-reduce of the contributions
///         combine(what it gave)
///
/// The loop carries what all such strategies need: the budget and the learning rate, losses, evaluations and limits, ranks
/// that leave (the run stops or, if asked to, goes on with those that remain, ``ElasticGroup``), checkpoints and what is made
/// again for its time only. With ``GradientOverlap`` contributions go out in buckets while they are still being computed.
///
/// All ranks have the same state after an update, so those that share memory share one.
public struct StepLoop: Sendable {
    private let run: TrainingRun
    private let batch: Int
    private let stepsPerUpdate: Int
    private let overlap: GradientOverlap?

    /// - Parameters:
    ///   - batch: samples of a step's global batch.
    ///   - stepsPerUpdate: H, steps from one all-reduce to the next; the last update has as many as the budget leaves it.
    ///   - overlap: how contributions are sent while they are computed, which takes one step an update; nil to send them
    ///     after that.
    public init(_ run: TrainingRun, batch: Int, stepsPerUpdate: Int = 1, overlap: GradientOverlap? = nil) {
        precondition(stepsPerUpdate > 0, "\(stepsPerUpdate) steps an update")
        precondition(overlap == nil || stepsPerUpdate == 1, "an overlap with \(stepsPerUpdate) steps an update")
        self.run = run
        self.batch = batch
        self.stepsPerUpdate = stepsPerUpdate
        self.overlap = overlap
    }

    /// What every rank does.
    /// - Throws: ``CheckpointError`` where the run goes on from a checkpoint that does not fit.
    public func program(_ rule: some StepRule) throws -> RankProgram {
        let sampler = run.sampler(batch: batch)
        let buckets = overlap?.buckets(of: run.network) ?? []
        // Kept until the run is over: what a rank that has left brought to an all-reduce may still be added up.
        let allUpdates = Guarded<[RankUpdate]>([])
        try run.restoreStart(rule.state)
        return { [self] rank in
            var group = ElasticGroup(
                rank, sampler, stepsPerUpdate: stepsPerUpdate, budget: run.sampleBudget,
                from: run.start?.position.round ?? 0)
            let steps = run.sampleBudget / sampler.batchSize + 1 + run.sampleBudget / sampler.sampleCount
            let update = RankUpdate(run, rule, rank, steps: stepsPerUpdate, run.losses(of: rank.index, steps: steps))
            allUpdates.withLock { $0.append(update) }
            if rank.index == 0 { run.expect(steps: steps) }
            while true {
                do {
                    guard try await evaluate(rule.state, group, rank), group.samples < run.sampleBudget else { return }
                    if run.isCheckpointDue(round: group.round, samples: group.samples) {
                        try await run.checkpoint(
                            rule.state, at: group.position, sharedSteps: group.steps, isFirst: group.isFirst, on: rank,
                            .allRanks)
                    }
                    update.prepare(group)
                    try await make(update, rule, sending: buckets, rank)
                    group.finishUpdate()
                } catch FabricError.rankLeft(let other, let time) {
                    guard run.configuration.continuesAfterDropouts else {
                        return run.stop(by: other, leavingAt: time)
                    }
                    try await group.recover(rank, run)
                }
            }
        }
    }

    /// Evaluates where that is due: before the first update and after some.
    /// - Returns: false if the run is to end.
    private func evaluate(_ state: NamedState, _ group: ElasticGroup, _ rank: any Rank) async throws -> Bool {
        let isStart = group.round == 0
        guard isStart || run.isEvaluationDue(from: group.samplesBefore, to: group.samples) else { return true }
        try await run.gatherLosses(on: rank)
        if group.isFirst, !isStart { run.mergeSharedSteps(upTo: group.steps) }
        return try await run.evaluate(
            state.parameters, round: group.round, samples: group.samples, on: rank, .allRanks)
    }

    private func make(
        _ update: RankUpdate, _ rule: some StepRule, sending buckets: [GradientBucket], _ rank: any Rank
    ) async throws {
        let count = run.network.parameterCount
        if let alone = update.alone {
            try await rank.compute(update.work, alone)
        } else {
            try await rank.allReduce(
                rule.reduction, count: count, computing: update.work, sending: buckets, purpose: rule.purpose,
                contribution: update.contribute, update: update.combine)
        }
    }
}

/// What a rank computes in an update. Its closures are made once, so that a step allocates nothing.
///
/// `@unchecked Sendable`: belongs to one rank, which waits for each computation.
private final class RankUpdate: @unchecked Sendable {
    private let run: TrainingRun
    private let rank: Int
    /// The rank's parts of the update's global batches.
    private var parts: [BatchPart] = []
    /// This update's number. `lastAdded` is the number of the last update to whose sum this rank contributed.
    private var round = 0
    private var lastAdded = -1
    /// Whether the update was made before a rank left, or before a checkpoint that the run goes on from, so that it is
    /// repeated for its time and its messages only: however many share a global batch, its sum is the same to rounding.
    private var isRepeated = false
    /// Makes the whole update of a rank that is alone, without a contribution; nil where updates are made of
    /// contributions.
    private(set) var alone: (@Sendable () -> Void)?
    private(set) var contribute: AllReduceRequest.Contribution = { _, _ in }
    private(set) var combine: AllReduceRequest.Update = { _, _ in }

    init(_ run: TrainingRun, _ rule: some StepRule, _ rank: any Rank, steps: Int, _ losses: LossLog) {
        self.run = run
        self.rank = rank.index
        parts.reserveCapacity(steps)
        if rank.count == 1, let stepAlone = rule.stepAlone {
            alone = { [unowned self] in
                guard !isRepeated else { return }
                for part in parts { losses.append(sum: stepAlone(part), samples: part.indices.count) }
            }
            return
        }
        contribute = { [unowned self] contribution, progress in
            guard !isRepeated else { return }
            lastAdded = round
            for part in parts {
                let loss = rule.localStep(part, contribution, progress)
                // Here, since rank 0 may go on and merge the losses before another rank does.
                losses.append(sum: loss, samples: part.indices.count)
            }
        }
        combine = { [unowned self] reduced, range in
            if !isRepeated { rule.combine(reduced, in: range, rate: parts[parts.count - 1].rate) }
        }
    }

    func prepare(_ group: ElasticGroup) {
        round = group.round
        isRepeated = round == lastAdded || run.isReplayed(round)
        parts.removeAll(keepingCapacity: true)
        let steps = group.nextSteps
        for step in steps {
            let (before, after) = (group.samples(beforeStep: step), group.samples(beforeStep: step + 1))
            parts.append(
                BatchPart(
                    rank: rank, ranks: group.count, isFirst: step == steps.lowerBound,
                    indices: group.indices(ofStep: step), globalCount: after - before,
                    rate: run.learningRate(from: before, to: after)))
        }
    }

    /// The work of the parts. They have two sizes at most: a full batch's and an epoch's last batch's.
    var work: ComputeWork {
        var work = ComputeWork.step(samples: parts[0].indices.count)
        for part in parts.dropFirst() {
            if part.indices.count == work.samplesPerStep {
                work.fullSteps += 1
            } else {
                work.shortSteps += 1
                work.samplesPerShortStep = part.indices.count
            }
        }
        // Contributions that are gradients are added up, and one update follows.
        return work.updating(by: run.configuration.optimizer, parameters: run.network.parameterCount)
    }
}
