/// A value that was looked for in steps: it lies after `before` and not after `value`.
///
/// A time to a target is known in this way: at one evaluation the model was not there, at the next it was. Statistics
/// calls such values interval-censored. An interval over several of them cannot be narrower than the steps, however
/// much the values agree.
package struct SteppedValue: Hashable, Sendable {
    /// The last step at which the value had not been reached; equal to ``value`` where that is exact.
    package let before: Double
    /// The first step at which the value had been reached; infinite if it never was.
    package let value: Double

    /// - Precondition: `before` is not above `value`.
    package init(_ value: Double, after before: Double) {
        precondition(before <= value, "a value of \(value) after \(before)")
        self.before = before
        self.value = value
    }

    /// A value without a step.
    package init(exact value: Double) { self.init(value, after: value) }

    /// The value of something that was never reached.
    package static let never = SteppedValue(exact: .infinity)

    /// Whether this value is smaller than the other wherever in their steps the two lie.
    package func isBelow(_ other: SteppedValue) -> Bool { value < other.value && value <= other.before }
}
