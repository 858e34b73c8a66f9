import Diagnostics
import Foundation
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

    @Test(arguments: [
        (999.6e-6, "1 ms"), (0.9996, "1 s"), (119.97, "2 min 0 s"), (119.4, "119 s"), (999.6e-9, "1 µs"),
        (179.7, "3 min 0 s"), (3599.7, "1 h 0 min"), (7199, "2 h 0 min"), (-0.9996, "-1 s"), (-3900, "-1 h 5 min"),
    ])
    func theUnitIsChosenForWhatIsShown(value: Double, expected: String) {
        #expect(Format.seconds(value) == expected)
    }

    /// Mantissas around those at which a rounded figure gets a digit more.
    private static let mantissas: [Double] = [
        1, 1.0004, 1.2345, 1.999, 5.9949, 5.9951, 5.9999, 6, 9.9949, 9.995, 9.9951, 9.996, 9.9999, 9.99999999,
    ]

    private static func magnitudes(_ exponents: ClosedRange<Int>) -> [Double] {
        exponents.flatMap { exponent in mantissas.map { $0 * pow(10, Double(exponent)) } }
    }

    @Test func noTimeIsShownInAUnitOfWhichItFillsTheNext() throws {
        let ends: [String: (seconds: Double, end: Double)] = [
            "ns": (1e-9, 1000), "µs": (1e-6, 1000), "ms": (1e-3, 1000), "s": (1, 120), "min": (60, 60),
            "h": (3600, .infinity),
        ]
        for value in Self.magnitudes(-9...7) + [59.5, 60.4, 119.4999, 119.5, 3599.4, 3599.5, 86399.9] {
            let words = Format.seconds(value).split(separator: " ").map(String.init)
            var shown = 0.0
            for (position, index) in stride(from: 0, to: words.count, by: 2).enumerated() {
                let number = try #require(Double(words[index]), "\(words)")
                let unit = try #require(ends[words[index + 1]], "\(words)")
                // Behind minutes or hours, sixty are one more of those.
                #expect(number < (position > 0 ? 60 : unit.end), "\(value): \(words)")
                shown += number * unit.seconds
            }
            let half = value >= 3599.5 ? 30.0 : value >= 119.5 ? 0.5 : value * 0.00501
            #expect(abs(shown - value) <= half, "\(value): \(words)")
        }
    }

    @Test func noAmountIsShownAsAThousandOfAUnitThatHasANext() throws {
        let forms: [(format: (Double) -> String, units: [String], scale: Double)] = [
            (Format.bytes, ["B", "kB", "MB", "GB", "TB", "PB"], 1),
            (Format.bandwidth, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"], 0.125),
            (Format.energy, ["mWh", "Wh", "kWh", "MWh"], 1e-3),
        ]
        for form in forms {
            for value in Self.magnitudes(0...13) {
                for sign in [1.0, -1] {
                    let words = form.format(sign * value * form.scale).split(separator: " ").map(String.init)
                    let number = try #require(Double(words[0]))
                    let index = try #require(form.units.firstIndex(of: words[1]), "\(words)")
                    #expect(abs(number) < 1000 || index == form.units.count - 1, "\(value): \(words)")
                    #expect(
                        abs(number * pow(1000, Double(index)) - sign * value) <= value * 0.00501, "\(value): \(words)")
                }
            }
        }
        for value in Self.magnitudes(-4...2) {
            let text = Format.money(value)
            if text.hasSuffix(" ct") { #expect(try #require(Double(text.dropLast(3))) < 100, "\(value): \(text)") }
        }
        #expect(Format.money(0.9996) == "$1")
    }

    @Test(arguments: [
        (4.0, "4"), (12.345, "12.345"), (0.1, "0.1"), (0.1 + 0.2, "0.30000000000000004"), (1e-7, "1e-07"),
    ])
    func anExactNumberReadsBackAsItself(value: Double, expected: String) {
        #expect(Format.exact(value) == expected)
        #expect(Double(Format.exact(value)) == value)
        #expect(Float(Format.exact(Float(value))) == Float(value))
    }

    @Test(arguments: [(0.95, "95 %"), (0.9725, "97.25 %"), (0.57, "57 %"), (0.9999, "99.99 %"), (1, "100 %")])
    func anExactPercentageHasTheDigitsThatWereGiven(fraction: Double, expected: String) {
        #expect(Format.exactPercent(fraction) == expected)
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
        (0.0, "$0"), (1.236, "$1.24"), (0.1, "10 ct"), (0.999, "99.9 ct"), (0.0012, "0.12 ct"), (1234.5, "$1234"),
        (-0.5, "-50 ct"),
    ])
    func moneyIsInDollarsOrCents(dollars: Double, expected: String) {
        #expect(Format.money(dollars) == expected)
    }

    @Test(arguments: [(0.0, "0 mWh"), (0.31, "310 mWh"), (1.236, "1.24 Wh"), (35_100, "35.1 kWh"), (2e6, "2 MWh")])
    func energyHasThePrefixThatFits(wattHours: Double, expected: String) {
        #expect(Format.energy(wattHours) == expected)
    }
}
