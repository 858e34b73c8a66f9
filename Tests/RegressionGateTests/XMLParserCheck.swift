/// Whether tags are closed in order and nothing stands in the text that must be written otherwise; enough for the small
/// files that are checked with it, without a library for XML.
struct XMLParserCheck {
    func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        var rest = text[...]
        guard rest.unicodeScalars.allSatisfy({ $0.value >= 32 || $0 == "\n" }) else { return false }
        while let start = rest.firstIndex(of: "<") {
            guard isText(rest[..<start]), let end = rest[start...].firstIndex(of: ">") else { return false }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            guard !tag.contains("<"), tag.count(where: { $0 == "\"" }) % 2 == 0, isText(tag) else { return false }
            let name = tag.drop { $0 == "/" || $0 == "?" }.prefix { $0 != " " && $0 != "/" }
            if tag.hasPrefix("?") || tag.hasSuffix("/") { continue }
            if tag.hasPrefix("/") {
                guard open.popLast() == name else { return false }
            } else {
                open.append(name)
            }
        }
        return open.isEmpty && isText(rest)
    }

    /// Whether every ampersand begins an entity.
    private func isText(_ text: Substring) -> Bool {
        let pieces = text.split(separator: "&", omittingEmptySubsequences: false).dropFirst()
        return pieces.allSatisfy { piece in
            ["amp;", "lt;", "gt;", "quot;", "#10;", "#9;"].contains { piece.hasPrefix($0) }
        }
    }
}
