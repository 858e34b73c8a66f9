/// The median, least and largest of repeated measurements.
public struct Spread: Sendable {
    public let median: Double
    public let least: Double
    public let largest: Double

    /// - Precondition: at least one value.
    public init(_ values: [Double]) {
        median = Median.of(values)
        (least, largest) = (values.min() ?? median, values.max() ?? median)
    }
}
