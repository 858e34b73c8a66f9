import Diagnostics

/// An option that cannot be as somebody wants it: what was found, and what is allowed.
public struct OptionError: Error, CustomStringConvertible, Equatable {
    /// A sentence, or what comes behind the option's name: `is 0; allowed is ...`, or a colon and a sentence.
    private let text: String
    private let isWhole: Bool

    /// A sentence without a full stop.
    public var description: String { isWhole ? text : of("the value").text }

    /// - Parameter sentence: that needs no name in front.
    package init(sentence: String) { (text, isWhole) = (ErrorText.message(sentence), true) }

    /// - Parameter reason: a sentence that is set apart from the name by a colon.
    init(_ reason: String) { (text, isWhole) = (": \(ErrorText.message(reason))", false) }

    /// - Parameter found: as it was written; what is no number is put in quotes.
    init(found: String, allowed: String) {
        let shown = Double(found) == nil ? "'\(found)'" : found
        (text, isWhole) = (ErrorText.message(" is \(shown); allowed is \(allowed)"), false)
    }

    /// The error with the option's name in front.
    ///
    /// - Parameter name: the name as the user wrote it, such as `--batch` or `sync.batch`.
    package func of(_ name: String) -> OptionError {
        isWhole ? self : OptionError(sentence: "\(name)\(text)")
    }
}
