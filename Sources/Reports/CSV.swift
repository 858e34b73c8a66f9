import Diagnostics
import Foundation

/// Comma-separated values as RFC 4180 and pandas want them: a header, numbers with a point, nothing where there is
/// nothing to say.
struct CSV {
    private(set) var text: String
    private let columnCount: Int

    init(columns: [String]) {
        columnCount = columns.count
        text = columns.map(Self.quoted).joined(separator: ",") + "\n"
    }

    mutating func append(_ fields: [String]) {
        precondition(fields.count == columnCount, "\(fields.count) fields in \(columnCount) columns")
        for (index, field) in fields.enumerated() {
            if index > 0 { text += "," }
            text += Self.quoted(field)
        }
        text += "\n"
    }

    /// The field, in quotes where a character would end the field or the line, and where a reader might drop a space at
    /// an end.
    private static func quoted(_ field: String) -> String {
        // Nearly all fields are numbers and names, of which thousands are written.
        if field.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") }) {
            return field
        }
        let isPlain =
            field.first?.isWhitespace != true && field.last?.isWhitespace != true
            && !field.unicodeScalars.contains { "\",\n\r".unicodeScalars.contains($0) }
        return isPlain ? field : "\"" + field.replacing("\"", with: "\"\"") + "\""
    }

    /// Six decimals: microseconds, and far below what a test set of 10,000 can tell; empty for infinity and NaN.
    static func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "" }
        return fixed(value, "%.6f")
    }

    /// Nine decimals, for money: a step of a small model costs less than a millionth of a dollar.
    static func amount(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "" }
        return fixed(value, "%.9f")
    }

    /// What `String(format:)` gives, without the detour through an object, which takes most of the time of a file with thousands
    /// of numbers.
    private static func fixed(_ value: Double, _ format: String) -> String {
        // The largest number has 309 digits before the point.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 336) { buffer in
            guard let start = buffer.baseAddress else { return Format.fixed(value, 6) }
            let count = withVaList([value]) { vsnprintf(start, buffer.count, format, $0) }
            return String(decoding: UnsafeRawBufferPointer(start: start, count: Int(count)), as: UTF8.self)
        }
    }

    static func count(_ value: Int?) -> String { value.map(String.init) ?? "" }
}
