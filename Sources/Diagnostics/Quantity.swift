import Foundation

/// Parses numbers with units as people write them: `5ms`, `1Gbit`, `97%`.
package enum Quantity {
    package struct Failure: Error, CustomStringConvertible, Equatable {
        package let description: String
        package init(description: String) { self.description = ErrorText.message(description) }
    }

    private static let durationUnits: [(String, Double)] = [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("min", 60), ("h", 3600),
    ]
    /// Bits per second in lower-case "bit", bytes in upper-case "B", as networks and memories are sold.
    private static let bandwidthUnits: [(String, Double)] = [
        ("bit", 1 / 8.0), ("kbit", 1e3 / 8), ("Mbit", 1e6 / 8), ("Gbit", 1e9 / 8), ("Tbit", 1e12 / 8),
        ("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
    ]

    /// A time such as `250us` or `5 ms`; zero may stand without a unit.
    package static func duration(_ text: String) throws(Failure) -> Duration {
        let example = "a time with its unit, such as 250us, 5ms or 2s"
        let (number, unit) = try split(text, example)
        guard number >= 0 else { throw Failure(description: "'\(text)' is negative; allowed is \(example), 0 or more") }
        if unit.isEmpty, number == 0 { return .zero }
        guard let scale = durationUnits.first(where: { $0.0 == unit })?.1 else {
            throw Failure(
                description:
                    "'\(text)' has \(unit.isEmpty ? "no unit" : "the unknown unit '\(unit)'"); write \(example)")
        }
        guard number * scale <= 1e9 else { throw Failure(description: "'\(text)' is longer than 1e9 s") }
        return .seconds(number * scale)
    }

    /// A time as ``duration(_:)`` reads it back, such as `250us` or `1.5s`: all digits that mean something, in the largest
    /// unit of which there is one or more.
    package static func text(seconds: Double) -> String {
        guard seconds != 0 else { return "0s" }
        let units = [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)]
        for (unit, perSecond) in units {
            // Fifteen digits leave out what scaling by a power of ten adds.
            let text = String(format: "%.15g", seconds * perSecond)
            if let number = Double(text), abs(number) >= 1 || unit == "ns" { return Format.exact(number) + unit }
        }
        return "\(seconds)s"
    }

    /// Bytes per second from a rate such as `1Gbit`, `100Mbit/s`, `10Gbps` or `25.6GB/s`.
    package static func bandwidth(_ text: String) throws(Failure) -> Double {
        let example = "a rate with its unit, such as 100Mbit, 1Gbit or 25.6GB/s"
        var (number, unit) = try split(text, example)
        if unit.hasSuffix("/s") { unit.removeLast(2) } else if unit.hasSuffix("ps") { unit.removeLast(2) }
        if unit.hasSuffix("bits") { unit.removeLast() }
        if unit.hasSuffix("b") { unit += "it" }
        guard let scale = bandwidthUnits.first(where: { $0.0 == unit })?.1 else {
            throw Failure(
                description: "'\(text)' has \(unit.isEmpty ? "no unit" : "an unknown unit"); write \(example)")
        }
        guard number > 0, (number * scale).isFinite else {
            throw Failure(description: "'\(text)' is not above zero; write \(example)")
        }
        return number * scale
    }

    /// A size such as `100MB`, `1.5 GB` or `64kB`, decimal; a bare number is bytes.
    package static func bytes(_ text: String) throws(Failure) -> Int {
        let example = "a size with its unit, such as 64kB, 100MB or 1.5GB"
        let (number, unit) = try split(text, example)
        guard let scale = unit.isEmpty ? 1 : byteUnits.first(where: { $0.0 == unit })?.1 else {
            throw Failure(description: "'\(text)' has the unknown unit '\(unit)'; write \(example)")
        }
        guard number > 0, number * scale <= 1e15 else {
            throw Failure(description: "'\(text)' is not above 0 up to 1 PB; write \(example)")
        }
        return Int((number * scale).rounded())
    }

    private static let byteUnits = [("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)]

    /// A share in 0...1 from `97%` or `0.97`. A number above 1 without a unit is refused: 1.1 may be meant as 1.1 % or be a
    /// slip for 0.11.
    /// The result is the number nearest to what is written: 97.3 % and 0.973 are the same.
    package static func fraction(_ text: String) throws(Failure) -> Double {
        let example = "a share such as 97% or 0.97"
        let (number, unit) = try split(text, example)
        guard unit.isEmpty || unit == "%" else {
            throw Failure(description: "'\(text)' has the unknown unit '\(unit)'; write \(example)")
        }
        let value = unit == "%" ? hundredth(of: text) ?? number / 100 : number
        guard (0...1).contains(value) else {
            let isBare = unit.isEmpty && (0...100).contains(number)
            throw Failure(
                description:
                    "'\(text)' is outside \(isBare ? "0 to 1, and has no %" : "0 % to 100 %"); write \(example)")
        }
        return value
    }

    /// A hundredth of the number that the text begins with, rounded once: 97.3 / 100 is not the number nearest to 0.973.
    private static func hundredth(of text: String) -> Double? {
        let number = numberPrefix(text.trimming())
        let parts = number.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        guard let exponent = parts.count > 1 ? Int(parts[1]) : 0, exponent.magnitude < 1_000_000 else { return nil }
        return Double("\(parts[0])e\(exponent - 2)")
    }

    /// A number as people write it, in decimals with a point and maybe an exponent; nil for all else, such as numbers with a
    /// decimal comma, in hexadecimals, of infinite size, or with blanks.
    package static func number(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    /// The leading number and what follows it.
    private static func split(_ text: String, _ example: String) throws(Failure) -> (Double, String) {
        let trimmed = text.trimming()
        let prefix = numberPrefix(trimmed)
        guard let number = Double(prefix), number.isFinite else {
            throw Failure(description: "'\(text)' is not \(example)")
        }
        return (number, String(trimmed[prefix.endIndex...]).trimming())
    }

    /// What a decimal number at the beginning takes: a sign, digits with a point among them, an exponent. Its letter is part of
    /// the number only if digits follow: "1e3ms", but "5 EB" has a unit. One pass, since a text may have thousands of digits.
    private static func numberPrefix(_ text: String) -> Substring {
        let bytes = text.utf8
        var end = bytes.startIndex
        func isSign(_ index: String.Index) -> Bool {
            index < bytes.endIndex && (bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-"))
        }
        func afterDigits(_ start: String.Index) -> String.Index {
            bytes[start...].firstIndex { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? bytes.endIndex
        }
        if isSign(end) { end = bytes.index(after: end) }
        end = afterDigits(end)
        if end < bytes.endIndex, bytes[end] == UInt8(ascii: ".") { end = afterDigits(bytes.index(after: end)) }
        if end < bytes.endIndex, bytes[end] | 0x20 == UInt8(ascii: "e") {
            var digits = bytes.index(after: end)
            if isSign(digits) { digits = bytes.index(after: digits) }
            let exponentEnd = afterDigits(digits)
            if exponentEnd > digits { end = exponentEnd }
        }
        return text[..<end]
    }
}

extension String {
    fileprivate func trimming() -> String {
        var view = self[...]
        while view.first?.isWhitespace == true { view.removeFirst() }
        while view.last?.isWhitespace == true { view.removeLast() }
        return String(view)
    }
}
