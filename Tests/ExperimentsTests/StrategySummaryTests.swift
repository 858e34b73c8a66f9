import Testing

@testable import Experiments
@testable import Reports

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
        #expect(summary.timeToTarget.low == 4)
        #expect(summary.timeToTarget.high == .infinity)
        #expect(ComparisonTable.timeToTarget(summary) == "8 s [4 s, never] (2 of 3 seeds)")
    }

    @Test func aMedianThatIsNotReachedIsNone() {
        let summary = summary([Self.never, Self.reaching(4), Self.never])
        #expect(summary.seedsReached == 1)
        #expect(summary.timeToTarget.median == .infinity)
        #expect(ComparisonTable.timeToTarget(summary) == "- (1 of 3 seeds)")
    }

    @Test func allSeedsThereNeedNoRemark() {
        #expect(
            ComparisonTable.timeToTarget(summary([Self.reaching(4), Self.reaching(5), Self.reaching(8)]))
                == "5 s [2.25 s, 13.1 s]")
        #expect(ComparisonTable.timeToTarget(summary([Self.reaching(4)])) == "4 s")
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
        #expect(ComparisonTable.accuracy(summary) == "97.00 % [0.00, 100.00] (1 diverged)")
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
