import Cluster
import Foundation
import Statistics
import Testing

@testable import Advice
@testable import Experiments

/// Tables over clusters, maps, bars and costs of planted runs.
@Suite struct TableTests {
    private static let planted = PlantedRuns(steps: [100, 110, 120, 130, 140], rounds: [20, 20, 21, 22, 22])

    private func cluster(latency: Double, name: String) -> ClusterSpec {
        var cluster = ClusterFigure.latency.changed(Self.planted.cluster, to: latency)
        cluster.name = name
        return cluster
    }

    @Test func regretIsTheRatioOfMediansAndTheWorstDecides() throws {
        let (near, far) = (cluster(latency: 1e-6, name: "near"), cluster(latency: 10e-3, name: "far"))
        let table = RegretTable(try Self.planted.prices(), over: [near, far])
        func ratio(_ latency: Double) -> Double {
            Self.planted.syncSeconds(120, latency: latency) / Self.planted.federatedSeconds(21, latency: latency)
        }
        #expect(table.cells[0][0].ratio == 1 && table.cells[1][1].ratio == 1)
        #expect(abs((table.cells[0][1].ratio ?? 0) * ratio(1e-6) - 1) < 1e-6)
        #expect(abs((table.cells[1][0].ratio ?? 0) / ratio(10e-3) - 1) < 1e-6)
        #expect(table.worst(of: 0)?.cluster == 1 && table.worst(of: 1)?.cluster == 0)
        #expect(table.ifInDoubt == (ratio(10e-3) < 1 / ratio(1e-6) ? 0 : 1))
    }

    @Test func aStrategyThatFindsNoMachineIsMissingAndNeverSafe() throws {
        var small = cluster(latency: 1e-6, name: "small")
        small.devices = DevicePopulation(
            kinds: [.init(count: 3, figures: [.speed: .constant(1)])], assignment: .inOrder)
        let table = RegretTable(try Self.planted.prices(), over: [small])
        #expect(table.cells[0][0].time == nil && table.cells[0][0].problem?.contains("3 devices") == true)
        #expect(table.worst(of: 0) == nil && table.ifInDoubt == 1)
    }

    @Test func theMapChangesItsFirstAtTheClosedForm() throws {
        let planted = Self.planted
        let map = try WinnerMap(
            try planted.prices(), of: planted.cluster, latencies: 1e-6...1e-2, bandwidths: 12.5e6...1.25e9, columns: 3,
            rows: 9, marking: [cluster(latency: 5e-3, name: "other")])
        #expect(map.cells.count == 9 && map.cells.allSatisfy { $0.count == 3 })
        for (latency, row) in zip(map.latencies, map.cells) {
            for (bandwidth, cell) in zip(map.bandwidths, row) {
                var there = planted
                there.cluster.worker.link = Link(latencySeconds: latency, bytesPerSecond: bandwidth)
                let (sync, federated) = (
                    there.syncSeconds(120, latency: latency), there.federatedSeconds(21, latency: latency)
                )
                #expect(cell.first == (sync < federated ? 0 : 1), "at \(latency) s, \(bandwidth) B/s")
                let margin = max(sync, federated) / min(sync, federated)
                // The clock has nanoseconds.
                #expect(abs((cell.margin ?? 0) / margin - 1) < 1e-5)
            }
        }
        let shares = map.share(of: 0) + map.share(of: 1) + map.undecidedShare
        #expect(abs(shares - 1) < 1e-12)
        // 1e-6 to 1e-2 in 9 rows: 5 ms lies next to the last but none.
        let other = try #require(map.places.last)
        #expect(map.cell(at: other).map { [$0.row, $0.column] } == [7, 1])
    }

    @Test func theTornadosLeadsAreTheClosedFormsAndTheLongestBarComesFirst() throws {
        let planted = Self.planted
        let bars = try TornadoBar.all(try planted.prices(), on: planted.cluster, first: 0, errors: [.bandwidth: 12.5e6])
        let latency = try #require(bars.first { $0.figure == .latency })
        for end in [latency.low, latency.high] {
            let lead =
                planted.federatedSeconds(21, latency: end.value) / planted.syncSeconds(120, latency: end.value)
            #expect(abs(end.lead / lead - 1) < 1e-6)
        }
        #expect(latency.low.value == 50e-6 && latency.high.value == 200e-6 && latency.change == .two)
        let bandwidth = try #require(bars.first { $0.figure == .bandwidth })
        #expect(bandwidth.change == .standardError && bandwidth.low.value == 112.5e6 && bandwidth.high.value == 137.5e6)
        #expect(bars.map(\.swing) == bars.map(\.swing).sorted(by: >))
        #expect(bars.map(\.figure).contains(.speed))
    }

    @Test func whoTakesMoreOfEverythingIsDominated() throws {
        let exact = { (values: [Double]) in values.map(SteppedValue.init(exact:)) }
        let (less, more) = (exact([1, 1.1, 0.9]), exact([3, 3.2, 2.9]))
        #expect(ParetoSet.dominates([.time: less, .bytes: less], [.time: more, .bytes: more]))
        #expect(!ParetoSet.dominates([.time: less, .bytes: more], [.time: more, .bytes: less]))
        // Alike in all that is known: neither.
        #expect(!ParetoSet.dominates([.time: less], [.time: less]))
        // Who sends nothing sends less, whatever the logarithm of nothing is.
        let none = exact([0, 0, 0])
        #expect(ParetoSet.dominates([.time: less, .bytes: none], [.time: more, .bytes: more]))
        #expect(!ParetoSet.dominates([.time: less, .bytes: more], [.time: more, .bytes: none]))
        // What never gets there dominates nobody.
        #expect(!ParetoSet.dominates([.time: exact([.infinity, .infinity, 1])], [.time: more]))
    }

    @Test func machinesArePricedByTheHourAndMissingNumbersAreNamed() throws {
        let planted = Self.planted
        let search = try MachineSearch(
            try planted.prices(), on: planted.cluster, machines: [4, 7],
            offers: [
                .init(bytesPerSecond: 125e6, pricePerHour: 0.36), .init(bytesPerSecond: 1.25e9, pricePerHour: 3.6),
            ])
        #expect(search.missing == [7])
        #expect(search.choices.map(\.strategy) == [0, 0] && search.choices.map(\.machines) == [4, 4])
        // Four machines for the median time, at 0.36 USD an hour each; traffic is free.
        let seconds = planted.syncSeconds(120, latency: 100e-6)
        let money = try #require(search.choices[0].money?.median)
        #expect(abs(money / (4 * seconds * 0.36 / 3600) - 1) < 1e-6)
        #expect(search.fastest == 1 && search.cheapest == 0 && search.front == [0, 1])
    }
}
