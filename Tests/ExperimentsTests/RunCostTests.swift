import Testing

@testable import Cluster
@testable import Experiments
@testable import Reports
@testable import Strategies
@testable import TestSupport

/// Money and energy by hand: four seconds, of which each worker computes one.
@Suite struct RunCostTests {
    private func expect(
        _ cost: RunCost, money: Double, wattHours: Double, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(abs((cost.money ?? -1) - money) < 1e-12, "\(cost)", sourceLocation: sourceLocation)
        #expect(abs((cost.wattHours ?? -1) - wattHours) < 1e-12, "\(cost)", sourceLocation: sourceLocation)
    }

    @Test func allNodesArePaidForAndTrafficByTheByte() throws {
        let cost = RunCost(
            record("sync", bytes: 2_000_000_000), try PricedMachines.plan("sync"), on: PricedMachines.spec)
        // Four nodes for four seconds, two GB; 4 s busy and 12 s idle.
        expect(cost, money: 4 * 4 * 0.001 + 2 * 0.5, wattHours: (4 * 100 + 12 * 10) / 3600.0 + 2 * 2)
    }

    @Test func aServerHasItsOwnPriceAndWatts() throws {
        let cost = RunCost(record("federated", bytes: 0), try PricedMachines.plan("federated"), on: PricedMachines.spec)
        // Twenty clients, of which five compute at a time: 5 s busy, 75 s idle. The server computes half a second of four.
        expect(
            cost, money: 20 * 4 * 0.001 + 4 * 0.002,
            wattHours: (5 * 100 + 75 * 10) / 3600.0 + (0.5 * 200 + 3.5 * 20) / 3600)
        var without = PricedMachines.spec
        without.server = nil
        let alike = RunCost(record("federated", bytes: 0), try PricedMachines.plan("federated"), on: without)
        expect(
            alike, money: 21 * 4 * 0.001, wattHours: (5 * 100 + 75 * 10) / 3600.0 + (0.5 * 100 + 3.5 * 10) / 3600)
    }

    @Test func threadsThatAddUpGradientsAreBusy() throws {
        var threads = try PricedMachines.plan("threads")
        threads.fabric = .threads
        let cost = RunCost(record("threads", bytes: 0), threads, on: PricedMachines.spec)
        // Computing 1 s and adding 2 s, on four cores.
        expect(cost, money: 0.016, wattHours: (12 * 100 + 4 * 10) / 3600.0)
    }

    @Test func theCostUntilAPointHasItsTimeItsBytesAndItsShareOfTheWork() throws {
        let run = record("sync")
        // Half of the samples, after two seconds and 2,000 bytes.
        let cost = RunCost(run, try PricedMachines.plan("sync"), on: PricedMachines.spec, until: run.evaluations[2])
        expect(cost, money: 4 * 2 * 0.001 + 2e-6 * 0.5, wattHours: (2 * 100 + 6 * 10) / 3600.0 + 2e-6 * 2)
        let atTheStart = RunCost(
            run, try PricedMachines.plan("sync"), on: PricedMachines.spec, until: run.evaluations[0])
        expect(atTheStart, money: 0, wattHours: 0)
    }

    @Test func whatIsNotKnownIsNoCostRatherThanASmallerOne() throws {
        let sync = try PricedMachines.plan("sync")
        func cost(_ change: (inout ClusterSpec) -> Void) -> RunCost {
            var machines = PricedMachines.spec
            change(&machines)
            return RunCost(record("sync"), sync, on: machines)
        }
        #expect(cost { $0.worker.pricePerHour = nil }.money == nil)
        #expect(cost { $0.worker.pricePerHour = nil }.wattHours != nil)
        #expect(cost { $0.pricePerGB = nil }.money == nil)
        #expect(cost { $0.worker.wattsBusy = nil }.wattHours == nil)
        #expect(cost { $0.worker.wattsIdle = nil }.wattHours == nil)
        #expect(cost { $0.wattHoursPerGB = nil }.wattHours == nil)
        let none = RunCost(record("sync"), sync, on: nil)
        #expect(none.money == nil && none.wattHours == nil)
        // The server's price does not matter where there is none.
        #expect(cost { $0.server?.pricePerHour = nil }.money != nil)
        var unpriced = PricedMachines.spec
        unpriced.server?.pricePerHour = nil
        #expect(RunCost(record("federated"), try PricedMachines.plan("federated"), on: unpriced).money == nil)
    }

    // MARK: Summaries

    private static func reaching(_ seconds: Int) -> [Double] {
        Array(repeating: 0.1, count: seconds - 2) + [0.99, 0.99, 0.99]
    }

    private func priced(_ runs: [RunRecord], seeds: [UInt64], trafficIsFree: Bool = true) -> Results {
        var all = results(runs, seeds: seeds)
        for index in all.plan.strategies.indices {
            all.plan.strategies[index].cluster = PricedMachines.spec
            if trafficIsFree { all.plan.strategies[index].cluster?.pricePerGB = 0 }
        }
        return all
    }

    /// mlbench: increase in price over increase in speed. Four nodes for 3 s instead of one for 8 s: (4 / 1) / (8 / 3).
    @Test func thePriceIndexIsTheIncreaseInPriceOverTheIncreaseInSpeed() throws {
        let summaries = priced([record("single", Self.reaching(8)), record("sync", Self.reaching(3))], seeds: [1])
            .summaries
        #expect(summaries[1].priceIndex(against: summaries[0]).map { abs($0 - 1.5) < 1e-12 } == true)
        #expect(summaries[0].priceIndex(against: summaries[0]) == 1)
    }

    @Test func withoutAPriceOrATargetThereIsNoPriceIndex() throws {
        let never = priced([record("single", Self.reaching(8)), record("sync", [0.1, 0.2])], seeds: [1]).summaries
        #expect(never[1].priceIndex(against: never[0]) == nil && never[0].priceIndex(against: never[1]) == nil)
        var unpriced = priced([record("single", Self.reaching(8)), record("sync", Self.reaching(3))], seeds: [1])
        unpriced.plan.strategies[0].cluster?.worker.pricePerHour = nil
        let summaries = unpriced.summaries
        #expect(summaries[1].priceIndex(against: summaries[0]) == nil)
    }

    /// What one costs against the other per second says nothing where the seconds are of different clocks.
    @Test func aMeasuredTimeAndASimulatedOneHaveNoPriceIndex() {
        var all = priced([record("single", Self.reaching(8)), record("sync", Self.reaching(3))], seeds: [1])
        all.plan.thisMachine = PricedMachines.spec
        all.plan.strategies[0].fabric = .threads
        let summaries = all.summaries
        #expect(summaries[0].costToTarget(\.money) != nil && summaries[1].costToTarget(\.money) != nil)
        #expect(summaries[1].priceIndex(against: summaries[0]) == nil)
        #expect(MarkdownReport.render(all).contains("`sync` has none, being simulated where `single` is measured."))
        #expect(fields(SummaryCSV.render(all), line: 2)["price_index"] == "")
    }

    @Test func costsToATargetAreInfiniteForSeedsThatNeverGotThere() throws {
        let runs = [record(seed: 1, Self.reaching(3)), record(seed: 2, [0.1, 0.2]), record(seed: 3, Self.reaching(5))]
        let summary = priced(runs, seeds: [1, 2, 3]).summaries[0]
        let cost = try #require(summary.costToTarget(\.money))
        #expect(abs(cost.median - 5 * 0.004) < 1e-12 && cost.high == .infinity)
        #expect(try #require(summary.totalCost(\.money)).high.isFinite)
    }

    /// Student's interval of 1 and 100 on a linear scale would go below 0.
    @Test func anIntervalOfCostsIsAboveZero() throws {
        let runs = [record(seed: 1, clusterSeconds: 1), record(seed: 2, clusterSeconds: 100)]
        let cost = try #require(priced(runs, seeds: [1, 2]).summaries[0].totalCost(\.money))
        #expect(cost.low > 0 && cost.low < 0.004 && cost.high > 0.4, "\(cost)")
    }

    // MARK: In reports

    @Test func theReportHasCostsTheirSourcesAndTheIndex() {
        var all = priced([record("single", Self.reaching(8)), record("sync", Self.reaching(3))], seeds: [1])
        all.plan.strategies[1].cluster?.costSource = "a list of prices"
        let report = MarkdownReport.render(all)
        let row = report.split(separator: "\n").first { $0.hasPrefix("| sync ") && $0.contains(" ct ") }
        let cells = row?.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") } ?? []
        // To the target 4 x 3 s, in total 4 x 4 s, at 0.1 ct a second.
        // The evaluation before was at 2 s.
        #expect(cells.prefix(4) == ["sync", "simulated", "1.2 ct [0.8 ct, 1.2 ct]", "1.6 ct"], "\(cells)")
        #expect(cells.last == "1.5", "\(cells)")
        #expect(report.contains("## Cost") && report.contains("*Price index* (mlbench)"))
        #expect(report.contains("Source: a list of prices."))
        let summary = SummaryCSV.render(all)
        #expect(fields(summary, line: 2)["money_usd_median"] == "0.016000000")
        #expect(fields(summary, line: 2)["money_to_target_usd_median"] == "0.012000000")
        #expect(fields(summary, line: 2)["price_index"] == "1.500000")
        #expect(fields(summary, line: 1)["price_index"] == "1.000000")
    }

    @Test func withoutPricesThereIsNoCostSectionAndWithoutOneDeviceNoIndex() {
        var all = results([record("sync")], seeds: [1])
        #expect(MarkdownReport.render(all).contains("There is no price index"))
        all.plan.strategies[0].cluster = ClusterSpec(
            name: "x", summary: "", source: "", worker: Node(link: PricedMachines.link))
        #expect(!MarkdownReport.render(all).contains("## Cost"))
        #expect(fields(SummaryCSV.render(all), line: 1)["money_usd_median"] == "")
    }
}
