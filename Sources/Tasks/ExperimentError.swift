import Diagnostics

/// A wish that cannot be fulfilled: says what was found and what is allowed.
public struct ExperimentError: Error, CustomStringConvertible, Equatable {
    public let description: String
    public init(_ description: String) { self.description = ErrorText.message(description) }
}
