import Diagnostics

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
        text += fields.map(Self.quoted).joined(separator: ",") + "\n"
    }

    /// In quotes where a character would end the field or the line, and where a reader might drop a space at an end.
    private static func quoted(_ field: String) -> String {
        let isPlain =
            field.first?.isWhitespace != true && field.last?.isWhitespace != true
            && !field.unicodeScalars.contains { "\",\n\r".unicodeScalars.contains($0) }
        return isPlain ? field : "\"" + field.replacing("\"", with: "\"\"") + "\""
    }

    /// Six decimals: microseconds, and far below what a test set of 10,000 can tell; empty for infinity and NaN.
    static func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "" }
        return Format.fixed(value, 6)
    }

    /// Nine decimals, for money: a step of a small model costs less than a millionth of a dollar.
    static func amount(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "" }
        return Format.fixed(value, 9)
    }

    static func count(_ value: Int?) -> String { value.map(String.init) ?? "" }
}
