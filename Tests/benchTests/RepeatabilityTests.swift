import Foundation
import Testing

@Suite struct RepeatabilityTests {
    private static let plan = [
        "--task", "digits", "--epochs", "4", "--seeds", "2", "--target", "80%", "--workers", "2", "--compute",
        "reference",
    ]

    /// `summary.csv` without what is measured: host time, in rows by a measured clock all time and what is paid for it,
    /// and the price index, which is against the first row's.
    private func summary(_ arguments: [String]) async throws -> [[String]] {
        try await withFolder { folder in
            let outcome = try await bench(Self.plan + arguments + ["--output", "results"], in: folder)
            #expect(outcome.code == 0, "\(outcome.testDescription)")
            let rows = table(try folder.text("results/summary.csv"))
            let header = rows[0]
            guard let clock = header.firstIndex(of: "clock") else { return [] }
            return rows.map { row in
                zip(header, row).map { name, value in
                    let isByTime = ["seconds", "money", "energy", "price"].contains { name.contains($0) }
                    let isMeasured = (name == "price_index" ? rows[1] : row)[clock] == "measured"
                    let isHeader = row[clock] == "clock"
                    return isByTime && !isHeader && (name.hasPrefix("host_") || isMeasured) ? "" : value
                }
            }
        }
    }

    @Test func twoRunsDifferInMeasuredTimesOnly() async throws {
        let (first, second) = (try await summary([]), try await summary([]))
        #expect(first == second)
        let reached = first[0].firstIndex(of: "seeds_reached")
        // Or else the times to the target would be empty on both sides.
        #expect(first.dropFirst().allSatisfy { row in reached.map { row[$0] } == "2" }, "\(first)")
        #expect(first.dropFirst().map { $0[3] } == ["measured", "measured", "simulated", "simulated", "simulated"])
    }

    @Test func twoSimulatedRunsDifferInHostTimeOnly() async throws {
        let arguments = ["--clock", "simulated"]
        let (first, second) = (try await summary(arguments), try await summary(arguments))
        #expect(first == second)
        #expect(first.dropFirst().map { $0[3] } == Array(repeating: "simulated", count: 5))
    }

    @Test func theNumberOfHostThreadsChangesNothing() async throws {
        let one = try await summary(["--clock", "simulated", "--host-threads", "1"])
        let two = try await summary(["--clock", "simulated", "--host-threads", "2"])
        #expect(one == two)
    }

    @Test func measuredRunsBesideWhichNothingIsDoneAreNoReasonForOtherResults() async throws {
        let one = try await summary(["--jobs", "1"])
        let two = try await summary(["--jobs", "2"])
        #expect(one == two)
    }

    @Test func anotherSeedIsAnotherRun() async throws {
        let one = try await summary(["--clock", "simulated"])
        let other = try await summary(["--clock", "simulated", "--first-seed", "7"])
        #expect(one != other)
    }
}
