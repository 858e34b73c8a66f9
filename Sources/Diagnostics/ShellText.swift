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

    /// The words of a command that ``command(_:)`` has written; nil for a text that it has not.
    package static func words(of command: String) -> [String]? {
        var rest = command.unicodeScalars[...]
        var words: [String] = []
        while let first = rest.first {
            guard first != " " else {
                rest.removeFirst()
                continue
            }
            guard let word = word(from: &rest) else { return nil }
            words.append(word)
        }
        return words
    }

    /// One word up to a space or the end; nil where a quote has no end.
    private static func word(from rest: inout Substring.UnicodeScalarView) -> String? {
        var word = ""
        while let first = rest.popFirst(), first != " " {
            switch first {
            case "'":
                while let next = rest.first, next != "'" { word.unicodeScalars.append(rest.removeFirst()) }
                guard rest.popFirst() != nil else { return nil }
            case "$" where rest.first == "'":
                rest.removeFirst()
                guard let text = unescaped(&rest) else { return nil }
                word += text
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                word.unicodeScalars.append(next)
            default: word.unicodeScalars.append(first)
            }
        }
        return word
    }

    /// What stands in `$'...'`, behind its first quote.
    private static func unescaped(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var bytes: [UInt8] = []
        while let next = rest.popFirst(), next != "'" {
            guard next == "\\" else {
                bytes += String(next).utf8
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            switch escaped {
            case "n": bytes.append(0x0a)
            case "r": bytes.append(0x0d)
            case "t": bytes.append(0x09)
            case "0"..."7":
                var digits = String(escaped)
                while digits.count < 3, let digit = rest.first, ("0"..."7").contains(digit) {
                    digits.unicodeScalars.append(rest.removeFirst())
                }
                guard let byte = UInt8(digits, radix: 8) else { return nil }
                bytes.append(byte)
            default: bytes += String(escaped).utf8
            }
        }
        return String(validating: bytes, as: UTF8.self)
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
