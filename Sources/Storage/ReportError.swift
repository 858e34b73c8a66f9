import Diagnostics

/// A result that cannot be read or written; says what was found, where, and what is allowed.
public struct ReportError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String
    /// - Parameter description: what was found, where, and what is allowed.
    public init(_ description: String) { self.description = ErrorText.message(description) }
}
