import Testing

@testable import Diagnostics

@Suite struct ErrorTextTests {
    @Test func aMessageIsOneLineThatDoesNothingToATerminal() {
        #expect(ErrorText.message("'a\u{1B}[31m\nb' is no 'c'") == "'a\\u{1B}[31m b' is no 'c'")
        #expect(Quantity.Failure(description: "'\u{7}'").description == "'\\u{7}'")
        #expect(CSVTable.Failure(line: 1, "a\r\nb").description == "a b")
    }

    @Test func ofALongMessageBothEndsAreLeft() {
        let message = ErrorText.message("found '" + String(repeating: "x", count: 1_000_000) + "', allowed is y")
        #expect(message.count < 950 && message.hasPrefix("found 'xxx") && message.hasSuffix("xxx', allowed is y"))
        #expect(message.contains(" ... (999172 characters) ... "), "\(message)")
        let short = String(repeating: "é", count: 900)
        #expect(ErrorText.message(short) == short)
    }

    @Test func aNameOfAMegabyteIsNotComparedWithOthers() {
        let message = UnknownName.message("key", found: String(repeating: "k", count: 1_000_000), allowed: ["a", "b"])
        #expect(message.count < 300 && message.hasSuffix("...'. Allowed: a, b"), "\(message)")
    }
}
