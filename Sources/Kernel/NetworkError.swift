/// Layers that make no network: says which layer, what it was given, and what it takes.
///
/// Such as `layer 3 (groupNorm 'gn1'): 10 channels cannot be put into 4 groups`. Layers are counted from 1, those inside a
/// residual by themselves.
public struct NetworkError: Error, CustomStringConvertible, Equatable {
    /// A sentence without a full stop.
    public let description: String

    /// - Parameter description: what was found, and what is allowed.
    package init(_ description: String) { self.description = description }

    /// The error with the place where it was found in front.
    func inside(_ place: String) -> NetworkError {
        NetworkError(description.hasPrefix("layer ") ? "\(place), \(description)" : "\(place): \(description)")
    }
}

/// Throws unless the condition holds.
package func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(NetworkError) {
    if !condition { throw NetworkError(message()) }
}

/// Throws where options of a layer are no sizes, or where their product is larger than a vector of parameters may be:
/// 2^31 - 1, the longest that OpenBLAS takes.
///
/// - Parameter sizes: options by name, whose product is the size of a tensor.
package func requireSizes(_ sizes: KeyValuePairs<String, Int>) throws(NetworkError) {
    var product = 1
    for (name, size) in sizes {
        try require(size > 0, "\(name) must be 1 or more, found \(size)")
        let (next, overflows) = product.multipliedReportingOverflow(by: size)
        try require(
            !overflows && next <= Int(Int32.max),
            "\(sizes.map { "\($0.value) \($0.key)" }.joined(separator: " times ")) is more numbers than the \(Int32.max) "
                + "that one tensor may have")
        product = next
    }
}
