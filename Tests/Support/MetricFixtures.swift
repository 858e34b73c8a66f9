import Experiments
import Foundation
import Training

extension Results {
    /// The results, judged by another metric.
    func judged(by metric: Metric, target: Double) -> Results {
        var results = Results(
            plan: plan, machine: machine, computeModel: computeModel, trainingSamples: trainingSamples,
            testSamples: testSamples, tuning: tuning)
        results.plan.metric = metric
        results.plan.target = target
        results.schema = metric == .accuracy ? Results.currentSchema : Results.schemaOfMetrics
        results.runs = runs
        results.isComplete = isComplete
        return results
    }
}

/// A run whose perplexities at its evaluations, one a second, are these: what has lower accuracies the lower they are, so that
/// whoever looks at accuracies, or takes higher for better, finds the opposite.
func perplexityRecord(
    _ strategy: String, seed: UInt64 = 1, _ perplexities: [Double], outcome: RunRecord.Outcome = .completed
) -> RunRecord {
    record(
        strategy, seed: seed, perplexities.map { min(1, max(0, $0 / 100)) }, outcome: outcome,
        losses: perplexities.map { log($0) })
}

/// A node whose last model has these losses on the test samples, and a curve of perplexities that ends with theirs.
func node(_ rank: Int, losses: [Float], weights: [Double]? = nil, seconds: Double = 4) -> NodeResult {
    let mean = losses.reduce(0) { $0 + Double($1) } / Double(losses.count)
    let own = [3, 2.5, 2, 1.5].map { OwnScore(accuracy: 0.5, loss: $0) } + [OwnScore(accuracy: 0.5, loss: mean)]
    return NodeResult(
        rank: rank, kind: nil, trainedSamples: 640,
        evaluations: curve(own.map(\.accuracy), losses: own.map(\.loss)).enumerated().map { index, point in
            point.with(clusterSeconds: seconds * Double(index) / 4)
        }, own: own, finalCorrect: bits(answers(right: losses.count / 2, of: losses.count)),
        finalScores: SampleNumbers.encoded(losses).base64EncodedString(), classWeights: weights)
}
