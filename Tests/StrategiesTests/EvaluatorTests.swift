import Datasets
import Kernel
import Randomness
import Testing

@testable import Training

/// What models are judged by, sample by sample: on a test set of several chunks, of classes that nobody tests on, and of users.
@Suite struct EvaluatorTests {
    private static let shape = FeatureShape(channels: 1, height: 8, width: 8)
    private static let network = Network(input: shape, [.flatten, .dense("logits", outputs: 10)])
    private static let pool = WorkspacePool(for: network)

    // MARK: Several chunks

    /// Five classes count for one node, as they are, and the others for one that sees images turned.
    private static let objectives = [
        NodeObjective(kind: 0, shard: [], classWeights: [0.4, 0.3, 0.15, 0.1, 0.05, 0, 0, 0, 0, 0]),
        NodeObjective(
            kind: 1, shard: [], view: SampleView(quarterTurns: 1, of: shape),
            classWeights: [0, 0, 0, 0, 0, 0.2, 0.2, 0.2, 0.2, 0.2]),
    ]

    /// A sample by itself, as a node sees it.
    private func judge(_ sample: Int, _ data: Dataset, _ view: SampleView?, at model: ParameterVector) -> (Double, Bool)
    {
        Self.pool.withWorkspace(capacity: 1) { workspace in
            data.gather([Int32(sample)], into: workspace.batch, seenAs: view)
            let (loss, correct) = Self.network.lossAndCorrect(of: workspace, at: model)
            return (loss, correct == 1)
        }
    }

    @Test(arguments: [Metric.accuracy, .loss]) func samplesOfAllChunksAreJudgedInTheirPlaces(_ metric: Metric) throws {
        // What others train on: three chunks.
        let test = try Digits.split(seeds: SeedSequence(5), shuffles: true).training
        let model = Self.network.initialParameters(.he, seeds: SeedSequence(3))
        let evaluator = Evaluator(Self.network, test, Self.pool, metric)
        #expect(evaluator.chunkCount == 3)
        evaluator.judge(by: Self.objectives)
        #expect(evaluator.judgedChunkCount == 6)
        // In whatever order they are computed.
        for chunk in (0..<6).reversed() { evaluator.judge(chunk, at: model) }
        for (node, objective) in Self.objectives.enumerated() {
            let weights = try #require(objective.classWeights)
            let judged = test.labels.indices.map { judge($0, test, objective.view, at: model) }
            let counts = test.labels.map { weights[Int($0)] > 0 }
            let bits = evaluator.right(forNode: node)
            let right = test.labels.indices.map { bits[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
            #expect(right == zip(judged, counts).map { $0.1 && $1 })
            #expect(right.contains(true))
            let numbers = evaluator.numbers(forNode: node)
            #expect(numbers.count == (metric == .accuracy ? 0 : test.count))
            for (sample, number) in numbers.enumerated() {
                // Losses of batches round otherwise than losses of one.
                let isRight = counts[sample] ? abs(Double(number) - judged[sample].0) < 1e-4 : number.isNaN
                #expect(isRight, "sample \(sample) of node \(node): \(number), \(judged[sample])")
            }
            let found = evaluator.judgement.own(node, evaluator.counts())
            let expected = weights.enumerated().reduce((accuracy: 0.0, loss: 0.0)) { sum, weight in
                let own = test.labels.indices.filter { Int(test.labels[$0]) == weight.offset }
                return (
                    sum.accuracy + weight.element * Double(own.count { judged[$0].1 }) / Double(own.count),
                    sum.loss + weight.element * own.reduce(0) { $0 + judged[$1].0 } / Double(own.count)
                )
            }
            #expect(abs(found.accuracy - expected.accuracy) < 1e-12 && abs(found.loss - expected.loss) < 1e-4)
        }
    }

    // MARK: Weights

    /// What a class without any test sample would weigh goes to the others.
    @Test func classesWithoutTestSamplesDoNotWeigh() {
        let test = Dataset(
            name: "two of three", shape: FeatureShape(features: 1), classCount: 3, pixels: [0, 0, 0],
            labels: [0, 2, 2], white: 1)
        let judgement = Judgement(of: [NodeObjective(shard: [], classWeights: [0.5, 0.25, 0.25])], on: test)
        #expect(judgement.nodes[0].weights == [0.5 / 0.75, 0, 0.25 / 0.75])
        let counts = [Judgement.Counts(losses: [1, 0, 6], correct: [1, 0, 1])]
        let own = judgement.own(0, counts)
        #expect(abs(own.accuracy - (2 + 0.5) / 3) < 1e-12 && abs(own.loss - (2 * 1 + 3) / 3.0) < 1e-12)
        #expect(judgement.everybody(counts) == own)
    }

    /// Three times 0.1 is more than 0.3: scores that are alike have themselves for their mean, to the last bit.
    @Test func theMeanOfEqualScoresIsOneOfThem() {
        let score = OwnScore(accuracy: 0.1, loss: 0.7, auc: 0.3)
        #expect(Array(repeating: score, count: 3).mean == score)
        let mean = [OwnScore(accuracy: 0.25, loss: 1), OwnScore(accuracy: 0.75, loss: 2)].mean
        #expect(mean == OwnScore(accuracy: 0.5, loss: 1.5))
    }

    // MARK: Areas

    /// A node that is a user is judged by the user's samples alone, and everybody's by all users alike, however many samples
    /// each has.
    @Test func areasOfUsersAreOfTheirOwnSamples() {
        let labels: [UInt8] = [0, 1, 0, 1, 0, 1, 1, 0]
        let users: [UInt16] = [0, 0, 0, 1, 1, 1, 1, 1]
        let scores: [Float] = [0.1, 0.4, 0.7, 0.2, 0.3, 0.6, 0.9, 0.5]
        let test = Dataset(
            name: "users", classCount: 2,
            source: Dataset(
                name: "", shape: FeatureShape(features: 1), classCount: 2, pixels: Array(repeating: 0, count: 8),
                labels: labels, white: 1
            ).source, labels: labels, users: users)
        let judgement = Judgement(of: (0..<2).map { NodeObjective(kind: $0, shard: [], user: $0) }, on: test)
        let counts = [Judgement.Counts(losses: [3, 5], correct: [1, 2], scores: scores)]
        // For user 0 one of two pairs is in order, for user 1 four of six.
        #expect(judgement.own(0, counts).auc == 0.5)
        #expect(abs((judgement.own(1, counts).auc ?? 0) - 4.0 / 6) < 1e-15)
        var (area, all) = (0.0, 0.0)
        for positive in 0..<8 where labels[positive] == 1 {
            for negative in 0..<8 where labels[negative] == 0 {
                let weight = [3.0, 5][Int(users[positive])] * [3.0, 5][Int(users[negative])]
                all += 1 / weight
                area += scores[positive] > scores[negative] ? 1 / weight : 0
            }
        }
        #expect(abs((judgement.everybody(counts).auc ?? 0) - area / all) < 1e-12)
        #expect(abs(area / all - AreaUnderROC.of(scores, labels: labels)) > 1e-3)
    }

    /// A score that weighs nothing need not be a number.
    @Test func scoresThatDoNotWeighDoNotMatter() {
        #expect(AreaUnderROC.of([.nan, 1, 2], labels: [0, 0, 1], weights: [0, 1, 1]) == 1)
        #expect(AreaUnderROC.of([.nan, 1, 2], labels: [0, 0, 1], weights: [1, 1, 1]).isNaN)
    }
}
