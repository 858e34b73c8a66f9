/// A ratio of two figures in words. Where three digits cannot tell it from 1 the words say so: nothing "takes 1 times as
/// long".
package struct RatioText: Sendable {
    package let ratio: Double

    /// - Parameter ratio: above 0.
    package init(_ ratio: Double) { self.ratio = ratio }

    /// Whether three digits cannot tell the two figures apart, whichever is the larger one.
    package var isTie: Bool { Format.significant(max(ratio, 1 / ratio)) == "1" }

    /// The ratio in words, such as `2.67 times as long`; for figures that are equal, or nearly, `as long` and `about as
    /// long`.
    package func words(_ quantity: String) -> String {
        if ratio == 1 { return "as \(quantity)" }
        return isTie ? "about as \(quantity)" : "\(Format.significant(ratio)) times as \(quantity)"
    }

    /// The ratio in short, such as `2.67x`; for figures that three digits cannot tell apart, the per cent by which they
    /// differ.
    package var factor: String {
        guard isTie, ratio != 1 else { return "\(Format.significant(ratio))x" }
        return "\(ratio > 1 ? "+" : "-")\(Format.significant(abs(ratio - 1) * 100)) %"
    }

    /// The ratio with an interval, such as `2.67x [2.5, 2.8]`; in per cent where three digits cannot tell it from 1.
    package func factor(from low: Double, to high: Double) -> String {
        let ends = [RatioText(low), RatioText(high)]
        guard ([self] + ends).allSatisfy(\.isTie), low < high || ratio != 1 else {
            return "\(Format.significant(ratio))x [\(Format.significant(low)), \(Format.significant(high))]"
        }
        func percent(_ ratio: Double) -> String { Format.significant((ratio - 1) * 100) }
        return "\(percent(ratio)) % [\(percent(low)), \(percent(high))]"
    }
}
