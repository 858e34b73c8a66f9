/// One figure of a strategy, in the baseline and now, and what that means.
public struct Figure: Hashable, Sendable {
    /// Which test a figure is put to.
    public enum Kind: String, Sendable {
        /// The same on every machine: any difference is one.
        case exact
        /// The same up to the rounding of another processor: a derived tolerance.
        case tolerance
        /// Taken with a clock: a ratio to the control, over repetitions.
        case measured
    }

    public enum Status: String, Sendable {
        case same
        /// Different, and not by more than the test allows.
        case withinTolerance
        case regression
        case improvement
        case notCompared
    }

    public let strategy: String
    /// Such as `bytes sent`.
    public let name: String
    public let kind: Kind
    public let status: Status
    public let baseline: String
    public let current: String
    /// The difference in words.
    public let change: String
    /// What the test allows, or why there is none.
    public let test: String

    /// Such as `sync: bytes sent: 1.2 MB -> 1.3 MB (+8 %)`.
    public var words: String { "\(strategy): \(name): \(baseline) -> \(current) (\(change))" }
}
