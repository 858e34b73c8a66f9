import Foundation
import Testing

@testable import Cluster

/// Prices and watts of cluster files and presets.
@Suite struct ClusterCostTests {
    private func parse(_ text: String) throws -> ClusterSpec { try ClusterFile(file: "lab/c.yaml").parse(text) }

    private static let link = "latency: 5ms\nbandwidth: 1Gbit\n"

    @Test func pricesAndWattsAreRead() throws {
        let spec = try parse(
            Self.link + """
                price_per_hour: 0.038
                watts_busy: 3.5
                watts_idle: 0.74
                price_per_gb: 0.02
                watt_hours_per_gb: 1
                cost_source: the provider's price list
                server:
                  latency: 250us
                  bandwidth: 10Gbit
                  price_per_hour: 1.5
                  watts_busy: 200
                  watts_idle: 80
                """)
        #expect((spec.worker.pricePerHour, spec.worker.wattsBusy, spec.worker.wattsIdle) == (0.038, 3.5, 0.74))
        #expect((spec.pricePerGB, spec.wattHoursPerGB) == (0.02, 1))
        #expect(spec.costSource == "the provider's price list")
        #expect((spec.server?.pricePerHour, spec.server?.wattsBusy, spec.server?.wattsIdle) == (1.5, 200, 80))
    }

    @Test func unitsMayStandWithTheNumber() throws {
        let spec = try parse(
            Self.link
                + "price_per_hour: $0.25\nwatts_busy: 65W\nwatts_idle: 7 W\nprice_per_gb: $ 0.5\nwatt_hours_per_gb: 2Wh"
        )
        #expect((spec.worker.pricePerHour, spec.worker.wattsBusy, spec.worker.wattsIdle) == (0.25, 65, 7))
        #expect((spec.pricePerGB, spec.wattHoursPerGB) == (0.5, 2))
    }

    @Test func whatIsNotSaidIsNotKnownAndNothingIsZero() throws {
        let spec = try parse(Self.link)
        #expect(spec.worker.pricePerHour == nil && spec.worker.wattsBusy == nil && spec.worker.wattsIdle == nil)
        #expect(spec.pricePerGB == nil && spec.wattHoursPerGB == nil && spec.costSource == nil)
        #expect(spec.costFigures == nil)
        #expect(try parse(Self.link + "price_per_hour: 0").worker.pricePerHour == 0)
    }

    @Test(arguments: [
        ("price_per_hour: -1", ["'-1'", "a price in USD", "a number from 0 up"]),
        ("price_per_hour: cheap", ["'cheap'", "a price in USD"]), ("price_per_hour: inf", ["'inf'"]),
        ("price_per_gb: nan", ["'nan'", "a price in USD"]), ("price_per_gb: 2EUR", ["'2EUR'"]),
        ("watts_busy: -3W", ["'-3W'", "a number of watts"]), ("watts_idle: 1kW", ["'1kW'", "a number of watts"]),
        ("watt_hours_per_gb: [1, 2]", ["one value, not a list"]),
        ("watt_hours_per_gb: lots", ["'lots'", "a number of watt hours"]),
        ("watts_bussy: 3", ["'watts_bussy'", "did you mean 'watts_busy'?"]),
        ("server: {latency: 1ms, bandwidth: 1Gbit, price_per_gb: 1}", ["'price_per_gb'", "price_per_hour"]),
    ])
    func aBrokenValueIsExplainedWithItsLine(_ line: String, _ parts: [String]) {
        let error = #expect(throws: ClusterFileError.self) { try parse(Self.link + line) }
        let message = error?.description ?? ""
        #expect(message.hasPrefix("lab/c.yaml:3: "), "\(message)")
        for part in parts { #expect(message.contains(part), "\(message)") }
    }

    @Test(arguments: [
        ("price_per_hour: 1e7", "a price per hour of"), ("watts_busy: 2e6", "a number of watts busy of"),
        ("watts_idle: 2e6", "a number of watts idle of"), ("price_per_gb: 1e9", "a price per GB of"),
        ("watt_hours_per_gb: 1e9", "a number of watt hours per GB of"),
        ("server: {latency: 1ms, bandwidth: 1Gbit, watts_busy: 2e6}", "a number of watts busy of"),
    ])
    func whatNoNodeCostsIsRefused(_ line: String, _ says: String) throws {
        let spec = try parse(Self.link + line)
        let error = #expect(throws: ClusterFileError.self) { try spec.validate() }
        #expect(error?.description.contains(says) == true && error?.description.contains("0 to 1000000") == true)
    }

    @Test(arguments: ClusterPresets.all) func everyPresetHasPricesWattsAndTheirSource(_ spec: ClusterSpec) throws {
        for node in [spec.worker] + (spec.server.map { [$0] } ?? []) {
            #expect(node.pricePerHour != nil && node.wattsBusy != nil && node.wattsIdle != nil)
            #expect((node.wattsIdle ?? 0) <= (node.wattsBusy ?? 0))
        }
        #expect(spec.pricePerGB != nil && spec.wattHoursPerGB != nil)
        #expect(spec.costSource?.isEmpty == false && spec.costFigures?.contains("USD") == true)
        try spec.validate()
    }

    /// Files of the first schema have no such keys, and those that are written leave out what is not known.
    @Test func aSpecWithoutCostsIsReadFromJSON() throws {
        let spec = try parse(Self.link)
        let data = try JSONEncoder().encode(spec)
        let text = String(decoding: data, as: UTF8.self)
        #expect(!text.contains("rice") && !text.contains("atts"), "\(text)")
        #expect(try JSONDecoder().decode(ClusterSpec.self, from: data) == spec)
    }
}
