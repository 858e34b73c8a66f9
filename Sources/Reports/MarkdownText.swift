import Diagnostics

/// Text from files and command lines where it stands in Markdown (GitHub's), so that it is shown as it is: it neither ends a
/// table's cell nor begins a code span, emphasis, a link or HTML.
package enum MarkdownText {
    /// The text for running text and for cells of tables.
    package static func plain(_ text: String) -> String {
        let characters = Array(VisibleText.line(text))
        var result = ""
        for (index, character) in characters.enumerated() {
            let next = characters.indices.contains(index + 1) ? characters[index + 1] : nil
            let previous = index > 0 ? characters[index - 1] : nil
            if character == " ", isOuter(index, characters) {
                // Markdown would drop the space.
                result += "&nbsp;"
            } else {
                result += (isMarkup(character, after: previous, before: next) ? "\\" : "") + String(character)
            }
        }
        return result
    }

    /// As a code span in running text, in which nothing needs to be escaped but the backticks that would end it. (A table's
    /// cell would also end at a bar.)
    package static func code(_ text: String) -> String {
        let line = VisibleText.line(text)
        let longest = line.split { $0 != "`" }.map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: longest + 1)
        // A space at each end goes with the fence, where it keeps a backtick or another space from touching it.
        let isPadded = longest > 0 || line.hasPrefix(" ") || line.hasSuffix(" ")
        return isPadded ? "\(fence) \(line) \(fence)" : fence + line + fence
    }

    private static func isOuter(_ index: Int, _ characters: [Character]) -> Bool {
        characters[...index].allSatisfy { $0 == " " } || characters[index...].allSatisfy { $0 == " " }
    }

    /// Whether the character means something where it stands. Others stay as they are, so that the text can still be read
    /// without being rendered.
    private static func isMarkup(_ character: Character, after previous: Character?, before next: Character?) -> Bool {
        func isWord(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber } ?? false }
        return switch character {
        case "|", "`", "*", "\\": true
        // An underscore between letters is no emphasis.
        case "_": !(isWord(previous) && isWord(next))
        case "~": next == "~" || previous == "~"
        case "<": isWord(next) || next == "/" || next == "!" || next == "?"
        case "&": isWord(next) || next == "#"
        // The text of a link, its label, and a definition.
        case "]": next == "(" || next == "[" || next == ":"
        default: false
        }
    }
}
