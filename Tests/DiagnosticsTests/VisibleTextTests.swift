import Diagnostics
import Testing

@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("rack 7, Zürich µ ü 😀 👩‍💻", "rack 7, Zürich µ ü 😀 👩‍💻"), ("two\nlines", "two lines"), ("a\r\nb\rc", "a b c"),
        ("a\tb\u{2028}c\u{85}d", "a b c d"), ("\u{1B}[31mred", #"\u{1B}[31mred"#), ("a\u{0}b\u{7F}", #"a\u{0}b\u{7F}"#),
        ("\u{202E}txt.exe", #"\u{202E}txt.exe"#), ("\u{9B}31m", #"\u{9B}31m"#), ("", ""),
    ])
    func whatWouldActWhereItIsShownIsWrittenOut(text: String, expected: String) {
        #expect(VisibleText.line(text) == expected)
    }
}
