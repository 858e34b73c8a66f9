import Testing

@testable import Reports

@Suite struct CurveTextTests {
    private func text(_ canvas: PlotCanvas, dashed: Int? = nil) -> [String] {
        (0..<canvas.rows).map {
            canvas.text(row: $0, isDashed: $0 == dashed, letters: ["A", "B"], paint: { text, _ in text })
        }
    }

    /// Unicode numbers the dots of braille 1, 2, 3, 7 down the left and 4, 5, 6, 8 down the right, dot n being bit n - 1.
    @Test func theDotsOfBrailleAreThoseOfUnicode() {
        for (x, y, row, expected) in [
            (0.0, 1.0, 0, "\u{2801}A"), (0, 0, 1, "\u{2840}A"), (1, 0, 1, "  \u{2880}A"), (1, 1, 0, "  \u{2808}A"),
        ] {
            var canvas = PlotCanvas(columns: 3, rows: 2, isBraille: true)
            canvas.draw([(x, y)], series: 0, letter: "A")
            #expect(text(canvas)[row] == expected, "\(x), \(y)")
            #expect(text(canvas)[1 - row].isEmpty)
        }
        var canvas = PlotCanvas(columns: 2, rows: 2, isBraille: true)
        // A line along the left and one along the top: all dots there.
        canvas.draw([(0, 0), (0, 1), (1, 1)], series: 0, letter: "A")
        #expect(text(canvas) == ["\u{284F}\u{2809}A", "\u{2847}"])
    }

    @Test func withoutBrailleACellHasTheLetterOfItsCurve() {
        var canvas = PlotCanvas(columns: 5, rows: 5, isBraille: false)
        canvas.draw([(0, 0), (1, 1)], series: 0, letter: "A")
        canvas.draw([(0, 1), (0.5, 1)], series: 1, letter: "B")
        #expect(text(canvas, dashed: 2) == ["BBBBAA", "   A", "- A -", " A", "A"])
    }

    @Test func lettersOfCurvesThatEndInOnePlaceStandBesideEachOther() {
        var canvas = PlotCanvas(columns: 4, rows: 3, isBraille: false)
        for series in 0..<3 { canvas.draw([(0, 0.5), (1, 0.5)], series: series % 2, letter: ["X", "Y", "Z"][series]) }
        #expect(text(canvas) == ["    Z", "AAAAXY", ""])
    }

    private func curves(_ hasBraille: Bool, hasColor: Bool = false, columns: Int = 100) -> [String] {
        let points = (0...10).map { PlotPoint(x: Double($0), y: 0.5 + 0.05 * Double($0)) }
        return CurveText(
            title: "Accuracy against cluster time, simulated on ethernet-1g",
            series: [
                .init("sync", index: 0, points), .init("µ-federated", index: 1, points.map { .init(x: $0.x, y: 0.6) }),
            ],
            x: AxisScale(.linear, .seconds, low: 0, high: 10), y: AxisScale(.linear, .fraction, low: 0.4, high: 1),
            target: 0.9
        ).lines(CurveStyle(hasBraille: hasBraille, hasColor: hasColor, columns: columns))
    }

    @Test func aPlotHasItsAxesItsTargetAndAKey() {
        let lines = curves(false)
        #expect(lines[0] == "Accuracy against cluster time, simulated on ethernet-1g")
        #expect(lines[1].hasPrefix(" 100 % |") && lines[1].hasSuffix("A"))
        #expect(lines[2].hasPrefix("       |- - - "), "the target, a sixth from the top: \(lines)")
        #expect(lines[11] == "       +" + String(repeating: "-", count: 60))
        #expect(lines[12].contains("2 s") && lines[12].hasSuffix("10 s"))
        #expect(lines[13] == "        A sync   B u-federated")
        #expect(lines.count == 14 && lines.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } })
    }

    @Test func aNarrowTerminalGetsANarrowPlot() {
        for columns in [40, 60, 72] {
            #expect(curves(true, columns: columns).allSatisfy { $0.count <= columns }, "\(columns)")
        }
    }

    @Test func coloursAreThoseOfThePicturesAndOnlyWhereTheyAreWanted() {
        #expect(!curves(true).joined().contains("\u{1B}"))
        let key = curves(true, hasColor: true).last
        #expect(key == "        A sync   \u{1B}[34mB\u{1B}[0m µ-federated")
    }
}

@Suite struct RemainingTimeTests {
    private func running(_ name: String, _ seconds: Double, _ share: Double) -> RemainingTime.Running {
        .init(name, seconds: seconds, share: share, secondsOfShare: seconds)
    }

    @Test func nothingIsSaidOfWhatWasNotSeen() {
        var time = RemainingTime(runs: ["a": 2, "b": 2])
        time.begin("a")
        // Has just begun; then is known itself, but of b nothing is.
        #expect(time.seconds(of: running("a", 1, 0.01)) == nil)
        #expect(time.seconds(of: running("a", 1, 0.1)) == 9)
        #expect(time.seconds([running("a", 1, 0.1)]) == nil)
        #expect(RemainingTime().seconds([running("a", 1, 0.5)]) == nil)
    }

    @Test func eachStrategysRunsTakeAsLongAsTheOnesThatWereSeen() {
        var time = RemainingTime(runs: ["a": 3, "b": 3])
        for (name, seconds) in [("a", 10.0), ("b", 100), ("a", 20)] {
            time.begin(name)
            time.finish(name, seconds: seconds)
        }
        time.begin("b")
        func isAbout(_ seconds: Double?, _ expected: Double) -> Bool { abs((seconds ?? -1) - expected) < 1e-9 }
        // 75 of its 100 seconds are left, then 15 of a and 100 of b.
        #expect(isAbout(time.seconds([running("b", 25, 0.2)]), 75 + 15 + 100))
        // This run of b is slower than the one before: half of it took 100 seconds.
        #expect(isAbout(time.seconds([running("b", 100, 0.5)]), 100 + 15 + 100))
        time.begin("a")
        #expect(isAbout(time.seconds([running("b", 25, 0.2), running("a", 5, 0.1)]), 75 + 100 / 2))
    }
}
