import Foundation
import Statistics
import Testing

@testable import Experiments
@testable import TestSupport
@testable import Training

/// Targets, verdicts and records by metrics of which lower is better; the right answer of each is known by hand.
@Suite struct MetricRecordTests {
    private func time(_ perplexities: [Double], _ target: Double) -> TimeToTarget {
        TimeToTarget(
            perplexityRecord("sync", perplexities).evaluations, target: Target(target, of: .perplexity))
    }

    // MARK: Crossing

    @Test func aPerplexityIsReachedFromAbove() {
        // At 2 s a spike; after 5 s the mean of the last three is 5, after 6 s it is 4.43.
        let time = time([27, 9, 4.2, 6, 4.6, 4.4, 4.3, 4.2], 4.5)
        #expect(time.firstCrossingSeconds == 2)
        #expect(time.sustainedSeconds == 6 && time.pointBefore?.clusterSeconds == 5)
    }

    @Test func valuesAtTheTargetAreThere() {
        // The mean is of perplexities: of 4.5 three times it is 4.5, though the logarithms are rounded.
        let time = time([9, 4.5, 4.5, 4.5], 4.5)
        #expect(time.firstCrossingSeconds == 1 && time.sustainedSeconds == 3)
        #expect(self.time([9, 4.5001, 4.5001, 4.5001], 4.5).firstCrossingSeconds == nil)
        #expect(Target(0.3, of: .loss).isReached(by: [0.1, 0.2, 0.6].map { $0 }))
        #expect(!Target(0.3, of: .loss).isReached(by: [0.1, 0.2, 0.6001]))
    }

    /// Losses may be of any size: what rounding forgives is in proportion to the target.
    @Test func smallLossesAreToldApartAsLargeOnesAre() {
        for scale in [1e-9, 1, 1e9] {
            let target = Target(scale, of: .loss)
            #expect(target.isReached(by: scale) && target.isReached(by: [0.4, 1.2, 1.4].map { $0 * scale }))
            #expect(!target.isReached(by: scale * (1 + 1e-7)), "\(scale)")
        }
    }

    @Test func whatIsNoNumberReachesNothing() {
        #expect(time([.nan, .infinity, .nan, .infinity], 4.5).firstCrossingSeconds == nil)
        for metric in Metric.allCases {
            let target = Target(metric.isHigherBetter ? 0.5 : 2, of: metric)
            #expect(!target.isReached(by: .nan) && !target.isReached(by: metric.worst), "\(metric)")
        }
    }

    @Test func aRunThatDivergedHasTheWorstValue() {
        let run = perplexityRecord("sync", [27, 3], outcome: .diverged)
        #expect(run.finalValue(.perplexity) == .infinity && run.finalAccuracy == 0 && run.finalValue(.auc) == 0)
    }

    // MARK: Summaries

    private func table(_ first: [[Double]], _ second: [[Double]], target: Double = 4.5) -> Results {
        let runs = zip(first, second).enumerated().flatMap { seed, curves in
            [
                perplexityRecord("single", seed: UInt64(seed + 1), curves.0),
                perplexityRecord("sync", seed: UInt64(seed + 1), curves.1),
            ]
        }
        return results(runs, seeds: first.indices.map { UInt64($0 + 1) }).judged(by: .perplexity, target: target)
    }

    @Test func mediansAreOfTheMetric() throws {
        let results = table(
            [[27, 6, 6, 6], [27, 4, 4, 4], [27, 5, 5, 5]], Array(repeating: [27, 9, 9, 9], count: 3))
        let summary = try #require(results.summaries.first)
        #expect(abs(summary.finalValue.median - 5) < 1e-12 && summary.seedsReached == 1)
    }

    @Test func theOneThatEndsLowerIsBetter() throws {
        // Seed by seed 2 lower, give or take a little.
        let results = table(
            [[27, 9, 8, 6.0], [27, 9, 8, 6.1], [27, 9, 8, 5.9]], [[27, 9, 8, 8.0], [27, 9, 8, 8.0], [27, 9, 8, 8.0]])
        let verdict = try #require(PairwiseVerdict.all(results).first { $0.figure == .finalValue })
        #expect(verdict.comparison.verdict == .firstIsBetter && verdict.comparison.wins == 3)
        #expect(verdict.words.hasPrefix("single ends below sync in 3 of 3 seeds, 2 ["), "\(verdict.words)")
        let turned = table(
            [[27, 9, 8, 8.0], [27, 9, 8, 8.0], [27, 9, 8, 8.0]], [[27, 9, 8, 6.0], [27, 9, 8, 6.1], [27, 9, 8, 5.9]])
        let other = try #require(PairwiseVerdict.all(turned).first { $0.figure == .finalValue })
        #expect(other.words.hasPrefix("sync ends below single in 3 of 3 seeds, 2 ["), "\(other.words)")
    }

    @Test func theFirstToComeDownIsTheFaster() throws {
        let (fast, slow) = ([27, 4.4, 4.4, 4.4, 4.4, 4.4, 4.4, 4.4, 4.4], [27, 9, 9, 9, 9, 9, 4.4, 4.4, 4.4])
        let results = table(Array(repeating: fast, count: 3), Array(repeating: slow, count: 3))
        let verdict = try #require(PairwiseVerdict.all(results).first { $0.figure == .timeToTarget })
        #expect(verdict.comparison.verdict == .firstIsBetter, "\(verdict.words)")
    }

    @Test func targetsGetHarderTowardsLowerValues() throws {
        let results = table([[27, 9, 4.4, 4.3, 4.2]], [[27, 20, 12, 11, 11]])
        // Round numbers from what a run was at up to below the start, and the plan's own.
        #expect(TargetCurve(results).targets == [25, 20, 16, 12.5, 10, 8, 6.3, 5, 4.5])
        let accuracies = TargetCurve(experimentOfAccuracies())
        #expect(accuracies.targets == accuracies.targets.sorted())
    }

    private func experimentOfAccuracies() -> Results { results([record("sync")], seeds: [1]) }

    // MARK: Nodes

    /// Each of ten samples loses 0.1 or more: of the 1,024 ways to choose signs, 2 have a sum as far from 0.
    @Test(arguments: [(-0.1, NodeVerdict.Outcome.gains), (0.1, .loses), (0, .noDifferenceShown)])
    func aNodeGainsWhereItsLossFalls(_ shift: Double, _ outcome: NodeVerdict.Outcome) throws {
        let alone = (0..<10).map { 1 + Float($0) / 8 }
        let joined = alone.enumerated().map { $1 + Float(shift) * Float($0 + 1) }
        let verdict = try #require(compared([[node(0, losses: joined)]], [[node(0, losses: alone)]])?.verdicts.first)
        #expect(verdict.outcome == outcome && verdict.pValue == (shift == 0 ? 1 : 2.0 / 1024), "\(verdict)")
        #expect(shift == 0 || (verdict.gain > 0) == (shift < 0))
        #expect(abs(verdict.aloneValue - exp(1 + 4.5 / 8)) < 1e-6)
    }

    @Test func seedsHaveToAgreeAboutLosses() throws {
        let alone = (0..<10).map { 1 + Float($0) / 8 }
        let (better, worse) = (alone.map { $0 - 0.5 }, alone.map { $0 + 0.01 })
        let verdict = try #require(
            compared(
                [[node(0, losses: better)], [node(0, losses: worse)]],
                [[node(0, losses: alone)], [node(0, losses: alone)]])?.verdicts.first)
        #expect(verdict.outcome == .noDifferenceShown && verdict.seedsUp == 1 && verdict.seedsDown == 1)
    }

    @Test func withoutLossesTheSeedsAloneSpeak() throws {
        // The joined node has ended after 4 s, at which the other is still at its start.
        func nodes(_ seeds: Int) throws -> NodeVerdict {
            let pairs = (0..<seeds).map { _ in
                (node(0, losses: [0.5, 0.5]), node(0, losses: [0.6, 0.6], seconds: 40))
            }
            return try #require(
                compared(pairs.map { [$0.0] }, pairs.map { [$0.1] }, terms: .equalTime)?.verdicts.first)
        }
        #expect(try abs(nodes(5).pValue - 2.0 / 32) < 1e-12 && nodes(5).outcome == .noDifferenceShown)
        #expect(try abs(nodes(6).pValue - 2.0 / 64) < 1e-12 && nodes(6).outcome == .gains)
    }

    /// Samples of class 1 alone weigh for the node: what is right of class 0 counts for nothing.
    @Test func samplesCountForWhatTheirClassWeighs() throws {
        let alone: [Float] = Array(repeating: 1, count: 16)
        let joined = alone.enumerated().map { $0 % 2 == 0 ? Float(0.01) : $1 + 0.1 + Float($0) / 100 }
        func counted(_ losses: [Float]) -> [Float] { losses.enumerated().map { $0 % 2 == 0 ? Float.nan : $1 } }
        let classes = String((0..<16).map { $0 % 2 == 0 ? "0" : "1" })
        let samples = NodeEvidence.Samples(
            .loss, counted(joined), counted(alone), weights: [0, 1], TestClassCounts(classes))
        guard case .losses(let differences) = samples else {
            Issue.record("\(samples)")
            return
        }
        #expect(differences.count == 8 && differences.allSatisfy { $0 < 0 })
        #expect(SignFlip.pValue(differences) == 2.0 / 256)
    }

    /// A class counts for what it weighs, however many test samples it has: the differences add up to the difference of
    /// the node's losses.
    @Test func lossesOfAClassShareItsWeight() throws {
        let (alone, joined): ([Float], [Float]) = ([2, 2, 2, 2, 5], [1, 1, 1, 1, 4.5])
        let samples = NodeEvidence.Samples(.loss, joined, alone, weights: [0.5, 0.5], TestClassCounts("00001"))
        guard case .losses(let differences) = samples else {
            Issue.record("\(samples)")
            return
        }
        #expect(differences == [0.125, 0.125, 0.125, 0.125, 0.25])
    }

    /// A model that has diverged is infinitely worse than any other; where both have diverged, nothing is known.
    @Test func aSampleThatOneModelCannotDoIsLost() throws {
        func differences(_ joined: [Float], _ alone: [Float]) -> [Double] {
            guard case .losses(let found) = NodeEvidence.Samples(.loss, joined, alone, weights: nil, nil) else {
                return []
            }
            return found
        }
        #expect(differences([1, 1, .nan], [.nan, 2, .nan]) == [.infinity, 0.5])
        #expect(differences([.nan, 1], [1, 2]) == [-.infinity, 0.5])
    }

    /// The mean perplexity of two seeds falls while their mean loss rises: then nothing is shown.
    @Test func valuesAndLossesHaveToAgree() {
        func evidence(_ value: Double, _ alone: Double, _ difference: Double) -> NodeEvidence {
            NodeEvidence(
                value: value, aloneValue: alone, samples: .losses(Array(repeating: difference, count: 10)))
        }
        let (large, small) = (evidence(90, 100, log(100 / 90.0) / 10), evidence(2, 1, log(1 / 2.0) / 10))
        #expect(NodeEvidence.pValue([large, small], .perplexity) == 1)
        // Where both rise it is a loss.
        #expect(NodeEvidence.pValue([small, small], .perplexity) < 0.01)
    }

    private func compared(
        _ joined: [[NodeResult]], _ alone: [[NodeResult]], terms: NodeComparison.Terms = .equalSamples
    ) -> NodeComparison? {
        let runs = zip(joined, alone).enumerated().flatMap { seed, nodes in
            [
                record("alone", seed: UInt64(seed + 1), nodes: nodes.1),
                record("dpsgd", seed: UInt64(seed + 1), nodes: nodes.0),
            ]
        }
        let results = communityResults(runs, testSamples: joined[0][0].sampleNumbers?.count ?? 0)
        return NodeComparison.all(results.judged(by: .perplexity, target: 4.5)).first { $0.terms == terms }
    }

    @Test func theWorstNodeHasTheHighestPerplexity() throws {
        let curves = [2.0, 8, 4].map { perplexityRecord("dpsgd", [27, $0]).evaluations }
        let values = try #require(CommunityPoint.curve(of: curves, by: .perplexity).last?.values(.perplexity))
        #expect(abs(values.worst - 8) < 1e-12 && abs(values.worstTenth - 8) < 1e-12)
        // exp of the mean loss: (log 2 + log 8 + log 4) / 3 is log 4.
        #expect(abs(values.mean - 4) < 1e-12)
        #expect(CommunityPoint.curve(of: curves).last?.values == nil)
        // The perplexity of the mean of all models is exp of that model's loss.
        let consensus = TrainingRun.Consensus(
            round: 10, samples: 640, distance: 1, averageAccuracy: 0.25, averageLoss: log(5))
        let points = CommunityPoint.curve(of: curves, [consensus], by: .perplexity)
        #expect(abs(try #require(points.last?.values?.average) - 5) < 1e-12 && points.last?.averageAccuracy == 0.25)
    }

    /// Two runs of one plan agree in the areas that they were judged by.
    @Test func repetitionsAgreeInTheirAreas() {
        func points(_ area: Double) -> [TrainingRun.Evaluation] {
            curve([0.5, 0.6]).map {
                TrainingRun.Evaluation(
                    round: $0.round, samples: $0.samples, clusterSeconds: $0.clusterSeconds, bytesSent: $0.bytesSent,
                    trainLoss: $0.trainLoss, testAccuracy: $0.testAccuracy, testLoss: $0.testLoss, testAUC: area)
            }
        }
        func run(_ area: Double) -> RunRecord { record("sync").with(evaluations: points(area)) }
        #expect(run(0.75).hasSameResult(as: run(0.75), isMeasured: false))
        #expect(!run(0.75).hasSameResult(as: run(0.76), isMeasured: false))
        func node(_ area: Double) -> NodeResult { NodeResult(rank: 0, evaluations: points(area)) }
        #expect(node(0.75).hasSameScores(as: node(0.75)) && !node(0.75).hasSameScores(as: node(0.76)))
    }

    // MARK: Files

    @Test func aPlanOfAccuraciesSaysNothingOfItsMetric() throws {
        let plan = Setup().plan
        let text = String(decoding: try JSONEncoder().encode(plan), as: UTF8.self)
        #expect(!text.contains("metric"))
        #expect(try JSONDecoder().decode(ExperimentPlan.self, from: Data(text.utf8)) == plan)
        var other = plan
        (other.metric, other.target) = (.perplexity, 4.5)
        let again = try JSONDecoder().decode(ExperimentPlan.self, from: JSONEncoder().encode(other))
        #expect(again == other && again.metric == .perplexity && again.goal == Target(4.5, of: .perplexity))
        other.metric = .accuracy
        other.target = plan.target
        #expect(other == plan)
        let run = String(decoding: try JSONEncoder().encode(record("sync")), as: UTF8.self)
        #expect(!run.contains("AUC") && !run.contains("finalScores"))
    }

    @Test(arguments: [(Metric.perplexity, 0.9), (.auc, 1.5), (.loss, 0), (.accuracy, 4.5), (.rmse, .nan)])
    func aFileWithATargetThatTheMetricCannotHaveIsRefused(_ metric: Metric, _ target: Double) throws {
        let results = experimentOfAccuracies().judged(by: metric, target: target)
        let error = #expect(throws: (any Error).self) { try results.validate() }
        #expect("\(String(describing: error))".contains("plan.target"), "\(String(describing: error))")
    }
}
