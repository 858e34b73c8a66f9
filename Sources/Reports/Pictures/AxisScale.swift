import Diagnostics
import Foundation

/// Where a value lies between the two ends of an axis, and which values the axis names.
package struct AxisScale: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case linear
        case logarithmic = "log"
    }

    /// The kind of values, which decides which numbers are round and how they are written.
    package enum Quantity: Sendable {
        case seconds, bytes, money, fraction, count
    }

    package let kind: Kind
    package let quantity: Quantity
    /// The ends of the axis.
    package let low: Double
    package let high: Double

    /// - Precondition: finite ends in their order, above 0 on a logarithmic axis.
    package init(_ kind: Kind, _ quantity: Quantity, low: Double, high: Double) {
        precondition(low.isFinite && high.isFinite && low < high, "an axis from \(low) to \(high)")
        precondition(kind == .linear || low > 0, "a logarithmic axis from \(low)")
        self.kind = kind
        self.quantity = quantity
        self.low = low
        self.high = high
    }

    /// A logarithmic axis around these values, with some room at both ends. Values that are not above 0 have no place
    /// on it and are left out; nil without any other.
    package static func logarithmic(_ quantity: Quantity, around values: some Sequence<Double>) -> AxisScale? {
        let positive = values.filter { $0.isFinite && $0 > 0 }
        guard let least = positive.min(), let most = positive.max() else { return nil }
        let room = max((most / least), 1).squareRoot() > 1.5 ? pow(most / least, 0.04) : 1.3
        return AxisScale(.logarithmic, quantity, low: least / room, high: most * room)
    }

    /// A linear axis from 0, or from the least value, to the largest one; nil without a value.
    package static func linear(
        _ quantity: Quantity, around values: some Sequence<Double>, fromZero: Bool = true
    ) -> AxisScale? {
        let finite = values.filter(\.isFinite)
        guard let least = finite.min(), let most = finite.max() else { return nil }
        let low = fromZero ? min(0, least) : least
        let room = most > low ? (most - low) * 0.02 : max(abs(most), 1) * 0.1
        return AxisScale(.linear, quantity, low: fromZero && least >= 0 ? 0 : low - room, high: most + room)
    }

    /// 0 at the lower end, 1 at the upper one; beyond both where the value is.
    package func fraction(_ value: Double) -> Double {
        switch kind {
        case .linear: (value - low) / (high - low)
        case .logarithmic: value > 0 ? log(value / low) / log(high / low) : -.infinity
        }
    }

    // MARK: Ticks

    /// Round values within the axis, at most `count` of them where there are two or more.
    package func ticks(_ count: Int = 6) -> [Double] {
        let found = kind == .logarithmic ? logarithmicTicks(count) : []
        return found.count >= 2 ? found : linearTicks(count)
    }

    private func linearTicks(_ count: Int) -> [Double] {
        let unit = unit(of: max(abs(low), abs(high)))
        let span = (high - low) / unit
        let rough = span / Double(max(count, 2))
        let power = pow(10, log10(rough).rounded(.down))
        let isClock = quantity == .seconds && unit > 1
        let steps: [Double] = isClock && rough > 1 && rough < 30 ? [1, 2, 5, 10, 15, 20, 30] : [1, 2, 5, 10]
        let scale = isClock && rough > 1 && rough < 30 ? 1 : power
        let step = (steps.first { $0 * scale >= rough * 0.999 } ?? 10) * scale
        let first = (low / unit / step - 1e-9).rounded(.up)
        let last = (high / unit / step + 1e-9).rounded(.down)
        guard last >= first, last - first < 100 else { return [low, high] }
        return stride(from: first, through: last, by: 1).map { $0 * step * unit }
    }

    /// The unit whose multiples are round around a value, such as a minute or an hour.
    private func unit(of value: Double) -> Double {
        guard quantity == .seconds else { return 1 }
        return value < 120 ? 1 : value < 7200 ? 60 : 3600
    }

    private func logarithmicTicks(_ count: Int) -> [Double] {
        let levels: [[Double]] = [[1, 2, 5], [1, 3], [1]]
        for mantissas in levels {
            let ticks = powers(mantissas).filter { $0 >= low * 0.9999 && $0 <= high * 1.0001 }
            if ticks.count <= count { return ticks }
        }
        let decades = powers([1]).filter { $0 >= low && $0 <= high }
        let every = max(1, (decades.count + count - 1) / count)
        return decades.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    }

    /// All round values that could lie on the axis: decimal ones, and for times from a minute on, round times of a
    /// clock.
    private func powers(_ mantissas: [Double]) -> [Double] {
        let exponents =
            Int(
                log10(low).rounded(.down))...max(
                Int(log10(low).rounded(.down)), Int(log10(high).rounded(.up)))
        let decimal = exponents.flatMap { exponent in
            // A division gives the number that is nearest to 0.1; a product may not.
            mantissas.map { exponent < 0 ? $0 / pow(10, Double(-exponent)) : $0 * pow(10, Double(exponent)) }
        }
        guard quantity == .seconds else { return decimal }
        let clock: [Double] =
            switch mantissas.count {
            case 3: [60, 120, 300, 600, 1200, 3600, 7200, 18_000]
            case 2: [60, 180, 600, 1800, 3600, 10_800]
            default: [60, 600, 3600]
            }
        let hours = (1...6).flatMap { exponent in mantissas.map { $0 * 3600 * pow(10, Double(exponent)) } }
        return decimal.filter { $0 < 60 } + clock + hours
    }

    /// A tick's value in as few characters as possible.
    package func text(_ value: Double) -> String {
        switch quantity {
        case .fraction: return Format.significant(value * 100) + " %"
        case .count: return value >= 1e5 ? Self.short(value) : Format.significant4(value)
        case .bytes: return value == 0 ? "0" : Format.bytes(value)
        case .money: return value == 0 ? "0" : Format.money(value)
        case .seconds:
            if value == 0 { return "0" }
            let unit = kind == .linear ? unit(of: max(abs(low), abs(high))) : unit(of: value * 2.0001)
            switch unit {
            case 60: return Format.significant(value / 60) + " min"
            case 3600: return Format.significant4(value / 3600) + " h"
            default: return Format.seconds(value)
            }
        }
    }

    private static func short(_ value: Double) -> String {
        value >= 1e9
            ? Format.significant(value / 1e9) + " G"
            : value >= 1e6 ? Format.significant(value / 1e6) + " M" : Format.significant(value / 1e3) + " k"
    }
}

extension Format {
    /// The number as ``significant(_:)`` writes it, but whole numbers keep all their digits.
    fileprivate static func significant4(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : significant(value)
    }
}
