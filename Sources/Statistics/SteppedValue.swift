/// A value that was looked for in steps: after `before` and not after `value`.
///
/// A time to a target is known that way: at one evaluation the model was not there, at the next it was. Statistics calls
/// such values interval-censored. An interval over several of them cannot be narrower than the steps, however much the
/// values agree.
package struct SteppedValue: Hashable, Sendable {
    /// The last step at which it had not come yet; the value itself where it is exact.
    package let before: Double
    /// The first step at which it had; infinite for what never came.
    package let value: Double

    /// - Precondition: `before` is not above `value`.
    package init(_ value: Double, after before: Double) {
        precondition(before <= value, "a value of \(value) after \(before)")
        self.before = before
        self.value = value
    }

    /// A value without a step.
    package init(exact value: Double) { self.init(value, after: value) }

    /// What never came.
    package static let never = SteppedValue(exact: .infinity)

    /// Whether it is smaller than the other wherever within their steps the two may lie.
    package func isBelow(_ other: SteppedValue) -> Bool { value < other.value && value <= other.before }
}
