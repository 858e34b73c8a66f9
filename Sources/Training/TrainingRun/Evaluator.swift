import Datasets
import Kernel
import Locking

/// Measures models on the whole test set, in chunks that may be computed side by side.
///
/// The chunks' results are added in the order of chunks, so that the sum does not depend on which thread was first. One
/// evaluator serves all evaluations of a run, one at a time: each writes all chunks of its models.
///
/// A model is measured, which gives its loss and accuracy, or judged, which tells them for every node's own distribution.
final class Evaluator: Sendable {
    /// Chunks of the test set.
    let chunkCount: Int
    private let network: any Objective
    private let test: Dataset
    private let workspaces: WorkspacePool
    private let metric: Metric
    /// The sum of losses and the correct answers of each chunk, model by model.
    private let results: Guarded<[(loss: Double, correct: Int)]>
    /// The scores of each chunk's samples; empty where the metric is no AUC.
    private let scores: Guarded<[[Float]]>
    private let judged: Guarded<Judged>

    private static let samplesPerChunk = 500

    private struct Judged {
        var judgement: Judgement
        /// Whether nodes differ, so that every model is judged.
        var hasObjectives = false
        /// What was found of each chunk: model by model, view by view, chunk by chunk.
        var chunks: [JudgedChunk?] = []
    }

    private struct JudgedChunk {
        var counts: Judgement.Counts
        /// A bit for each sample of the chunk that is classified right, the first in the lowest bit of the first byte.
        var right: [UInt8]
        /// Each sample's loss or, where the metric is an AUC, its score for what the test set calls label 1; empty
        /// where the metric is accuracy.
        var numbers: [Float]
    }

    /// - Precondition: models of the objective have values of the metric.
    init(_ network: any Objective, _ test: Dataset, _ workspaces: WorkspacePool, _ metric: Metric) {
        if let problem = metric.problem(of: network) { preconditionFailure(problem) }
        self.metric = metric
        chunkCount = (test.count + Self.samplesPerChunk - 1) / Self.samplesPerChunk
        self.network = network
        self.test = test
        self.workspaces = workspaces
        results = Guarded(Array(repeating: (0, 0), count: chunkCount))
        scores = Guarded(metric == .auc ? Array(repeating: [], count: chunkCount) : [])
        judged = Guarded(Judged(judgement: Judgement(of: [NodeObjective(shard: [])], on: test)))
    }

    private func samples(ofChunk chunk: Int) -> Range<Int32> {
        let first = chunk * Self.samplesPerChunk
        return Int32(first)..<Int32(min(test.count, first + Self.samplesPerChunk))
    }

    // MARK: Measuring

    /// Computes the chunk's losses and correct answers of the run's one model `[P]`.
    func compute(_ chunk: Int, at parameters: ParameterVector) {
        let range = samples(ofChunk: chunk)
        let result = workspaces.withWorkspace(capacity: range.count) { workspace in
            test.gather(range, into: workspace.batch)
            let result = network.lossAndCorrect(of: workspace, at: parameters)
            if metric == .auc {
                let found = foundScores(of: workspace, at: parameters)
                scores.withLock { $0[chunk] = found }
            }
            return result
        }
        results.withLock { $0[chunk] = result }
    }

    /// The scores of the samples in the workspace's batch; empty where the model has none.
    private func foundScores(of workspace: Workspace, at parameters: ParameterVector) -> [Float] {
        var found: [Float] = []
        found.reserveCapacity(workspace.batch.count)
        (network as? any ScoringObjective)?.scores(of: workspace, at: parameters) { found.append($1) }
        return found
    }

    /// The score of the model whose chunks were all computed.
    func result() -> OwnScore {
        let (loss, correct) = results.withLock { results in
            results.reduce((0, 0)) { ($0.0 + $1.loss, $0.1 + $1.correct) }
        }
        let auc =
            metric == .auc ? AreaUnderROC.of(scores.withLock { $0.flatMap(\.self) }, labels: test.labels) : nil
        return OwnScore(
            accuracy: Double(correct) / Double(test.count), loss: loss / Double(test.count), auc: auc)
    }

    // MARK: Judging

    /// From now on models are judged by these nodes' objectives.
    func judge(by objectives: [NodeObjective]) {
        let judgement = Judgement(of: objectives, on: test)
        judged.withLock { $0 = Judged(judgement: judgement, hasObjectives: true) }
    }

    var judgement: Judgement { judged.withLock { $0.judgement } }
    /// Whether nodes differ, so that every model is judged.
    var hasObjectives: Bool { judged.withLock { $0.hasObjectives } }
    /// Chunks of a model that is judged: the chunks of the test set, once for each view.
    var judgedChunkCount: Int { judged.withLock { $0.judgement.views.count } * chunkCount }

    /// Computes a chunk of a model `[P]` that is judged.
    ///
    /// - Parameters:
    ///   - chunk: below ``judgedChunkCount``.
    ///   - model: the model's place among all that the evaluation judges.
    func judge(_ chunk: Int, ofModel model: Int = 0, at parameters: ParameterVector) {
        let judgement = judgement
        let (view, part) = chunk.quotientAndRemainder(dividingBy: chunkCount)
        let range = samples(ofChunk: part)
        let groups = judgement.groupSizes.count
        var found = JudgedChunk(
            counts: Judgement.Counts(
                losses: Array(repeating: 0, count: groups), correct: Array(repeating: 0, count: groups)),
            right: Array(repeating: 0, count: (range.count + 7) / 8), numbers: [])
        let keepsLosses = !metric.isOfRightAnswers && metric != .auc
        workspaces.withWorkspace(capacity: range.count) { workspace in
            test.gather(range, into: workspace.batch, seenAs: judgement.views[view])
            network.judge(workspace, at: parameters) { sample, loss, isRight in
                let group = judgement.group(of: Int(range.lowerBound) + sample)
                found.counts.losses[group] += loss
                if keepsLosses { found.numbers.append(Float(loss)) }
                guard isRight else { return }
                found.counts.correct[group] += 1
                found.right[sample / 8] |= 1 << UInt8(sample % 8)
            }
            if metric == .auc {
                found.numbers = foundScores(of: workspace, at: parameters)
                // A score is for what the node calls label 1, which may be the test set's 0.
                if judgement.views[view]?.label(1) == 0 { found.numbers = found.numbers.map { -$0 } }
            }
        }
        judged.withLock { judged in
            let place = model * judgement.views.count * chunkCount + chunk
            while judged.chunks.count <= place { judged.chunks.append(nil) }
            judged.chunks[place] = found
        }
    }

    /// For each view, what the model made of the test samples; to be asked when all of its chunks were judged.
    func counts(ofModel model: Int = 0) -> [Judgement.Counts] {
        judged.withLock { judged in
            let groups = judged.judgement.groupSizes.count
            return judged.judgement.views.indices.map { view in
                var sum = Judgement.Counts(
                    losses: Array(repeating: 0, count: groups), correct: Array(repeating: 0, count: groups))
                for chunk in 0..<chunkCount {
                    let place = (model * judged.judgement.views.count + view) * chunkCount + chunk
                    guard let counts = judged.chunks[place]?.counts else { continue }
                    if metric == .auc { sum.scores += judged.chunks[place]?.numbers ?? [] }
                    for group in 0..<groups {
                        sum.losses[group] += counts.losses[group]
                        sum.correct[group] += counts.correct[group]
                    }
                }
                return sum
            }
        }
    }

    /// Which test samples a model gets right that weigh for a node, as the node sees them: sample i is bit i % 8 of byte i / 8.
    func right(ofModel model: Int = 0, forNode node: Int) -> [UInt8] {
        judged.withLock { judged in
            let judgement = judged.judgement
            let (view, weights) = (judgement.nodes[node].view, judgement.nodes[node].weights)
            var bits = [UInt8](repeating: 0, count: (test.count + 7) / 8)
            for chunk in 0..<chunkCount {
                let place = (model * judgement.views.count + view) * chunkCount + chunk
                guard let right = judged.chunks[place]?.right else { continue }
                for (offset, sample) in samples(ofChunk: chunk).enumerated()
                where right[offset / 8] >> UInt8(offset % 8) & 1 == 1 && weights[judgement.group(of: Int(sample))] > 0 {
                    bits[Int(sample) / 8] |= 1 << UInt8(sample % 8)
                }
            }
            return bits
        }
    }

    /// A number for each test sample, as a node sees it: its loss or, of an AUC, its score; no number for samples that do not
    /// weigh for the node. Empty where the metric is accuracy.
    func numbers(ofModel model: Int = 0, forNode node: Int) -> [Float] {
        guard !metric.isOfRightAnswers else { return [] }
        return judged.withLock { judged in
            let judgement = judged.judgement
            let (view, weights) = (judgement.nodes[node].view, judgement.nodes[node].weights)
            var numbers = [Float](repeating: .nan, count: test.count)
            for chunk in 0..<chunkCount {
                let place = (model * judgement.views.count + view) * chunkCount + chunk
                guard let found = judged.chunks[place]?.numbers else { continue }
                for (sample, number) in zip(samples(ofChunk: chunk), found)
                where weights[judgement.group(of: Int(sample))] > 0 {
                    numbers[Int(sample)] = number
                }
            }
            return numbers
        }
    }
}
