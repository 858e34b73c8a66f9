import Foundation

/// Text for places that show nothing but ASCII, such as a terminal whose locale is not UTF-8.
package enum ASCIIText {
    /// The text in ASCII: signs and Greek letters as people write them there (`us`, `<=`, `gamma`), letters without their
    /// accents, and all else by its number, as in `\u{4E2D}`, so that two names that differ still do.
    package static func folded(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
        var folded = ""
        for scalar in text.decomposedStringWithCanonicalMapping.unicodeScalars {
            if scalar.isASCII {
                folded.unicodeScalars.append(scalar)
            } else if let word = words[scalar] {
                folded += word
            } else if !scalar.properties.isDiacritic, scalar.properties.generalCategory != .nonspacingMark {
                folded += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            }
        }
        return folded
    }

    private static let words: [Unicode.Scalar: String] = {
        var words: [Unicode.Scalar: String] = [
            "\u{B5}": "u", "\u{D7}": "x", "\u{B7}": "*", "\u{B1}": "+-", "\u{B2}": "^2", "\u{B3}": "^3",
            "\u{B0}": " deg",
            "\u{2264}": "<=", "\u{2265}": ">=", "\u{2260}": "!=", "\u{2248}": "~", "\u{221E}": "inf",
            "\u{221A}": "sqrt",
            "\u{2190}": "<-", "\u{2192}": "->", "\u{2026}": "...", "\u{A0}": " ", "\u{202F}": " ", "\u{2009}": " ",
            "\u{2212}": "-", "\u{2013}": "-", "\u{2014}": "-", "\u{2010}": "-", "\u{2011}": "-",
            "\u{2018}": "'", "\u{2019}": "'", "\u{201C}": "\"", "\u{201D}": "\"", "\u{2022}": "*",
            "\u{DF}": "ss", "\u{E6}": "ae", "\u{F8}": "o", "\u{142}": "l", "\u{3BC}": "mu",
        ]
        let greek: [(Unicode.Scalar, String)] = [
            ("\u{3B1}", "alpha"), ("\u{3B2}", "beta"), ("\u{3B3}", "gamma"), ("\u{3B4}", "delta"),
            ("\u{3B5}", "epsilon"),
            ("\u{3B7}", "eta"), ("\u{3B8}", "theta"), ("\u{3BB}", "lambda"), ("\u{3BE}", "xi"), ("\u{3C0}", "pi"),
            ("\u{3C1}", "rho"), ("\u{3C3}", "sigma"), ("\u{3C4}", "tau"), ("\u{3C6}", "phi"), ("\u{3C8}", "psi"),
            ("\u{3C9}", "omega"), ("\u{394}", "Delta"), ("\u{3A3}", "Sigma"), ("\u{2207}", "grad "),
        ]
        for (letter, word) in greek { words[letter] = word }
        return words
    }()
}
