import Diagnostics
import Foundation

/// A CSV file of measured latencies in seconds: one to a line and nothing else, under the heading `seconds` or none; or, of
/// several columns, the one with that heading.
enum LatencyFile {
    private static let column = "seconds"
    /// The most latencies of a file: more would only make results large.
    private static let mostValues = 100_000

    /// - Parameter folder: which a relative name starts from; nil for the current one.
    static func read(_ name: String, in folder: URL?) throws(Quantity.Failure) -> [Double] {
        let url = folder.map { URL(fileURLWithPath: name, relativeTo: $0) } ?? URL(fileURLWithPath: name)
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw Quantity.Failure(description: "latency file '\(url.path)' does not exist or cannot be read")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Quantity.Failure(description: "latency file '\(url.path)' is not UTF-8 text")
        }
        do throws(CSVTable.Failure) {
            let values = try parse(text)
            if let problem = problem(values) { throw CSVTable.Failure(line: nil, problem) }
            return values
        } catch {
            let place = error.line.map { ", line \($0)" } ?? ""
            throw Quantity.Failure(description: "latency file '\(url.path)'\(place): \(error.description)")
        }
    }

    private static func parse(_ text: String) throws(CSVTable.Failure) -> [Double] {
        let table = try CSVTable(text, unnamed: [column]) { first in
            first.fields.contains { $0 == column } || first.fields.allSatisfy { Quantity.number($0) == nil }
        }
        guard table.heading.fields.count(where: { $0 == column }) == 1 else {
            let found = table.heading.fields.map { "'\($0)'" }.joined(separator: ", ")
            throw CSVTable.Failure(
                line: table.heading.line,
                "columns \(found); allowed is one column '\(column)', or seconds without a heading")
        }
        var values: [Double] = []
        for row in table.rows {
            let field = table.field(column, of: row) ?? ""
            guard let value = Quantity.number(field), allowed.contains(value) else {
                throw CSVTable.Failure(
                    line: row.line, "'\(field)' is not a latency; allowed is a number of seconds from 0 to 3600")
            }
            values.append(value)
        }
        return values
    }

    private static let allowed = 0...3600.0

    /// What makes them no latencies to draw from, with what is allowed; nil where they are.
    static func problem(_ values: [Double]) -> String? {
        guard (1...mostValues).contains(values.count) else {
            return "\(values.count) values; allowed are 1 to \(mostValues)"
        }
        return values.first { !allowed.contains($0) }.map { "a latency of \($0) s; allowed is 0 s to one hour" }
    }
}
