import Diagnostics
import Files
internal import Foundation

/// JSON that differs well in git and carries a checksum of itself:
///
///     {
///       "checksum" : "sha256:...",       the digest of the file without this line
///       ...                              sorted keys, a value a line, numbers without exponents
///     }
enum SealedJSON {
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(plain)
        return seal(Data((lines.joined(separator: "\n") + "\n").utf8))
    }

    static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }()

    /// - Throws: ``ReportError`` where the checksum is missing or wrong; a `DecodingError`; a ``JSONText/Failure``
    ///   where a key occurs twice.
    static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        // Decoding errors come first: a file that is cut short should not be called changed.
        let value = try decoder.decode(type, from: data)
        guard let (checksum, body) = unseal(data) else {
            throw ReportError(
                "no checksum in its second line; bench writes one, so this file was changed or made by another program")
        }
        guard checksum == digest(body) else {
            throw ReportError("its checksum is of another content: the file was changed after bench wrote it")
        }
        try JSONText.check([UInt8](data))
        return value
    }

    static func schema(of data: Data) throws -> Int {
        struct Header: Decodable {
            let schema: Int
        }
        return try decoder.decode(Header.self, from: data).schema
    }

    // MARK: The checksum

    private static let start = "{\n"
    private static let mark = "{\n  \"checksum\" : \"sha256:"
    private static let digits = 64

    /// Inserts the checksum into a text whose first line is `{`.
    static func seal(_ text: Data) -> Data {
        guard text.starts(with: start.utf8) else { return text }
        return Data((mark + digest(text) + "\",\n").utf8) + text.dropFirst(start.utf8.count)
    }

    /// The checksum of a sealed text, and the text without it; nil where it is not sealed.
    static func unseal(_ data: Data) -> (checksum: String, text: Data)? {
        let end = mark.utf8.count + digits
        let closing = "\",\n"
        guard data.starts(with: mark.utf8), data.dropFirst(end).starts(with: closing.utf8) else { return nil }
        let checksum = String(decoding: data.dropFirst(mark.utf8.count).prefix(digits), as: UTF8.self)
        return (checksum, Data(start.utf8) + data.dropFirst(end + closing.utf8.count))
    }

    /// The checksum of the sealed file at `path`, of which only the beginning is read; nil where there is none.
    static func checksum(of path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        return (try? file.read(upToCount: mark.utf8.count + digits + 3)).flatMap { $0 }.flatMap { unseal($0)?.checksum }
    }

    private static func digest(_ text: Data) -> String { ContentDigest.hexadecimal(of: text) }

    // MARK: Numbers

    /// The line with its number, if it has one, as a plain decimal: 0.0000015 for 1.5e-06, equal to the last bit.
    private static func plain(_ line: Substring) -> String {
        var line = String(line)
        let value: Substring
        if line.contains("\"") {
            guard let separator = line.range(of: "\" : ") else { return line }
            value = line[separator.upperBound...]
        } else {
            value = line.drop { $0 == " " }
        }
        let number = value.hasSuffix(",") ? value.dropLast() : value
        guard let exponent = number.firstIndex(where: { $0 == "e" || $0 == "E" }),
            let power = Int(number[number.index(after: exponent)...]), Double(number) != nil
        else { return line }
        line.replaceSubrange(number.startIndex..<number.endIndex, with: decimal(number[..<exponent], power))
        return line
    }

    /// `mantissa` times ten to the `power`, written out.
    private static func decimal(_ mantissa: Substring, _ power: Int) -> String {
        let isNegative = mantissa.hasPrefix("-")
        let parts = (isNegative ? mantissa.dropFirst() : mantissa).split(separator: ".")
        let (whole, fraction) = (parts[0], parts.count > 1 && parts[1] != "0" ? parts[1] : "")
        let digits = String(whole + fraction)
        let point = whole.count + power
        var text: String
        if point <= 0 {
            text = "0." + String(repeating: "0", count: -point) + digits
        } else if point >= digits.count {
            text = digits + String(repeating: "0", count: point - digits.count)
        } else {
            text = digits.prefix(point) + "." + digits.dropFirst(point)
        }
        if isNegative { text = "-" + text }
        return text
    }

    // MARK: Errors

    /// What a decoder found wrong, and where in the file.
    static func reason(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
            return path.isEmpty ? "" : " at \(path)"
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): return "'\(key.stringValue)' is missing\(path(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "a value of another kind\(path(context))"
        case .dataCorrupted(let context): return "damaged\(path(context)): \(context.debugDescription)"
        default: return "\(error)"
        }
    }
}
