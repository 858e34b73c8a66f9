import Diagnostics
import Foundation
import Testing

@Suite struct ShellTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("a-b_c./d:e=f,g%h+i@j", "a-b_c./d:e=f,g%h+i@j"), ("Zürich", "Zürich"), ("", "''"),
        ("my study", "'my study'"), ("it's", #"'it'\''s'"#), ("$HOME", "'$HOME'"), ("a;b", "'a;b'"), ("*", "'*'"),
        ("two\nlines", #"$'two\nlines'"#), ("\u{1B}[31m's", #"$'\033[31m\'s'"#),
    ])
    func aWordIsQuotedWhereTheShellWouldReadItOtherwise(word: String, expected: String) {
        #expect(ShellText.quoted(word) == expected)
    }

    /// What bash makes of the words of a command.
    private func read(_ command: String) throws -> [String] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", "printf '%s\\0' \(command)"]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }

    @Test func aShellReadsBackEveryWord() throws {
        let words = [
            "a b", "", "'", "''", "\"", "\\", "a\\'b", "$x", "`id`", "!", "#", "~", "*?[a]", "{a,b}", "<>|&;()", "-n",
            "a\nb",
            "tab\there", "\r\n", "\u{7F}1", "\u{1}7", "\u{202E}x", "\u{2028}", "ü€😀", "a=b c", "%s", "\\0",
        ]
        #expect(try read(ShellText.command(words)) == words)
        #expect(!ShellText.command(words).unicodeScalars.contains { $0.value < 32 || $0.value == 127 })
    }

    @Test(arguments: [
        ["bench", "run", "--epochs", "1.5"], ["", "it's", "a b", "'", "''"],
        ["a\nb", "tab\t'\\", "\u{1b}[1m", "\u{2028}7"],
        ["$x", "`y`", "a\\b", "*", "ü", "👩‍👩‍👧"],
    ])
    func theWordsOfACommandAreFoundAgain(_ words: [String]) {
        #expect(ShellText.words(of: ShellText.command(words)) == words)
    }

    @Test func aTextThatIsNoCommandHasNoWords() {
        for text in ["'a", "a\\", "$'a\\"] { #expect(ShellText.words(of: text) == nil, "\(text)") }
        #expect(ShellText.words(of: "  a   b ") == ["a", "b"])
    }
}
