import Diagnostics
import Testing

@Suite struct ASCIITextTests {
    @Test(arguments: [
        ("78 µs", "78 us"), ("γ = 0.9, λ2 ≤ 1", "gamma = 0.9, lambda2 <= 1"),
        ("16 × 16 – torus…", "16 x 16 - torus..."),
        ("Hegedűs, Ormándi, Zürich", "Hegedus, Ormandi, Zurich"), ("groß", "gross"), ("x̂ → ∞", "x -> inf"),
        ("⣿█", #"\u{28FF}\u{2588}"#), ("中", #"\u{4E2D}"#), ("plain [1, 2] ~ text\n", "plain [1, 2] ~ text\n"), ("", ""),
    ])
    func whatASCIIHasNoSignForIsWrittenAsPeopleDo(text: String, expected: String) {
        let folded = ASCIIText.folded(text)
        #expect(folded == expected)
        #expect(folded.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func namesThatDifferStillDo() {
        #expect(ASCIIText.folded("中") != ASCIIText.folded("文"))
    }
}
