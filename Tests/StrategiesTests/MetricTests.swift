import Cluster
import Datasets
import Diagnostics
import Fabrics
import Foundation
import Kernel
import Randomness
import Testing

@testable import Strategies
@testable import Training

/// Metrics by themselves, and the area under the ROC curve as runs measure it.
@Suite struct MetricTests {
    // MARK: Values

    @Test func valuesFollowFromAnEvaluation() {
        let score = OwnScore(accuracy: 0.25, loss: 2, auc: 0.75)
        let values = Metric.allCases.map { $0.value(of: score) }
        #expect(values == [0.25, 2, exp(2), 2.0.squareRoot(), 0.75])
        #expect(Metric.allCases.map(\.isHigherBetter) == [true, false, false, false, true])
        #expect(Metric.allCases.map(\.rawValue) == ["accuracy", "loss", "perplexity", "rmse", "auc"])
    }

    @Test func whatIsNoNumberIsTheWorst() {
        for metric in Metric.allCases {
            let diverged = OwnScore(accuracy: .nan, loss: .nan, auc: .nan)
            let worst = metric.value(of: diverged)
            #expect(worst == metric.worst)
            #expect(metric.isBetter(0.5, than: worst) && !metric.isBetter(worst, than: 0.5), "\(metric)")
            #expect(!metric.isBetter(.nan, than: metric.worst) && metric.isBetter(0.5, than: .nan))
            #expect(metric.best(of: [.nan, 0.5, worst]) == 0.5 && metric.best(of: []) == nil)
            #expect(metric.fromWorstToBest([0.5, .nan, 0.25]).first == metric.worst)
            #expect(metric.gain(of: worst, over: worst) == 0)
        }
        #expect(Metric.loss.fromWorstToBest([1, 3, 2]) == [3, 2, 1] && Metric.loss.best(of: [3, 1, 2]) == 1)
        #expect(Metric.auc.fromWorstToBest([0.5, 0.7]) == [0.5, 0.7])
        #expect(Metric.rmse.gain(of: 1, over: 3) == 2 && Metric.accuracy.gain(of: 1, over: 3) == -2)
    }

    /// Between which an interval may lie: a perplexity is 1 or more, and a loss 0 or more where all that were measured are.
    @Test func intervalsLieWhereValuesCan() {
        #expect(Metric.perplexity.bounds(of: [1.5, 2]) == 1...Double.infinity)
        #expect(Metric.rmse.bounds(of: [1.5, 2]) == 0...Double.infinity && Metric.auc.bounds(of: [0.5]) == 0...1)
        #expect(Metric.loss.bounds(of: [0.5, 2]) == 0...Double.infinity)
        #expect(Metric.loss.bounds(of: [-0.5, 2]) == nil)
    }

    // MARK: Targets and texts

    @Test func targetsAreInTheMetricsUnit() throws {
        #expect(try Metric.accuracy.target(parsing: "97%") == 0.97 && Metric.auc.target(parsing: "0.9") == 0.9)
        #expect(try Metric.perplexity.target(parsing: "4.5") == 4.5 && Metric.rmse.target(parsing: "12") == 12)
        let wrong: [(Metric, String, String)] = [
            (.perplexity, "0.9", "a perplexity of 1 or more"), (.perplexity, "97%", "a perplexity of 1 or more"),
            (.loss, "-1", "a loss above 0"), (.rmse, "0", "an RMSE above 0"), (.auc, "1.5", "97% or 0.97"),
            (.accuracy, "4.5", "97% or 0.97"), (.loss, "nan", "a loss above 0"),
        ]
        for (metric, text, allowed) in wrong {
            let error = #expect(throws: Quantity.Failure.self) { try metric.target(parsing: text) }
            let words = error?.description ?? ""
            #expect(words.contains("'\(text)'") && words.contains(allowed), "\(metric) \(text): \(words)")
        }
        #expect(try Metric.perplexity.target(parsing: "1") == 1 && Metric.auc.target(parsing: "100%") == 1)
        #expect(try Metric.accuracy.margin(parsing: "0.5%") == 0.005 && Metric.loss.margin(parsing: "0") == 0)
        #expect(throws: Quantity.Failure.self) { try Metric.loss.margin(parsing: "-0.1") }
    }

    @Test func valuesAreWrittenAsTheyAreRead() {
        #expect(Metric.accuracy.text(0.9725) == "97.25 %" && Metric.accuracy.differenceText(0.005) == "0.50")
        #expect(Metric.perplexity.text(4.51234) == "4.512" && Metric.loss.text(0.000123456) == "0.0001235")
        #expect(Metric.auc.text(0.97) == "0.9700" && Metric.rmse.text(.infinity) == "-")
        #expect(Metric.perplexity.targetText(4.5) == "4.5" && Metric.accuracy.targetText(0.9725) == "97.25 %")
    }

    // MARK: The area under the ROC curve

    /// The example of scikit-learn's `roc_auc_score` (0.75), and two with ties that are counted by hand: of 2 times 2 pairs one is
    /// right and two are level; of 3 times 2 pairs five are right, one of them as two halves.
    @Test func areasByHand() {
        #expect(AreaUnderROC.of([0.1, 0.4, 0.35, 0.8], labels: [0, 0, 1, 1]) == 0.75)
        #expect(AreaUnderROC.of([1, 1, 2, 2], labels: [0, 1, 0, 1]) == 0.5)
        #expect(AreaUnderROC.of([1, 2, 2, 2, 3], labels: [0, 0, 0, 1, 1]) == 5.0 / 6)
        #expect(AreaUnderROC.of([7, 7, 7], labels: [0, 1, 1]) == 0.5)
        #expect(AreaUnderROC.of([1, 2], labels: [1, 1]).isNaN && AreaUnderROC.of([.nan, 2], labels: [0, 1]).isNaN)
        #expect(AreaUnderROC.of([-.infinity, 0, .infinity], labels: [0, 0, 1]) == 1)
    }

    private static func pairCount(_ scores: [Float], _ labels: [UInt8], _ weights: [Double]) -> Double {
        var (area, all) = (0.0, 0.0)
        for positive in labels.indices where labels[positive] == 1 {
            for negative in labels.indices where labels[negative] == 0 {
                let weight = weights[positive] * weights[negative]
                all += weight
                area +=
                    scores[positive] > scores[negative] ? weight : scores[positive] == scores[negative] ? weight / 2 : 0
            }
        }
        return area / all
    }

    @Test func theAreaIsTheShareOfPairsInOrder() {
        var stream = SeedSequence(11).stream(.shuffle)
        for round in 0..<100 {
            let scores = (0..<40).map { _ in Float(stream.next() % (round < 50 ? 6 : 1_000_000)) }
            let labels = (0..<40).map { _ in UInt8(stream.next() % 2) }
            let weights = (0..<40).map { _ in Double(stream.next() % 4) + 1 }
            let ones = weights.map { _ in 1.0 }
            #expect(AreaUnderROC.of(scores, labels: labels) == Self.pairCount(scores, labels, ones))
            let found = AreaUnderROC.of(scores, labels: labels, weights: weights)
            #expect(abs(found - Self.pairCount(scores, labels, weights)) < 1e-12)
            // How much one label counts against the other changes nothing, to the last bit.
            let byLabel = labels.map { $0 == 0 ? 0.3 : 0.7 }
            #expect(
                AreaUnderROC.of(scores, labels: labels, weights: byLabel) == AreaUnderROC.of(scores, labels: labels))
        }
    }

    // MARK: In runs

    private static let network = Network(
        input: FeatureShape(channels: 1, height: 8, width: 8), [.flatten, .dense("logits", outputs: 2)])

    /// Odd digits against even ones.
    private static func odd(_ seeds: SeedSequence) throws -> TrainTestSplit {
        let split = try Digits.split(seeds: seeds, shuffles: true)
        func odd(_ set: Dataset) -> Dataset {
            Dataset(name: "odd", classCount: 2, source: set.source, labels: set.labels.map { $0 % 2 })
        }
        return TrainTestSplit(training: odd(split.training), test: odd(split.test))
    }

    private static func scores(_ model: ParameterVector, _ data: Dataset, _ view: SampleView?) -> [Float] {
        var scores: [Float] = []
        WorkspacePool(for: network).withWorkspace(capacity: data.count) { workspace in
            data.gather(0..<Int32(data.count), into: workspace.batch, seenAs: view)
            network.scores(of: workspace, at: model) { scores.append($1) }
        }
        return scores
    }

    private func play(
        _ objectives: String?, _ metric: Metric, threads: Bool = false, owning: Bool = false
    ) throws -> (run: TrainingRun, record: TrainingRun.Record, objectives: [NodeObjective]) {
        try BLAS.useOneThreadPerCaller()
        let seeds = SeedSequence(5)
        var configuration = TestRuns.configuration(clients: 6, fraction: 1, localEpochs: 1, partition: "iid")
        configuration.shared.objectives = objectives
        configuration.evaluateEveryEpochs = 1
        configuration.epochs = 3
        let data = try Self.odd(seeds)
        let strategy: any Strategy =
            owning ? OwnNodes(nodes: 6, partition: "iid") : FederatedAveraging(configuration)
        let run = TrainingRun(
            network: Self.network, data: data, configuration: configuration.shared,
            initialParameters: Self.network.initialParameters(.he, seeds: seeds), seeds: seeds, shuffles: true,
            ranks: strategy.rankCount, workspaces: WorkspacePool(for: Self.network), metric: metric)
        let nodes = ClusterPresets.infiniband.nodes(
            ranks: strategy.rankCount, server: strategy.serverRank, seeds: seeds)
        let fabric: any Fabric =
            threads
            ? try ThreadFabric(ranks: strategy.rankCount)
            : SimulatedFabric(nodes: nodes, compute: TestRuns.compute, seeds: seeds, pool: HostPool(threads: 2))
        _ = try fabric.run(try strategy.program(for: run))
        let own = try data.nodeObjectives(objectives, partition: "iid", among: 6, seeds: seeds, shuffles: true)
        return (run, run.result, own)
    }

    @Test(arguments: [false, true]) func aRunsAreaIsThatOfAllTestSamples(_ threads: Bool) throws {
        let (run, record, _) = try play(nil, .auc, threads: threads)
        let (test, model) = (run.data.test, try #require(record.finalParameters))
        let expected = Self.pairCount(
            Self.scores(model, test, nil), test.labels, Array(repeating: 1, count: test.count))
        #expect(record.evaluations.last?.testAUC == expected && expected > 0.8)
        #expect(record.evaluations.allSatisfy { $0.testAUC != nil })
    }

    @Test func whereTheMetricIsAccuracyNoAreaIsMeasured() throws {
        let (_, record, _) = try play("rotations:3", .accuracy)
        #expect(record.evaluations.allSatisfy { $0.testAUC == nil })
        #expect(record.nodes.allSatisfy { $0.finalScores.isEmpty && $0.own.allSatisfy { $0.auc == nil } })
    }

    @Test(arguments: [false, true]) func nodesAreJudgedByAreasOfTheirOwn(_ owning: Bool) throws {
        let (run, record, objectives) = try play("rotations:3", .auc, owning: owning)
        let test = run.data.test
        let ones = Array(repeating: 1.0, count: test.count)
        for (index, node) in record.nodes.enumerated() {
            let model = try #require(owning ? node.finalParameters : record.finalParameters)
            let scores = Self.scores(model, test, objectives[index].view)
            #expect(node.finalScores == scores && node.own.last?.auc == Self.pairCount(scores, test.labels, ones))
            // Everybody's data are all test samples as each of the nodes sees them.
            let all = objectives.flatMap { Self.scores(model, test, $0.view) }
            let pooled = AreaUnderROC.of(all, labels: objectives.flatMap { _ in test.labels })
            #expect(abs(try #require(node.evaluations.last?.testAUC) - pooled) < 1e-12)
        }
        let mean = record.nodes.reduce(0) { $0 + ($1.own.last?.auc ?? 0) } / 6
        #expect(abs(try #require(record.evaluations.last?.testAUC) - mean) < 1e-12)
        #expect(owning == record.consensus.allSatisfy { $0.averageAUC != nil } || record.consensus.isEmpty)
    }

    /// Nodes that call odd digits even are judged by how well they tell what they call odd.
    @Test func areasAreOfTheLabelsAsNodesCallThem() throws {
        let (run, record, objectives) = try play("relabel:2", .auc, owning: true)
        let test = run.data.test
        #expect(Set(record.nodes.map(\.kind)) == [0, 1])
        for (index, node) in record.nodes.enumerated() {
            let scores = Self.scores(try #require(node.finalParameters), test, objectives[index].view)
            let labels = test.labels.map { node.kind == 0 ? $0 : 1 - $0 }
            let expected = Self.pairCount(scores, labels, Array(repeating: 1, count: test.count))
            #expect(node.own.last?.auc == expected && expected > 0.6, "node \(index)")
        }
    }

    @Test func theLossesOfTheLastModelAreKept() throws {
        let (run, record, objectives) = try play("rotations:3", .loss)
        let (node, test) = (try #require(record.nodes.first), run.data.test)
        let mean = node.finalScores.reduce(0) { $0 + Double($1) } / Double(test.count)
        #expect(node.finalScores.count == test.count && abs(mean - (node.own.last?.loss ?? 0)) < 1e-6)
        #expect(objectives.count == 6)
    }

    /// What both outputs have more does not tell the labels apart.
    @Test func aScoreIsTheDifferenceOfTwoOutputs() throws {
        let test = try Self.odd(SeedSequence(5)).test
        let model = Self.network.initialParameters(.he, seeds: SeedSequence(5))
        let before = Self.scores(model, test, nil)
        // The last two numbers are the outputs' biases.
        for (first, second, shift) in [(3, 3, 0), (0, 2, 2), (2, 0, -2)] as [(Float, Float, Float)] {
            let moved = model.copied()
            moved[moved.count - 2] += first
            moved[moved.count - 1] += second
            let after = Self.scores(moved, test, nil)
            #expect(zip(before, after).allSatisfy { abs($1 - $0 - shift) < 1e-4 }, "\(first), \(second)")
        }
    }

    @Test func anAreaIsOfModelsThatScore() {
        #expect(Metric.auc.problem(of: Self.network) == nil)
        #expect(Metric.auc.problem(of: TestRuns.network)?.contains("for labels 0 and 1") == true)
        #expect(Metric.perplexity.problem(of: TestRuns.network) == nil)
    }

    /// Nothing of a regression is right or wrong, exp is of a cross-entropy, and a root is of squares.
    @Test(
        arguments: [
            (Loss.softmaxCrossEntropy, [Metric.accuracy, .loss, .perplexity, .auc]),
            (.binaryCrossEntropy, [.accuracy, .loss, .perplexity, .auc]), (.squaredError, [.loss, .rmse]),
        ])
    func everyMetricIsOfTheLossesForWhichItMeansSomething(_ loss: Loss, _ allowed: [Metric]) {
        let outputs = loss == .binaryCrossEntropy ? 1 : 2
        let network = Network(input: FeatureShape(features: 3), [.dense("a", outputs: outputs)], loss: loss)
        #expect(Metric.allCases.filter { $0.problem(of: network) == nil } == allowed)
        for metric in Metric.allCases where !allowed.contains(metric) {
            #expect(metric.problem(of: network)?.hasPrefix(metric.oneOfThem + " is ") == true, "\(metric)")
        }
    }

    @Test func aNodeWithOneLabelAloneIsRefused() {
        let error = #expect(throws: DataError.self) { try play("labels:1", .auc) }
        #expect(error?.description.contains("one label alone") == true, "\(String(describing: error))")
    }

    @Test func checkpointsKeepAreasAndScores() throws {
        let (_, record, _) = try play("rotations:3", .auc, owning: true)
        var numbers = NodeCurves.numbers(of: record.nodes)
        let again = try NodeCurves.nodes(
            numbers, right: record.nodes.map { Data($0.finalCorrect) },
            scores: record.nodes.map { SampleNumbers.encoded($0.finalScores) }, haveAUC: true)
        #expect(
            again.map(\.own) == record.nodes.map(\.own) && again.map(\.evaluations) == record.nodes.map(\.evaluations))
        #expect(again.map(\.finalScores) == record.nodes.map(\.finalScores))
        // And as a file has them.
        let state = RunState(
            position: RunPosition(round: 1, samples: 2), values: StateValues(counts: [:]), evaluatedParameters: nil,
            evaluations: record.evaluations, nodes: record.nodes, stepLosses: [], lossSum: 0, lossSamples: 0,
            clusterNanoseconds: 3, bytesSent: 4)
        let read = try RunState(decoding: state.encoded()).nodes
        #expect(read.map(\.own) == again.map(\.own) && read.map(\.evaluations) == again.map(\.evaluations))
        #expect(read.map(\.finalScores) == again.map(\.finalScores) && read.allSatisfy { !$0.finalScores.isEmpty })
        numbers.removeLast()
        #expect(throws: CheckpointError.self) {
            try NodeCurves.nodes(numbers, right: [], scores: nil, haveAUC: true)
        }
    }
}
