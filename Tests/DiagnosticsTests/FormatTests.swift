import Diagnostics
import Testing

@Suite struct FormatTests {
    @Test(arguments: [
        (0.0, "0 B"), (1, "1 B"), (999, "999 B"), (999.6, "1 kB"), (1240, "1.24 kB"), (1_240_000, "1.24 MB"),
        (25.6e9, "25.6 GB"), (3e12, "3 TB"), (5e15, "5 PB"), (7e18, "7000 PB"), (-2500, "-2.5 kB"),
    ])
    func bytesHaveDecimalPrefixes(count: Double, expected: String) {
        #expect(Format.bytes(count) == expected)
    }

    @Test(arguments: [
        (1.25e9, "10 Gbit/s"), (125e6, "1 Gbit/s"), (0.125, "1 bit/s"), (2500, "20 kbit/s"), (12.5e12, "100 Tbit/s"),
    ])
    func bandwidthIsInBits(bytesPerSecond: Double, expected: String) {
        #expect(Format.bandwidth(bytesPerSecond) == expected)
    }

    @Test(arguments: [
        (0.0, "0 s"), (2.5e-7, "250 ns"), (3e-6, "3 µs"), (0.0265, "26.5 ms"), (3.2, "3.2 s"), (119, "119 s"),
        (250, "4 min 10 s"), (7500, "2 h 5 min"), (-0.5, "-500 ms"), (1, "1 s"),
    ])
    func secondsHaveTheUnitThatFits(value: Double, expected: String) {
        #expect(Format.seconds(value) == expected)
    }

    @Test func percentIsOfOne() {
        #expect(Format.percent(0.974) == "97.4 %")
        #expect(Format.percent(1, decimals: 0) == "100 %")
    }

    @Test func fixedHasSoManyDecimals() {
        #expect(Format.fixed(3, 2) == "3.00")
        #expect(Format.fixed(-1234567.891, 1) == "-1234567.9")
    }

    @Test(arguments: [
        (0.0, "0"), (1, "1"), (10, "10"), (100, "100"), (1234, "1234"), (1.5, "1.5"), (0.001234, "0.00123"),
        (12.345, "12.3"), (-0.25, "-0.25"), (.infinity, "inf"), (20, "20"),
    ])
    func significantKeepsThreeDigitsAndDropsTrailingZeros(value: Double, expected: String) {
        #expect(Format.significant(value) == expected)
    }

    @Test(arguments: [
        (0.0, "$0"), (1.236, "$1.24"), (0.1, "$0.1"), (0.0999, "9.99 ct"), (0.0012, "0.12 ct"), (1234.5, "$1234"),
        (-0.5, "$-0.5"),
    ])
    func moneyIsInDollarsOrCents(dollars: Double, expected: String) {
        #expect(Format.money(dollars) == expected)
    }

    @Test(arguments: [(0.0, "0 mWh"), (0.31, "310 mWh"), (1.236, "1.24 Wh"), (35_100, "35.1 kWh"), (2e6, "2 MWh")])
    func energyHasThePrefixThatFits(wattHours: Double, expected: String) {
        #expect(Format.energy(wattHours) == expected)
    }
}
