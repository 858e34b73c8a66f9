/// The median: the one definition that all tables, tests and the gate share.
package enum Median {
    /// The middle value, or the mean of the two in the middle; infinite where one of these is.
    ///
    /// - Precondition: at least one value.
    package static func of(_ values: [Double]) -> Double { ofSorted(values.sorted()) }

    /// The median of values that are already in ascending order.
    static func ofSorted(_ sorted: [Double]) -> Double {
        precondition(!sorted.isEmpty, "a median of no values")
        let middle = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
        return middle.0 == middle.1 ? middle.0 : (middle.0 + middle.1) / 2
    }

    /// The middle one of counts; of an even number the lower one of the two in the middle, so that the result is one of
    /// the counts.
    ///
    /// - Precondition: at least one count.
    package static func count(of values: [Int]) -> Int {
        precondition(!values.isEmpty, "a median of no counts")
        return values.sorted()[(values.count - 1) / 2]
    }
}
