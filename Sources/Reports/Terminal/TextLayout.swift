import Diagnostics

/// How text is laid out for whoever looks at it: a terminal has lines of some length, and may show nothing but ASCII; a file
/// has neither limit.
public struct TextLayout: Hashable, Sendable {
    /// Characters of a line; nil for any number.
    public var columns: Int?
    /// Whether nothing but ASCII can be shown.
    public var isASCII: Bool

    /// - Parameters:
    ///   - columns: characters of a line; nil for any number. Fewer than ``leastColumns`` are taken for these.
    ///   - isASCII: whether nothing but ASCII can be shown.
    public init(columns: Int? = nil, isASCII: Bool = false) {
        self.columns = columns.map { max(Self.leastColumns, $0) }
        self.isASCII = isASCII
    }

    /// No line is too long, and every character can be shown.
    public static let unlimited = TextLayout()

    /// The width in characters that is assumed for a terminal that does not say how wide it is.
    public static let standardColumns = 100
    /// The least width: on fewer characters a table would be a column of words.
    public static let leastColumns = 40

    /// The text as it can be shown.
    package func shown(_ text: String) -> String { isASCII ? ASCIIText.folded(text) : text }

    /// A paragraph in lines that are short enough, broken between words.
    package func paragraph(_ text: String) -> String { hanging("", text) }

    /// A term and what is said of it, whose further lines stand below its first word.
    ///
    /// - Parameter term: with the spaces that go before the text.
    package func hanging(_ term: String, _ text: String) -> String {
        let (term, text) = (shown(term), shown(text))
        guard let columns, term.count + text.count > columns else { return term + text }
        // A long term leaves no room beside it.
        let indent = term.count <= columns / 2 ? term.count : 4
        let fill = String(repeating: " ", count: indent)
        let lines = Self.wrapped(text, to: columns - indent)
        if indent < term.count {
            return ([String(term.reversed().drop { $0 == " " }.reversed())] + lines.map { fill + $0 })
                .joined(separator: "\n")
        }
        return term + lines.joined(separator: "\n" + fill)
    }

    /// What stays on one line: a word, or a number with its unit.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        for word in text.split(separator: " ") {
            let bare = word.prefix { !",.;:)]".contains($0) }
            if let last = words.last?.last, last.isNumber, units.contains(String(bare)) {
                words[words.count - 1] += " " + word
            } else {
                words.append(String(word))
            }
        }
        return words
    }

    private static let units: Set = [
        "%", "ns", "µs", "us", "ms", "s", "min", "h", "B", "kB", "MB", "GB", "TB", "Mbit/s", "Gbit/s", "Wh", "kWh",
        "USD",
    ]

    /// Lines of at most a number of characters, broken at spaces; a word that is longer goes on in the next line.
    static func wrapped(_ text: String, to width: Int) -> [String] {
        guard text.count > width else { return [text] }
        var lines: [String] = []
        var line = ""
        for word in words(text) {
            var word = word[...]
            if !line.isEmpty, line.count + 1 + word.count <= width {
                line += " " + word
                continue
            }
            if !line.isEmpty { lines.append(line) }
            while word.count > width {
                lines.append(String(word.prefix(width)))
                word = word.dropFirst(width)
            }
            line = String(word)
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }
}
