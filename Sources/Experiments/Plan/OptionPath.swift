import Foundation

/// `[STRATEGY.]OPTION=VALUE`, as `--set` and `--vary` take it.
package struct OptionPath: Hashable, Sendable {
    /// A strategy's name or a row's label, which may contain brackets, points and equals signs; nil for all strategies.
    package let strategy: String?
    package let option: String
    package let value: String

    /// Nil for a text without an equals sign behind the option.
    package init?(_ text: String) {
        let start = text.lastIndex(of: ")") ?? text.startIndex
        guard let equals = text[start...].firstIndex(of: "=") else { return nil }
        let path = text[..<equals]
        let point = path.lastIndex(of: ".")
        func trimmed(_ part: Substring) -> String { String(part).trimmingCharacters(in: .whitespaces) }
        strategy = point.map { trimmed(path[..<$0]) }
        option = trimmed(point.map { path[path.index(after: $0)...] } ?? path)
        value = String(text[text.index(after: equals)...])
    }
}
