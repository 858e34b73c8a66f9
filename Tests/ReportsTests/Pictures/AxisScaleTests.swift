import Testing

@testable import Reports

@Suite struct AxisScaleTests {
    @Test func aLogarithmicAxisPutsEqualRatiosAtEqualDistances() {
        let scale = AxisScale(.logarithmic, .seconds, low: 0.01, high: 100)
        #expect(abs(scale.fraction(0.01)) < 1e-12 && abs(scale.fraction(100) - 1) < 1e-12)
        #expect(abs(scale.fraction(1) - 0.5) < 1e-12 && abs(scale.fraction(10) - 0.75) < 1e-12)
        #expect(AxisScale(.linear, .count, low: -2, high: 6).fraction(0) == 0.25)
    }

    @Test(arguments: [
        (
            AxisScale(.linear, .fraction, low: 0.85, high: 0.99),
            ["85 %", "90 %", "95 %"]
        ),
        (AxisScale(.linear, .count, low: 0, high: 40), ["0", "10", "20", "30", "40"]),
        (AxisScale(.linear, .seconds, low: 0, high: 277), ["0", "1 min", "2 min", "3 min", "4 min"]),
        (AxisScale(.linear, .seconds, low: 0, high: 0.125), ["0", "50 ms", "100 ms"]),
        (AxisScale(.linear, .seconds, low: 0, high: 20_000), ["0", "1 h", "2 h", "3 h", "4 h", "5 h"]),
        (AxisScale(.logarithmic, .seconds, low: 0.8, high: 3000), ["1 s", "10 s", "1 min", "10 min"]),
        (AxisScale(.logarithmic, .seconds, low: 1.1, high: 45), ["2 s", "5 s", "10 s", "20 s"]),
        (AxisScale(.logarithmic, .bytes, low: 2e6, high: 3e11), ["10 MB", "100 MB", "1 GB", "10 GB", "100 GB"]),
        (AxisScale(.logarithmic, .count, low: 0.9, high: 300), ["1", "3", "10", "30", "100", "300"]),
    ])
    func ticksAreRoundAndInTheUnitsOfTheirQuantity(_ scale: AxisScale, _ expected: [String]) {
        let ticks = scale.ticks().filter { (0...1).contains(scale.fraction($0)) }
        #expect(ticks.map(scale.text) == expected)
    }

    /// Whatever the ends: two ticks or more, in order, and not more than a reader looks at.
    @Test func everyAxisHasAFewTicks() {
        for exponent in -9...9 {
            for span in [1.02, 1.5, 3, 10, 47, 1e3, 1e6, 1e12] {
                let low = 3.7 * (exponent < 0 ? 1 / tens(-exponent) : tens(exponent))
                for kind in [AxisScale.Kind.linear, .logarithmic] {
                    for quantity in [AxisScale.Quantity.seconds, .bytes, .count] {
                        let scale = AxisScale(kind, quantity, low: low, high: low * span)
                        let ticks = scale.ticks()
                        #expect((2...13).contains(ticks.count), "\(scale): \(ticks)")
                        #expect(ticks == ticks.sorted() && Set(ticks).count == ticks.count, "\(scale): \(ticks)")
                    }
                }
            }
        }
    }

    private func tens(_ exponent: Int) -> Double { (0..<exponent).reduce(1) { value, _ in value * 10 } }

    @Test func labelsKeepTheirDistanceTheirOrderAndTheirPlaces() {
        #expect(LabelPlacement.spread([10, 100], spacing: 16, within: 0...200) == [10, 100])
        // Two that are too near move apart evenly.
        #expect(LabelPlacement.spread([50, 54], spacing: 16, within: 0...200) == [44, 60])
        // At the end of the range they are pushed back.
        #expect(LabelPlacement.spread([198, 200, 199], spacing: 16, within: 0...200) == [168, 200, 184])
        let many = (0..<12).map { Double($0 * 7 % 12) * 3 }
        let places = LabelPlacement.spread(many, spacing: 10, within: 0...300)
        let sorted = many.indices.sorted { (many[$0], $0) < (many[$1], $1) }.map { places[$0] }
        for (one, next) in zip(sorted, sorted.dropFirst()) { #expect(next - one >= 9.999_999, "\(places)") }
    }

    @Test func thinningKeepsEveryExtremeAndBothEnds() {
        var points = (0..<5000).map { PlotPoint(x: Double($0), y: Double($0 % 7)) }
        points[1234].y = 99
        points[3456].y = -99
        let thin = PlotPoint.thinned(points, to: 500)
        #expect(thin.count <= 500 && thin.count > 400)
        #expect(thin.first == points.first && thin.last == points.last)
        #expect(thin.contains { $0.y == 99 } && thin.contains { $0.y == -99 })
        #expect(thin.map(\.x) == thin.map(\.x).sorted())
        #expect(PlotPoint.thinned(Array(points.prefix(500)), to: 500) == Array(points.prefix(500)))
    }

    /// WCAG 2.1, contrast ratio: (L1 + 0.05) / (L2 + 0.05) of relative luminances.
    @Test(arguments: [Palette.light, .dark])
    func everyColourHasTheContrastThatItsUseAsksFor(_ palette: Palette) {
        func luminance(_ hex: String) -> Double {
            let linear = Palette.channels(hex).map { channel -> Double in
                let value = Double(channel) / 255
                return value <= 0.03928 ? value / 12.92 : power((value + 0.055) / 1.055)
            }
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        }
        func contrast(_ ink: Ink) -> Double {
            let pair = [luminance(palette.hex(ink)), luminance(palette.hex(.paper))].sorted()
            return (pair[1] + 0.05) / (pair[0] + 0.05)
        }
        for ink in [Ink.text, .muted] { #expect(contrast(ink) >= 4.5, "\(ink): \(contrast(ink))") }
        for ink in (0..<Ink.seriesCount).map({ Ink.series($0) }) + [.gain, .loss, .open] {
            #expect(contrast(ink) >= 3, "\(ink): \(contrast(ink))")
        }
    }
}

import func Foundation.pow

private func power(_ value: Double) -> Double { pow(value, 2.4) }
