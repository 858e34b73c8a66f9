/// The Markdown of the reports as HTML that is also well-formed XML, so that the page says with the same words what
/// `report.md` says: headings, paragraphs, lists, tables, indented code, and in a line code spans, emphasis, links and escapes.
/// What is none of these is shown as it is.
package enum MarkdownHTML {
    /// - Parameter heading: the level of `##`; others follow.
    package static func render(_ markdown: String, heading: Int = 2) -> String {
        var output = ""
        var lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)[...]
        while let line = lines.first {
            if line.allSatisfy(\.isWhitespace) {
                lines.removeFirst()
            } else if line.hasPrefix("|") {
                output += table(taken(&lines) { $0.hasPrefix("|") })
            } else if line.hasPrefix("    ") {
                let code = taken(&lines) { $0.hasPrefix("    ") }.map { MarkupText.escaped(String($0.dropFirst(4))) }
                output += "<pre tabindex=\"0\"><code>\(code.joined(separator: "\n"))</code></pre>\n"
            } else if line.hasPrefix("- ") {
                output += list(taken(&lines) { !$0.isEmpty })
            } else if let level = headingLevel(line) {
                lines.removeFirst()
                let shown = min(6, max(1, heading + level - 2))
                output += "<h\(shown)>\(inline(line.drop { $0 == "#" }.dropFirst()))</h\(shown)>\n"
            } else {
                let text = taken(&lines) {
                    !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("|") && !$0.hasPrefix("- ")
                        && headingLevel($0) == nil
                }
                output += "<p>\(inline(Substring(text.joined(separator: " "))))</p>\n"
            }
        }
        return output
    }

    private static func taken(_ lines: inout ArraySlice<Substring>, _ isOne: (Substring) -> Bool) -> [Substring] {
        let block = Array(lines.prefix { isOne($0) })
        lines = lines.dropFirst(block.count)
        return block
    }

    private static func headingLevel(_ line: Substring) -> Int? {
        let level = line.prefix { $0 == "#" }.count
        return (1...6).contains(level) && line.dropFirst(level).hasPrefix(" ") ? level : nil
    }

    private static func list(_ lines: [Substring]) -> String {
        var items: [String] = []
        for line in lines {
            if line.hasPrefix("- ") {
                items.append(String(line.dropFirst(2)))
            } else if !items.isEmpty {
                items[items.count - 1] += " " + line
            }
        }
        return "<ul>" + items.map { "<li>\(inline(Substring($0)))</li>" }.joined(separator: "\n") + "</ul>\n"
    }

    // MARK: Tables

    private static func table(_ lines: [Substring]) -> String {
        guard lines.count >= 2 else { return lines.map { "<p>\(inline($0))</p>\n" }.joined() }
        let isRight = cells(lines[1]).map { $0.hasSuffix(":") && !$0.hasPrefix(":") }
        func row(_ line: Substring, _ tag: String, _ scope: String) -> String {
            cells(line).enumerated().map { column, text in
                let alignment = isRight.indices.contains(column) && isRight[column] ? " class=\"n\"" : ""
                // The first column names the row.
                let (name, its) = tag == "td" && column == 0 ? ("th", " scope=\"row\"") : (tag, scope)
                return "<\(name)\(its)\(alignment)>\(inline(text))</\(name)>"
            }.joined()
        }
        let head = row(lines[0], "th", " scope=\"col\"").replacing("<th scope=\"col\"></th>", with: "<td></td>")
        let body = lines.dropFirst(2).map { "<tr>\(row($0, "td", ""))</tr>" }.joined(separator: "\n")
        return """
            <div class="scroll" tabindex="0" role="group" aria-label="Table"><table><thead><tr>\(head)</tr></thead>
            <tbody>\(body)</tbody></table></div>

            """
    }

    /// The texts between bars that are not escaped, without the spaces around them.
    private static func cells(_ line: Substring) -> [Substring] {
        var cells: [Substring] = []
        var start = line.index(after: line.startIndex)
        var index = start
        while index < line.endIndex {
            if line[index] == "\\", line.index(after: index) < line.endIndex {
                index = line.index(after: index)
            } else if line[index] == "|" {
                cells.append(trimmed(line[start..<index]))
                start = line.index(after: index)
            }
            index = line.index(after: index)
        }
        return cells
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let front = text.drop { $0 == " " }
        return front.prefix(front.count - front.reversed().prefix { $0 == " " }.count)
    }

    // MARK: Lines

    /// One line's markup as HTML.
    package static func inline(_ text: Substring) -> String {
        var scanner = InlineScanner(text)
        return scanner.html()
    }

    package static func inline(_ text: String) -> String { inline(text[...]) }
}

/// Reads a line of Markdown from the left.
private struct InlineScanner {
    private var rest: Substring
    private var output = ""
    /// Text that has not been written yet, unescaped.
    private var plain = ""
    /// The emphasis that is open, the innermost last.
    private var open: [String] = []

    init(_ text: Substring) { rest = text }

    mutating func html() -> String {
        while let character = rest.first {
            switch character {
            case "\\" where rest.dropFirst().first.map { !$0.isLetter && !$0.isNumber && $0 != " " } ?? false:
                rest.removeFirst()
                plain.append(rest.removeFirst())
            case "`": code()
            case "*": emphasis()
            case "[": link()
            case "h" where rest.hasPrefix("https://") || rest.hasPrefix("http://"): address()
            case "&" where rest.hasPrefix("&nbsp;"):
                rest.removeFirst("&nbsp;".count)
                plain.append("\u{A0}")
            default: plain.append(rest.removeFirst())
            }
        }
        flush()
        while let tag = open.popLast() { output += "</\(tag)>" }
        return output
    }

    private mutating func flush() {
        output += MarkupText.escaped(plain)
        plain = ""
    }

    /// A span between as many backticks; without a second fence they are text.
    private mutating func code() {
        let fence = rest.prefix { $0 == "`" }
        let inner = rest.dropFirst(fence.count)
        guard let end = Self.fence(fence.count, in: inner) else {
            plain += fence
            rest = inner
            return
        }
        var text = inner[..<end]
        if text.hasPrefix(" "), text.hasSuffix(" "), text.count > 2 { text = text.dropFirst().dropLast() }
        flush()
        output += "<code>\(MarkupText.escaped(String(text)))</code>"
        rest = inner[inner.index(end, offsetBy: fence.count)...]
    }

    private static func fence(_ count: Int, in text: Substring) -> Substring.Index? {
        var index = text.startIndex
        while index < text.endIndex {
            let run = text[index...].prefix { $0 == "`" }.count
            if run == count { return index }
            index = text.index(index, offsetBy: max(run, 1))
        }
        return nil
    }

    private mutating func emphasis() {
        let stars = rest.hasPrefix("**") ? 2 : 1
        let tag = stars == 2 ? "strong" : "em"
        let before = plain.last ?? (output.isEmpty ? " " : "x")
        let next = rest.dropFirst(stars).first ?? " "
        rest.removeFirst(stars)
        if open.last == tag, !before.isWhitespace {
            flush()
            open.removeLast()
            output += "</\(tag)>"
        } else if !open.contains(tag), !next.isWhitespace, rest.contains("*") {
            flush()
            open.append(tag)
            output += "<\(tag)>"
        } else {
            plain += String(repeating: "*", count: stars)
        }
    }

    /// `[text](address)`; only addresses that a page may lead to.
    private mutating func link() {
        let body = rest.dropFirst()
        guard let close = body.firstIndex(where: { $0 == "]" || $0 == "\\" }), body[close...].hasPrefix("]("),
            let end = body[close...].firstIndex(of: ")")
        else {
            plain.append(rest.removeFirst())
            return
        }
        let address = body[body.index(close, offsetBy: 2)..<end]
        guard Self.isAllowed(address) else {
            plain.append(rest.removeFirst())
            return
        }
        flush()
        output += "<a href=\"\(MarkupText.escaped(String(address)))\">\(MarkdownHTML.inline(body[..<close]))</a>"
        rest = body[body.index(after: end)...]
    }

    private static func isAllowed(_ address: Substring) -> Bool {
        address.hasPrefix("https://") || address.hasPrefix("http://")
            || !address.contains(":") && !address.hasPrefix("//")
    }

    /// An address in running text, without the full stop of the sentence.
    private mutating func address() {
        var address = rest.prefix { !$0.isWhitespace && !"<>\"`|*\\;".contains($0) }
        while let last = address.last, ".,:)'".contains(last) { address.removeLast() }
        rest = rest[address.endIndex...]
        flush()
        let text = MarkupText.escaped(String(address))
        output += "<a href=\"\(text)\">\(text)</a>"
    }
}

/// Markdown's sentences as plain text: for the descriptions of pictures.
package enum PlainText {
    package static func of(_ markdown: String) -> String {
        var text = ""
        var isEscaped = false
        for character in markdown {
            if !isEscaped, character == "\\" {
                isEscaped = true
                continue
            }
            if isEscaped || (character != "`" && character != "*") { text.append(character) }
            isEscaped = false
        }
        return text.replacing("\n", with: " ").replacing("&nbsp;", with: " ")
    }
}
