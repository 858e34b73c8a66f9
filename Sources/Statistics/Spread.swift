/// The median, least and largest of repeated measurements.
package struct Spread: Sendable {
    package let median: Double
    package let least: Double
    package let largest: Double

    /// - Precondition: at least one value.
    package init(_ values: [Double]) {
        median = Median.of(values)
        (least, largest) = (values.min() ?? median, values.max() ?? median)
    }
}
