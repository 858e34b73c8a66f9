import Cluster
import Fabrics
import Testing

@testable import Experiments
@testable import TestSupport
@testable import Training

/// What parts of a job cost, who is missing in it, and workers that differ: by hand, of four seconds in which each worker that
/// trains computes one and a server half a second.
@Suite struct RunCostPartTests {
    private func expect(
        _ cost: RunCost, money: Double, joules: Double, gigabytes: Double = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (paid, used) = (money + 0.5 * gigabytes, joules / 3600 + 2 * gigabytes)
        #expect(abs((cost.money ?? -1) - paid) < 1e-12, "\(cost)", sourceLocation: sourceLocation)
        #expect(abs((cost.wattHours ?? -1) - used) < 1e-12, "\(cost)", sourceLocation: sourceLocation)
    }

    // MARK: Until a point

    @Test func aServerHasDoneItsShareOfTheWorkToo() throws {
        let run = record("federated")
        // Half of the samples, after two seconds and 2,000 bytes: the five clients that train at a time have computed
        // half a second each, and the server a quarter.
        let cost = RunCost(
            run, try PricedMachines.plan("federated"), on: PricedMachines.spec, until: run.evaluations[2])
        expect(
            cost, money: 20 * 2 * 0.001 + 2 * 0.002, joules: 2.5 * 100 + 37.5 * 10 + 0.25 * 200 + 1.75 * 20,
            gigabytes: 2e-6)
    }

    /// Work is in proportion to samples, however long they took.
    @Test func theShareOfTheWorkIsThatOfTheSamples() throws {
        let whole = record("sync")
        var points = whole.evaluations
        points[2] = points[2].with(clusterSeconds: 3)
        let run = whole.with(evaluations: points)
        let cost = RunCost(run, try PricedMachines.plan("sync"), on: PricedMachines.spec, until: run.evaluations[2])
        expect(cost, money: 4 * 3 * 0.001, joules: 2 * 100 + 10 * 10, gigabytes: 2e-6)
    }

    // MARK: Who is missing

    /// Three of twenty clients have enough memory: nobody pays for the others, and no more than three compute at a
    /// time.
    @Test func clientsThatWereLeftOutCostNothing() throws {
        var run = record("federated", bytes: 0)
        run.memoryShortage = MemoryShortage(among: 1...20, memory: { $0 > 3 ? 1 : 100 }) { _ in
            MemoryNeed(parameters: 10)
        }
        #expect(run.memoryShortage?.ranks == 17)
        let cost = RunCost(run, try PricedMachines.plan("federated"), on: PricedMachines.spec)
        expect(cost, money: 3 * 4 * 0.001 + 4 * 0.002, joules: 3 * 100 + 9 * 10 + 0.5 * 200 + 3.5 * 20)
    }

    /// A rank that leaves is a client or the server, and the other costs what it did.
    @Test func whoLeavesIsAClientOrTheServer() throws {
        var run = record("federated", bytes: 0)
        run.departures = [Departure(rank: 3, seconds: 1)]
        let client = RunCost(run, try PricedMachines.plan("federated"), on: PricedMachines.spec)
        expect(
            client, money: (20 * 4 - 3) * 0.001 + 4 * 0.002, joules: 5 * 100 + 72 * 10 + 0.5 * 200 + 3.5 * 20)
        run.departures = [Departure(rank: 0, seconds: 3)]
        let server = RunCost(run, try PricedMachines.plan("federated"), on: PricedMachines.spec)
        expect(server, money: 20 * 4 * 0.001 + 3 * 0.002, joules: 5 * 100 + 75 * 10 + 0.5 * 200 + 2.5 * 20)
    }

    // MARK: Workers that differ

    /// Devices at 7.2 USD an hour and 20 W together, one of which leaves after three seconds.
    private func devices() -> DrawnDevices {
        DrawnDevices(
            summary: DeviceSummary(of: [PricedMachines.worker, PricedMachines.worker]), kinds: nil, stragglers: 0,
            pricePerHour: 7.2,
            wattsIdle: 20, busyJoules: 90,
            departed: [DrawnDevices.Departed(seconds: 3, pricePerHour: 3.6, wattsIdle: 10)])
    }

    @Test func serverAndTrafficArePaidForWhateverTheWorkersAre() throws {
        var run = record("federated", bytes: 2_000_000_000)
        run.devices = devices()
        let cost = RunCost(run, try PricedMachines.plan("federated"), on: PricedMachines.spec)
        expect(
            cost, money: 4 * 0.002 - 0.001 + 4 * 0.002, joules: 4 * 20 - 10 + 90 + 0.5 * 200 + 3.5 * 20, gigabytes: 2)
    }

    /// A device that leaves after the point in time was there until then.
    @Test func aDeviceThatLeavesLaterIsPaidForUntilThen() throws {
        let devices = devices()
        #expect(abs((devices.money(2) ?? 0) - 2 * 0.002) < 1e-15)
        #expect(abs((devices.wattHours(2, shareOfWork: 0.5) ?? 0) - (40 + 45) / 3600.0) < 1e-15)
        #expect(abs((devices.money(4) ?? 0) - (4 * 0.002 - 0.001)) < 1e-15)
    }

    /// Rank 0 serves, and is none of the devices that are paid for together.
    @Test func aServerThatLeavesIsNoneOfTheDevices() throws {
        var cluster = PricedMachines.spec
        cluster.devices = DevicePopulation(figures: [.speed: .constant(1)])
        let nodes = [PricedMachines.server, PricedMachines.worker, PricedMachines.worker]
        let accounts = Array(repeating: TimeAccount(), count: 3)
        func drawn(_ departures: [Departure]) throws -> DrawnDevices {
            try #require(
                DrawnDevices(nodes, accounts, workers: [1, 2], cluster, stragglers: 0, departures: departures))
        }
        #expect(try abs((drawn([Departure(rank: 0, seconds: 1)]).money(4) ?? 0) - 8 * 0.001) < 1e-15)
        #expect(try abs((drawn([Departure(rank: 2, seconds: 1)]).money(4) ?? 0) - 5 * 0.001) < 1e-15)
    }
}
