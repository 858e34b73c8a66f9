/// What errors say of files and options, of which they quote parts.
package enum ErrorText {
    /// The most characters of a message: enough for what was found, where, and what is allowed.
    static let mostCharacters = 900
    private static let characters = (first: 550, last: 300)

    /// A message on one line, without characters that do something in a terminal. The middle of a message that is too
    /// long, as one that quotes a field of a megabyte, is left out.
    package static func message(_ text: String) -> String {
        // Counting bytes is quick; what is short needs no more.
        guard text.utf8.count > mostCharacters, text.count > mostCharacters else { return VisibleText.line(text) }
        let (first, last) = (text.prefix(characters.first), text.suffix(characters.last))
        let left = text.count - first.count - last.count
        return VisibleText.line("\(first) ... (\(left) characters) ... \(last)")
    }
}
