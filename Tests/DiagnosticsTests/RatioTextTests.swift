import Diagnostics
import Testing

@Suite struct RatioTextTests {
    @Test(arguments: [
        (1.0, "as long"), (1.004, "about as long"), (0.996, "about as long"), (1.01, "1.01 times as long"),
        (1088.4, "1088 times as long"), (0.5, "0.5 times as long"),
    ])
    func nothingTakesOneTimesAsLong(_ ratio: Double, _ words: String) {
        #expect(RatioText(ratio).words("long") == words)
    }

    @Test(arguments: [(1.0, "1x"), (2.0, "2x"), (1.0012, "+0.12 %"), (0.9988, "-0.12 %"), (1.81, "1.81x")])
    func aFactorThatRoundsToOneIsToldInPerCent(_ ratio: Double, _ text: String) {
        #expect(RatioText(ratio).factor == text)
    }

    @Test func anIntervalThatRoundsToOneIsToldInPerCent() {
        #expect(RatioText(1.0012).factor(from: 1.001, to: 1.0015) == "0.12 % [0.1, 0.15]")
        #expect(RatioText(1.002).factor(from: 0.9, to: 1.1) == "1x [0.9, 1.1]")
        #expect(RatioText(1).factor(from: 1, to: 1) == "1x [1, 1]")
    }
}
