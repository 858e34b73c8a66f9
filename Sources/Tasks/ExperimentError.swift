import Diagnostics

/// A request that cannot be fulfilled: says what was found and what is allowed.
public struct ExperimentError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String
    /// - Parameter description: what was found, and what is allowed.
    public init(_ description: String) { self.description = ErrorText.message(description) }
}
