import Diagnostics

/// Text in XML, in pictures as well as in pages.
package enum MarkupText {
    /// As the content of an element or the value of an attribute in double quotes. Control characters are written out as
    /// elsewhere in the program, and scalars that XML cannot hold become U+FFFD, so that every name can be shown.
    package static func escaped(_ text: String) -> String {
        // Nearly all texts are plain; they are not copied scalar by scalar.
        guard text.utf8.contains(where: { needsCare($0) }) else { return text }
        var result = ""
        for scalar in VisibleText.line(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func needsCare(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "<")
            || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }

    /// A length in pixels with one decimal, without one where it is zero. Formatting by Foundation would take most of the time
    /// of a page with thousands of points.
    package static func pixels(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let tenths = Int((min(max(value, -1e7), 1e7) * 10).rounded())
        let (whole, part) = abs(tenths).quotientAndRemainder(dividingBy: 10)
        return (tenths < 0 ? "-" : "") + (part == 0 ? "\(whole)" : "\(whole).\(part)")
    }

    /// How wide a text is, about, in a common sans-serif font: for placing labels, which have room to spare.
    ///
    /// - Parameter size: of the font, in pixels.
    package static func width(_ text: String, size: Double) -> Double {
        text.unicodeScalars.reduce(0) { sum, scalar in
            let share =
                switch scalar.value {
                case 0x20, 0x21, 0x27, 0x28, 0x29, 0x2C, 0x2E, 0x3A, 0x49, 0x5B, 0x5D, 0x60, 0x66, 0x69, 0x6A, 0x6C,
                    0x72,
                    0x74, 0x7C:
                    0.36
                case 0x4D, 0x57, 0x6D, 0x77, 0x25, 0x40: 0.9
                case 0x41...0x5A: 0.68
                case 0x1100...: 1.0
                default: 0.57
                }
            return sum + share * size
        }
    }

    /// The text, cut at the end where it would be wider.
    package static func fitted(_ text: String, size: Double, width limit: Double) -> String {
        let line = VisibleText.line(text)
        guard width(line, size: size) > limit else { return line }
        var kept = line
        while !kept.isEmpty, width(kept + "…", size: size) > limit { kept.removeLast() }
        return kept + "…"
    }
}
