import Cluster
import Datasets
public import Fabrics
public import Kernel
import Locking

/// The model that is evaluated.
public enum EvaluationSubject: Sendable {
    /// The one model of the run: all ranks that make the call hold the same.
    case shared
    /// Every rank's own model: each has a curve of its own, and the run's curve is their mean.
    case eachRank
    /// The mean of all ranks' models, which no rank need have.
    case average
}

extension TrainingRun {
    /// Measures accuracy and loss on the whole test set, charged to nothing; every rank makes this call.
    ///
    /// Where ranks have models of their own, each is evaluated as it is when its rank comes here, by the node's own
    /// distribution and by everybody's. The training loss is the mean over the samples in the ranks' own logs since the
    /// last evaluation.
    ///
    /// - Parameters:
    ///   - parameters: this rank's model, `[P]`.
    ///   - samples: that all ranks together have trained on.
    ///   - endsAlone: whether a rank that finds a limit reached ends by itself, without telling the others: for
    ///     ranks that do not need each other to come to the same evaluation. Evaluations after the limit are not
    ///     noted.
    /// - Returns: false if this rank's model has diverged or a limit is reached, in which case its program ends.
    public func evaluate(
        _ parameters: ParameterVector, of subject: EvaluationSubject, round: Int, samples: Int, on rank: any Rank,
        endsAlone: Bool = false
    ) async throws -> Bool {
        guard subject != .shared else {
            return try await evaluate(parameters, round: round, samples: samples, on: rank, .allRanks)
        }
        if let replayed = replayedEvaluation(round) {
            try await replay(replayed, showing: parameters, on: rank)
            return goesOnAfterReplay(of: round, rank.index)
        }
        try await bringLosses(ofRound: round, rank)
        let (average, distinct, isOfAverage) = (AverageOfShown(), DistinctShown(), subject == .average)
        let isJudged = !isOfAverage || evaluator.hasObjectives
        let chunksOfModel = isJudged ? evaluator.judgedChunkCount : evaluator.chunkCount
        // The ranks' own models, and behind them their average.
        let models = isOfAverage ? 0 : rankCount
        try await rank.offTheClock(showing: parameters, chunks: (models + 1) * chunksOfModel) { [self] chunk, shown in
            let (place, chunk) = chunk.quotientAndRemainder(dividingBy: chunksOfModel)
            // A rank that has left shows nothing.
            guard place < shown.count || place == models else { return }
            // A model that several ranks share is judged once.
            guard place == models || distinct.places(shown)[place] == place else { return }
            let model = place == models ? average.value(modelsOfNodes(shown)) : shown[place].vector
            if isJudged {
                evaluator.judge(chunk, ofModel: place, at: model)
            } else {
                evaluator.compute(chunk, at: model)
            }
        } finish: { [self] shown in
            guard !endsAlone || !isAtLimit else { return }
            let models = modelsOfNodes(shown)
            if isOfAverage {
                mergeLosses(ofRound: round)
                note(average.value(models), round: round, samples: samples, rank)
            } else {
                noteConsensus(models, average.value(models), round: round, samples: samples)
                note(shown, distinct.places(shown), round: round, samples: samples, rank)
            }
        }
        // The last rank to come finds that a limit is reached, and the programs of all have to end at the same
        // evaluation.
        if configuration.limits != nil, !endsAlone {
            try await rank.offTheClock(.allRanksTogether, chunks: 0) { _ in
            } finish: {
            }
        }
        guard rank.sharesMemory else {
            return try await rank.exchange([isAtLimit ? 1 : 0])[0] == [0] && parameters.isFinite
        }
        return parameters.isFinite && !isAtLimit
    }

    /// Notes an evaluation that a checkpoint has; ranks wait as they did when it was made.
    private func replay(_ replayed: Evaluation, showing parameters: ParameterVector, on rank: any Rank) async throws {
        try await rank.offTheClock(showing: parameters, chunks: 0) { _, _ in
        } finish: { [self] _ in
            noteReplayed(replayed)
        }
        // The ranks wait once more where a limit may end them all, as they do after an evaluation that is made.
        if configuration.limits != nil {
            try await rank.offTheClock(.allRanksTogether, chunks: 0) { _ in
            } finish: {
            }
        }
    }

    /// Whether one of the limits was reached at an evaluation.
    var isAtLimit: Bool { record.withLock { $0.isAtLimit } }

    /// Keeps the losses of the rank's steps until all ranks have come to the evaluation, so that they are merged in the order
    /// of ranks.
    private func bringLosses(ofRound round: Int, _ rank: any Rank) async throws {
        let own = losses.takeEntries(ofRank: rank.index)
        guard !rank.sharesMemory else {
            return broughtLosses.withLock { $0[round, default: [:]][rank.index] = own }
        }
        let all = try await rank.exchange(own.flatMap { [$0.sum, Double($0.samples)] })
        broughtLosses.withLock { brought in
            for (other, numbers) in all.enumerated() {
                brought[round, default: [:]][other] = LossLog.entries(told: numbers)
            }
        }
    }

    /// Merges the losses that all ranks brought to an evaluation, in the order of ranks.
    /// - Returns: the mean loss of each rank's samples.
    @discardableResult
    private func mergeLosses(ofRound round: Int) -> [Int: Double] {
        let brought = broughtLosses.withLock { $0.removeValue(forKey: round) } ?? [:]
        var means: [Int: Double] = [:]
        for (rank, entries) in brought.sorted(by: { $0.key < $1.key }) {
            losses.merge(entries, ofRank: rank)
            let samples = entries.reduce(0) { $0 + $1.samples }
            if samples > 0 { means[rank] = entries.reduce(0) { $0 + $1.sum } / Double(samples) }
        }
        return means
    }

    /// The models of ranks that are nodes. Ranks before the first node serve, and have models that are not evaluated.
    private func modelsOfNodes(_ shown: [ShownVector]) -> [ParameterVector] {
        let first = firstNode
        let nodes = shown.filter { $0.rank >= first }
        return (nodes.isEmpty ? shown : nodes).map(\.vector)
    }

    /// Notes how far apart the nodes' models are, and what their average is on everybody's data.
    private func noteConsensus(_ models: [ParameterVector], _ average: ParameterVector, round: Int, samples: Int) {
        let everybody = evaluator.judgement.everybody(evaluator.counts(ofModel: rankCount))
        let consensus = Consensus(
            round: round, samples: samples, distance: ConsensusDistance.of(models, around: average),
            averageAccuracy: everybody.accuracy, averageLoss: everybody.loss, averageAUC: everybody.auc)
        record.withLock { $0.consensus.append(consensus) }
    }

    /// Notes the evaluation of every rank's model, and the mean of what they are to their own nodes as the run's.
    ///
    /// - Parameter distinct: the place at which each model was judged.
    private func note(_ shown: [ShownVector], _ distinct: [Int], round: Int, samples: Int, _ rank: any Rank) {
        let means = mergeLosses(ofRound: round)
        let (first, objectives) = (firstNode, evaluator.hasObjectives)
        var points: [(node: Int, point: NodePoint, vector: ParameterVector)] = []
        // Ranks before the first node serve, and their models are not evaluated.
        for (place, shown) in shown.enumerated() where shown.rank >= first {
            let (judgement, counts) = (evaluator.judgement, evaluator.counts(ofModel: distinct[place]))
            let (node, everybody) = (shown.rank - first, judgement.everybody(counts))
            let evaluation = Evaluation(
                round: round, samples: samples, clusterSeconds: shown.time.seconds, bytesSent: rank.totalBytesSent,
                trainLoss: means[shown.rank], testAccuracy: everybody.accuracy, testLoss: everybody.loss,
                testAUC: everybody.auc)
            let judged = objectives ? node : 0
            points.append(
                (
                    node,
                    NodePoint(
                        evaluation: evaluation, own: judgement.own(judged, counts),
                        right: evaluator.right(ofModel: distinct[place], forNode: judged),
                        numbers: evaluator.numbers(ofModel: distinct[place], forNode: judged)), shown.vector
                ))
        }
        let mean = points.map(\.point.own).mean
        let evaluation = Evaluation(
            round: round, samples: samples, clusterSeconds: points.map(\.point.evaluation.clusterSeconds).max() ?? 0,
            bytesSent: rank.totalBytesSent, trainLoss: losses.takeMean(), testAccuracy: mean.accuracy,
            testLoss: mean.loss, testAUC: mean.auc)
        record.withLock { record in
            for (node, point, vector) in points {
                record.note(point, ofNode: node, first: first, ranks: rankCount)
                record.nodes[node].finalParameters = vector
            }
            if !shown.allSatisfy({ $0.vector.isFinite }) { record.divergedAfterSamples = samples }
        }
        note(evaluation)
    }

    /// Notes what the run's one model is to every node.
    func note(_ judged: JudgedModel, at evaluation: Evaluation) {
        let point = Evaluation(
            round: evaluation.round, samples: evaluation.samples, clusterSeconds: evaluation.clusterSeconds,
            bytesSent: evaluation.bytesSent, trainLoss: evaluation.trainLoss,
            testAccuracy: judged.everybody.accuracy, testLoss: judged.everybody.loss, testAUC: judged.everybody.auc)
        let first = firstNode
        record.withLock { record in
            for (node, own) in judged.own.enumerated() {
                let kind = judged.kinds[node]
                record.note(
                    NodePoint(
                        evaluation: point, own: own, right: judged.right[kind] ?? [],
                        numbers: judged.numbers[kind] ?? []), ofNode: node, first: first, ranks: rankCount)
            }
        }
    }

    /// Notes an evaluation that is part of the checkpoint which the run goes on from, with what nodes had at it.
    func noteReplayed(_ replayed: Evaluation) {
        let first = firstNode
        record.withLock { record in
            record.evaluations.append(replayed)
            record.consensus += (checkpoints?.start?.consensus ?? []).filter { $0.round == replayed.round }
            for (node, old) in (checkpoints?.start?.nodes ?? []).enumerated() {
                guard let index = old.evaluations.firstIndex(where: { $0.round == replayed.round }) else { continue }
                record.note(
                    NodePoint(
                        evaluation: old.evaluations[index], own: old.own[index], right: old.finalCorrect,
                        numbers: old.finalScores),
                    ofNode: node, first: first, ranks: rankCount)
            }
        }
    }

    /// Whether a rank went on from an evaluation that is part of the checkpoint: its model had not diverged, of which a loss
    /// that is no number is the sign.
    private func goesOnAfterReplay(of round: Int, _ rank: Int) -> Bool {
        let node = checkpoints?.start?.nodes.first { $0.rank == rank }
        return node?.evaluations.first { $0.round == round }.map { !$0.testLoss.isNaN } ?? true
    }

    /// Adds what is known of nodes without any evaluation.
    func completeNodes(of result: inout Record, _ trainedSamples: [Int]) {
        let (objectives, first) = (objectives.withLock { $0 }, firstNode)
        for index in result.nodes.indices {
            let rank = result.nodes[index].rank
            result.nodes[index].trainedSamples = trainedSamples[rank]
            guard let objective = objectives?[rank - first] else { continue }
            result.nodes[index].kind = objective.kind
            result.nodes[index].classWeights = objective.classWeights
        }
    }
}

/// A point of a node's curves.
struct NodePoint {
    let evaluation: TrainingRun.Evaluation
    let own: OwnScore
    /// ``TrainingRun/NodeRecord/finalCorrect``
    let right: [UInt8]
    /// ``TrainingRun/NodeRecord/finalScores``
    let numbers: [Float]
}

extension TrainingRun.Record {
    /// - Parameters:
    ///   - first: the rank of node 0.
    ///   - ranks: of the run.
    fileprivate mutating func note(_ point: NodePoint, ofNode node: Int, first: Int, ranks: Int) {
        if nodes.isEmpty { nodes = (first..<ranks).map { TrainingRun.NodeRecord(rank: $0) } }
        nodes[node].evaluations.append(point.evaluation)
        nodes[node].own.append(point.own)
        nodes[node].finalCorrect = point.right
        nodes[node].finalScores = point.numbers
    }
}

/// What the run's one model is worth to nodes with objectives of their own, after the evaluator has judged it.
struct JudgedModel {
    /// The scores by the nodes' own distributions, by node.
    let own: [OwnScore]
    let everybody: OwnScore
    /// The kind of each node, and for each kind which test samples are right.
    let kinds: [Int]
    let right: [Int: [UInt8]]
    /// The losses or scores of test samples, by kind; see ``TrainingRun/NodeRecord/finalScores``.
    let numbers: [Int: [Float]]
    /// What goes into the run's curve.
    var mean: OwnScore { own.mean }

    init(_ evaluator: Evaluator, _ objectives: [NodeObjective]) {
        let (judgement, counts) = (evaluator.judgement, evaluator.counts())
        own = objectives.indices.map { judgement.own($0, counts) }
        everybody = judgement.everybody(counts)
        kinds = objectives.map(\.kind)
        var (right, numbers) = ([Int: [UInt8]](), [Int: [Float]]())
        for (node, kind) in kinds.enumerated() where right[kind] == nil {
            right[kind] = evaluator.right(forNode: node)
            numbers[kind] = evaluator.numbers(forNode: node)
        }
        (self.right, self.numbers) = (right, numbers)
    }
}

/// Which of the models that ranks show are one: those that share their numbers, as before the first step, or where nodes have
/// chosen the same model of a server.
private final class DistinctShown: Sendable {
    private let found = Guarded<[Int]?>(nil)

    /// For each model the place of the first that shares its numbers.
    func places(_ shown: [ShownVector]) -> [Int] {
        found.withLock { found in
            if let found { return found }
            var first: [UnsafePointer<Float>: Int] = [:]
            let places = shown.enumerated().map { place, shown in
                let known = first[shown.vector.numbers] ?? place
                first[shown.vector.numbers] = known
                return known
            }
            found = places
            return places
        }
    }
}

/// The mean of the models that ranks show, made by whoever asks first.
private final class AverageOfShown: Sendable {
    private let average = Guarded<ParameterVector?>(nil)

    func value(_ models: [ParameterVector]) -> ParameterVector {
        average.withLock { average in
            if let average { return average }
            let sum = models[0].copied()
            for other in models.dropFirst() { sum.add(other) }
            sum.scale(by: 1 / Float(models.count))
            average = sum
            return sum
        }
    }
}
