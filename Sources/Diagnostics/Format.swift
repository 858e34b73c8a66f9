import Foundation

/// Numbers as people read them.
package enum Format {
    /// `1.24 MB`, decimal prefixes, three significant digits.
    package static func bytes(_ count: Double) -> String { scaled(count, ["B", "kB", "MB", "GB", "TB", "PB"]) }

    /// `10 Gbit/s` for 1.25e9 bytes per second.
    package static func bandwidth(_ bytesPerSecond: Double) -> String {
        scaled(bytesPerSecond * 8, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"])
    }

    /// `26.5 ms`, `3.20 s`, `4 min 10 s`, `2 h 5 min`: three significant digits, from two minutes on whole seconds, from an
    /// hour on whole minutes.
    package static func seconds(_ value: Double) -> String {
        let magnitude = abs(value)
        guard magnitude < 1e15 else { return "\(value) s" }
        guard magnitude > 0 else { return "0 s" }
        let sign = value < 0 ? "-" : ""
        for unit in secondUnits {
            // What is rounded decides on the unit: 999.6 µs are 1 ms.
            let text = significant(magnitude * unit.perSecond)
            if let shown = Double(text), shown < unit.end { return "\(sign)\(text) \(unit.name)" }
        }
        let seconds = Int(magnitude.rounded())
        if seconds < 3600 { return "\(sign)\(seconds / 60) min \(seconds % 60) s" }
        let minutes = Int((magnitude / 60).rounded())
        return "\(sign)\(minutes / 60) h \(minutes % 60) min"
    }

    /// Units of time; a figure of `end` or more is written in the next one.
    private static let secondUnits: [(name: String, perSecond: Double, end: Double)] = [
        ("ns", 1e9, 1000), ("µs", 1e6, 1000), ("ms", 1e3, 1000), ("s", 1, 120),
    ]

    /// `$1.24`, `20.2 ct`; three significant digits. Below a dollar in cents, so that amounts side by side have one unit.
    package static func money(_ dollars: Double) -> String {
        let cents = significant(dollars * 100)
        let isSmall = dollars != 0 && Double(cents).map { abs($0) < 100 } ?? false
        return isSmall ? "\(cents) ct" : "$" + significant(dollars)
    }

    /// `1.24 Wh`, `35.1 kWh`, `310 mWh`.
    package static func energy(_ wattHours: Double) -> String { scaled(wattHours * 1e3, ["mWh", "Wh", "kWh", "MWh"]) }

    /// `97.4 %` for 0.974.
    package static func percent(_ fraction: Double, decimals: Int = 1) -> String {
        fixed(fraction * 100, decimals) + " %"
    }

    /// A number with exactly so many decimals, a point, and no grouping, whatever the locale.
    package static func fixed(_ value: Double, _ decimals: Int) -> String {
        String(format: "%.\(decimals)f", value)
    }

    /// Three significant digits without an exponent; trailing zeros behind a point go.
    package static func significant(_ value: Double) -> String { significant(value, digits: 3) }

    /// So many significant digits without an exponent; trailing zeros behind a point go.
    package static func significant(_ value: Double, digits: Int) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
        let text = fixed(value, max(0, digits - 1 - Int(log10(abs(value)).rounded(.down))))
        guard text.contains(".") else { return text }
        let short = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return String(short.reversed())
    }

    /// Four significant digits without an exponent, for what somebody is to type again; trailing zeros behind a point go.
    package static func fourDigits(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
        let rounded = Double(String(format: "%.3e", value)) ?? value
        let text = fixed(rounded, max(0, 3 - Int(log10(abs(rounded)).rounded(.down))))
        guard text.contains(".") else { return text }
        return String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
    }

    /// The shortest text that reads back as the same number, such as `4` or `12.345`: for what somebody is to type again.
    package static func exact(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The shortest text that reads back as the same number in single precision, whose digits are fewer.
    package static func exact(_ value: Float) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// `97.25 %` for 0.9725: all digits that somebody gave, without what multiplying by 100 adds to them.
    package static func exactPercent(_ fraction: Double) -> String {
        exact(Double(String(format: "%.13g", fraction * 100)) ?? fraction * 100) + " %"
    }

    private static func scaled(_ value: Double, _ units: [String]) -> String {
        var (value, index) = (value, 0)
        // What is rounded decides on the unit: 999.6 kB are 1 MB.
        while index < units.count - 1, let shown = Double(significant(value)), abs(shown) >= 1000 {
            (value, index) = (value / 1000, index + 1)
        }
        return "\(significant(value)) \(units[index])"
    }
}
