/// Text that somebody pastes into a shell.
package enum ShellText {
    /// The words of a command, each as the shell reads it back.
    package static func command(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    /// One word as a shell reads it back: as it is, in single quotes where a character means something to the shell, and in
    /// `$'...'` (bash, zsh, ksh) where it has characters that would break the line or steer a terminal.
    package static func quoted(_ word: String) -> String {
        if word.unicodeScalars.contains(where: isControl) { return "$'\(word.unicodeScalars.map(escaped).joined())'" }
        let isPlain = !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "-_./:=,%+@".contains($0) }
        return isPlain
            ? word : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// Within `$'...'`.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "'": "\\'"
        case "\\": "\\\\"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: isControl(scalar) ? String(scalar).utf8.map { octal($0) }.joined() : String(scalar)
        }
    }

    /// Three digits always, so that a digit behind them is not taken for one of theirs.
    private static func octal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
