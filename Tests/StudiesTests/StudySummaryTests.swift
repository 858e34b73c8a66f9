import Testing

@testable import Experiments
@testable import Reports
@testable import Studies
@testable import TestSupport

/// The best, the cost and the expected best, by hand.
@Suite struct StudySummaryTests {
    private func summary(_ results: StudyResults) throws -> StudySummary { try #require(results.summaries.first) }

    @Test func theBestHasTheHighestMedian() throws {
        // The second has the highest single value, and the highest mean.
        let results = try made([[0.90, 0.95, 0.96], [0.94, 0.94, 0.99], [0.1, 0.2, 0.3], [0.9, 0.9, 0.9]])
        let summary = try summary(results)
        #expect(summary.best.trial.words == "learning-rate 0.1" && summary.best.value == 0.95)
        #expect(summary.ranked.map(\.trial.index) == [0, 1, 3, 2])
    }

    @Test func equalMediansAreToldApartByMeanThenLossThenOrder() throws {
        let results = try made(
            [[0.8, 0.9, 0.9], [0.85, 0.9, 0.95], [0.85, 0.9, 0.95], [0.85, 0.9, 0.95]], losses: [1, 2, 1.5, 1.5])
        #expect(try summary(results).ranked.map(\.trial.index) == [2, 3, 1, 0])
    }

    @Test func equalMeansAreNotToldApartByTheirRounding() throws {
        // (0.1 + 0.2) + 0.3 is above (0.3 + 0.2) + 0.1 in floating point; as accuracies the two are the same.
        let results = try made(
            [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.2, 0.1, 0.3], [0.3, 0.1, 0.2]], losses: [4, 1, 3, 2])
        #expect(try summary(results).ranked.map(\.trial.index) == [1, 3, 2, 0])
    }

    @Test func aTrialThatDivergedRanksLast() throws {
        let results = try made([[0.99, 0.99], [0.2, 0.2], [0.3, 0.3], [0.1, 0.1]], diverged: [0])
        let summary = try summary(results)
        #expect(summary.ranked.map(\.trial.index) == [2, 1, 3, 0])
        #expect(summary.outcomes[0].value == 0 && summary.outcomes[0].divergedCount == 2)
    }

    @Test func oneSeedThatDivergedIsEnough() throws {
        var results = try made([[0.9, 0.9, 0.9], [0.2, 0.2, 0.2], [0.3, 0.3, 0.3], [0.1, 0.1, 0.1]])
        results.runs[1].outcome = .diverged
        #expect(try summary(results).ranked.map(\.trial.index) == [2, 1, 3, 0])
    }

    @Test func byTimeTheSoonestIsBestAndNeverIsLast() throws {
        let results = try made(
            [[0.9, 0.9, 0.9], [0.8, 0.8, 0.8], [0.99, 0.99, 0.99], [0.97, 0.97, 0.97]], metric: .time,
            seconds: [[5, 4, nil], [3, 9, 4], [nil, nil, 1], [nil, nil, nil]])
        let summary = try summary(results)
        // Medians 5, 4, never and never; the more accurate of the two that never got there comes first.
        #expect(summary.outcomes.map(\.value) == [5, 4, .infinity, .infinity])
        #expect(summary.ranked.map(\.trial.index) == [1, 0, 2, 3])
        #expect(summary.outcomes.map(\.seedsReached) == [2, 3, 1, 0])
    }

    /// Six seeds: the interval of paired differences is from the least to the greatest, so that it takes six of one sign.
    @Test func trialsThatAreNotShownToBeWorseAreNamed() throws {
        let best = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95]
        let worse = best.map { $0 - 0.01 }
        var mixed = worse
        mixed[0] = 0.905
        let results = try made([best, worse, mixed, best.map { $0 - 0.02 }])
        let summary = try summary(results)
        #expect(summary.best.trial.index == 0)
        #expect(summary.rivals.map(\.trial.words) == ["learning-rate 0.4"])
        let report = StudyReport.render(results, folder: "study")
        #expect(
            report.contains(
                "1 of the 3 others is not shown to be worse than the best, seed against seed (95 %): learning-rate 0.4."
            ))
        let clear = try made([best, worse, worse, worse])
        #expect(StudyReport.render(clear, folder: "study").contains("shown to be better than each of the 3 others"))
    }

    @Test func byTimeATrialThatNeverGotThereIsShownWorseWhereAllSeedsSaySo() throws {
        let times: [Double?] = [1, 2, 3, 4, 5, 6]
        let results = try made(
            Array(repeating: Array(repeating: 0.9, count: 6), count: 4), metric: .time,
            seconds: [times, times.map { _ in nil }, times.map { $0.map { $0 * 1.1 } }, [9, 1, 9, 1, 9, nil]])
        #expect(try summary(results).rivals.map(\.trial.index) == [3])
    }

    @Test func theCostIsThatOfAllTrialsAndSeeds() throws {
        let results = try made(
            [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]], strategies: ["single", "federated"])
        for summary in results.summaries {
            let expected = StudyCost(
                clusterSeconds: 16, hostSeconds: 4, bytesSent: 8000, messagesSent: 80, money: 2, wattHours: 32)
            #expect(summary.cost == expected && summary.runCount == 8)
            #expect(summary.best.cost.clusterSeconds == 4)
        }
    }

    @Test func aCostWithoutAPriceIsNotKnown() throws {
        var results = try made([[0.1], [0.2], [0.3], [0.4]])
        results.runs[2].cost.money = nil
        let cost = try summary(results).cost
        #expect(cost.money == nil && cost.wattHours == 16)
    }

    /// The trials are worth 0.1, 0.2, 0.4 and 0.8. Three of the six pairs have 0.8 as their greatest, two 0.4, and one
    /// 0.2; three of the four threes have 0.8, and one 0.4.
    @Test func theExpectedBestIsThatOfAllChoicesOfKTrials() throws {
        let points = try summary(try made([[0.4], [0.1], [0.8], [0.2]])).afterTrials
        let expected = [1.5 / 4, (3 * 0.8 + 2 * 0.4 + 0.2) / 6, (3 * 0.8 + 0.4) / 4, 0.8]
        for (point, value) in zip(points, expected) { #expect(abs(point.best - value) < 1e-12, "\(point)") }
        #expect(points.map(\.trials) == [1, 2, 3, 4])
        #expect(points.map(\.cost.clusterSeconds) == [2, 4, 6, 8])
        #expect(points.map(\.low) == [0.1, 0.2, 0.4, 0.8] && points.map(\.high) == [0.8, 0.8, 0.8, 0.8])
    }

    @Test func ofTimesItIsTheMedianAndNeverCounts() throws {
        let results = try made(
            [[0.9], [0.9], [0.9], [0.9]], metric: .time, seconds: [[8], [nil], [2], [nil]])
        let points = try summary(results).afterTrials
        // A draw of one of the four trials has a 2 or an 8 in half of all cases. Two trials have a 2 in three of six
        // pairs, and three have one in three of four threes.
        #expect(points.map(\.best) == [8, 2, 2, 2])
        #expect(points.map(\.high) == [.infinity, .infinity, 8, 2])
    }

    @Test func trialsWithoutAllTheirSeedsDoNotCountButCost() throws {
        var results = try made([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]], isComplete: false)
        results.runs.removeLast()
        let summary = try summary(results)
        #expect(summary.outcomes.count == 3 && summary.best.trial.index == 2)
        #expect(summary.cost.clusterSeconds == 14)
        results.runs = [results.runs[0]]
        #expect(results.summaries.isEmpty)
    }

    // MARK: Edges

    private func edges(_ accuracies: [Double], vary: String) throws -> [String] {
        try summary(try made(accuracies.map { [$0] }, vary: vary)).edges
            .map { "\($0.option.rawValue) \($0.value) \($0.isLargest)" }
    }

    @Test func theEdgeOfTheValuesIsNoticed() throws {
        let vary = "learning-rate=0.4,0.1,0.2,0.8"
        #expect(try edges([0.5, 0.9, 0.5, 0.5], vary: vary) == ["learning-rate 0.1 false"])
        #expect(try edges([0.5, 0.5, 0.5, 0.9], vary: vary) == ["learning-rate 0.8 true"])
        #expect(try edges([0.9, 0.5, 0.5, 0.5], vary: vary).isEmpty)
        #expect(try edges([0.5, 0.5, 0.9, 0.5], vary: vary).isEmpty)
    }

    /// Nothing was chosen among trials that came to the same in every figure, so that the first of them lies at no edge.
    @Test func trialsThatCameToTheSameAreATie() throws {
        let vary = "learning-rate=0.1,0.2,0.4,0.8"
        #expect(try edges([0.9, 0.9, 0.9, 0.9], vary: vary).isEmpty)
        #expect(try edges([0.9, 0.9, 0.5, 0.5], vary: vary).isEmpty)
        #expect(try summary(made([[0.9], [0.9], [0.5], [0.9]], vary: vary)).ties.map(\.trial.index) == [1, 3])
        // The same accuracy by another way is no tie.
        var results = try made([[0.9], [0.9], [0.5], [0.5]], vary: vary)
        results.runs[1].loss = 2
        #expect(try summary(results).ties.isEmpty)
        #expect(try summary(results).edges.map(\.value) == ["0.1"])
    }

    @Test func whereNothingCanLieBeyondIsNoEdge() throws {
        #expect(try edges([0.9, 0.5], vary: "momentum=0,0.9").isEmpty)
        #expect(try edges([0.5, 0.9], vary: "momentum=0,0.9") == ["momentum 0.9 true"])
        #expect(try edges([0.9], vary: "learning-rate=0.1").isEmpty, "one value has no edge")
    }

    @Test(arguments: [("0.0104", false as Bool?), ("0.015", false), ("0.017", nil), ("0.1", nil), ("0.7", true)])
    func theEdgeOfARangeIsATenthOfIt(_ value: String, _ isLargest: Bool?) throws {
        var results = try made([[0.9]], vary: "learning-rate=0.1")
        results.plan.search = .random
        results.plan.dimensions = [try SearchDimension(parsing: "learning-rate=0.01..1")]
        results.plan.trials[0].choices[0].value = value
        #expect(try summary(results).edges.first?.isLargest == isLargest)
    }
}
