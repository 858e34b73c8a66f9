import Diagnostics

/// A result that cannot be read or written: says what was found, where, and what is allowed.
public struct ReportError: Error, CustomStringConvertible, Equatable {
    public let description: String
    public init(_ description: String) { self.description = ErrorText.message(description) }
}
