import Foundation

/// Numbers as people read them.
public enum Format {
    /// `1.24 MB`, decimal prefixes, three significant digits.
    public static func bytes(_ count: Double) -> String { scaled(count, ["B", "kB", "MB", "GB", "TB", "PB"]) }

    /// `10 Gbit/s` for 1.25e9 bytes per second.
    public static func bandwidth(_ bytesPerSecond: Double) -> String {
        scaled(bytesPerSecond * 8, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"])
    }

    /// `26.5 ms`, `3.20 s`, `4 min 10 s`, `2 h 5 min`.
    public static func seconds(_ value: Double) -> String {
        let magnitude = abs(value)
        guard magnitude < 1e15 else { return "\(value) s" }
        if magnitude >= 3600 { return "\(Int(value / 3600)) h \(Int(value / 60) % 60) min" }
        if magnitude >= 120 { return "\(Int(value / 60)) min \(Int(value) % 60) s" }
        if magnitude >= 1 { return "\(significant(value)) s" }
        if magnitude >= 1e-3 { return "\(significant(value * 1e3)) ms" }
        if magnitude >= 1e-6 { return "\(significant(value * 1e6)) µs" }
        return magnitude == 0 ? "0 s" : "\(significant(value * 1e9)) ns"
    }

    /// `$1.24`, `0.12 ct`; three significant digits.
    public static func money(_ dollars: Double) -> String {
        abs(dollars) >= 0.1 || dollars == 0 ? "$" + significant(dollars) : significant(dollars * 100) + " ct"
    }

    /// `1.24 Wh`, `35.1 kWh`, `310 mWh`.
    public static func energy(_ wattHours: Double) -> String { scaled(wattHours * 1e3, ["mWh", "Wh", "kWh", "MWh"]) }

    /// `97.4 %` for 0.974.
    public static func percent(_ fraction: Double, decimals: Int = 1) -> String {
        fixed(fraction * 100, decimals) + " %"
    }

    /// A number with exactly so many decimals, a point, and no grouping, whatever the locale.
    public static func fixed(_ value: Double, _ decimals: Int) -> String {
        String(format: "%.\(decimals)f", value)
    }

    /// Three significant digits without an exponent; trailing zeros behind a point go.
    public static func significant(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
        let text = fixed(value, max(0, 2 - Int(log10(abs(value)).rounded(.down))))
        guard text.contains(".") else { return text }
        let short = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return String(short.reversed())
    }

    private static func scaled(_ value: Double, _ units: [String]) -> String {
        var (value, index) = (value, 0)
        // 999.5 would be written as 1000 of the smaller unit.
        while abs(value) >= 999.5, index < units.count - 1 { (value, index) = (value / 1000, index + 1) }
        return "\(significant(value)) \(units[index])"
    }
}
