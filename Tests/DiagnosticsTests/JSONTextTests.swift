import Diagnostics
import Foundation
import Testing

@Suite struct JSONTextTests {
    private func message(_ text: String) -> String { message(Array(text.utf8)) }

    /// "" for a text that is right.
    private func message(_ bytes: [UInt8]) -> String {
        do throws(JSONText.Failure) {
            try JSONText.check(bytes)
            return ""
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0.5e+10", "\"\"", "true", " \n\t\r [1, 2.50, -3e-7, null, false] \n",
        "{\"a\": {\"a\": 1}, \"b\": [{}]}",
        #""\u00e9\n\"\\\/\ud83d\ude00é""#, "1E5", "[[], {}, [[]]]",
    ])
    func jsonIsAccepted(_ text: String) { #expect(message(text) == "") }

    @Test func aKeyThatStandsTwiceInOneObjectIsNamedWithItsLine() {
        #expect(message("{\n\"a\": 1,\n\"b\": 2,\n\"a\": 1}") == "line 4: the key 'a' stands twice in one object")
        #expect(message(#"{"a": 1, "\u0061": 2}"#).contains("'a' stands twice"))
        #expect(message(#"[{"x": [{"deep": 1, "deep": 1}]}]"#).contains("'deep' stands twice"))
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "tru",
        "nul",
        "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity", "\"", "\"\\x\"", "\"\\u12\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\n\"", "{} {}", "1 2", "[] x", "[1 2]", "{\"a\":1 \"b\":2}",
        "\u{FEFF}{}",
    ])
    func whatIsNoJSONIsRefused(_ text: String) { #expect(!message(text).isEmpty) }

    @Test func whatFoundationReadsAsJSONIsReadAsJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let value = ["a\u{1}\"/": [1.5e-300, -0.0, 3], "é\u{1F600}": [], "": [1e22]]
        #expect(message(Array(try encoder.encode(value))) == "")
    }

    @Test func bytesThatAreNotUTF8AreRefused() {
        #expect(message([0x22, 0xFF, 0x22]).contains("not UTF-8"))
        #expect(!message(Array("{}".data(using: .utf16) ?? Data())).isEmpty)
    }

    @Test func depthIsLimitedAndLengthIsNot() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(message(nested(JSONText.mostDepth)) == "")
        #expect(message(nested(JSONText.mostDepth + 1)).contains("more than 100"))
        #expect(message(String(repeating: "[", count: 1_000_000)).contains("more than 100"))
        #expect(message("[" + String(repeating: "7", count: 1_000_000) + "]") == "")
        #expect(message("\"" + String(repeating: "\\n", count: 1_000_000) + "\"") == "")
    }

    @Test func everyTruncationOfAnObjectIsRefused() {
        let whole = Array(#"{"a": [1, {"b": "c\u0041"}], "d": true}"#.utf8)
        for count in whole.indices { #expect(!message(Array(whole[..<count])).isEmpty, "\(count) bytes") }
    }
}
