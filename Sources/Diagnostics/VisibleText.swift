/// Text that came from a file or a command line and is shown to people: names, sources, reasons.
package enum VisibleText {
    /// The text on one line, without characters that do something where they are shown: line breaks and tabs are a space, and
    /// other control characters, and those that change the direction of writing, are written out, as in `\u{1B}[31m`.
    package static func line(_ text: String) -> String {
        // By scalars: a return and the line feed behind it are one character to Swift.
        let scalars = text.unicodeScalars
        guard scalars.contains(where: { isBreak($0) || isUnseen($0) }) else { return text }
        var line = ""
        var wasReturn = false
        for scalar in scalars {
            if isBreak(scalar) {
                if !(wasReturn && scalar == "\n") { line += " " }
            } else if isUnseen(scalar) {
                line += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                line.unicodeScalars.append(scalar)
            }
            wasReturn = scalar == "\r"
        }
        return line
    }

    private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\t", "\n", "\u{0B}", "\u{0C}", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.properties.isBidiControl
    }
}
