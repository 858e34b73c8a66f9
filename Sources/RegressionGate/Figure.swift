/// One figure of a strategy, in the baseline and now, and what that means.
package struct Figure: Hashable, Sendable {
    /// Which test applies to a figure.
    package enum Kind: String, Sendable {
        /// The same on every machine: any difference counts.
        case exact
        /// The same up to the rounding of another processor: within a derived tolerance.
        case tolerance
        /// Measured with a clock: a ratio to the control, over repetitions.
        case measured
    }

    package enum Status: String, Sendable {
        case same
        /// Different, but by no more than the test allows.
        case withinTolerance
        case regression
        case improvement
        case notCompared
    }

    package let strategy: String
    /// The name of the figure, such as `bytes sent`.
    package let name: String
    package let kind: Kind
    package let status: Status
    package let baseline: String
    package let current: String
    /// The difference in words.
    package let change: String
    /// What the test allows, or why there is none.
    package let test: String
    /// The figure as numbers; nil where nothing was compared, or where it is no number.
    package var numbers: Numbers?

    /// A figure for a picture: means over seeds in the figure's own unit; for measured times the ratio to the baseline.
    package struct Numbers: Hashable, Sendable {
        /// The baseline's value; 1 for measured times.
        package let baseline: Double
        package let current: Double
        /// The interval of the current figure that the test uses; nil where the figure is exact, or where ``allowed``
        /// alone holds the uncertainty.
        package let interval: ClosedRange<Double>?
        /// The range in which the test finds no change.
        package let allowed: ClosedRange<Double>

        /// Nil unless all numbers are finite and in order.
        init?(baseline: Double, current: Double, interval: (low: Double, high: Double)? = nil, allowedChange: Double) {
            self.init(
                baseline: baseline, current: current, interval: interval,
                allowed: (baseline - allowedChange, baseline + allowedChange))
        }

        init?(
            baseline: Double, current: Double, interval: (low: Double, high: Double)?,
            allowed: (low: Double, high: Double)
        ) {
            let ends = interval.map { [$0.low, $0.high] } ?? []
            guard ([baseline, current, allowed.low, allowed.high] + ends).allSatisfy(\.isFinite),
                allowed.low <= allowed.high, ends.isEmpty || ends[0] <= ends[1]
            else { return nil }
            (self.baseline, self.current) = (baseline, current)
            self.interval = interval.map { $0.low...$0.high }
            self.allowed = allowed.low...allowed.high
        }
    }

    /// The figure in words, such as `sync: bytes sent: 1.2 MB -> 1.3 MB (+8 %)`.
    package var words: String { "\(strategy): \(name): \(baseline) -> \(current) (\(change))" }
}
