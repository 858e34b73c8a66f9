import Diagnostics

/// A request that cannot be priced, or a profile or curve that cannot be used; says what was found, where, and what is
/// allowed.
public struct PricingError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String

    /// - Parameter description: what was found, where, and what is allowed.
    public init(_ description: String) { self.description = ErrorText.message(description) }
}
