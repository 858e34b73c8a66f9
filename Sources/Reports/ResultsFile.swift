public import Experiments
public import Foundation

/// `results.json`: everything an experiment found out, from which all other files are made.
public enum ResultsFile {
    public static let name = "results.json"

    /// Sorted keys and one value a line, so that results differ well in git. NaN and infinity, which JSON has no
    /// numbers for, are the strings "nan", "inf" and "-inf".
    public static func encode(_ results: Results) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(results) + Data("\n".utf8)
    }

    /// - Parameter file: the name for error messages.
    /// - Throws: ``ReportError`` for another schema, or a file that is damaged.
    public static func decode(_ data: Data, file: String) throws(ReportError) -> Results {
        struct Header: Decodable {
            let schema: Int
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            let schema = try decoder.decode(Header.self, from: data).schema
            guard schema == Results.currentSchema else {
                throw ReportError("\(file): schema \(schema); this version reads schema \(Results.currentSchema)")
            }
            let results = try decoder.decode(Results.self, from: data)
            try results.validate()
            return results
        } catch let error as ExperimentError {
            throw ReportError("\(file): \(error)")
        } catch let error as ReportError {
            throw error
        } catch {
            throw ReportError("\(file): not a complete results file of this program: \(reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
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

/// A result that cannot be read or written: says what was found, where, and what is allowed.
public struct ReportError: Error, CustomStringConvertible, Equatable {
    public let description: String
    public init(_ description: String) { self.description = description }
}
