import Testing

@testable import Experiments
@testable import Reports
@testable import Strategies
@testable import TestSupport
@testable import Training

@Suite struct StrategySummaryTests {
    private static let never = [0.1, 0.2, 0.3]
    /// Curves that stay at the target from the given second on.
    private static func reaching(_ seconds: Int) -> [Double] {
        Array(repeating: 0.1, count: seconds - 2) + [0.99, 0.99, 0.99]
    }

    private func summary(_ curves: [[Double]]) -> StrategySummary {
        let runs = curves.enumerated().map { record(seed: UInt64($0 + 1), $1) }
        return results(runs, seeds: runs.map(\.seed)).summaries[0]
    }

    @Test func seedsThatNeverGetThereCountAsInfiniteNotAsAbsent() {
        let summary = summary([Self.reaching(4), Self.never, Self.reaching(8)])
        #expect(summary.seedsReached == 2)
        // The median of 4 and 8 alone would be 6.
        #expect(summary.timeToTarget.median == 8)
        // The target was reached after the evaluation at 3 s, and by the one at 4 s.
        #expect(summary.timeToTarget.low == 3)
        #expect(summary.timeToTarget.high == .infinity)
        #expect(ComparisonTable.timeToTarget(summary) == "8 s [3 s, never]")
    }

    @Test func aMedianThatIsNotReachedIsNone() {
        let summary = summary([Self.never, Self.reaching(4), Self.never])
        #expect(summary.seedsReached == 1)
        #expect(summary.timeToTarget.median == .infinity)
        #expect(ComparisonTable.timeToTarget(summary) == "-")
    }

    /// Student's interval of the logarithms of 3, 4 and 7 s begins at 1.50 s; the interval of 4, 5 and 8 s ends at
    /// 13.07 s.
    @Test func anIntervalReachesFromTheEvaluationsBeforeToThoseThatFoundTheTargetReached() {
        #expect(
            ComparisonTable.timeToTarget(summary([Self.reaching(4), Self.reaching(5), Self.reaching(8)]))
                == "5 s [1.5 s, 13.1 s]")
    }

    @Test func noIntervalOfTimesIsNarrowerThanTheStepBetweenTwoEvaluations() {
        #expect(ComparisonTable.timeToTarget(summary([Self.reaching(4)])) == "4 s [3 s, 4 s]")
        for seeds in [2, 3, 7] {
            let time = summary(Array(repeating: Self.reaching(4), count: seeds)).timeToTarget
            #expect((time.low, time.median, time.high) == (3, 4, 4), "\(seeds) seeds")
        }
    }

    @Test func howManySeedsReachedTheTargetStandsInTheTable() {
        let runs = [Self.reaching(4), Self.never, Self.reaching(8)].enumerated().map {
            record(seed: UInt64($0 + 1), $1)
        }
        let table = ComparisonTable.terminal(results(runs, seeds: [1, 2, 3]))
        #expect(table.contains("  reached  ") && table.contains("  2/3  "), "\(table)")
    }

    /// Twenty clients of which a quarter trains in a round; three of them with too little memory.
    @Test func howManyOfTheWorkersTrainAtATimeStandsInTheTable() throws {
        var all = results([record("sync"), record("federated")], seeds: [1])
        #expect(all.summaries.map(\.workersText) == ["4", "5 of 20"])
        let need = MemoryNeed(parameters: 2)
        all.runs[1].memoryShortage = MemoryShortage(ranks: 3, of: 20, rank: 1, memoryBytes: 1, need: need)
        #expect(all.summaries[1].workersText == "5 of 20, 3 left out")
        #expect(ComparisonTable.terminal(all).contains("  5 of 20, 3 left out  "))
        let row = fields(SummaryCSV.render(all), line: 2)
        #expect(row["workers"] == "20" && row["workers_at_once"] == "5" && row["workers_left_out"] == "3")
    }

    @Test func firstCrossingsAreSummarisedOnTheirOwn() {
        let summary = summary([[0.1, 0.99, 0.1, 0.1], Self.reaching(4), Self.never])
        #expect(summary.seedsReached == 1)
        #expect(summary.firstCrossing.median == 2)
        #expect(summary.firstCrossing.low == 1)
        #expect(summary.firstCrossing.high == .infinity)
    }

    @Test func aDivergedRunHasNoAccuracyWhateverItsCurveSays() {
        let runs = [record(seed: 1), record(seed: 2, [0.1, 0.9], outcome: .diverged), record(seed: 3)]
        let summary = results(runs, seeds: [1, 2, 3]).summaries[0]
        #expect(summary.divergedCount == 1)
        #expect(summary.finalAccuracy.low == 0)
        #expect(ComparisonTable.finalValue(summary) == "97.00 % [0.00, 100.00] (1 diverged)")
    }

    @Test func theMedianOfCountsIsACount() {
        let runs = [10, 20, 40, 30].enumerated().map { record(seed: UInt64($0), bytes: $1) }
        let summary = results(runs, seeds: runs.map(\.seed)).summaries[0]
        #expect(summary.count(\.traffic.bytesTotal) == 20)
        #expect(summary.optionalCount(\.traffic.bytesUplink) == nil)
    }

    @Test func summariesComeInThePlansOrderAndLeaveOutWhatHasNotRun() {
        var all = results(
            [record("federated"), record("sync", seed: 2), record("sync", seed: 1), record("single")], seeds: [1, 2])
        #expect(all.summaries.map(\.strategy) == ["single", "sync", "federated"])
        #expect(all.summaries[1].runs.map(\.seed) == [1, 2])
        all.runs.removeLast()
        #expect(all.summaries.map(\.strategy) == ["sync", "federated"])
    }
}
