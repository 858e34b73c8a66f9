/// An accuracy to reach, compared with measured ones as the exact numbers that both stand for.
///
/// An accuracy is a share of n samples and a target a decimal, but both are kept as floating-point numbers, and the mean of
/// three times 0.95 is 0.9499999999999998. Two sums of such numbers that are the same number exactly differ by rounding less
/// than ``slack``; two that are not differ by 1 / (n d) or more, where 1 / d is the last place of the target: far more than
/// the slack for any n and d whose product is below 1e14, such as a hundred million samples and 97.1234 %.
public struct TargetAccuracy: Hashable, Sendable {
    /// A fraction.
    public let value: Double

    /// - Parameter value: a fraction.
    public init(_ value: Double) { self.value = value }

    /// Accuracies and a target of at most 1 are each 2^-54 from what they stand for (a target that was divided by 100 after
    /// it was parsed twice that), and the sums of three, below 4, are rounded to 2^-52 at most: 19 / 2^54 in all.
    private static let slack = 0x1p-49
    /// For which the slack is derived.
    private static let mostAccuracies = 3

    /// Whether the mean of one to three accuracies is at the target or above it; never with one that is not a number.
    public func isReached(by accuracies: some Collection<Double>) -> Bool {
        precondition((1...Self.mostAccuracies).contains(accuracies.count), "\(accuracies.count) accuracies")
        return accuracies.reduce(0, +) + Self.slack >= value * Double(accuracies.count)
    }

    /// Whether one accuracy is at the target.
    public func isReached(by accuracy: Double) -> Bool { isReached(by: CollectionOfOne(accuracy)) }
}
