import Cluster
public import Fabrics
public import Kernel
import Locking

/// Which model an evaluation is of.
public enum EvaluationSubject: Sendable {
    /// The one model of the run: all ranks that make the call hold the same.
    case shared
    /// Every rank's own: each has a curve of its own, and the run's curve is their mean.
    case eachRank
    /// The mean of all ranks' models, which no rank need have.
    case average
}

extension TrainingRun {
    /// Measures accuracy and loss on the whole test set, charged to nothing; every rank makes this call.
    ///
    /// Of ranks with models of their own each is evaluated as it is when its rank comes here. Their samples' losses since the
    /// last evaluation are those of the ranks' own logs.
    ///
    /// - Parameters:
    ///   - parameters: this rank's model, `[P]`.
    ///   - samples: that all ranks together have trained on.
    /// - Returns: false if this rank's model has diverged or a limit is reached, in which case its program ends.
    public func evaluate(
        _ parameters: ParameterVector, of subject: EvaluationSubject, round: Int, samples: Int, on rank: any Rank
    ) async throws -> Bool {
        guard subject != .shared else {
            return try await evaluate(parameters, round: round, samples: samples, on: rank, .allRanks)
        }
        try await bringLosses(ofRound: round, rank)
        let average = subject == .average ? AverageOfShown() : nil
        let models = average == nil ? rankCount : 1
        try await rank.offTheClock(showing: parameters, chunks: models * evaluator.chunkCount) { [self] chunk, shown in
            if let average {
                evaluator.compute(chunk, at: average.value(shown))
            } else {
                // A rank that has left shows nothing.
                let (place, chunk) = chunk.quotientAndRemainder(dividingBy: evaluator.chunkCount)
                if place < shown.count { evaluator.compute(chunk, ofModel: place, at: shown[place].vector) }
            }
        } finish: { [self] shown in
            if let average {
                mergeLosses(ofRound: round)
                note(average.value(shown), round: round, samples: samples, rank)
            } else {
                note(shown, round: round, samples: samples, rank)
            }
        }
        // A limit is found to be reached by the rank that comes last, and has to end the programs of all at the same
        // evaluation.
        if configuration.limits != nil {
            try await rank.offTheClock(.allRanksTogether, chunks: 0) { _ in
            } finish: {
            }
        }
        let isAtLimit = record.withLock { $0.isAtLimit }
        guard rank.sharesMemory else {
            return try await rank.exchange([isAtLimit ? 1 : 0])[0] == [0] && parameters.isFinite
        }
        return parameters.isFinite && !isAtLimit
    }

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

    /// - Returns: the mean loss of each rank's samples.
    @discardableResult
    private func mergeLosses(ofRound round: Int) -> [Int: Double] {
        let brought = broughtLosses.withLock { $0.removeValue(forKey: round) } ?? [:]
        var means: [Int: Double] = [:]
        for (rank, entries) in brought.sorted(by: { $0.key < $1.key }) {
            losses.merge(entries)
            let samples = entries.reduce(0) { $0 + $1.samples }
            if samples > 0 { means[rank] = entries.reduce(0) { $0 + $1.sum } / Double(samples) }
        }
        return means
    }

    /// Notes the evaluation of every rank's model, and their mean as the run's.
    private func note(_ shown: [ShownVector], round: Int, samples: Int, _ rank: any Rank) {
        let means = mergeLosses(ofRound: round)
        let points = shown.enumerated().map { place, shown in
            let (loss, accuracy) = evaluator.result(ofModel: place)
            return Evaluation(
                round: round, samples: samples, clusterSeconds: shown.time.seconds, bytesSent: rank.totalBytesSent,
                trainLoss: means[shown.rank], testAccuracy: accuracy, testLoss: loss)
        }
        func mean(_ value: (Evaluation) -> Double) -> Double {
            points.reduce(0) { $0 + value($1) } / Double(points.count)
        }
        let evaluation = Evaluation(
            round: round, samples: samples, clusterSeconds: points.map(\.clusterSeconds).max() ?? 0,
            bytesSent: rank.totalBytesSent, trainLoss: losses.takeMean(), testAccuracy: mean(\.testAccuracy),
            testLoss: mean(\.testLoss))
        record.withLock { record in
            if record.nodes.isEmpty { record.nodes = (0..<rankCount).map { _ in NodeRecord() } }
            for (point, shown) in zip(points, shown) {
                record.nodes[shown.rank].evaluations.append(point)
                record.nodes[shown.rank].finalParameters = shown.vector
            }
            if !shown.allSatisfy({ $0.vector.isFinite }) { record.divergedAfterSamples = samples }
        }
        note(evaluation)
    }
}

/// The mean of the models that ranks show, made by whoever asks first.
private final class AverageOfShown: Sendable {
    private let average = Guarded<ParameterVector?>(nil)

    func value(_ shown: [ShownVector]) -> ParameterVector {
        average.withLock { average in
            if let average { return average }
            let sum = shown[0].vector.copied()
            for other in shown.dropFirst() { sum.add(other.vector) }
            sum.scale(by: 1 / Float(shown.count))
            average = sum
            return sum
        }
    }
}
