import Testing

@testable import Experiments
@testable import RegressionGate
@testable import TestSupport
@testable import Training

/// Results by a metric of which lower is better against a baseline: what rises is a regression.
@Suite struct MetricFiguresTests {
    /// Two seeds whose perplexities at the end lie 0.4 apart.
    private func made(_ perplexity: Double, processor: String? = nil) -> Results {
        let runs = [1, 2].map { seed in
            perplexityRecord("sync", seed: UInt64(seed), [27, 9, 4.7, 4.6, perplexity + 0.4 * Double(seed)])
        }
        var results = results(runs, seeds: [1, 2]).judged(by: .perplexity, target: 4.8)
        if let processor { results.machine.processor = processor }
        return results
    }

    private func figures(_ before: Double, _ after: Double, processor: String? = nil) throws -> [String: Figure] {
        let comparison = try Comparison(baseline: made(before), current: made(after, processor: processor))
        return Dictionary(comparison.figures.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    @Test func equalResultsHaveNoDifference() throws {
        let comparison = try Comparison(baseline: made(4), current: made(4))
        #expect(comparison.regressions.isEmpty && comparison.improvements.isEmpty)
        #expect(comparison.figures.contains { $0.name == "final perplexity" && $0.baseline == "4.6" })
    }

    /// The tolerance of two seeds that are 0.4 apart: Student's quantile for 1 % and one degree, 63.66, times 0.4 / √2.
    @Test func aPerplexityThatRisesIsARegressionAndOneThatFallsIsNot() throws {
        let worse = try figures(4, 40)
        #expect(worse["final perplexity"]?.status == .regression, "\(worse)")
        #expect(worse["curve losses"]?.status == .regression && worse["final test loss"]?.status != .improvement)
        #expect(worse["time to target"]?.status == .regression || worse["samples to target"]?.status == .regression)
        let better = try figures(40, 4)
        #expect(better["final perplexity"]?.status == .improvement, "\(better)")
        #expect(better["mean perplexity of the curve"]?.status != .regression)
        #expect(better["curve losses"]?.status == .improvement)
    }

    @Test func anotherProcessorHasTheToleranceOfTheSeeds() throws {
        let within = try figures(4, 20, processor: "Another")
        #expect(within["final perplexity"]?.status == .withinTolerance)
        #expect(within["final perplexity"]?.change == "+16, lower is better")
        #expect(try figures(4, 30, processor: "Another")["final perplexity"]?.status == .regression)
        #expect(try figures(30, 4, processor: "Another")["final perplexity"]?.status == .improvement)
    }

    @Test func resultsByAnotherMetricAreNotCompared() throws {
        let accuracies = results([1, 2].map { record("sync", seed: $0) }, seeds: [1, 2])
        let error = #expect(throws: NotComparable.self) { try Comparison(baseline: accuracies, current: made(4)) }
        #expect(
            error?.reasons.contains("the plans differ in metric: accuracy against perplexity") == true,
            "\(String(describing: error))")
    }

    @Test func nodesWhoseLossRisesAreARegression() throws {
        func made(_ losses: [Float]) -> Results {
            communityResults(
                [record("dpsgd", nodes: losses.enumerated().map { node($0, losses: [$1, $1]) })], testSamples: 2
            )
            .judged(by: .loss, target: 0.5)
        }
        func figure(_ before: [Float], _ after: [Float]) throws -> Figure {
            let comparison = try Comparison(baseline: made(before), current: made(after))
            return try #require(comparison.figures.first { $0.name == "own losses of nodes" })
        }
        #expect(try figure([1, 2], [1, 2]).status == .same)
        let worse = try figure([1, 2, 3], [0.5, 2, 3.25])
        #expect(
            worse.status == .regression && worse.current == "3.25 (node 2)" && worse.change.hasPrefix("+0.25; 2 of 3"))
        #expect(try figure([1, 2], [0.5, 2]).status == .improvement)
    }

    // MARK: Areas

    private func made(areas: [Double], processor: String? = nil) -> Results {
        let points = curve(areas.map { _ in 0.5 }).enumerated().map { index, point in
            TrainingRun.Evaluation(
                round: point.round, samples: point.samples, clusterSeconds: point.clusterSeconds,
                bytesSent: point.bytesSent, trainLoss: point.trainLoss, testAccuracy: point.testAccuracy,
                testLoss: point.testLoss, testAUC: areas[index])
        }
        var results = results([record("sync").with(evaluations: points)], seeds: [1]).judged(by: .auc, target: 0.9)
        if let processor { results.machine.processor = processor }
        return results
    }

    /// An area that grows is an improvement, whatever accuracies and losses say.
    @Test func anAreaThatFallsIsARegression() throws {
        func figure(_ before: [Double], _ after: [Double], processor: String? = nil) throws -> Figure {
            let comparison = try Comparison(
                baseline: made(areas: before), current: made(areas: after, processor: processor))
            return try #require(comparison.figures.first { $0.name == "curve AUCs" })
        }
        #expect(try figure([0.5, 0.7, 0.8], [0.5, 0.7, 0.8]).status == .same)
        #expect(try figure([0.5, 0.7, 0.8], [0.5, 0.7, 0.85]).status == .improvement)
        let worse = try figure([0.5, 0.7, 0.8], [0.5, 0.65, 0.85])
        #expect(worse.status == .regression && worse.baseline == "0.7000" && worse.current == "0.6500", "\(worse)")
        // Another processor rounds scores otherwise, also where no sample changes sides.
        #expect(try figure([0.5, 0.7, 0.8], [0.5, 0.65, 0.85], processor: "Another").status == .notCompared)
        #expect(try figure([0.5, 0.7, 0.8], [0.5, 0.7, 0.8], processor: "Another").status == .same)
    }
}
