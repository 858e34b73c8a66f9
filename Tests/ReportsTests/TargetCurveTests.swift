import Testing

@testable import Experiments
@testable import Reports
@testable import TestSupport

@Suite struct TargetCurveTests {
    private static let climbing = [0.1, 0.5, 0.6, 0.8, 0.85, 0.9, 0.91]

    @Test func targetsAreThoseThatSomeRunWasAtAndThePlans() {
        let curve = TargetCurve(results([record("single", [0.1, 0.2]), record("sync", Self.climbing)], seeds: [1]))
        #expect(curve.targets == [0.5, 0.7, 0.8, 0.9, 0.95])
        #expect(curve.points.map(\.strategy) == ["single", "sync"])
        #expect(curve.points.allSatisfy { $0.points.map(\.target) == curve.targets })
        let poor = TargetCurve(results([record("sync", [0.1])], seeds: [1]))
        #expect(poor.targets == [0.95])
    }

    /// One evaluation a second: 0.6 is the mean of 0.5, 0.6 and 0.8, above 0.5 from second 3 on, and so on.
    @Test func eachTargetHasItsOwnSustainedTimeOverAllSeeds() {
        let curve = TargetCurve(
            results([1, 2, 3].map { record(seed: $0, $0 == 3 ? [0.1, 0.2] : Self.climbing) }, seeds: [1, 2, 3]))
        let points = curve.points[0].points
        #expect(points.map(\.seedsReached) == [2, 2, 2, 0, 0])
        // The mean of the last three is 0.633, 0.75 and 0.85.
        #expect(points.map(\.time.median) == [3, 4, 5, .infinity, .infinity])
        #expect(points[0].time.high == .infinity)
    }

    @Test func theReportAndTheCSVHaveARowForEach() {
        let all = results([record("single", [0.1, 0.2]), record("sync", Self.climbing)], seeds: [1])
        let report = MarkdownReport.render(all)
        #expect(report.contains("## Time against target"))
        let rows = report.split(separator: "\n").map {
            $0.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
        }
        #expect(rows.contains(["strategy", "clock", "50 %", "70 %", "80 %", "90 %", "95 %"]))
        #expect(rows.contains(["sync", "simulated", "3 s", "4 s", "5 s", "-", "-"]))
        #expect(rows.contains(["single", "simulated", "-", "-", "-", "-", "-"]))
        let csv = TargetsCSV.render(all)
        #expect(csv.split(separator: "\n").count == 1 + 2 * 5)
        let row = fields(csv, line: 6)
        #expect(row["strategy"] == "sync" && row["target_accuracy"] == "0.500000" && row["seeds_reached"] == "1")
        #expect(row["time_to_target_seconds_median"] == "3.000000")
        #expect(row["time_to_target_seconds_low"] == "2.000000" && row["time_to_target_seconds_high"] == "3.000000")
        #expect(fields(csv, line: 10)["time_to_target_seconds_median"] == "")
    }

    @Test func seedsThatDidNotGetThereAreCountedInTheTable() {
        let all = results([1, 2, 3].map { record(seed: $0, $0 == 3 ? [0.1, 0.2] : Self.climbing) }, seeds: [1, 2, 3])
        #expect(MarkdownReport.render(all).contains("| 3 s (2 of 3) |"))
    }
}
