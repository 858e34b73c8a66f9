/// One figure of a strategy, in the baseline and now, and what that means.
package struct Figure: Hashable, Sendable {
    /// Which test a figure is put to.
    package enum Kind: String, Sendable {
        /// The same on every machine: any difference is one.
        case exact
        /// The same up to the rounding of another processor: a derived tolerance.
        case tolerance
        /// Taken with a clock: a ratio to the control, over repetitions.
        case measured
    }

    package enum Status: String, Sendable {
        case same
        /// Different, and not by more than the test allows.
        case withinTolerance
        case regression
        case improvement
        case notCompared
    }

    package let strategy: String
    /// Such as `bytes sent`.
    package let name: String
    package let kind: Kind
    package let status: Status
    package let baseline: String
    package let current: String
    /// The difference in words.
    package let change: String
    /// What the test allows, or why there is none.
    package let test: String

    /// Such as `sync: bytes sent: 1.2 MB -> 1.3 MB (+8 %)`.
    package var words: String { "\(strategy): \(name): \(baseline) -> \(current) (\(change))" }
}
